"""An engine against the naive evaluator on made-up worlds, and the smallest world where they differ.

Worlds are drawn from plain seeds, not through Hypothesis: it takes twice as long for each, and prefers extremes, where
worlds with a bit of everything find more.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pprint import pformat
from random import Random

from tests.reference.judging import Engine, asked
from tests.reference.smaller import smallest
from tests.reference.strategies import world
from tests.reference.strategy_words import WORDS
from tests.reference.world import World

# Later words of the language that are compared; MUSTER_FUZZ_WORDS names others, with commas.
COMPARED = WORDS
CHOSEN = os.environ.get("MUSTER_FUZZ_WORDS")
SEED = int(os.environ.get("MUSTER_FUZZ_SEED", Random().randrange(10**9)))


def first_difference(engine: Engine, numbers: Iterable[int]) -> str:
    """Compare the worlds of these numbers after the first seed; report the first that differs, made smaller."""
    words = COMPARED if CHOSEN is None else frozenset(CHOSEN.split(",")) & WORDS
    for seed in (SEED + number for number in numbers):
        made = world(Random(seed), static=True, words=words)
        if found := difference(engine, made):
            return f"MUSTER_FUZZ_SEED={seed}: {report(engine, made, found)}"
    return ""


def difference(engine: Engine, made: World) -> str:
    """Return in which way the SQL and the evaluator differ, or nothing."""
    try:
        found = asked(engine, made)
    except Exception as error:  # whatever it is, it is worth a smaller world
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return "" if found == {key: made.members(key) for key in made.specs} else "other members"


def report(engine: Engine, made: World, found: str) -> str:
    """Return the smallest world that fails in the same way, and how it does."""

    def fails(other: World) -> bool:
        try:
            return difference(engine, other)[:60] == found[:60]
        except (KeyError, ValueError, IndexError, AttributeError, TypeError):
            return False

    small = smallest(made, fails)
    tables = {table: rows for table, rows in small.tables.items() if rows}
    lines = [found, f"as of {small.as_of} in {small.catalog['timezone']}, judged from {small.judged_from}"]
    lines += [pformat(part, width=120, compact=True) for part in (small.specs, small.catalog["entities"], tables)]
    if found == "other members":
        sql = asked(engine, small)
        lines += [f"{key}: SQL {sql[key]}, evaluator {small.members(key)}" for key in small.specs]
    return "\n".join(lines)
