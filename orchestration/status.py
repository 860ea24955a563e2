"""What a project has judged and delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from orchestration.audiences.freshness import freshness_of
from orchestration.audiences.ledger import Entry, deliveries
from orchestration.compiler.compile import Compilation
from orchestration.days import DayStatus, recorded_days
from orchestration.publishing.folder import PublishedFolder
from orchestration.warehouse import Warehouse


def project_status(warehouse: Warehouse, compilation: Compilation, marts: PublishedFolder) -> dict[str, Any]:
    """Days, what dashboards read, counts of specs, deliveries, and whether they are in time, as plain values."""
    days = recorded_days(warehouse)
    published = [day for day, status in days.items() if status is DayStatus.PUBLISHED]
    return {
        "days": {
            "first": min(published).isoformat() if published else None,
            "last": max(published).isoformat() if published else None,
            "unfinished": [day.isoformat() for day in days if day not in published],
        },
        "published": _published(marts),
        "segments": len(compilation.segments),
        "audiences": len(compilation.audiences),
        "deliveries": [_delivery(each) for each in deliveries(warehouse)],
        "freshness": _freshness(warehouse, compilation),
    }


def _freshness(warehouse: Warehouse, compilation: Compilation) -> list[dict[str, Any]]:
    promises = [(key, spec.destination.text, spec.freshness) for key, spec in compilation.audiences.items()]
    return [each.as_json() | {"said": each.sentence()} for each in freshness_of(warehouse, promises, datetime.now(UTC))]


def _published(marts: PublishedFolder) -> dict[str, Any] | None:
    publication = marts.read()
    if publication is None:
        return None
    return {
        "as_of": publication.as_of.isoformat(),
        "first_day": publication.first_day.isoformat(),
        "version": publication.version,
        "tables": len(publication.tables),
        "rows": publication.rows,
        "duckdb": str(marts.database),
        "parquet": str(marts.parquet),
    }


def _delivery(delivery: Entry) -> dict[str, Any]:
    return {
        "audience": delivery.audience,
        "destination": delivery.destination,
        "as_of": delivery.as_of.isoformat(),
        "status": delivery.status,
        "added": delivery.added,
        "changed": delivery.changed,
        "removed": delivery.removed,
    }
