"""The compiler's SQL on DuckDB against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os
from pprint import pformat
from random import Random

import pytest

from tests.reference.on_duckdb import Warehouse
from tests.reference.smaller import smallest
from tests.reference.strategies import world
from tests.reference.strategy_words import WORDS
from tests.reference.world import World

# Later words of the language that are compared; MUSTER_FUZZ_WORDS names others, with commas.
COMPARED = WORDS
CHOSEN = os.environ.get("MUSTER_FUZZ_WORDS")
EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES", "2000"))
SEED = int(os.environ.get("MUSTER_FUZZ_SEED", Random().randrange(10**9)))


def test_sql_agrees_with_the_evaluator() -> None:
    words = COMPARED if CHOSEN is None else frozenset(CHOSEN.split(",")) & WORDS
    warehouse = Warehouse()
    for seed in range(SEED, SEED + EXAMPLES):
        made = world(Random(seed), static=True, words=words)
        if found := difference(warehouse, made):
            pytest.fail(report(warehouse, made, found, seed), pytrace=False)


def difference(warehouse: Warehouse, made: World) -> str:
    """Return in which way the SQL and the evaluator differ, or nothing."""
    try:
        found = warehouse.asked(made)
    except Exception as error:  # whatever it is, it is worth a smaller world
        return f"{type(error).__name__}: {error}".splitlines()[0]
    expected = {key: made.members(key) for key in made.specs}
    return "other members" if found != expected else ""


def report(warehouse: Warehouse, made: World, found: str, seed: int) -> str:
    """Return the smallest world that fails in the same way, and how."""

    def fails(other: World) -> bool:
        try:
            return difference(warehouse, other)[:60] == found[:60]
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            return False

    small = smallest(made, fails)
    lines = [f"MUSTER_FUZZ_SEED={seed}: {found}", f"as of {small.as_of}, judged from {small.judged_from}"]
    lines += [pformat(small.specs, width=120), pformat(small.catalog["entities"], width=120, compact=True)]
    lines += [pformat({table: rows for table, rows in small.tables.items() if rows}, width=120)]
    if found == "other members":
        asked = warehouse.asked(small)
        lines += [f"{key}: SQL {asked[key]}, evaluator {small.members(key)}" for key in small.specs]
    return "\n".join(lines)
