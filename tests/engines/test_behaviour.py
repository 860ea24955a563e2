"""The cases of behaviour on engines: what `tests/behaviour` says of a rule is what its SQL answers."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.behaviour.cases import IT, Case, cases
from tests.engines.on_postgres import Postgres
from tests.reference.judging import Engine, asked
from tests.reference.on_duckdb import DuckDB

each_case = pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)


@each_case
def test_duckdb_answers_as_the_case_says(duckdb_engine: DuckDB, case: Case) -> None:
    assert answers(duckdb_engine, case) == case.days


@each_case
def test_postgres_answers_as_the_case_says(postgres_engine: Postgres, case: Case) -> None:
    assert answers(postgres_engine, case) == case.days


def answers(engine: Engine, case: Case) -> dict[dt.date, set[str]]:
    return {day: asked(engine, case.world(day))[IT] for day in case.days}
