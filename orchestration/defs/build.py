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
    parts = document_to_parts(dbt.document)
    models = [
        sources_asset(dbt, parts.sources, calendar, progress),
        days_asset(dbt, parts.days, calendar, progress),
        marts_asset(dbt, parts.marts, progress),
    ]
    audiences = audiences_of(dbt.document).values()
    pushes = [audience_asset(dbt, audience, calendar, progress) for audience in audiences]
    gates = [audience_check(dbt, audience, calendar) for audience in audiences]
    pushing = dg.AssetSelection.assets(*pushes) | dg.AssetSelection.checks(*gates)
    everything = dg.AssetSelection.all()
    return dg.Definitions(
        assets=[*models, *pushes],
        asset_checks=[source_checks(dbt, parts.sources, calendar), *gates],
        jobs=[dg.define_asset_job(EVERYTHING, everything, partitions_def=calendar)],
        schedules=[
            segments_schedule(everything - pushing, calendar),
            *(audience_schedule(each, each.schedule, calendar) for each in audiences if each.schedule),
        ],
        executor=dg.in_process_executor,
    )
