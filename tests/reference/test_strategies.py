"""The generated worlds: quick to make, valid, loadable, expressible in YAML, and not all the same."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from ruamel.yaml import YAML

from tests.reference.evaluator import base_population
from tests.reference.on_duckdb import DuckDB
from tests.reference.pools import Pen, clock_of
from tests.reference.strategies import world, worlds
from tests.reference.strategy_rules import LATER, entity_place
from tests.reference.strategy_words import WORDS
from tests.reference.world import World


def each_world(look: Callable[[World], None], examples: int, **options: Any) -> None:
    """Show the same so many worlds to a function on every run."""
    quiet = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    quiet(given(worlds(**options))(look))()


def test_worlds_are_quick_valid_and_reasonably_often_split_the_base_population() -> None:
    shares: list[bool] = []

    def look(world: World) -> None:
        for key, spec in world.specs.items():
            found = world.members(key)
            base = base_population(world.catalog, world.tables, spec["entity"], world.as_of)
            assert found <= base
            shares.append(0 < len(found) < len(base))

    started = time.process_time()
    each_world(look, 200)
    assert time.process_time() - started < 15
    assert sum(shares) > 0.2 * len(shares)


def plain(row: tuple[Any, ...]) -> list[str]:
    """A row's values as texts, however many zeros decimals end with."""
    return [str(value.normalize()) if isinstance(value, Decimal) else str(value) for value in row]


def test_rows_fit_their_columns() -> None:
    warehouse = DuckDB()

    def look(world: World) -> None:
        warehouse.load(world.columns, world.tables)
        for table, columns in world.columns.items():
            found = warehouse.connection.execute(f'select * from "{table}"').fetchall()
            made = [tuple(row[name] for name in columns) for row in world.tables[table]]
            assert [plain(row) for row in found] == [plain(row) for row in made]

    each_world(look, 40)


def test_catalogs_and_specs_survive_yaml() -> None:
    reader = YAML(typ="safe", pure=True)

    def look(world: World) -> None:
        for plain in (world.catalog, world.specs):
            text = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False)
            assert reader.load(io.StringIO(text)) == plain

    each_world(look, 60)


def test_static_segments_are_drawn_on_request() -> None:
    found: list[bool] = []

    def look(world: World) -> None:
        found.extend("members" in spec for spec in world.specs.values())
        for key in world.specs:
            world.members(key)

    each_world(look, 40, static=True)
    assert any(found)
    assert not all(found)


def test_no_later_word_is_nearly_always_true_or_false() -> None:
    judged: Counter[str] = Counter()
    held: Counter[str] = Counter()
    divided: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for seed in range(250):
        drawn = world(Random(seed))
        for word, entity, rule in conditions(drawn, seed):
            base = base_population(drawn.catalog, drawn.tables, entity, drawn.as_of)
            found = replace(drawn, specs={**drawn.specs, "it": {"entity": entity, "where": rule}}).members("it")
            judged[word] += len(base)
            held[word] += len(found)
            divided[word] += 0 < len(found) < len(base)
            made[word] += 1
    assert set(made) == WORDS
    shares = {word: (held[word] / judged[word], divided[word] / made[word]) for word in made}
    rare = {word: share for word, share in shares.items() if not 0.02 < share[0] < 0.9 or share[1] < 0.05}
    assert not rare


def conditions(drawn: World, seed: int) -> Iterator[tuple[str, str, Any]]:
    """Make one condition of each later word, for each entity where it fits."""
    zone, week = drawn.catalog["timezone"], drawn.catalog["week_starts_on"]
    pen = Pen(Random(seed), clock_of(drawn.as_of, zone, week), WORDS)
    past = frozenset(name for name, entity in drawn.catalog["entities"].items() if "history" in entity)
    segments = {
        entity: [key for key, spec in drawn.specs.items() if spec["entity"] == entity]
        for entity in ("person", "company")
    }
    for entity in segments:
        place = entity_place(entity, segments, past)
        yield from ((word, entity, make(pen, place)) for word, fits, make in LATER if fits(place))
