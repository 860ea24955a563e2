"""The SFTP drop on a real OpenSSH server: what lies there, who is let in, and what is said when something is wrong."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from orchestration.audiences.destinations import destination_of, sftp
from orchestration.audiences.errors import DestinationError
from tests.audiences.cut import Day, second_day
from tests.audiences.killed import KILLS
from tests.audiences.workspace import DAYS, WINBACK, Project, people_of, surroundings
from tests.servers import openssh
from tests.servers.process import free_port
from tests.servers.wire import wired

KEY_OF_NOTHING = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"
NUMBERS = count()
To = Callable[..., "Drop"]


class Drop:
    """A project that delivers to a folder of its own on a server."""

    def __init__(self, folder: Path, server: openssh.SftpServer, **changes: Any) -> None:
        self.server, self.path = server, f"drop-{next(NUMBERS)}"
        self.project = Project(folder, server.secrets)
        self.audience = replace(WINBACK, destination_settings=server.settings(self.path, **changes))

    @property
    def folder(self) -> Path:
        return self.server.drop / self.path / "winback"

    @property
    def files(self) -> dict[str, bytes]:
        return self.server.files(self.path)

    def push(self, keys: str = "ab", day: int = 0) -> Any:
        return self.project.push(self.audience, DAYS[day], people_of(keys))

    def forget(self) -> None:
        with self.project.open() as warehouse:
            warehouse.execute("drop schema ledger cascade")


@pytest.fixture
def to(tmp_path: Path, sftp_server: openssh.SftpServer) -> To:
    def made(**changes: Any) -> Drop:
        return Drop(tmp_path, sftp_server, **changes)

    return made


@pytest.fixture
def drop(to: To) -> Drop:
    return to()


def failure(drop: Drop) -> str:
    """What is said, and that nobody reads a secret or an address in it or in the traceback."""
    with pytest.raises(DestinationError) as caught:
        drop.push()
    shown = "".join(traceback.format_exception(caught.value))
    for line in drop.server.private_key.splitlines():
        assert line not in shown
    assert "@example.com" not in shown
    return str(caught.value)


def test_the_server_gets_what_a_folder_would(drop: Drop, tmp_path: Path) -> None:
    here = Project(tmp_path / "here")
    for day, keys in enumerate(["ab", "bc", "bcd"]):
        outcome = drop.push(keys, day)
        here.push(WINBACK, DAYS[day], people_of(keys))
    assert drop.files == here.files()
    assert (
        outcome.receipt.location
        == f"sftp://127.0.0.1:{drop.server.port}{drop.folder}/{Path(outcome.receipt.path).name}"
    )


@pytest.mark.parametrize("form", [{"format": "parquet"}, {"format": "jsonl", "compression": "gzip"}])
def test_every_form_arrives(to: To, form: Mapping[str, str]) -> None:
    drop = to(**form)
    receipt = drop.push().receipt
    assert len(drop.files[receipt.path]) == receipt.bytes


def test_the_pinned_key_is_the_only_one(to: To, sftp_server: openssh.SftpServer) -> None:
    stranger = " ".join((sftp_server.folder / "stranger.pub").read_text().split()[:2])
    drop = to(host_key=stranger)
    assert "another server answers: its host key is not host_key; ask its owner" in failure(drop)
    assert not drop.folder.exists()


def test_a_stranger_s_key_is_not_let_in(drop: Drop, sftp_server: openssh.SftpServer) -> None:
    drop.project = Project(drop.project.folder, {"SFTP_KEY": (sftp_server.folder / "stranger").read_text()})
    assert "it does not let us in; check username, and the environment variable" in failure(drop)


def test_a_password_is_refused_by_a_server_that_takes_none(drop: Drop) -> None:
    settings = {name: value for name, value in drop.audience.destination_settings.items() if name != "private_key"}
    drop.audience = replace(drop.audience, destination_settings={**settings, "password": {"env": "SFTP_KEY"}})
    assert "it does not let us in" in failure(drop)


@pytest.mark.parametrize("key", ["", "no key at all", KEY_OF_NOTHING])
def test_a_key_that_cannot_be_read_is_told_apart(drop: Drop, key: str) -> None:
    drop.project = Project(drop.project.folder, {"SFTP_KEY": key})
    assert "private_key holds no key that can be read; give it the text of an" in failure(drop)


@pytest.mark.parametrize("host_key", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-none AAAA", "AAAAC3Nza"])
def test_a_host_key_that_is_none_is_refused(to: To, host_key: str) -> None:
    assert "destination drop: host_key is no public key; write it as" in failure(to(host_key=host_key))


@pytest.mark.parametrize("path", ["../up", "a/../../b", "~/drop", "a\\b", "a\0b", None])
def test_a_path_that_does_not_lead_down_is_refused(to: To, path: object) -> None:
    drop = to()
    drop.audience = replace(drop.audience, destination_settings={**drop.audience.destination_settings, "path": path})
    with pytest.raises(DestinationError, match=r"drop: (path .* does not name a folder inside|it names no path);"):
        destination_of(drop.audience, surroundings(drop.project.state))


def test_a_link_out_of_the_folder_is_refused(drop: Drop, tmp_path: Path) -> None:
    outside = drop.server.drop / f"{drop.path}-outside"
    outside.mkdir(mode=0o777)
    outside.chmod(0o777)
    drop.folder.parent.mkdir()
    drop.folder.symlink_to(outside)
    assert "outside" in failure(drop)
    assert list(outside.iterdir()) == []


def test_left_overs_go_and_strangers_stay(drop: Drop) -> None:
    drop.push("a")
    for name in (".2017-10-31_abc.csv.partial", "README.txt"):
        (drop.folder / name).write_text("a")
        os.chown(drop.folder / name, drop.folder.stat().st_uid, -1)
    drop.push("ab", 1)
    names = {path.name for path in drop.folder.iterdir()}
    assert "README.txt" in names
    assert not {name for name in names if name.startswith(".")}


def test_what_is_there_already_is_left_alone(drop: Drop) -> None:
    drop.push()
    times = {path: path.stat().st_mtime_ns for path in drop.folder.iterdir()}
    drop.forget()
    assert drop.push().receipt.repeated
    assert {path: path.stat().st_mtime_ns for path in drop.folder.iterdir()} == times


@pytest.mark.parametrize("ending", [".csv", ".manifest.json"])
def test_damage_is_mended(drop: Drop, ending: str) -> None:
    drop.push()
    before = drop.files
    [damaged] = [path for path in drop.folder.iterdir() if path.name.endswith(ending)]
    damaged.write_text("damaged")
    drop.forget()
    assert not drop.push().receipt.repeated
    assert drop.files == before


def test_a_server_without_extensions_says_when_it_cannot_replace(tmp_path: Path, sftp_server: object) -> None:
    with openssh.running("internal-sftp -P posix-rename,fsync") as poor:
        drop = Drop(tmp_path, poor)
        drop.push()
        before = drop.files
        assert drop.push("abc", 1).receipt is not None
        assert before.items() < drop.files.items()
        next(drop.folder.glob("2017-11-01*.csv")).write_text("damaged")
        drop.forget()
        assert "the delivery is kept and will be finished" in failure(drop)


def test_nobody_there(to: To) -> None:
    assert "Unable to connect to port" in failure(to(port=free_port()))


def test_somebody_who_never_answers(to: To, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp, "SECONDS_TO_CONNECT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "export again once it does" in failure(to(port=silent.getsockname()[1]))


def test_a_folder_that_may_not_be_written(drop: Drop) -> None:
    drop.folder.mkdir(parents=True, mode=0o555)
    if os.geteuid() != 0:
        drop.folder.chmod(0o555)
    assert "Permission denied" in failure(drop)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, sftp_server: openssh.SftpServer) -> Iterator[Day]:
    with wired(sftp_server.port) as wire:
        folder = tmp_path_factory.mktemp("killed")
        yield second_day(folder, wire, sftp_server, lambda path, port: sftp_server.settings(path, port=port))


def test_cut_after_any_byte_a_rerun_ends_like_an_undisturbed_run(day: Day) -> None:
    for limit in day.sample(KILLS, day.passed, seed=1):
        day.cut(limit)


def test_killed_at_any_point_a_rerun_ends_like_an_undisturbed_run(day: Day) -> None:
    for last in day.sample(KILLS // 2, len(day.points), seed=2):
        day.killed(last)


def test_a_rerun_may_be_cut_as_well(day: Day) -> None:
    for first, second in zip(
        day.sample(KILLS // 4, day.passed, seed=3), day.sample(KILLS // 4, day.passed, seed=4), strict=True
    ):
        day.cut(first, second)
