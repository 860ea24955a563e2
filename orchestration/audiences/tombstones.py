"""Who was erased: hashes of keys alone, so that nobody who was erased is ever sent again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime

from orchestration.warehouse import Warehouse

TABLE = "ledger.tombstones"
COLUMNS = "entity varchar, key_hash varchar, erased_at timestamp"


def tombstone(entity: str, key: str) -> str:
    """The SHA-256, in hexadecimal digits, of `entity:key` in UTF-8."""
    return hashlib.sha256(f"{entity}:{key}".encode()).hexdigest()


def bury(warehouse: Warehouse, entity: str, key: str) -> None:
    """Note that a subject is erased, once; the time is UTC."""
    warehouse.execute("create schema if not exists ledger")
    warehouse.execute(f"create table if not exists {TABLE} ({COLUMNS})")
    if not erased_among(warehouse, entity, [key]):
        now = datetime.now(UTC).replace(tzinfo=None)
        warehouse.execute(f"insert into {TABLE} values (?, ?, ?)", [entity, tombstone(entity, key), now])


def entities_with_tombstones(warehouse: Warehouse) -> list[str]:
    """The entities of which somebody was erased."""
    schema, _ = warehouse.tables().get("tombstones", ("", ()))
    if schema != "ledger":
        return []
    return [str(entity) for (entity,) in warehouse.rows(f"select distinct entity from {TABLE} order by 1")]


def erased_among(warehouse: Warehouse, entity: str, keys: Iterable[str]) -> frozenset[str]:
    """Those of an entity's keys that were erased."""
    if entity not in entities_with_tombstones(warehouse):
        return frozenset()
    buried = {str(found) for (found,) in warehouse.rows(f"select key_hash from {TABLE} where entity = ?", [entity])}
    return frozenset(key for key in keys if tombstone(entity, key) in buried)
