"""The bucket drop on a real S3 gateway: objects, manifests that are written once, and what is said when it fails."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import obstore
import pytest

from orchestration.audiences.destinations import destination_of, s3
from orchestration.audiences.errors import DestinationError
from tests.audiences.cut import Day, second_day
from tests.audiences.killed import KILLS
from tests.audiences.workspace import DAYS, WINBACK, Project, people_of, surroundings
from tests.servers import ceph
from tests.servers.process import free_port
from tests.servers.wire import wired

NUMBERS = count()
To = Callable[..., "Drop"]


class Drop:
    """A project that delivers below a prefix of its own."""

    def __init__(self, folder: Path, server: ceph.S3Server, **changes: Any) -> None:
        self.server, self.path = server, f"exports/drop-{next(NUMBERS)}"
        self.project = Project(folder, server.secrets)
        self.audience = replace(WINBACK, destination_settings=server.settings(self.path, **changes))

    @property
    def files(self) -> dict[str, bytes]:
        return self.server.files(self.path)

    def push(self, keys: str = "ab", day: int = 0) -> Any:
        return self.project.push(self.audience, DAYS[day], people_of(keys))

    def forget(self) -> None:
        with self.project.open() as warehouse:
            warehouse.execute("drop schema ledger cascade")

    def put(self, ending: str, content: bytes) -> None:
        """Write over the one object whose name ends so."""
        [name] = [name for name in self.files if name.endswith(ending)]
        obstore.put(self.server.store, f"{self.path}/{name}", content, use_multipart=False)


@pytest.fixture
def to(tmp_path: Path, s3_server: ceph.S3Server) -> To:
    def made(**changes: Any) -> Drop:
        return Drop(tmp_path, s3_server, **changes)

    return made


@pytest.fixture
def drop(to: To) -> Drop:
    return to()


def failure(drop: Drop) -> str:
    """What is said, and that nobody reads a secret or an address in it or in the traceback."""
    with pytest.raises(DestinationError) as caught:
        drop.push()
    shown = "".join(traceback.format_exception(caught.value))
    for hidden in (*drop.project.secrets.values(), "@example.com"):
        assert hidden not in shown
    return str(caught.value)


def test_the_bucket_gets_what_a_folder_would(drop: Drop, tmp_path: Path) -> None:
    here = Project(tmp_path / "here")
    for day, keys in enumerate(["ab", "bc", "bcd"]):
        outcome = drop.push(keys, day)
        here.push(WINBACK, DAYS[day], people_of(keys))
    assert drop.files == here.files()
    assert outcome.receipt.location == f"s3://drop/{drop.path}/{outcome.receipt.path}"


@pytest.mark.parametrize("form", [{"format": "parquet"}, {"format": "jsonl", "compression": "gzip"}])
def test_every_form_arrives(to: To, form: Mapping[str, str]) -> None:
    drop = to(**form)
    receipt = drop.push().receipt
    assert len(drop.files[receipt.path]) == receipt.bytes


def test_large_files_go_up_in_parts(drop: Drop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(s3, "LARGE", 1)
    monkeypatch.setattr(s3, "PART", 5 * 1024 * 1024)  # the least that S3 takes
    people = {"a": ("a@example.com", "x" * 11_000_000)}
    here = Project(tmp_path / "here")
    drop.project.push(drop.audience, DAYS[0], people)
    here.push(WINBACK, DAYS[0], people)
    assert drop.files == here.files()


def test_what_is_there_already_is_left_alone(drop: Drop) -> None:
    drop.push()
    before = [entry["last_modified"] for page in obstore.list(drop.server.store, prefix=drop.path) for entry in page]
    drop.forget()
    assert drop.push().receipt.repeated
    after = [entry["last_modified"] for page in obstore.list(drop.server.store, prefix=drop.path) for entry in page]
    assert after == before


def test_a_damaged_file_is_mended(drop: Drop) -> None:
    drop.push()
    before = drop.files
    drop.put(".csv", b"damaged")
    drop.forget()
    assert not drop.push().receipt.repeated
    assert drop.files == before


def test_a_manifest_of_other_bytes_is_never_written_over(drop: Drop) -> None:
    drop.push()
    drop.put(".manifest.json", b"{}")
    before = drop.files
    drop.forget()
    assert "is there already and describes other bytes; look who wrote it" in failure(drop)
    assert drop.files == before


def test_of_two_who_write_one_manifest_the_second_finds_the_first_s(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody puts another manifest there after we looked and before we write."""
    original = obstore.put

    def raced(store: Any, path: str, content: bytes, **options: Any) -> Any:
        if options.get("mode") == "create":
            original(drop.server.store, path, b"{}", use_multipart=False)
        return original(store, path, content, **options)

    monkeypatch.setattr(obstore, "put", raced)
    assert "is there already and describes other bytes" in failure(drop)
    assert b"{}" in drop.files.values()


def test_our_own_manifest_whose_answer_was_lost_is_ours(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    original = obstore.put

    def twice(store: Any, path: str, content: bytes, **options: Any) -> Any:
        original(store, path, content, **options)
        return original(store, path, content, **options)

    monkeypatch.setattr(obstore, "put", twice)
    assert drop.push().receipt is not None


@pytest.mark.parametrize("wrong", ["S3_KEY", "S3_SECRET"])
def test_wrong_keys_are_not_let_in(drop: Drop, wrong: str) -> None:
    drop.project = Project(drop.project.folder, {**drop.project.secrets, wrong: "something-else"})
    code = "InvalidAccessKeyId" if wrong == "S3_KEY" else "SignatureDoesNotMatch"
    assert f"bucket drop: it does not let us in ({code}); check the environment variables" in failure(drop)


def test_a_bucket_that_is_not_there(to: To) -> None:
    assert "bucket nowhere: it is not there (NoSuchBucket); check bucket, region and endpoint" in failure(
        to(bucket="nowhere")
    )


def test_nobody_there(to: To, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "RETRIES", 1)
    drop = to(endpoint=f"http://127.0.0.1:{free_port()}")
    assert "did not do it; export again once it does: the delivery is kept" in failure(drop)


def test_the_machine_s_own_settings_are_not_asked(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "other",
        "AWS_SECRET_ACCESS_KEY": "other",
        "AWS_SESSION_TOKEN": "other",
        "AWS_REGION": "eu-west-1",
        "AWS_SKIP_SIGNATURE": "true",
        "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true",
        "AWS_BUCKET": "other",
    }.items():
        monkeypatch.setenv(name, value)
    drop.push()
    monkeypatch.undo()
    assert len(drop.files) == 2


@pytest.mark.parametrize("path", ["../up", "a/../../b", "/a", "~/drop", "a\\b", "a\0b"])
def test_a_path_that_does_not_lead_down_is_refused(tmp_path: Path, path: str) -> None:
    audience = replace(WINBACK, destination_settings=ceph.S3Server(1).settings(path))
    with pytest.raises(DestinationError, match=r"drop: path .* (does not name a folder inside|begins with a slash);"):
        destination_of(audience, surroundings(tmp_path))


@pytest.mark.parametrize("endpoint", ["http://storage.example.com", "http://user:word@127.0.0.1:1", "ftp://127.0.0.1"])
def test_an_endpoint_where_others_could_listen_is_refused(tmp_path: Path, endpoint: str) -> None:
    audience = replace(WINBACK, destination_settings=ceph.S3Server(1).settings("a", endpoint=endpoint))
    with pytest.raises(DestinationError, match="endpoint"):
        destination_of(audience, surroundings(tmp_path))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory, s3_server: ceph.S3Server) -> Iterator[Day]:
    with wired(s3_server.port) as wire:
        folder = tmp_path_factory.mktemp("killed")
        yield second_day(folder, wire, s3_server, lambda path, port: replace(s3_server, port=port).settings(path))


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
