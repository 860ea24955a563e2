"""What several files of these tests begin with is made once."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from tests.pipeline.club import club, day
from tests.project import SmallProject


@pytest.fixture(scope="session")
def ten_days(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> SmallProject:
    """The club after ten days in one tested run; to be read only. Workers beside each other have a copy each."""
    own = tmp_path_factory.mktemp("club") / "ten_days"
    if worker_id == "master":
        return _recorded(own)
    common = tmp_path_factory.getbasetemp().parent / "ten_days"
    with common.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not common.exists():
            shutil.copytree(_recorded(own).folder, common, symlinks=True)
            return SmallProject(own)
    shutil.copytree(common, own, symlinks=True)
    return SmallProject(own)


def _recorded(folder: Path) -> SmallProject:
    project = club(folder)
    project.run(day(0), day(9))
    return project
