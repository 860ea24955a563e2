"""A published project for BI clients to read, made only where they are installed."""

from __future__ import annotations

import pytest

from orchestration.dbt import Dbt
from tests.bi.clients import client
from tests.pipeline.club import club, day
from tests.project import SmallProject


@pytest.fixture(scope="session")
def ten_days(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallProject, Dbt]:
    for name in ("superset", "mf"):
        client(name)
    project = club(tmp_path_factory.mktemp("bi"))
    dbt = project.dbt()
    project.run(day(0), day(9), dbt)
    return project, dbt
