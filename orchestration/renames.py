"""Segments whose file was renamed: what was recorded under the former key goes on under the new one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestration.document import DEFINITION_HISTORY, relations
from orchestration.errors import MusterError
from orchestration.publishing.mart import drop_incremental_marts, incremental_marts
from orchestration.warehouse import Warehouse, quoted_name

KEY_COLUMNS = ("segment", "from_segment", "to_segment", "other_segment")
KEPT_OF_ENTITY = ("spells", "membership_kept", "metrics_daily")
LEDGER = ("definitions", "edits", "unedited_moves", "reconstructed")


class RenameError(MusterError):
    """A history cannot be carried over; the message says why."""


def rename_segments(warehouse: Warehouse, document: Mapping[str, Any], entities: Mapping[str, Any]) -> None:
    """Carry over the history of every segment that has a former key; nothing is done twice.

    Raises RenameError: both keys were judged at the same time, so that two histories would have to become one.
    """
    for name, entity in entities.items():
        for segment, meta in entity["segments"].items():
            for former in meta["formerly"]:
                flags = _flags(warehouse, name, str(entity["key"]))
                if former in flags:
                    both = segment in flags
                    _rename(warehouse, document, entities, name, str(former), segment, both=both)


def _flags(warehouse: Warehouse, entity: str, key: str) -> list[str]:
    _, columns = warehouse.tables().get(f"{entity}_history", ("", ()))
    return [column for column in columns if column != key and not column.startswith("dbt_")]


def _rename(
    warehouse: Warehouse,
    document: Mapping[str, Any],
    entities: Mapping[str, Any],
    entity: str,
    former: str,
    segment: str,
    *,
    both: bool,
) -> None:
    """The flag last: until it bears the new name, all of this is done again."""
    history = relations(document)[f"{entity}_history"]
    old, new = quoted_name(former), quoted_name(segment)
    if both:
        _refuse_overlap(warehouse, document, former, segment)
    with warehouse.transaction():
        # a definition that both had is kept once
        warehouse.execute(
            "delete from ledger.definitions where segment = ? and definition in "
            "(select definition from ledger.definitions where segment = ?)",
            [former, segment],
        )
        for table, column in _tables_with_keys(warehouse, document, entities):
            warehouse.execute(f"update {table} set {column} = ? where {column} = ?", [segment, former])
        warehouse.execute("update ledger.renames set segment = ? where segment = ?", [segment, former])
        warehouse.execute("delete from ledger.renames where former = ?", [former])
        warehouse.execute("insert into ledger.renames values (?, ?)", [former, segment])
        if both:
            was_in = " or ".join(f"coalesce({flag}, false)" for flag in (new, old))
            warehouse.execute(f"update {history} set {new} = {was_in}")
            _join_stays(warehouse, document, entity, quoted_name(str(entities[entity]["key"])), segment)
    if both:
        warehouse.execute(f"alter table {history} drop column {old}")
    else:
        warehouse.execute(f"alter table {history} rename column {old} to {new}")


def _refuse_overlap(warehouse: Warehouse, document: Mapping[str, Any], former: str, segment: str) -> None:
    history = relations(document)[DEFINITION_HISTORY]
    overlaps = warehouse.rows(
        f"select 1 from {history} as one inner join {history} as other on one.segment = ? and other.segment = ? "
        "and one.dbt_valid_from < coalesce(other.dbt_valid_to, timestamp '9999-12-31') "
        "and other.dbt_valid_from < coalesce(one.dbt_valid_to, timestamp '9999-12-31')",
        [former, segment],
    )
    if overlaps:
        raise RenameError(
            f"`{segment}` was formerly `{former}`, it says, but both were judged on the same days: "
            f"take `formerly: {former}` out of its file"
        )


def _join_stays(warehouse: Warehouse, document: Mapping[str, Any], entity: str, key: str, segment: str) -> None:
    """Where a stay under the former key ended and one under the new key began, it is one; marts are to be made anew."""
    tables, names = warehouse.tables(), relations(document)
    if (stays := f"{entity}_spells") in tables:
        same = f"earlier.segment = ? and later.segment = earlier.segment and later.{key} = earlier.{key}"
        warehouse.execute(
            f"update {names[stays]} as earlier set exited_on = later.exited_on, exit_reason = later.exit_reason "
            f"from {names[stays]} as later where {same} and later.entered_on = earlier.exited_on",
            [segment],
        )
        warehouse.execute(
            f"delete from {names[stays]} as later using {names[stays]} as earlier where {same} "
            "and earlier.entered_on < later.entered_on and coalesce(earlier.exited_on > later.entered_on, true)",
            [segment],
        )
    drop_incremental_marts(warehouse, document)


def _tables_with_keys(
    warehouse: Warehouse, document: Mapping[str, Any], entities: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Every table of Muster's that is kept from run to run and names segments, with the column that does.

    An attribute, or a table of the project's own, may have a column of such a name too, and it says something else.
    """
    tables, names = warehouse.tables(), relations(document)
    of_entities = (f"{entity}_{name}" for entity in entities for name in KEPT_OF_ENTITY)
    for name in (DEFINITION_HISTORY, *of_entities, *incremental_marts(document)):
        if name in tables:
            yield from ((names[name], column) for column in KEY_COLUMNS if column in tables[name][1])
    yield from ((f"ledger.{name}", "segment") for name in LEDGER if name in tables)
