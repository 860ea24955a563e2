"""Make a failing world smaller: fewer segments, rows and conditions, as long as it fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from tests.reference.world import World

GROUPS = ("all", "any", "none", "not")


def smallest(world: World, fails: Callable[[World], bool]) -> World:
    """Take the first smaller world that still fails, until there is none."""
    while True:
        found = next((other for other in smaller(world) if fails(other)), None)
        if found is None:
            return world
        world = found


def smaller(world: World) -> Iterator[World]:
    """Return worlds with something left out, the largest pieces first."""
    for key in world.specs:
        yield replace(world, specs={other: spec for other, spec in world.specs.items() if other != key})
    for table, rows in world.tables.items():
        for half in (rows[len(rows) // 2 :], rows[: len(rows) // 2]) if len(rows) > 3 else ():
            yield replace(world, tables={**world.tables, table: half})
    for key, spec in world.specs.items():
        for where in simpler(spec["where"]) if "where" in spec else ():
            yield replace(world, specs={**world.specs, key: {**spec, "where": where}})
    for table, rows in world.tables.items():
        for number in range(len(rows)):
            yield replace(world, tables={**world.tables, table: rows[:number] + rows[number + 1 :]})
    for entity, definition in world.catalog["entities"].items():
        for word in ("since", "population"):
            if word in definition:
                less = {name: value for name, value in definition.items() if name != word}
                yield replace(world, catalog={**world.catalog, "entities": {**world.catalog["entities"], entity: less}})


def simpler(rule: Any) -> Iterator[Any]:
    """Return rules with something left out: parts of groups and lists, keys of mappings, and the same further in."""
    if isinstance(rule, list):
        yield from rule
        for number, part in enumerate(rule):
            yield rule[:number] + rule[number + 1 :]
            for less in simpler(part):
                yield [*rule[:number], less, *rule[number + 1 :]]
    if isinstance(rule, dict):
        yield from (rule[word] for word in GROUPS if word in rule)
        for word, body in rule.items():
            if len(rule) > 1:
                yield {name: value for name, value in rule.items() if name != word}
            for less in simpler(body):
                yield {**rule, word: less}
