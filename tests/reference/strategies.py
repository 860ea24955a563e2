"""Hypothesis strategies for whole worlds: a catalog, its rows, and segments whose rules are valid by construction.

Not generated, though the evaluator knows them: lists and scalars whose meaning DESIGN.md leaves open, hours towards the
future, `at_least … from now`, numbers of an aggregate beside a window under one of their shared words, and everything
DESIGN.md calls an error.
"""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.reference import pools, strategy_rows
from tests.reference.pools import Pen
from tests.reference.strategy_rules import Place, entity_place, later_leaves, where
from tests.reference.strategy_stories import add_stories
from tests.reference.strategy_words import WORDS, lively
from tests.reference.world import MOVES, World

KEYS = ("first_one", "second_one", "third_one", "fourth_one")
STATIC_PATH = "static/chosen.csv"
STATIC_KEYS = ("1", "3", "99", "acme")


def worlds(*, depth: int = 3, static: bool = False, words: frozenset[str] = WORDS) -> st.SearchStrategy[World]:
    """Draw worlds; `depth` is how deep groups nest, `static` allows segments with fixed members.

    `words` are the later words of the language that rules may use; the others are always there.
    """
    return st.integers(0, 2**40).map(lambda seed: world(Random(seed), depth, static=static, words=words))


def world(random: Random, depth: int = 3, *, static: bool = False, words: frozenset[str] = WORDS) -> World:
    """Return a world by a source of choices."""
    timezone, week_starts_on = random.choice(pools.ZONES), random.choice(pools.WEEK_STARTS)
    as_of = random.choice(pools.AS_OF_DAYS)
    pen = Pen(random, pools.clock_of(as_of, timezone, week_starts_on), theme(random, words))
    catalog = strategy_rows.catalog(pen, timezone, week_starts_on)
    past = frozenset(name for name, entity in catalog["entities"].items() if "history" in entity)
    made = specs(pen, depth, past, static=static)
    lists = {STATIC_PATH: pen.some(STATIC_KEYS)} if static else {}
    tables, columns = strategy_rows.tables(pen, catalog), strategy_rows.TABLES
    add_stories(pen, made, tables)
    return World(catalog, tables, made, as_of, columns, lists, first_days(pen, made))


def theme(random: Random, words: frozenset[str]) -> frozenset[str]:
    """Return some of the words, so that a world has rows and rules enough for each; now and then all of them."""
    if random.randint(0, 3) == 3:
        return words
    return frozenset(random.sample(sorted(words), min(len(words), random.randint(1, 3))))


def specs(pen: Pen, depth: int, past: frozenset[str], *, static: bool) -> dict[str, dict[str, Any]]:
    """Return one to four segments; each may refer to those before it, so there are no cycles."""
    made: dict[str, dict[str, Any]] = {}
    for key in KEYS[: pen.number(1, len(KEYS))]:
        entity = pen.pick("person", "person", "person", "company")
        before = {name: [other for other in made if made[other]["entity"] == name] for name in ("person", "company")}
        head = {"name": key.replace("_", " ").title(), "entity": entity, "owner": "tests", "description": "Made."}
        if static and pen.once_in(6):
            made[key] = {**head, "members": STATIC_PATH}
        else:
            first = not made and bool(MOVES & pen.words)
            made[key] = {**head, "where": own_rule(pen, entity_place(entity, before, past), depth, first)}
    return made


def own_rule(pen: Pen, place: Place, depth: int, first: bool) -> Any:
    """Return a segment's rule: of the first for others' moves one whose members come and go, or one condition alone."""
    if first and not pen.once_in(3):
        return lively(pen, place)
    later = later_leaves(pen, place)
    return pen.pick(*later)(pen, place) if later and pen.once_in(3) else where(pen, place, depth)


def first_days(pen: Pen, made: dict[str, dict[str, Any]]) -> dict[str, dt.date]:
    """Return each segment's first judged day, not before that of those it may refer to."""
    back = pen.pick(12, 8, 9, 4, 2, 1, 0)
    found: dict[str, dt.date] = {}
    for key in made:
        back = max(back - pen.number(1, 4), 0) if pen.once_in(6) else back
        found[key] = pen.clock.as_of - dt.timedelta(days=back)
    return found
