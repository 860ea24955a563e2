"""Runs killed with SIGKILL: the next run ends as an undisturbed one."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

from tests.pipeline.club import day
from tests.pipeline.killed_run import killed
from tests.project import SmallProject

LATE = f"insert into raw.visits values ('cy', 'visit', '{day(8)} 12:00:00', 5), ('bo', 'visit', '{day(9)} 12:00:00', 5)"
STEPS = (1, 2, 3, 5, 8)
STATEMENTS = (60, 110, 170)


@pytest.fixture(scope="module")
def recorded(ten_days: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Ten days are recorded, then rows arrive late: the last two are to be run again."""
    project = copy(ten_days, tmp_path_factory.mktemp("killed"))
    project.execute(LATE)
    return project


@pytest.fixture(scope="module")
def undisturbed(recorded: SmallProject, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    project = copy(recorded, tmp_path_factory.mktemp("undisturbed"))
    project.run(day(8))
    return project.contents()


def copy(project: SmallProject, folder: Path) -> SmallProject:
    shutil.copytree(project.folder, folder / "copy", symlinks=True)
    return SmallProject(folder / "copy")


@pytest.mark.parametrize(
    ("step", "statement"), [*((step, 0) for step in STEPS), *((0, statement) for statement in STATEMENTS)]
)
def test_a_killed_run_is_made_good_by_the_next(
    recorded: SmallProject, undisturbed: dict[str, list[str]], tmp_path: Path, step: int, statement: int
) -> None:
    project = copy(recorded, tmp_path)
    assert killed(project, day(8), step, statement) == -signal.SIGKILL
    project.run(day(8), tested=False)
    assert project.contents() == undisturbed
