"""A subject's rows in the tables that Muster's runs make, and their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from orchestration.audiences.audience import audiences_of
from orchestration.audiences.tombstones import entities_with_tombstones, erased_among
from orchestration.audiences.values import key_to_text
from orchestration.document import entities, own_relations, relations
from orchestration.warehouse import Warehouse, quoted_name


def erase_rows(
    warehouse: Warehouse, document: Mapping[str, Any], known: Mapping[str, Any], entity: str, key: str
) -> dict[str, int]:
    """Delete the subject's rows from every table that Muster's runs make. How many, by table."""
    gone = {}
    with warehouse.transaction():
        for name, table, where, parameters in _places(warehouse, document, known, entity, key):
            found = warehouse.rows(f"select count(*) from {table} where {where}", parameters)
            gone[name] = int(str(found[0][0]))
            if gone[name]:
                warehouse.execute(f"delete from {table} where {where}", parameters)
    return gone


def _places(
    warehouse: Warehouse, document: Mapping[str, Any], known: Mapping[str, Any], entity: str, key: str
) -> Iterator[tuple[str, str, str, list[object]]]:
    """Every table with rows of the entity's subjects, with the condition that finds the subject's own.

    Rows of other entities' subjects are left alone: they may have the same key, or belong to the subject.
    """
    names, owners = own_relations(document), _owners(document, known)
    subjects = {str(source["model"]): str(source["key"]) for source in known[entity]["sources"]}
    for name, (schema, columns) in _base_tables(warehouse).items():
        table = f"ledger.{quoted_name(name)}" if schema == "ledger" else names.get(name)
        column = subjects.get(name, str(known[entity]["key"]))
        if table is None or entity not in owners.get(name, {entity}):
            continue
        if "subject_key" in columns and "entity" in columns:
            yield name, table, "entity = ? and subject_key = ?", [entity, key]
        elif column in columns and schema != "ledger":
            yield name, table, f"cast({quoted_name(column)} as varchar) = ?", [key]


def _owners(document: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, set[str]]:
    """The entities whose subjects a table is about, by its name; of others nothing is known."""
    found: dict[str, set[str]] = {}
    for entity, described in known.items():
        for source in described["sources"]:
            found.setdefault(str(source["model"]), set()).add(entity)
    for node in document["nodes"].values():
        folder = PurePosixPath(str(node["original_file_path"])).parent.name
        if folder in known and "segments" in PurePosixPath(str(node["original_file_path"])).parts:
            found[str(node["name"])] = {folder}
    return found | {audience.model: {audience.entity} for audience in audiences_of(document).values()}


def _base_tables(warehouse: Warehouse) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Every table that is no view: name → schema and columns."""
    listed = warehouse.rows(
        "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
    )
    return {name: found for name, found in sorted(warehouse.tables().items()) if (found[0], name) in listed}


def erase_again(warehouse: Warehouse, document: Mapping[str, Any]) -> int:
    """Erase from a run's tables whoever was erased and is still in the sources. How many subjects that were."""
    known = entities(document)
    found = 0
    for entity in entities_with_tombstones(warehouse):
        if entity in known:
            for key in erased_among(warehouse, entity, _judged(warehouse, document, known[entity], entity)):
                erase_rows(warehouse, document, known, entity, key)
                found += 1
    return found


def _judged(warehouse: Warehouse, document: Mapping[str, Any], entity: Mapping[str, Any], name: str) -> Iterator[str]:
    key, table = quoted_name(str(entity["key"])), relations(document)[f"{name}_traits"]
    return (key_to_text(found) for (found,) in warehouse.rows(f"select distinct {key} from {table}"))
