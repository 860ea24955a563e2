"""The compiler's SQL on DuckDB against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os

import duckdb
from hypothesis import HealthCheck, given, note, settings
from sqlglot import exp

from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import to_inline, to_text
from tests.reference import judging
from tests.reference.evaluator import members
from tests.reference.strategies import World, schema, worlds

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES", "2000"))


def compiled(world: World) -> Compilation:
    return judging.compiled(world.catalog, world.specs, world.static)


def _load(connection: duckdb.DuckDBPyConnection, world: World) -> None:
    for table, columns in schema(world).items():
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f'create or replace table "{table}" ({listed})')
        rows = world.tables.get(table, [])
        if rows:
            marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in rows)
            values = [row.get(name) for row in rows for name in columns]
            connection.execute(f'insert into "{table}" values {marks}', values)


def _locate(model: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(model, quoted=True), db=exp.to_identifier("main"))


CONNECTION = duckdb.connect()
CONNECTION.execute("set TimeZone = 'UTC'")
CONNECTION.execute("set threads = 1")


def asked(world: World, compilation: Compilation) -> dict[str, set[object]]:
    """The members of every segment, by one query for each entity."""
    found: dict[str, set[object]] = {}
    for entity in compilation.catalog.entities.values():
        plans = compilation.plans_of(entity.name)
        keys = [segment.key for segment in plans[-1].segments]
        sql = to_text(to_inline(plans, compilation.bases, world.as_of, _locate), "duckdb")
        note(sql)
        rows = CONNECTION.execute(f"select {', '.join([entity.key, *keys])} from ({sql})").fetchall()
        found |= {key: {row[0] for row in rows if row[number]} for number, key in enumerate(keys, 1)}
        assert all(value is not None for row in rows for value in row[1:]), "a flag is true or false"
    return found


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds(static=True))
def test_sql_agrees_with_the_evaluator(world: World) -> None:
    _load(CONNECTION, world)
    found = asked(world, compiled(world))
    for key, members_ in found.items():
        expected = members(world.catalog, world.tables, world.specs, key, world.as_of, world.static)
        assert members_ == expected, f"{key}: only SQL {members_ - expected}, only evaluator {expected - members_}"
