"""The generated worlds: quick to make, valid, loadable, expressible in YAML, and not all the same."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from ruamel.yaml import YAML

from tests.reference.evaluator import base_population
from tests.reference.on_duckdb import Warehouse
from tests.reference.strategies import worlds
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


def test_rows_fit_their_columns() -> None:
    warehouse = Warehouse()

    def look(world: World) -> None:
        warehouse.load(world.columns, world.tables)
        for table, columns in world.columns.items():
            found = warehouse.connection.execute(f'select * from "{table}"').fetchall()
            assert str(found) == str([tuple(row[name] for name in columns) for row in world.tables[table]])

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
