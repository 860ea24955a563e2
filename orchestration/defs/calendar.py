"""Which days a partition, or a range of partitions, stands for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, TypeAlias

import dagster as dg

from orchestration.document import entities
from orchestration.settings import Settings

FIRST_DAY = "2017-01-01"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
PARTITION = "dagster/partition"


Calendar: TypeAlias = dg.DailyPartitionsDefinition


def calendar_of(settings: Settings, document: Mapping[str, Any]) -> Calendar:
    """One partition for each local day of the catalog's time zone, from the dbt project's var `first_day` on."""
    zones = [entity["timezone"] for entity in entities(document).values()]
    return Calendar(start_date=_first_day(settings), timezone=zones[0] if zones else "UTC")


def _first_day(settings: Settings) -> str:
    return date.fromisoformat(str(settings.dbt_vars.get("first_day", FIRST_DAY))).isoformat()


def days_of(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """The first and the last day of a run: those of one partition, or of a range of them."""
    chosen = context.partition_key_range
    return date.fromisoformat(chosen.start), date.fromisoformat(chosen.end)


def last_day(run: dg.DagsterRun, calendar: Calendar) -> date:
    """The last day that a run is for; of a run without partitions, the last day that is over."""
    day = run.tags.get(RANGE_END) or run.tags.get(PARTITION) or calendar.get_last_partition_key() or FIRST_DAY
    return date.fromisoformat(day)
