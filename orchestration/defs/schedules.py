"""What runs when: the segments once a day, each audience at a time of its own. All schedules are off at first."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.audiences.audience import Audience
from orchestration.defs.audiences import audience_key
from orchestration.defs.calendar import Calendar
from orchestration.defs.gates import AUDIENCE_GATE
from orchestration.defs.withholding import PUSHING, RETRIES

# By then the day is over and its events are in, and no clock change makes the hour come twice or not at all.
DAILY = "0 4 * * *"
NO_TAGS: Mapping[str, str] = MappingProxyType({})


def segments_schedule(selection: dg.AssetSelection, calendar: Calendar) -> dg.ScheduleDefinition:
    """Judges yesterday, every morning in the catalog's time zone."""
    return _schedule("segments", selection, DAILY, calendar.timezone, calendar)


def audience_schedule(audience: Audience, cron: str, calendar: Calendar) -> dg.ScheduleDefinition:
    """Checks and pushes an audience as of yesterday, at its own time."""
    gate = dg.AssetCheckKey(dg.AssetKey(audience.model), AUDIENCE_GATE)
    # Of an asset that is selected its own checks are too: the promised time is looked at after the push.
    selection = dg.AssetSelection.assets(audience_key(audience)) | dg.AssetSelection.checks(gate)
    name, zone = f"audience_{audience.name}", audience.timezone
    return _schedule(name, selection, cron, zone, calendar, job_tags=RETRIES, run_tags=PUSHING)


def _schedule(
    name: str,
    selection: dg.AssetSelection,
    cron: str,
    timezone: str,
    calendar: Calendar,
    *,
    job_tags: Mapping[str, str] = NO_TAGS,
    run_tags: Mapping[str, str] = NO_TAGS,
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{name}_schedule",
        job=dg.define_asset_job(name, selection, partitions_def=calendar, tags=job_tags),
        cron_schedule=cron,
        execution_timezone=timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        today = context.scheduled_execution_time.astimezone(ZoneInfo(calendar.timezone)).date()
        return dg.RunRequest(partition_key=(today - timedelta(days=1)).isoformat(), tags=run_tags)

    return schedule
