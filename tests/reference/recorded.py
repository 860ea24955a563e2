"""What the warehouse would have recorded before D: who was in which segment on the judged days, and the definitions.

The history of an entity begins with the first judged day of its first segment and has no gaps. A version of a subject
is a run of days on which it was in the base population with the same flags; a segment that is judged later has false
before. Timestamps are midnights of plain dates, as the snapshots write them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from tests.reference.days import DAY, days_between
from tests.reference.evaluator import NO_LISTS, JudgedFrom, Tables, world_as_of
from tests.reference.rules import AsOf

DEFINITIONS = "segment_definition_history"
BOUNDS = {"dbt_valid_from": "timestamp", "dbt_valid_to": "timestamp"}

Flags = dict[str, bool]
Day = dict[Any, Flags]


def recorded(
    catalog: dict[str, Any],
    tables: Tables,
    specs: dict[str, dict[str, Any]],
    as_of: dt.date,
    static: Mapping[str, list[str]] = NO_LISTS,
    judged_from: JudgedFrom = None,
    definitions: Mapping[str, str] | None = None,
) -> Tables:
    """Return rows of `<entity>_history` for every entity and of `segment_definition_history`, as of before D.

    The arguments are those of `members`; `definitions` has each segment's definition by key, by default the key itself.
    """
    world = world_as_of(catalog, tables, specs, as_of, static, judged_from)
    found = {f"{entity}_history": history(world, entity) for entity in catalog["entities"]}
    return {**found, DEFINITIONS: definition_rows(world, definitions or {})}


def recorded_types(
    catalog: dict[str, Any], specs: dict[str, dict[str, Any]], keys: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return the catalog's type of every recorded column, given the types of the entities' keys."""
    found = {
        f"{entity}_history": {
            definition["key"]: keys[entity],
            **dict.fromkeys(keys_of(specs, entity), "boolean"),
            **BOUNDS,
        }
        for entity, definition in catalog["entities"].items()
    }
    return {**found, DEFINITIONS: {**dict.fromkeys(("segment", "definition", "status"), "text"), **BOUNDS}}


def keys_of(specs: dict[str, dict[str, Any]], entity: str) -> list[str]:
    """Return the keys of an entity's segments."""
    return [key for key, spec in specs.items() if spec["entity"] == entity]


def history(world: AsOf, entity: str) -> list[dict[str, Any]]:
    """Return the versions of all subjects of an entity."""
    keys = keys_of(world.specs, entity)
    first = min((world.judged_from[key] for key in keys), default=world.clock.as_of)
    last = world.clock.as_of - DAY
    judged = {day: flags_on(world.on(day), entity, keys) for day in days_between(first, last)}
    subjects = dict.fromkeys(key for day in judged.values() for key in day)
    return [version for key in subjects for version in versions(world, entity, key, judged)]


def flags_on(world: AsOf, entity: str, keys: list[str]) -> Day:
    """Return the flags of everybody in the base population as of a day."""
    judged = [key for key in keys if world.judged_from[key] <= world.clock.as_of]
    members = {key: world.members(key) if key in judged else set() for key in keys}
    return {subject: {key: subject in members[key] for key in keys} for subject in world.base(entity)}


def versions(world: AsOf, entity: str, key: Any, judged: dict[dt.date, Day]) -> Iterator[dict[str, Any]]:
    """Return the versions of a subject: runs of days with the same flags, the last one open if it reaches D−1."""
    column = world.catalog["entities"][entity]["key"]
    began: dt.date | None = None
    before: Flags | None = None
    for day in [*judged, world.clock.as_of]:
        now = judged[day].get(key) if day in judged else None
        if now == before and day in judged:
            continue
        if before is not None:
            until = midnight(day) if day in judged else None
            yield {column: key, **before, "dbt_valid_from": midnight(began), "dbt_valid_to": until}
        began, before = day, now


def definition_rows(world: AsOf, definitions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the definition of each segment that was judged before D."""
    return [
        {
            "segment": key,
            "definition": definitions.get(key, key),
            "status": spec.get("status", "active"),
            "dbt_valid_from": midnight(world.judged_from[key]),
            "dbt_valid_to": None,
        }
        for key, spec in world.specs.items()
        if world.judged_from[key] < world.clock.as_of
    ]


def midnight(day: dt.date | None) -> dt.datetime | None:
    """Return the first moment of a plain date."""
    return None if day is None else dt.datetime.combine(day, dt.time())
