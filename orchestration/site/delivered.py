"""Deliveries as the ledger has them now: a push follows the publication, so the marts know it a day later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path

from orchestration.audiences.ledger import Entry, deliveries
from orchestration.site.reading import DELIVERIES_SHOWN, Delivery, Figures, Rows
from orchestration.warehouse import DuckDB, WarehouseError


def with_ledger(figures: Figures, warehouse: Path) -> Figures:
    """The figures with the ledger's deliveries; those of the marts stand where the warehouse is away or in use."""
    try:
        with DuckDB(warehouse, read_only=True) as opened:
            found = deliveries(opened)
    except WarehouseError:
        return figures
    by_audience = groupby(sorted(found, key=lambda each: each.audience), key=lambda each: each.audience)
    newest = {audience: _newest([*each]) for audience, each in by_audience}
    return replace(figures, deliveries=Rows({**figures.deliveries.by_key, **newest}))


def _newest(found: Sequence[Entry]) -> tuple[Delivery, ...]:
    ordered = sorted(found, key=_order)
    return tuple(_delivery(each) for each in ordered[:DELIVERIES_SHOWN])


def _order(entry: Entry) -> tuple[int, str, int]:
    return (date.min - entry.as_of).days, entry.destination, -entry.number


def _delivery(entry: Entry) -> Delivery:
    return Delivery(
        destination=entry.destination,
        number=entry.number,
        as_of=entry.as_of,
        send=entry.send,
        added=entry.added,
        changed=entry.changed,
        removed=entry.removed,
        refused=entry.refused,
        members=entry.members,
        status=entry.status,
        planned_at=_in_utc(entry.planned_at),
        acknowledged_at=_in_utc(entry.acknowledged_at) if entry.acknowledged_at else None,
    )


def _in_utc(time: datetime) -> datetime:
    return time.astimezone(UTC) if time.tzinfo else time
