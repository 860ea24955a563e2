"""The generated worlds: quick to make, valid, loadable, expressible in YAML, and not all the same."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import yaml
from ruamel.yaml import YAML

from tests.reference.evaluator import base_population
from tests.reference.on_duckdb import DuckDB
from tests.reference.pools import Pen, clock_of
from tests.reference.strategies import world
from tests.reference.strategy_rules import LATER, entity_place
from tests.reference.strategy_words import WORDS
from tests.reference.world import World


def drawn(examples: int, *, static: bool = False) -> Iterator[World]:
    """Draw the same so many worlds on every run."""
    return (world(Random(seed), static=static) for seed in range(examples))


def test_worlds_are_quick_valid_and_reasonably_often_split_the_base_population() -> None:
    shares: list[bool] = []
    started = time.process_time()
    for made in drawn(200):
        for key, spec in made.specs.items():
            found = made.members(key)
            base = base_population(made.catalog, made.tables, spec["entity"], made.as_of)
            assert found <= base
            shares.append(0 < len(found) < len(base))
    assert time.process_time() - started < 15
    assert sum(shares) > 0.25 * len(shares)


def plain(row: tuple[Any, ...]) -> list[str]:
    """A row's values as texts, however many zeros decimals end with."""
    return [str(value.normalize()) if isinstance(value, Decimal) else str(value) for value in row]


def test_rows_fit_their_columns() -> None:
    warehouse = DuckDB()
    for made in drawn(40):
        warehouse.load(made.columns, made.tables)
        for table, columns in made.columns.items():
            found = warehouse.rows(f'select * from "{table}"')
            rows = [tuple(row[name] for name in columns) for row in made.tables[table]]
            assert [plain(row) for row in found] == [plain(row) for row in rows]


def test_catalogs_and_specs_survive_yaml() -> None:
    reader = YAML(typ="safe", pure=True)
    for made in drawn(60):
        for content in (made.catalog, made.specs):
            text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
            assert reader.load(io.StringIO(text)) == content


def test_static_segments_are_drawn_on_request() -> None:
    found = [(made, key) for made in drawn(40, static=True) for key in made.specs]
    static = ["members" in made.specs[key] for made, key in found]
    assert any(static)
    assert not all(static)
    assert all(made.members(key) <= {*range(10), "acme"} for made, key in found if "members" in made.specs[key])


def test_no_later_word_is_nearly_always_true_or_false() -> None:
    judged: Counter[str] = Counter()
    held: Counter[str] = Counter()
    divided: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    for seed, made in enumerate(drawn(250)):
        for word, entity, rule in conditions(made, seed):
            base = base_population(made.catalog, made.tables, entity, made.as_of)
            found = replace(made, specs={**made.specs, "it": {"entity": entity, "where": rule}}).members("it")
            judged[word] += len(base)
            held[word] += len(found)
            divided[word] += 0 < len(found) < len(base)
            asked[word] += 1
    assert set(asked) == WORDS
    shares = {word: (held[word] / judged[word], divided[word] / asked[word]) for word in asked}
    rare = {word: share for word, share in shares.items() if not 0.01 < share[0] < 0.9 or share[1] < 0.03}
    assert not rare


def conditions(made: World, seed: int) -> Iterator[tuple[str, str, Any]]:
    """Make one condition of each later word, for each entity where it fits."""
    zone, week = made.catalog["timezone"], made.catalog["week_starts_on"]
    pen = Pen(Random(seed), clock_of(made.as_of, zone, week), WORDS)
    past = frozenset(name for name, entity in made.catalog["entities"].items() if "history" in entity)
    segments = {
        entity: [key for key, spec in made.specs.items() if spec["entity"] == entity]
        for entity in ("person", "company")
    }
    for entity in segments:
        place = entity_place(entity, segments, past)
        yield from ((word, entity, make(pen, place)) for word, fits, make in LATER if fits(place))
