"""Killed at any point and run again, an export ends as if nothing had happened."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from orchestration.audiences.audience import Send
from tests.audiences.killed import export_killed, sample
from tests.audiences.workspace import DAYS, People, Project, Receiver, desired_of, people_of, sends

FIRST = people_of("abcd")
SECOND: People = {
    **people_of("a"),
    "b": ("b@example.com", "free"),  # changed
    "c": ("new-c@example.com", "pro"),  # under another address
    **people_of("e"),  # entered; d left
}
THIRD: People = {"a": ("a@example.com", "pro", "consent"), **people_of("bcdf")}
STEPS = [
    "begin transaction",
    "insert into ledger.deliveries",
    "insert into ledger.outbox",
    "commit",
    "os.fsync",
    "os.replace",
    "update ledger.members set",
    "update ledger.deliveries set",
]


def telling(points: Sequence[str], seed: int) -> list[int]:
    """Some points of an export, and those at which one of the steps has just been made for the first time."""
    return sorted({*sample(points, seed=seed), *(points.index(step) + 2 for step in STEPS)})


def copies(project: Project, name: str) -> Iterator[Project]:
    """Fresh copies of a project, one after the other."""
    for number in itertools.count():
        folder = project.folder.parent / f"{project.folder.name}-{name}-{number}"
        shutil.copytree(project.folder, folder, symlinks=True)
        yield Project(folder)
        shutil.rmtree(folder)


def visible(project: Project) -> dict[str, bytes]:
    """The files that a receiver may look at."""
    return {name: content for name, content in project.files().items() if not Path(name).name.startswith(".")}


@pytest.fixture
def on_day_two(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    """A project that exported the first day and judged the second."""
    project = Project(tmp_path / "template")
    project.push(sends(request.param), DAYS[0], FIRST)
    project.desire(SECOND)
    return project


@pytest.mark.parametrize("on_day_two", list(Send), indirect=True, ids=list(Send))
def test_killed_at_any_point_a_rerun_ends_like_an_undisturbed_run(
    on_day_two: Project, request: pytest.FixtureRequest
) -> None:
    audience = sends(request.node.callspec.params["on_day_two"])
    spare = copies(on_day_two, "killed")
    undisturbed = next(spare)
    points = export_killed(undisturbed, audience, DAYS[1], 0)
    assert not set(STEPS) - set(points)
    expected = undisturbed.picture()
    for last in telling(points, seed=1):
        project = next(spare)
        export_killed(project, audience, DAYS[1], last, torn=True)
        assert visible(project).items() <= expected[0].items(), f"half a file at {last}, {points[last - 1]}"
        project.export(audience, DAYS[1])
        assert project.picture() == expected, f"killed at {last}, {points[last - 1]}"


def test_the_very_first_export_may_be_killed_too(tmp_path: Path) -> None:
    template = Project(tmp_path / "template")
    template.desire(FIRST)
    spare = copies(template, "killed")
    undisturbed = next(spare)
    points = export_killed(undisturbed, sends(Send.CHANGES), DAYS[0], 0)
    assert "create schema if" in points
    expected = undisturbed.picture()
    for last in sample(points, seed=2):
        project = next(spare)
        export_killed(project, sends(Send.CHANGES), DAYS[0], last)
        project.export(sends(Send.CHANGES), DAYS[0])
        assert project.picture() == expected, f"killed at {last}, {points[last - 1]}"


@pytest.mark.parametrize("on_day_two", [Send.CHANGES], indirect=True)
def test_a_rerun_may_be_killed_at_any_point_as_well(on_day_two: Project) -> None:
    audience = sends(Send.CHANGES)
    spare = copies(on_day_two, "killed")
    undisturbed = next(spare)
    points = export_killed(undisturbed, audience, DAYS[1], 0)
    expected = undisturbed.picture()
    half_way = points.index("os.replace") + 1
    for last in sample(points, seed=3):
        project = next(spare)
        export_killed(project, audience, DAYS[1], half_way)
        export_killed(project, audience, DAYS[1], last, torn=True)
        project.export(audience, DAYS[1])
        assert project.picture() == expected, f"killed at {half_way} and {last}"


@pytest.mark.parametrize("on_day_two", [Send.CHANGES, Send.FULL], indirect=True, ids=["changes", "full"])
def test_a_killed_delivery_is_finished_before_what_changed_since(
    on_day_two: Project, request: pytest.FixtureRequest
) -> None:
    audience = sends(request.node.callspec.params["on_day_two"])
    spare = copies(on_day_two, "killed")
    points = export_killed(next(spare), audience, DAYS[1], 0)
    seen = set()
    for last in sample(points, seed=4):
        project, receiver = next(spare), Receiver()
        export_killed(project, audience, DAYS[1], last)
        receiver.receive(project)  # whatever is visible now may be taken at once
        outcome = project.push(audience, DAYS[2], THIRD)
        receiver.receive(project)
        assert receiver.by_key == desired_of(THIRD), f"killed at {last}, {points[last - 1]}"
        seen.add((len(receiver.seen), outcome.recovered is not None))
    # Before it was planned nothing needs finishing, and after it was acknowledged nothing does any more.
    assert seen == {(2, False), (3, True)}
