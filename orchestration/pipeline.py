"""One day's steps, and a range of days, as plain functions: the command line and Dagster both call them.

A range runs day by day only up to the history; transitions, spells, marts and their tests are built once at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from orchestration.days import (
    DayStatus,
    create_days,
    days_to_run,
    forgotten_before,
    mark,
    note_forgotten,
    plan_days,
    recorded_days,
)
from orchestration.dbt import Dbt, NodeResult
from orchestration.document import PACKAGE, entities, relations
from orchestration.edits import create_edits, find_edits, record_definitions, refuse_moved, rewind_edits, tell_apart
from orchestration.erased_rows import erase_again
from orchestration.errors import MusterError
from orchestration.gates.result import GateResult
from orchestration.gates.source import SourceTable, source_gate
from orchestration.notes import run_notes
from orchestration.observed import create_observed, kept_records, note_day
from orchestration.publishing.folder import PublishedFolder
from orchestration.publishing.mart import marts_of
from orchestration.publishing.publish import publish_marts
from orchestration.renames import rename_segments
from orchestration.settings import Settings
from orchestration.warehouse import DuckDB, Warehouse

DAY = "tag:muster_day"
DEFINITIONS = "tag:muster_definitions"
ATTRIBUTES = "tag:muster_attributes"
EVERYTHING = f"package:{PACKAGE}"
UPSTREAM = f"+{DAY}"
SOURCES = f"{UPSTREAM},{EVERYTHING}"
EXAMPLES = 5
MAX_SURPRISE = 31

Progress: TypeAlias = Callable[[str, int, int], None]


class RunError(MusterError):
    """A step failed; later steps did not run, and what earlier days published still stands.

    `results` are those of the nodes that ran in the failed step.
    """

    def __init__(self, message: str, results: tuple[NodeResult, ...] = ()) -> None:
        super().__init__(message)
        self.results = results


@dataclass(frozen=True)
class Run:
    """What a run did: the days it judged, the result of every node of its last day, and what it has to say."""

    days: tuple[date, ...]
    results: tuple[NodeResult, ...]
    notes: tuple[str, ...] = ()


def silent(_: str, __: int, ___: int) -> None:
    """No progress shown."""


def open_warehouse(settings: Settings, *, read_only: bool = False) -> AbstractContextManager[Warehouse]:
    return DuckDB(settings.duckdb, read_only=read_only, schemas=settings.layout.schemas)


def run_days(dbt: Dbt, first: date, last: date, progress: Progress = silent) -> Run:
    """Judge the days from `first` to `last`, and those that have to be judged with them, and publish the marts.

    Raises RunError: a gate, a test or a model failed.
    """
    days = begin(dbt, first, last)
    sources = build_sources(dbt, days, progress)
    check_sources(dbt, days[-1])
    judged = judge_days(dbt, days, progress)
    published = publish(dbt, days, progress)
    with open_warehouse(dbt.settings) as warehouse:
        notes = run_notes(warehouse, dbt.document, days)
    return Run(tuple(days), (*sources, *judged, *published), notes)


def begin(dbt: Dbt, first: date, last: date) -> list[date]:
    """Find and note the days to judge."""
    with open_warehouse(dbt.settings) as warehouse:
        create_days(warehouse)
        create_edits(warehouse)
        create_observed(warehouse)
        known = recorded_days(warehouse)
        days = days_to_run(known, first, last)
        _refuse_surprises(dbt, days, first, last)
        if days[0] in known:
            _refuse_forgotten(dbt, warehouse, days[0])
        plan_days(warehouse, days)
    return days


def _refuse_surprises(dbt: Dbt, days: list[date], first: date, last: date) -> None:
    """A slip of the pen must not judge a year: many more days than asked for have to be asked for."""
    over = last_day_over(dbt.document)
    if days[-1] > over:
        raise RunError(f"{days[-1]} is not over yet: the last day that can be judged is {over}")
    asked = (last - first).days + 1
    if len(days) - asked > MAX_SURPRISE:
        raise RunError(
            f"judging {first if first == last else f'{first} to {last}'} means judging {len(days)} days, "
            f"{days[0]} to {days[-1]}, since days follow each other: if that is meant, "
            f"`muster backfill --from {days[0]} --to {days[-1]}`"
        )


def _refuse_forgotten(dbt: Dbt, warehouse: Warehouse, day: date) -> None:
    """A day can be judged again as long as the history reaches back to all that rules look at."""
    before = forgotten_before(warehouse)
    if before is None:
        return
    first = before + timedelta(days=_looked_back(dbt) or 0)
    if day < first:
        raise RunError(
            f"{day} cannot be judged again: the history before {before} is forgotten (`history_days` in "
            f"dbt_project.yml), so {first} is the first day that can"
        )


def _looked_back(dbt: Dbt) -> int | None:
    """How many days of the flags' history rules look at, the day before included; None without a limit."""
    segments = (meta for entity in entities(dbt.document).values() for meta in entity["segments"].values())
    reaches = [meta["looks_back"] for meta in segments]
    return None if None in reaches else 1 + max(reaches, default=0)


def last_day_over(document: Mapping[str, Any]) -> date:
    """The last local day, in the catalog's time zone, that is over."""
    zones = [entity["timezone"] for entity in entities(document).values()]
    return datetime.now(ZoneInfo(zones[0] if zones else "UTC")).date() - timedelta(days=1)


def build_sources(dbt: Dbt, days: list[date], progress: Progress = silent) -> tuple[NodeResult, ...]:
    """Build and test what the segments are judged by, as far as it is for Muster to build."""
    progress("sources", 0, len(days))
    chosen = UPSTREAM if dbt.settings.layout.build_upstream else SOURCES
    return _built(dbt, dbt.build(days[-1], chosen, DAY), days[-1])


def source_tables(document: Mapping[str, Any]) -> list[SourceTable]:
    """The tables that segments are judged by, as the manifest's entities name them."""
    found: dict[tuple[str, str], SourceTable] = {}
    for entity in entities(document).values():
        for table in entity["sources"]:
            source = SourceTable(
                table["model"], table["key"], at=table["at"], unique=table["unique"], may_be_empty=True
            )
            found.setdefault((table["model"], table["key"]), source)
    return list(found.values())


def source_results(dbt: Dbt, day: date) -> GateResult:
    """What the gate on the sources finds."""
    with open_warehouse(dbt.settings) as warehouse:
        return source_gate(warehouse, source_tables(dbt.document), day)


def check_sources(dbt: Dbt, day: date) -> None:
    """Stop before anything is judged by sources that the gate does not let through."""
    result = source_results(dbt, day)
    if not result.passed:
        raise RunError(f"{day}: the gate on the sources failed: {result.summary()}")


def judge_days(dbt: Dbt, days: list[date], progress: Progress = silent) -> tuple[NodeResult, ...]:
    """Judge each day and record it, in order. The results are the last that each node had."""
    results: dict[str, NodeResult] = {}
    for done, day in enumerate(days):
        progress(f"day {day}", done, len(days))
        results |= {result.unique_id: result for result in judge_day(dbt, day, first=not done)}
    return tuple(results.values())


def judge_day(dbt: Dbt, day: date, *, first: bool = True) -> tuple[NodeResult, ...]:
    """Judge one day and record it: measures, traits, flags, history.

    Within a range the definitions stay what they are, so edits are looked for on its first day only.
    """
    known = entities(dbt.document)
    on_time = day == last_day_over(dbt.document)
    kept: tuple[str, ...] = ()
    if any(entity["is_recorded"] for entity in known.values()):
        with open_warehouse(dbt.settings) as warehouse:
            kept = kept_records(warehouse, known, day, on_time=on_time)
    unchanged = [f"{name}_attribute_history" for name in kept]
    if first:
        _look_for_edits(dbt, day, unchanged)
    else:
        unchanged.append(DEFINITIONS)
    results = _built(dbt, dbt.build(day, DAY, " ".join(unchanged)), day)
    with open_warehouse(dbt.settings) as warehouse:
        note_day(warehouse, known, day, on_time=on_time, kept=kept)
        mark(warehouse, [day], DayStatus.JUDGED)
    return results


def _look_for_edits(dbt: Dbt, day: date, unchanged: list[str]) -> None:
    """Carry over what was renamed, keep today's definitions, and note what would move without those that are new."""
    known = entities(dbt.document)
    with open_warehouse(dbt.settings) as warehouse:
        refuse_moved(warehouse, dbt.document, known)
        rename_segments(warehouse, dbt.document, known)
        rewind_edits(warehouse, day)
        record_definitions(warehouse, dbt.document, known)
        edits = find_edits(warehouse, dbt.document, known, day)
    if not edits:
        return
    if any(entity["is_recorded"] for entity in known.values()):
        _built(dbt, dbt.build(day, ATTRIBUTES, " ".join(unchanged)), day)
    with open_warehouse(dbt.settings) as warehouse:
        tell_apart(warehouse, dbt.document, known, edits, day)


def days_to_publish(dbt: Dbt) -> list[date]:
    """The days that were judged since the marts were last built; the last day when there are none.

    Raises RunError: a day is still to be judged, or no day ever was.
    """
    with open_warehouse(dbt.settings) as warehouse:
        known = recorded_days(warehouse)
    if not known:
        raise RunError("no day was judged yet: `muster run` does it")
    if planned := [day for day, status in known.items() if status is DayStatus.PLANNED]:
        raise RunError(f"{planned[0]} is still to be judged: `muster run --as-of {planned[0]}` does it")
    return [day for day, status in known.items() if status is DayStatus.JUDGED] or [max(known)]


def publish(dbt: Dbt, days: list[date], progress: Progress = silent) -> tuple[NodeResult, ...]:
    """Build everything that is made of the history, test it, put it where dashboards read it, and note the days."""
    progress("marts", len(days), len(days))
    results = _built(dbt, dbt.build(days[-1], EVERYTHING, UPSTREAM, days[0]), days[-1])
    with open_warehouse(dbt.settings) as warehouse:
        first, folder = min(recorded_days(warehouse)), PublishedFolder(dbt.settings.published)
        erase_again(warehouse, dbt.document)
        publish_marts(warehouse, marts_of(dbt.document), first, days[-1], folder)
        mark(warehouse, days, DayStatus.PUBLISHED)
        _forget_old_versions(dbt, warehouse, days[-1])
    return results


def _forget_old_versions(dbt: Dbt, warehouse: Warehouse, day: date) -> None:
    """Versions of flags that ended longer ago than the history is kept, and than any rule looks at.

    By now stays were made of all of them.
    """
    kept, looked_back = int(dbt.settings.dbt_vars.get("history_days", 0)), _looked_back(dbt)
    if kept <= 0 or looked_back is None:
        return
    before = day - timedelta(days=kept + looked_back)
    note_forgotten(warehouse, before)
    tables = relations(dbt.document)
    for entity in entities(dbt.document):
        warehouse.execute(f"delete from {tables[f'{entity}_history']} where dbt_valid_to < ?", [before])


def _built(dbt: Dbt, results: tuple[NodeResult, ...], day: date) -> tuple[NodeResult, ...]:
    failed = [result for result in results if not result.ok]
    if failed:
        said = "\n".join(f"  {_explained(dbt, result)}" for result in failed)
        message = f"{day}: {len(failed)} of {len(results)} steps failed; nothing after them ran\n{said}"
        raise RunError(message, results)
    return results


def _explained(dbt: Dbt, result: NodeResult) -> str:
    """A failed step in a line; a failed test with the first rows that failed it."""
    if result.resource_type != "test" or not result.failures:
        return f"{result.name}: {result.message}"
    with open_warehouse(dbt.settings) as warehouse:
        rows = warehouse.rows(f"select * from ({result.compiled_code}) as failing limit {EXAMPLES}")
    shown = ", ".join(str(row[0]) for row in rows)
    more = ", …" if result.failures > len(rows) else ""
    return f"{result.name}: {result.failures} found: {shown}{more}"
