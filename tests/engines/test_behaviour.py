"""The cases of behaviour on engines: what `tests/behaviour` says of a rule is what its SQL answers."""

from __future__ import annotations

import datetime as dt

import pytest

from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import Recorded
from tests.behaviour.cases import IT, Case, cases
from tests.engines.worlds import DUCKDB_TYPES, DuckDB, Engine, Postgres, asked
from tests.reference.recorded import DEFINITIONS, recorded, recorded_types
from tests.reference.strategies import World
from tests.reference.test_differential import compiled

PENDING = frozenset({"lists: one element meets all operators of any_element"})
each_case = pytest.mark.parametrize(
    "case", [case for case in cases() if case.name not in PENDING], ids=lambda case: case.name
)


@each_case
def test_duckdb_answers_as_the_case_says(duckdb_engine: DuckDB, case: Case) -> None:
    assert answers(duckdb_engine, case) == case.days


@each_case
def test_postgres_answers_as_the_case_says(postgres_engine: Postgres, case: Case) -> None:
    assert answers(postgres_engine, case) == case.days


def answers(engine: Engine, case: Case) -> dict[dt.date, set[str]]:
    """The members on each day, with what the warehouse would have recorded before it."""
    first = next(iter(case.days))
    compilation = compiled(World(case.catalog, case.tables, case.specs, first, case.static))
    engine.load(in_duckdb(case.columns), case.tables)
    return {day: asked(engine, compilation, day, record(engine, case, compilation, day))[0][IT] for day in case.days}


def record(engine: Engine, case: Case, compilation: Compilation, day: dt.date) -> Recorded:
    """Put the earlier days into the warehouse, and say what of them is there."""
    definitions = {key: (compilation.definition(key), "active") for key in case.specs}
    texts = {key: text for key, (text, _) in definitions.items()}
    rows = recorded(case.catalog, case.tables, case.specs, day, case.static, case.judged_from, texts)
    types = recorded_types(case.catalog, case.specs, dict.fromkeys(case.catalog["entities"], "text"))
    engine.load(in_duckdb(types), rows)
    histories = {entity: f"{entity}_history" for entity in case.catalog["entities"]}
    return Recorded(
        columns={entity: tuple(types[table]) for entity, table in histories.items() if rows[table]},
        definitions=definitions,
        has_definitions=bool(rows[DEFINITIONS]),
    )


def in_duckdb(types: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {table: {name: DUCKDB_TYPES[kind] for name, kind in columns.items()} for table, columns in types.items()}
