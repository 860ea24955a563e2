"""The folder drop stays inside its folder, says what is wrong, and takes a file twice with the effect of once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.audiences.destinations import destination_of
from orchestration.audiences.destinations.folder import folder_destination
from orchestration.audiences.errors import DestinationError
from orchestration.printing import outcome_words
from tests.audiences.workspace import DAYS, WINBACK, Project, Receiver, desired_of, people_of, surroundings

OUTSIDE = [
    "../out",
    "a/../../out",
    "..",
    "/tmp/out",
    "a\\..\\..\\out",
    "C:\\out",
    "\\\\host\\out",
    "~/out",
    ".",
    "",
    " ",
    "a\0b",
]


@pytest.mark.parametrize("path", [*OUTSIDE, None, 7])
def test_a_path_that_leaves_the_state_folder_is_refused(tmp_path: Path, path: object) -> None:
    with pytest.raises(DestinationError, match=r"destination drop: .*; name a folder relative to"):
        folder_destination("drop", {"type": "folder", "path": path}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_type_is_refused(tmp_path: Path) -> None:
    audience = replace(WINBACK, destination_settings={"type": "pigeon"})
    with pytest.raises(DestinationError, match="there is no type 'pigeon'"):
        destination_of(audience, surroundings(tmp_path))


@pytest.mark.parametrize("link", ["drop", "drop/winback"])
def test_a_symbolic_link_out_of_the_state_folder_is_refused(project: Project, link: str) -> None:
    outside = project.folder / "outside"
    outside.mkdir()
    (project.state / link).parent.mkdir(parents=True)
    (project.state / link).symlink_to(outside)
    with pytest.raises(DestinationError, match="outside"):
        project.push(WINBACK, DAYS[0], people_of("ab"))
    assert list(outside.iterdir()) == []


def test_a_file_laid_out_as_a_link_is_replaced_not_followed(project: Project) -> None:
    twin = Project(project.folder / "twin")
    twin.push(WINBACK, DAYS[0], people_of("ab"))
    victim = project.folder / "victim"
    victim.write_text("untouched")
    for name in twin.files():
        link = project.state / "drop" / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(victim)
    project.push(WINBACK, DAYS[0], people_of("ab"))
    assert project.files() == twin.files()
    assert victim.read_text() == "untouched"


def test_a_folder_that_cannot_be_written_says_so_and_the_delivery_is_finished_later(project: Project) -> None:
    project.state.mkdir()
    (project.state / "drop").write_text("a file in the way")
    with pytest.raises(DestinationError, match=r"drop: .*make the folder writable"):
        project.push(WINBACK, DAYS[0], people_of("ab"))
    (project.state / "drop").unlink()
    outcome = project.push(WINBACK, DAYS[1], people_of("abc"))
    receiver = Receiver()
    receiver.receive(project)
    assert outcome.recovered is not None
    assert "before it, an earlier run's delivery was finished" in outcome_words(outcome.as_json())
    assert [manifest["as_of"] for manifest in project.manifests()] == ["2017-11-01", "2017-11-02"]
    assert receiver.by_key == desired_of(people_of("abc"))


def test_left_overs_go_and_strangers_stay(project: Project) -> None:
    project.drop.mkdir(parents=True)
    (project.drop / ".2017-10-31_abc.csv.partial").write_text("half a fi")
    (project.drop / "README.txt").write_text("not ours")
    project.push(WINBACK, DAYS[0], people_of("ab"))
    names = [path.name for path in project.drop.iterdir()]
    assert "README.txt" in names
    assert not [name for name in names if name.endswith(".partial")]


def test_a_file_that_is_already_there_is_left_alone(project: Project) -> None:
    project.push(WINBACK, DAYS[0], people_of("ab"))
    times = {path: path.stat().st_mtime_ns for path in project.drop.iterdir()}
    with project.open() as warehouse:
        warehouse.execute("drop schema ledger cascade")
    outcome = project.export(WINBACK, DAYS[0])
    assert outcome.receipt is not None
    assert outcome.receipt.repeated
    assert {path: path.stat().st_mtime_ns for path in project.drop.iterdir()} == times


def test_a_damaged_file_is_replaced(project: Project) -> None:
    project.push(WINBACK, DAYS[0], people_of("ab"))
    files = project.files()
    next(project.drop.glob("*.csv")).write_text("damaged")
    with project.open() as warehouse:
        warehouse.execute("drop schema ledger cascade")
    project.export(WINBACK, DAYS[0])
    assert project.files() == files
