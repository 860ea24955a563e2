"""The cases of behaviour on engines: what `tests/behaviour` says of a rule is what its SQL answers."""

from __future__ import annotations

import pytest

from tests.behaviour.cases import IT, Case, cases
from tests.engines.worlds import Postgres
from tests.reference.engine import DuckDB, Engine, asked

each_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


@pytest.fixture(scope="module")
def duckdb_engine() -> DuckDB:
    return DuckDB()


@each_case
def test_duckdb_answers_as_the_case_says(duckdb_engine: DuckDB, case: Case) -> None:
    check(duckdb_engine, case)


@each_case
def test_postgres_answers_as_the_case_says(postgres_engine: Postgres, case: Case) -> None:
    check(postgres_engine, case)


def check(engine: Engine, case: Case) -> None:
    assert {day: asked(engine, case.world(day))[IT] for day in case.days} == case.days
