"""The three steps that dbt does. Nothing in them is to be chosen model by model: a day is judged whole."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

import dagster as dg

from orchestration.dbt import Dbt, NodeResult
from orchestration.defs.calendar import Calendar, days_of, last_day
from orchestration.defs.nodes import Part
from orchestration.pipeline import (
    Progress,
    RunError,
    begin,
    build_sources,
    check_sources,
    days_to_publish,
    judge_days,
    publish,
)
from orchestration.publishing.folder import PublishedFolder

POOL = "duckdb"
JUDGED = ("pass", "fail", "warn", "error")

Results: TypeAlias = tuple[NodeResult, ...]
Event: TypeAlias = dg.MaterializeResult[None] | dg.AssetCheckResult


def sources_asset(dbt: Dbt, part: Part, calendar: Calendar, progress: Progress) -> dg.AssetsDefinition:
    """Builds and tests what the segments are judged by."""

    @dg.multi_asset(name="sources", specs=_assets(part), check_specs=_checks(part), pool=POOL)
    def sources(context: dg.AssetExecutionContext) -> Iterator[Event]:
        day = last_day(context.run, calendar)
        yield from _done(part, lambda: build_sources(dbt, [day], _told(context, progress)))

    return sources


def days_asset(dbt: Dbt, part: Part, calendar: Calendar, progress: Progress) -> dg.AssetsDefinition:
    """Judges and records each day of the range, and those that have to be judged with them, in order."""

    @dg.multi_asset(
        name="days",
        specs=_assets(part),
        check_specs=_checks(part),
        partitions_def=calendar,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )
    def days(context: dg.AssetExecutionContext) -> Iterator[Event]:
        planned = begin(dbt, *days_of(context))
        yield from _done(part, lambda: _judged(dbt, planned, _told(context, progress)))

    return days


def _judged(dbt: Dbt, days: list[date], progress: Progress) -> Results:
    if not dbt.settings.layout.build_upstream:
        check_sources(dbt, days[-1])  # no check on an asset does it, since the tables are no assets of Muster's
    return judge_days(dbt, days, progress)


def marts_asset(dbt: Dbt, part: Part, progress: Progress) -> dg.AssetsDefinition:
    """Builds everything that is made of the recorded days, once, as of the last of them."""

    @dg.multi_asset(name="marts", specs=_assets(part), check_specs=_checks(part), pool=POOL)
    def marts(context: dg.AssetExecutionContext) -> Iterator[Event]:
        published = PublishedFolder(dbt.settings.published)
        yield from _done(part, lambda: publish(dbt, days_to_publish(dbt), _told(context, progress)), published)

    return marts


def _assets(part: Part) -> list[dg.AssetSpec]:
    return list(part.assets.values())


def _checks(part: Part) -> list[dg.AssetCheckSpec]:
    return list(part.checks.values())


def _done(part: Part, step: Callable[[], Results], published: PublishedFolder | None = None) -> Iterator[Event]:
    """A step's results as Dagster's events; those of a step that failed too. Raises dagster.Failure."""
    try:
        results = step()
        yield from _events(part, results, _stand(published) if published else {})
    except RunError as wrong:
        yield from _events(part, wrong.results)
        raise dg.Failure(str(wrong), allow_retries=False) from None


def _told(context: dg.AssetExecutionContext, progress: Progress) -> Progress:
    def tell(step: str, done: int, of: int) -> None:
        context.log.info(f"{step}: {done} of {of} days done")
        progress(step, done, of)

    return tell


def _stand(folder: PublishedFolder) -> dict[str, str]:
    publication = folder.read()
    return {"published as of": publication.as_of.isoformat()} if publication else {}


def _events(part: Part, results: Results, told: Mapping[str, str] = MappingProxyType({})) -> Iterator[Event]:
    for result in results:
        if result.unique_id in part.assets and result.status == "success":
            yield _built(part.assets[result.unique_id], result, told)
        elif result.unique_id in part.checks and result.status in JUDGED:
            yield _checked(part.checks[result.unique_id], result)


def _built(asset: dg.AssetSpec, result: NodeResult, told: Mapping[str, str]) -> dg.MaterializeResult[None]:
    metadata: dict[str, str | float] = {"said": result.message, "seconds": result.seconds, **told}
    return dg.MaterializeResult(asset_key=asset.key, metadata=metadata)


def _checked(check: dg.AssetCheckSpec, result: NodeResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=check.asset_key,
        check_name=check.name,
        passed=result.status == "pass",
        severity=dg.AssetCheckSeverity.WARN if result.ok else dg.AssetCheckSeverity.ERROR,
        metadata={"said": result.message, "failures": result.failures, "seconds": result.seconds},
    )
