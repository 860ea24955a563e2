"""Erasing one subject: out of every table and file that Muster wrote, and out of every destination that has it.

It begins with a tombstone, a hash of the key, and each step can be done again: an erasure that was interrupted is
finished by asking for it again. A subject that is still in the source tables comes back into the next run's tables, so
every run erases it again before anything is published; sent it is never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from orchestration.audiences.audience import Audience, audiences_of
from orchestration.audiences.errors import AudienceError
from orchestration.audiences.farewell import bid_farewell, forget, others_with, redact
from orchestration.audiences.ledger import create_ledger
from orchestration.audiences.tombstones import bury, tombstone
from orchestration.compiler.problem import nearest
from orchestration.days import recorded_days
from orchestration.dbt import Dbt
from orchestration.document import entities, relations
from orchestration.erased_rows import erase_rows
from orchestration.errors import UnknownNameError
from orchestration.pipeline import RunError, days_to_publish, open_warehouse, publish
from orchestration.publishing.folder import PublishedFolder
from orchestration.publishing.mart import drop_incremental_marts
from orchestration.pushing import surroundings
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, quoted_name


@dataclass(frozen=True)
class Erasure:
    """What an erasure did. `subject` is the tombstone.

    `rows` counts deleted rows by table, `told` are the audiences and destinations that the removal was sent to, `left`
    says what remains to be done, and where.
    """

    entity: str
    subject: str
    rows: Mapping[str, int]
    told: tuple[str, ...]
    left: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """The erasure for `--json`; no personal data."""
        return asdict(self)


def erase(settings: Settings, entity: str, key: str) -> Erasure:
    """Erase one subject of an entity. Raises UnknownNameError, WarehouseError."""
    dbt = Dbt(settings)
    known = entities(dbt.document)
    if entity not in known:
        raise UnknownNameError(f"there is no entity `{entity}`. {nearest(entity, known)}")
    audiences = audiences_of(dbt.document)
    mine = [each for each in audiences.values() if each.entity == entity]
    with open_warehouse(settings) as warehouse:
        create_ledger(warehouse)
        bury(warehouse, entity, key)
        told, left = _tell(settings, warehouse, mine, key)
        untold = [each.name for each in mine if any(said.startswith(f"audience {each.name} at ") for said in left)]
        left += _redacted(settings, warehouse, [each for each in mine if each.name not in untold], key)
        left += others_with(warehouse, audiences.values(), key)
        left += _still_there(warehouse, dbt.document, known[entity], key)
        left += _listed(warehouse, dbt.document, key)
        rows = erase_rows(warehouse, dbt.document, known, entity, key)
        rows["ledger"] = forget(warehouse, [each for each in mine if each.name not in untold], key)
        drop_incremental_marts(warehouse, dbt.document)
    left += _publish_anew(dbt)
    counted = {name: count for name, count in rows.items() if count}
    return Erasure(entity, tombstone(entity, key), counted, tuple(told), tuple(left))


def _tell(settings: Settings, warehouse: Warehouse, audiences: list[Audience], key: str) -> tuple[list[str], list[str]]:
    """Send the removal everywhere; a destination that does not take it now is told by the next attempt."""
    told, left = [], []
    days = recorded_days(warehouse)
    as_of = max(days, default=date.min)
    for audience in audiences:
        try:
            destination = bid_farewell(warehouse, audience, key, as_of, surroundings(settings))
        except AudienceError as wrong:
            left.append(f"audience {audience.name} at {audience.destination} was not told, so erase again: {wrong}")
            continue
        if destination:
            told.append(f"{audience.name} at {destination}")
    return told, left


def _redacted(settings: Settings, warehouse: Warehouse, audiences: list[Audience], key: str) -> Iterator[str]:
    for audience in audiences:
        try:
            yield from redact(warehouse, audience, key, surroundings(settings))
        except AudienceError as wrong:
            yield f"files of audience {audience.name} still name the subject, so erase again: {wrong}"


def _still_there(
    warehouse: Warehouse, document: Mapping[str, Any], entity: Mapping[str, Any], key: str
) -> Iterator[str]:
    """Source tables that still have the subject."""
    tables, names = warehouse.tables(), relations(document)
    for model, column in sorted({(str(table["model"]), str(table["key"])) for table in entity["sources"]}):
        if model in tables and column in tables[model][1]:
            table = names.get(model, quoted_name(model))
            where = f"where cast({quoted_name(column)} as varchar) = ?"
            if warehouse.rows(f"select 1 from {table} {where} limit 1", [key]):
                yield f"the source {model} still has the subject: delete it there, or every run has to erase it again"


def _listed(warehouse: Warehouse, document: Mapping[str, Any], key: str) -> Iterator[str]:
    """Fixed lists that name a subject of that key."""
    tables, names = warehouse.tables(), relations(document)
    seeds = sorted(str(node["name"]) for node in document["nodes"].values() if node["resource_type"] == "seed")
    for name in (seed for seed in seeds if "member" in tables.get(seed, ("", ()))[1]):
        if warehouse.rows(f"select 1 from {names[name]} where member = ? limit 1", [key]):
            yield f"the list {name} names a subject of that key, and so does its file: take it out there"


def _publish_anew(dbt: Dbt) -> Iterator[str]:
    """Make and publish the marts without the subject, and keep no former version of them."""
    try:
        days = days_to_publish(dbt)
    except RunError as unfinished:
        yield f"the marts are published without the subject by the next run: {unfinished}"
        return
    publish(dbt, days)
    PublishedFolder(dbt.settings.published).forget_former()
    with open_warehouse(dbt.settings) as warehouse:
        warehouse.execute("checkpoint")
