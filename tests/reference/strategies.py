"""Hypothesis strategies for whole worlds: a catalog, its rows, and segments whose rules are valid by construction.

Not generated, though the evaluator knows them: lists and scalars whose meaning DESIGN.md leaves open, hours towards the
future, `at_least … from now`, numbers of an aggregate beside a window under one of their shared words, `distinct`,
anniversaries, relations backwards, and everything DESIGN.md calls an error.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.reference import pools, strategy_rows
from tests.reference.pools import Pen
from tests.reference.strategy_rules import entity_place, where

KEYS = ("first_one", "second_one", "third_one")
STATIC_PATH = "static/chosen.csv"
STATIC_KEYS = ("1", "3", "99", "acme")


@dataclass(frozen=True)
class World:
    """All that decides about membership, as plain values; `static` has keys by the path that `members:` names."""

    catalog: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]
    specs: dict[str, dict[str, Any]]
    as_of: dt.date
    static: dict[str, list[str]] = field(default_factory=dict)


def schema(world: World) -> dict[str, dict[str, str]]:
    """Return the DuckDB type of every column of every table; timestamps have no zone and mean UTC."""
    return {
        table: {column: strategy_rows.DUCKDB_TYPES[kind] for column, kind in strategy_rows.TABLES[table].items()}
        for table in world.tables
    }


def worlds(*, depth: int = 3, static: bool = False) -> st.SearchStrategy[World]:
    """Draw worlds; `depth` is how deep groups nest, `static` allows segments with fixed members."""
    return st.randoms(use_true_random=False).map(lambda random: world(random, depth, static=static))


def world(random: Random, depth: int, *, static: bool) -> World:
    """Return a world by a source of choices."""
    timezone, week_starts_on = random.choice(pools.ZONES), random.choice(pools.WEEK_STARTS)
    as_of = random.choice(pools.AS_OF_DAYS)
    pen = Pen(random, pools.clock_of(as_of, timezone, week_starts_on))
    catalog = strategy_rows.catalog(pen, timezone, week_starts_on)
    made = specs(pen, depth, static=static)
    lists = {STATIC_PATH: pen.some(STATIC_KEYS)} if static else {}
    return World(catalog, strategy_rows.tables(pen, catalog), made, as_of, lists)


def specs(pen: Pen, depth: int, *, static: bool) -> dict[str, dict[str, Any]]:
    """Return one to three segments; each may refer to those before it, so there are no cycles."""
    made: dict[str, dict[str, Any]] = {}
    for key in KEYS[: pen.number(1, len(KEYS))]:
        entity = pen.pick("person", "person", "person", "company")
        before = {name: [other for other in made if made[other]["entity"] == name] for name in ("person", "company")}
        head = {"name": key.replace("_", " ").title(), "entity": entity, "owner": "tests", "description": "Made."}
        if static and pen.once_in(4):
            made[key] = {**head, "members": STATIC_PATH}
        else:
            made[key] = {**head, "where": where(pen, entity_place(entity, before), depth)}
    return made
