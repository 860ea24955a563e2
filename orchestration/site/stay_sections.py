"""How long members stay: retention by cohort of entry, and survival."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from orchestration.site.reading import Cohort, Stays, Survived
from orchestration.site.said import count, number, share
from orchestration.site.section import Chart, Section, Table, dataset
from orchestration.site.told import Told

ENOUGH_MONTHS = 3
MONTH = 30
DAILY = 14
ESTIMATE = (
    "Kaplan and Meier's estimate with its 95 % interval. Only stays whose entry was observed count; those that are "
    "not over are watched for as long as they are known to last."
)


def retention_section(told: Told) -> Section:
    """Heatmaps by week, and by month once there are some."""
    title, cohorts = "Retention", told.figures.cohorts.of(told.key)
    by_grain = {grain: [each for each in cohorts if each.grain == grain] for grain in _grains(cohorts)}
    if not by_grain:
        text = "No week has passed yet since anybody was seen to enter."
        return Section("retention", title, text)
    note = "A cohort is who entered in one week or month; a cell is the share whose stay has lasted to the end of the "
    note += "period, where 0 is the cohort's own."
    charts = tuple(_heatmap(grain, found) for grain, found in by_grain.items())
    tables = tuple(_cohorts(grain, found) for grain, found in by_grain.items())
    return Section("retention", title, charts=charts, tables=tables, note=note)


def _grains(cohorts: Sequence[Cohort]) -> list[str]:
    months = {each.start for each in cohorts if each.grain == "month"}
    grains = {each.grain for each in cohorts} - (set() if len(months) >= ENOUGH_MONTHS else {"month"})
    return sorted(grains, key=("week", "month").index)


def _heatmap(grain: str, cohorts: Sequence[Cohort]) -> Chart:
    columns = ("start", "period", "size", "share")
    values = [(each.start.isoformat(), each.period, each.size, _share(each)) for each in cohorts]
    name, title = f"{grain}s", f"Still in, by {grain} of entry"
    return Chart(name, title, _kept(grain, cohorts), {name: dataset(columns, values)})


def _share(cohort: Cohort) -> float:
    return round(cohort.still_in / cohort.size, 4) if cohort.size else 0.0


def _kept(grain: str, cohorts: Sequence[Cohort]) -> str:
    starts = {each.start for each in cohorts}
    said = f"{count(len(starts), 'cohort')}, the first of the {grain} from {min(starts).isoformat()}."
    for period in (1, 4):
        chosen = [each for each in cohorts if each.period == period]
        if entered := sum(each.size for each in chosen):
            kept = sum(each.still_in for each in chosen) / entered
            said += f" {share(kept)} were still in {count(period, grain)} later."
    return said


def _cohorts(grain: str, cohorts: Sequence[Cohort]) -> Table:
    periods = range(1 + max(each.period for each in cohorts))
    rows = []
    for start, group in groupby(cohorts, key=lambda each: each.start):
        found = {each.period: each for each in group}
        size = max(each.size for each in found.values())
        cells = (share(_share(found[period])) if period in found else "" for period in periods)
        rows.append((start.isoformat(), number(size), *cells))
    head = (f"{grain.capitalize()} of entry", "Entered", *(str(period) for period in periods))
    return Table(f"Share still in, by {grain}s after the entry", head, tuple(rows))


def survival_section(told: Told) -> Section:
    """Kaplan and Meier's curve."""
    title, found = "How long stays last", told.figures.survival.of(told.key)
    stays = next(iter(told.figures.stays.of(told.key)), None)
    if not found or stays is None:
        return Section("survival", title, "No stay was seen from its first day on yet.")
    columns = ("days", "at_risk", "survival", "low", "high")
    values = [
        (each.days, each.at_risk, float(each.survival), _float(each.low), _float(each.high)) for each in _steps(found)
    ]
    chart = Chart("survival", title, _lasting(stays, found), {"survival": dataset(columns, values)})
    return Section("survival", title, charts=(chart,), tables=(_survived(found),), note=ESTIMATE)


def _steps(found: Sequence[Survived]) -> list[Survived]:
    """The days on which the curve goes down, its first and its last one: between them it is level."""
    return [each for each in found if each.exits or each is found[0] or each is found[-1]]


def _survived(found: Sequence[Survived]) -> Table:
    """Every day of the first two weeks, then the last of each week."""
    shown = [each for each in found if each.days <= DAILY or each.days % 7 == 0 or each is found[-1]]
    head = ("Days since entry", "Stays watched", "Still in", "At least (95 %)", "At most (95 %)")
    rows = tuple(
        (str(each.days), number(each.at_risk), share(each.survival), share(each.low), share(each.high))
        for each in shown
    )
    return Table("Estimated share of stays that last longer", head, rows)


def _lasting(stays: Stays, found: Sequence[Survived]) -> str:
    longest = found[-1].days
    if stays.median is not None:
        said = f"Half of the stays end within {count(stays.median, 'day')} of the entry."
    else:
        said = f"More than half of the stays last longer than the {count(longest, 'day')} watched."
    at = next((each for each in found if each.days == MONTH), None)
    if at:
        between = (
            f" (between {share(at.low)} and {share(at.high)})" if at.low is not None and at.high is not None else ""
        )
        said += f" After {MONTH} days {share(at.survival)}{between} are still in."
    return f"{said} Of {count(stays.observed, 'observed stay')} {stays.ended:,} have ended."


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
