"""Waterfalls and metrics are the same digits on the engines that run here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlglot import exp

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.engines.registry import ENGINES
from orchestration.compiler.metrics import metrics_select
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.render import put_tables
from orchestration.compiler.waterfall import waterfall_select
from tests.engines.on_postgres import Postgres
from tests.reference.judging import Engine
from tests.reference.on_duckdb import DuckDB

CATALOG = """
entities:
  buyer:
    model: buyers
    key: buyer_id
    attributes: {points: integer, spend: number, rating: float}
"""
SPECS = {
    "many": "entity: buyer\nwhere: [{points: {at_least: 30}}, {spend: {at_most: 70.5}}]\n",
    "rated": "entity: buyer\nwhere: [{rating: has_any_value}, {not: {in_segment: many}}]\n",
    "none": "entity: buyer\nwhere: {points: {at_least: 1000}}\n",
}
TRAITS = {"buyer_id": "integer", "points": "integer", "spend": "number", "rating": "float"}


@pytest.fixture(scope="module")
def compilation() -> Compilation:
    specs = tuple(SourceFile(f"segment_specs/all/{key}.yml", spec) for key, spec in SPECS.items())
    return compile_sources(Sources(SourceFile("catalog.yml", CATALOG), specs))


def people() -> Iterator[dict[str, Any]]:
    draw = Random(5)
    for number in range(101):
        yield {
            "buyer_id": number,
            "points": draw.choice((draw.randrange(100), None)),
            "spend": draw.choice((Decimal(draw.randrange(10**9)) / 10**7, None)),
            "rating": draw.choice((draw.random() * 10, None)),
        }


def flags(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        many = (row["points"] or 0) >= 30 and row["spend"] is not None and row["spend"] <= Decimal("70.5")
        rated = row["rating"] is not None and not many
        yield {"buyer_id": row["buyer_id"], "many": many, "rated": rated, "none": False}


def quoted(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def found(engine: Engine, query: exp.Query, rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    columns = {"buyer_traits": TRAITS, "buyer_segments": {"buyer_id": "integer"} | dict.fromkeys(SPECS, "boolean")}
    engine.load(columns, {"buyer_traits": rows, "buyer_segments": list(flags(rows))})
    assert isinstance(query, exp.Select)
    return sorted(engine.rows(ENGINES[engine.dialect].to_sql(put_tables(query.copy(), quoted, date(2024, 1, 1)))))


@pytest.mark.parametrize("few", [False, True])
def test_engines_give_the_same_digits(
    duckdb_engine: DuckDB, postgres_engine: Postgres, compilation: Compilation, few: bool
) -> None:
    rows = [] if few else list(people())
    (plan,) = compilation.plans()
    for query in (waterfall_select([plan], compilation.bases.clock), metrics_select(plan)):
        on_duckdb = found(duckdb_engine, query, rows)
        assert found(postgres_engine, query, rows) == on_duckdb
    waterfall = found(duckdb_engine, waterfall_select([plan], compilation.bases.clock), rows)
    members = {key: sum(row[key] for row in flags(rows)) for key in SPECS}
    assert {segment: passing for _, segment, _, _, _, passing, _ in waterfall} == members
