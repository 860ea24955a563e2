"""Whether destinations confirmed their audiences within the time that was promised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from orchestration.audiences.ledger import has_ledger
from orchestration.warehouse import Warehouse

# A push that found nothing to send is confirmed by what was acknowledged before.
LAST_CONFIRMED = """
    select as_of_date, acknowledged_at as confirmed_at from ledger.deliveries
    where audience = ? and destination = ? and status = 'acknowledged'
"""
LAST_CHECKED = """
    union all select as_of_date, checked_at from ledger.checks where audience = ? and destination = ?
"""
HAS_CHECKS = "select 1 from information_schema.tables where table_schema = 'ledger' and table_name = 'checks'"


@dataclass(frozen=True)
class Freshness:
    """When a destination last had all of an audience, in UTC, and as of which day; null where it never had.

    `promised` and `hours` are the hours that may pass, and that have passed.
    """

    audience: str
    destination: str
    promised: int
    confirmed_at: datetime | None
    as_of: date | None
    hours: float | None

    @property
    def is_late(self) -> bool:
        return self.hours is None or self.hours > self.promised

    def sentence(self) -> str:
        """The finding for people."""
        promise = f"once in {self.promised} hours is promised"
        if self.hours is None:
            return f"{self.audience}: {self.destination} never acknowledged it, {promise}"
        return f"{self.audience}: {self.destination} acknowledged it {self.hours:.1f} hours ago, {promise}"

    def as_json(self) -> dict[str, Any]:
        """The figures as plain values."""
        return {
            "audience": self.audience,
            "destination": self.destination,
            "promised_hours": self.promised,
            "hours": None if self.hours is None else round(self.hours, 2),
            "acknowledged_at": self.confirmed_at.isoformat(timespec="seconds") + "Z" if self.confirmed_at else None,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "late": self.is_late,
        }


def freshness_of(
    warehouse: Warehouse, promises: Iterable[tuple[str, str, int | None]], now: datetime
) -> list[Freshness]:
    """How fresh audiences are that promise to be: their keys, their destinations and their hours. Reads only."""
    return [
        _freshness(warehouse, audience, destination, hours, now)
        for audience, destination, hours in promises
        if hours is not None
    ]


def _freshness(warehouse: Warehouse, audience: str, destination: str, promised: int, now: datetime) -> Freshness:
    found = _confirmed(warehouse, audience, destination)
    if found is None:
        return Freshness(audience, destination, promised, None, None, None)
    as_of, at = found
    passed = now - at.replace(tzinfo=UTC)
    return Freshness(audience, destination, promised, at, as_of, passed.total_seconds() / 3600)


def _confirmed(warehouse: Warehouse, audience: str, destination: str) -> tuple[date, datetime] | None:
    if not has_ledger(warehouse):
        return None
    checks = LAST_CHECKED if warehouse.rows(HAS_CHECKS) else ""
    mine = [audience, destination] * (2 if checks else 1)
    found = warehouse.rows(f"{LAST_CONFIRMED} {checks} order by confirmed_at desc limit 1", mine)
    return cast("tuple[date, datetime]", found[0]) if found else None
