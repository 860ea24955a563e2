"""Segments whose file was renamed: what was recorded under the former key goes on under the new one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestration.document import relations
from orchestration.errors import MusterError
from orchestration.warehouse import Warehouse

KEY_COLUMNS = ("segment", "from_segment", "to_segment", "other_segment")
KEPT = ("incremental", "snapshot")
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
                if former in _flags(warehouse, name):
                    _rename(warehouse, document, name, str(former), segment)


def _flags(warehouse: Warehouse, entity: str) -> tuple[str, ...]:
    tables = warehouse.tables()
    return tables[f"{entity}_history"][1] if f"{entity}_history" in tables else ()


def _rename(warehouse: Warehouse, document: Mapping[str, Any], entity: str, former: str, segment: str) -> None:
    """The flag last: until it bears the new name, all of this is done again."""
    history = relations(document)[f"{entity}_history"]
    both = segment in _flags(warehouse, entity)
    if both:
        _refuse_overlap(warehouse, document, former, segment)
    with warehouse.transaction():
        for table, column in _tables_with_keys(warehouse, document):
            warehouse.execute(f"update {table} set {column} = ? where {column} = ?", [segment, former])
        warehouse.execute("update ledger.renames set segment = ? where segment = ?", [segment, former])
        warehouse.execute("delete from ledger.renames where former = ?", [former])
        warehouse.execute("insert into ledger.renames values (?, ?)", [former, segment])
        if both:
            was_in = " or ".join(f"coalesce({flag}, false)" for flag in (segment, former))
            warehouse.execute(f"update {history} set {segment} = {was_in}")
    if both:
        warehouse.execute(f"alter table {history} drop column {former}")
    else:
        warehouse.execute(f"alter table {history} rename column {former} to {segment}")


def _refuse_overlap(warehouse: Warehouse, document: Mapping[str, Any], former: str, segment: str) -> None:
    history = relations(document)["segment_definition_history"]
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


def _tables_with_keys(warehouse: Warehouse, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every table that is kept from run to run and names segments, with the column that does."""
    tables, names = warehouse.tables(), relations(document)
    for node in document["nodes"].values():
        name = str(node["name"])
        if node["config"].get("materialized") in KEPT and name in tables:
            yield from ((names[name], column) for column in KEY_COLUMNS if column in tables[name][1])
    yield from ((f"ledger.{name}", "segment") for name in LEDGER if name in tables)
