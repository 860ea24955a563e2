"""Which days were judged by what was known then, and which by what is known now.

A day is judged on time while it is the last one that is over. Later, a table without a past gives values of that later
time; what a segment is told by those is reconstructed. Attributes that were recorded on time stay as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from orchestration.warehouse import Warehouse

_TABLES = (
    "create schema if not exists ledger",
    "create table if not exists ledger.attributes "
    "(as_of_date date not null, entity varchar not null, on_time boolean not null)",
    "create table if not exists ledger.reconstructed (as_of_date date not null, segment varchar not null)",
)


def create_observed(warehouse: Warehouse) -> None:
    for statement in _TABLES:
        warehouse.execute(statement)


def kept_records(
    warehouse: Warehouse, entities: Mapping[str, Mapping[str, Any]], day: date, *, on_time: bool
) -> tuple[str, ...]:
    """The entities whose attributes are not recorded again for a day: they were observed on it, or on a later one."""
    if on_time:
        return ()
    rows = warehouse.rows("select distinct entity from ledger.attributes where on_time and as_of_date >= ?", [day])
    return tuple(sorted(str(name) for (name,) in rows if name in entities))


def note_day(
    warehouse: Warehouse,
    entities: Mapping[str, Mapping[str, Any]],
    day: date,
    *,
    on_time: bool,
    kept: Collection[str],
) -> None:
    """Note what was recorded for a judged day, and the segments that it reconstructs."""
    recorded = [name for name, entity in entities.items() if entity["is_recorded"] and name not in kept]
    with warehouse.transaction():
        for name in recorded:
            warehouse.execute("delete from ledger.attributes where entity = ? and as_of_date >= ?", [name, day])
            warehouse.execute("insert into ledger.attributes values (?, ?, ?)", [day, name, on_time])
        rows = warehouse.rows("select entity from ledger.attributes where on_time and as_of_date = ?", [day])
        observed = {str(name) for (name,) in rows}
        warehouse.execute("delete from ledger.reconstructed where as_of_date >= ?", [day])
        for segment, meta in _segments(entities).items():
            if (meta["known_now"] and not on_time) or not observed.issuperset(meta["recorded"]):
                warehouse.execute("insert into ledger.reconstructed values (?, ?)", [day, segment])


def _segments(entities: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {segment: meta for entity in entities.values() for segment, meta in entity["segments"].items()}
