"""Everything that Dagster shows and runs for one project."""

from __future__ import annotations

import warnings

import dagster as dg

from orchestration.audiences.audience import audiences_of
from orchestration.dbt import Dbt
from orchestration.defs.audiences import audience_asset
from orchestration.defs.calendar import calendar_of
from orchestration.defs.gates import audience_check, source_checks
from orchestration.defs.models import days_asset, marts_asset, sources_asset
from orchestration.defs.nodes import document_to_parts
from orchestration.defs.promises import promise_check, promise_sensor
from orchestration.defs.schedules import audience_schedule, segments_schedule
from orchestration.pipeline import Progress, silent
from orchestration.settings import Settings

EVERYTHING = "everything"


def build_definitions(settings: Settings, progress: Progress = silent) -> dg.Definitions:
    """Assets, checks, jobs and schedules of a project; its warehouse need not exist yet. Raises DbtError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        return _definitions(Dbt(settings), progress)


def _definitions(dbt: Dbt, progress: Progress) -> dg.Definitions:
    calendar = calendar_of(dbt.settings, dbt.document)
    parts = document_to_parts(dbt.document, upstream=dbt.settings.layout.build_upstream)
    models = [
        sources_asset(dbt, parts.sources, calendar, progress),
        days_asset(dbt, parts.days, calendar, progress),
        marts_asset(dbt, parts.marts, progress),
    ]
    audiences = audiences_of(dbt.document).values()
    pushes = [audience_asset(dbt, audience, calendar, progress) for audience in audiences]
    gates = [audience_check(dbt, audience, calendar) for audience in audiences]
    promising = [audience for audience in audiences if audience.freshness is not None]
    promises = [promise_check(dbt, audience) for audience in promising]
    pushing = dg.AssetSelection.assets(*pushes) | dg.AssetSelection.checks(*gates, *promises)
    everything = dg.AssetSelection.all()
    return dg.Definitions(
        assets=[*models, *pushes],
        asset_checks=[source_checks(dbt, parts.sources, calendar), *gates, *promises],
        jobs=[dg.define_asset_job(EVERYTHING, everything, partitions_def=calendar)],
        schedules=[
            segments_schedule(everything - pushing, calendar),
            *(audience_schedule(each, each.schedule, calendar) for each in audiences if each.schedule),
        ],
        sensors=[promise_sensor(dbt, promising)] if promising else [],
        executor=dg.in_process_executor,
    )
