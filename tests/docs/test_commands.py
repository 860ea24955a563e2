"""Every command that a page shows is run on a small project, and ends as it should; every query is asked there."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sized

import duckdb
import httpx
import pytest
import typer

from orchestration import cli
from orchestration.publishing.folder import PublishedFolder
from tests.docs.commands import ENDS_WITH, MENTIONS, NOT_RUN, Shown, shown
from tests.docs.pages import Block, blocks
from tests.docs.shop import YESTERDAY, first_segment, shop
from tests.project import REPOSITORY, SmallProject, Untested

GROUP = typer.main.get_command(cli.app)
assert isinstance(GROUP, typer.core.TyperGroup), "there are several commands"
KNOWN = GROUP.commands
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
ALL = shown()


def is_a_mention(command: Shown) -> bool:
    """Whether a page only names a command of ours, which cannot be called without more words."""
    if not command.arguments or command.arguments in MENTIONS:
        return True
    found = KNOWN.get(command.arguments[0])
    return len(command.arguments) == 1 and found is not None and any(each.required for each in found.params)


OURS = [each for each in ALL if each.is_ours and each.text not in NOT_RUN]
# a page that adds a segment writes what is generated, too
WRITING = (("compile",), ("schema",))
EACH = {(each.page if each.arguments in WRITING else "", each.arguments): each for each in OURS}
CALLED = [each.arguments for each in EACH.values() if not is_a_mention(each)]
OTHERS = sorted({each.text for each in ALL if not each.is_ours} - set(NOT_RUN))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the day after those that were recorded; dbt's own tests are left out, since other tests are about them."""
    monkeypatch.setattr("orchestration.commands.days.yesterday", lambda _zone: YESTERDAY)
    for module in ("dbt", "pushing", "erasure"):
        monkeypatch.setattr(f"orchestration.{module}.Dbt", Untested)


@pytest.mark.parametrize("arguments", CALLED, ids=" ".join)
def test_a_command_ends_as_it_should(
    arguments: tuple[str, ...],
    project: SmallProject,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("MUSTER_DUCKDB", str(project.settings.duckdb))
    asked_nothing = [*arguments, "--yes"] if arguments[0] == "erase" and "--yes" not in arguments else arguments
    monkeypatch.setattr("sys.argv", ["muster", *asked_nothing])
    with pytest.raises(SystemExit) as end:
        cli.main()
        raise SystemExit(0)
    told = capsys.readouterr()
    assert (end.value.code or 0) == ENDS_WITH.get(" ".join(arguments), 0), told.out + told.err
    assert told.out or told.err


def test_the_first_segment_is_the_one_that_is_shown(project: SmallProject) -> None:
    """It was written by the README's `muster new`."""
    assert (project.settings.specs / "people" / "quiet_pros.yml").read_text("utf-8") == first_segment()


def test_commands_that_are_named_are_there() -> None:
    named = {each.arguments[0] for each in OURS if each.arguments and not each.arguments[0].startswith("-")}
    assert named <= KNOWN.keys()


def test_what_make_is_asked_for_it_can_make() -> None:
    made = {each.text.split()[1] for each in ALL if each.text.startswith("make ")}
    assert made <= TARGETS


def test_every_other_command_is_run_or_says_why_not() -> None:
    assert [each for each in OTHERS if not each.startswith("make ")] == []


def test_the_list_of_what_is_not_run_names_what_is_shown() -> None:
    assert set(NOT_RUN) <= {each.text for each in ALL}
    assert set(ENDS_WITH) <= {" ".join(arguments) for arguments in CALLED}


@pytest.mark.parametrize("block", blocks("sql"), ids=lambda block: f"{block.page}:{block.line}")
def test_a_query_can_be_asked(block: Block, project: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the published marts; one that names a file itself finds it in the project's folder."""
    monkeypatch.chdir(project.folder)
    marts = PublishedFolder(project.settings.published).database
    asked = block.text.replace(".muster/warehouse.duckdb", str(project.settings.duckdb))
    with duckdb.connect() if ".duckdb" in asked else duckdb.connect(str(marts), read_only=True) as connection:
        connection.execute(asked)


def test_the_program_on_survival_reads_what_is_published(
    project: SmallProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docs/bi.md shows it; lifelines itself is asked by tests/bi."""
    monkeypatch.chdir(project.folder)
    [block] = [block for block in blocks("python") if block.page == "docs/bi.md"]
    fitted: list[int] = []

    class KaplanMeierFitter:
        def fit(self, days: Sized, is_exit: Sized, weights: Sized) -> None:
            fitted.extend(map(len, (days, is_exit, weights)))

    exec(block.text, {"duckdb": duckdb, "KaplanMeierFitter": KaplanMeierFitter})
    assert len(set(fitted)) == 1


def test_the_web_ui_is_served_until_it_is_ended(project: SmallProject) -> None:
    """What `make dev` calls, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MUSTER_DUCKDB": str(project.settings.duckdb)}
    command = [sys.executable, "-m", "orchestration.cli", "dev", "--port", str(port)]
    with (project.folder / "served.txt").open("w") as told:
        server = subprocess.Popen(command, cwd=project.folder, env=environment, stdout=told, stderr=told)
    try:
        assert answered(f"http://127.0.0.1:{port}/server_info", server), (project.folder / "served.txt").read_text()
    finally:
        server.send_signal(signal.SIGINT)
        assert server.wait(90) == 0


def answered(address: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether a server answers within three minutes; false as soon as it has ended."""
    for _ in range(360):
        if server.poll() is not None:
            return False
        try:
            return bool(httpx.get(address, trust_env=False).is_success)
        except httpx.TransportError:
            time.sleep(0.5)
    return False
