"""The cases of behaviour on PostgreSQL; `tests/behaviour/test_duckdb.py` has them on DuckDB."""

from __future__ import annotations

import pytest

from tests.behaviour.cases import IT, Case, cases
from tests.engines.on_postgres import Postgres


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_members_are_those_of_the_case(on_postgres: Postgres, case: Case) -> None:
    found = {day: on_postgres.asked(case.world(day))[IT] for day in case.days}
    assert found == case.days
