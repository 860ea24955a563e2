"""Retention, survival, overlap and flows, each compared with a walk through the days; grown day by day or made anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import permutations

import pandas as pd
import pytest
from dbt.cli.main import dbtRunner
from scipy.stats import CensoredData, ecdf

from orchestration.warehouse import Value
from tests.marts.small_project import Run, SmallProject, invoke
from tests.marts.walked import BEGINS, EDITS, LAST, PAUSED, SEGMENTS, SUBJECTS, World, changed_from, drawn_world

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    attributes: {level: text}
    events: {model: visits, subject: member_id, name: kind, at: visited_at, active_by: any}
  visitor: {model: visitors, key: visitor_id, attributes: {level: text}}
"""
SPEC = "entity: member\nwhere: {level: gold}\n"
MARTS = ("retention", "stay_lengths", "survival", "stays", "overlap", "flows")
SELECTED = ["--select", "member_blocks", "visitor_blocks", "entity_blocks", *(f"segment_{name}" for name in MARTS)]
FOLLOWED = 4
EARLIER, JUDGED_ANEW = date(2017, 4, 19), date(2017, 4, 11)


@dataclass(frozen=True)
class Warehouse:
    """A project in which the tables that the marts are made of are given."""

    project: SmallProject
    run: Run

    def build(self, world: World, since: date | None = None, *flags: str) -> None:
        """The marts of a world, of its days since one of them or of all, with their tests."""
        self._load(world)
        variables = {"as_of": str(world.as_of), "retention_periods": FOLLOWED, "week_starts_on": world.week_starts_on}
        variables |= {"changed_from": str(since)} if since else {}
        chosen = ("--vars", json.dumps(variables), *SELECTED, *flags)
        invoke(dbtRunner(manifest=self.run.manifest), self.run.dbt_project, "build", *chosen)

    def _load(self, world: World) -> None:
        frames = {
            "segment_spells": spells(world),
            "segment_counts_daily": counts(world),
            "entity_activity": activity(world),
            "member_segments": flags_of(world),
        }
        with self.project.open() as warehouse:
            for name, frame in frames.items():
                warehouse.connection.register("frame", frame)
                warehouse.execute(f"create or replace table main.{name} as select * from frame")
                warehouse.connection.unregister("frame")
            warehouse.execute(f"update main.segment_definitions set activity = '{ACTIVITY}' where activity <> ''")

    def table(self, columns: str, name: str) -> list[tuple[Value, ...]]:
        return sorted(self.project.rows(f"select {columns} from {name}"), key=str)

    def marts(self) -> dict[str, list[tuple[Value, ...]]]:
        return {name: self.table("*", f"segment_{name}") for name in MARTS}


ACTIVITY = "any_event 000000"


def spells(world: World) -> pd.DataFrame:
    rows = []
    for segment in SEGMENTS:
        for stay in world.stays(segment):
            entry = "definition" if is_edit(segment, stay.entered_on) else "data"
            leaving = None if stay.exited_on is None else "definition" if is_edit(segment, stay.exited_on) else "data"
            rows.append(("member", segment, *stay, entry, leaving, stay.entered_on > BEGINS[segment]))
    columns = ["entity", "segment", "subject_key", "entered_on", "exited_on"]
    frame = pd.DataFrame(rows, columns=[*columns, "entry_reason", "exit_reason", "entry_observed"])
    return frame.astype({"entered_on": "datetime64[us]", "exited_on": "datetime64[us]"}).astype(DATES)


DATES = {"entered_on": "date32[day][pyarrow]", "exited_on": "date32[day][pyarrow]"}


def is_edit(segment: str, day: date) -> bool:
    return segment == "edited" and day in EDITS


def counts(world: World) -> pd.DataFrame:
    rows = [
        (
            *(day, "member", segment, len(who)),
            len(who - world.at(segment, day - timedelta(days=1))),
            len(world.at(segment, day - timedelta(days=1)) - who),
            len(SUBJECTS),
        )
        for segment, days in world.members.items()
        for day, who in days.items()
    ]
    columns = ["as_of_date", "entity", "segment", "members", "entries", "exits", "base"]
    return pd.DataFrame(rows, columns=columns).astype({"as_of_date": "date32[day][pyarrow]"})


def activity(world: World) -> pd.DataFrame:
    rows = [("member", who, ACTIVITY, day) for who, days in world.active.items() for day in sorted(days)]
    frame = pd.DataFrame(rows, columns=["entity", "subject_key", "activity", "day"])
    return frame.astype({"day": "date32[day][pyarrow]"})


def flags_of(world: World) -> pd.DataFrame:
    flags = {segment: [who in world.at(segment, world.as_of) for who in SUBJECTS] for segment in SEGMENTS}
    return pd.DataFrame({"member_id": SUBJECTS, **flags})


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    project = SmallProject(tmp_path_factory.mktemp("walked"), CATALOG)
    project.create("members", "visitors", "visits")
    run = project.compile(dict.fromkeys(SEGMENTS, SPEC))
    versions = [(segment, day, "active") for segment, day in BEGINS.items()]
    versions += [("rested", PAUSED[0], "paused"), ("rested", PAUSED[-1] + timedelta(days=1), "active")]
    values = ", ".join(f"('{segment}', 'member', date '{day}', '{status}')" for segment, day, status in versions)
    named = ", ".join(f"('{segment}', '{ACTIVITY}')" for segment in SEGMENTS)
    with project.open() as loaded:
        loaded.execute(
            f"create table segment_versions as from (values {values}) t(segment, entity, valid_from, status)"
        )
        loaded.execute(f"create table segment_definitions as from (values {named}) t(segment, activity)")
        loaded.execute("create table visitor_segments (visitor_id bigint)")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MUSTER_DUCKDB", str(project.warehouse))
        yield Warehouse(project, run)


@pytest.fixture(scope="module")
def world() -> World:
    return changed_from(drawn_world(5), drawn_world(6), JUDGED_ANEW)


@pytest.fixture(scope="module")
def grown(warehouse: Warehouse, world: World) -> dict[str, list[tuple[Value, ...]]]:
    """The marts, built on a day, and again after late events, after some days were judged anew and more had followed.

    The first of these days is a Tuesday; three days back, which is as late as events may be, a week was not closed yet.
    """
    warehouse.build(drawn_world(5).until(EARLIER).before_late_events(JUDGED_ANEW - timedelta(days=2)))
    warehouse.build(world, JUDGED_ANEW)
    return warehouse.marts()


def share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001"), ROUND_HALF_UP) if whole else None


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("grain", ["week", "month"])
def test_every_cohort_is_followed(warehouse: Warehouse, world: World, grain: str) -> None:
    expected = [(segment, *row) for segment in SEGMENTS for row in world.retention(segment, grain, FOLLOWED)]
    columns = "segment, cohort_start, period_number, period_end, cohort_size, still_in, active_again"
    active = "active, active_or_later, active_throughout"
    found = warehouse.table(f"{columns}, {active}", f"segment_retention where cohort_grain = '{grain}'")
    assert found == sorted(expected, key=str)
    assert any(row[-3] != row[-2] != row[-1] != 0 for row in expected), "the three differ"


@pytest.mark.usefixtures("grown")
def test_shares_are_those_of_the_cohort(warehouse: Warehouse) -> None:
    names = ("still_in", "active", "active_or_later", "active_throughout")
    columns = ", ".join(f"{name}, share_{name}" for name in names)
    for size, *pairs in warehouse.table(f"cohort_size, {columns}", "segment_retention"):
        for part, found in zip(pairs[::2], pairs[1::2], strict=True):
            assert isinstance(part, int) and isinstance(size, int)
            assert found == share(part, size)


@pytest.mark.filterwarnings("ignore:The confidence interval is undefined")
@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("segment", SEGMENTS)
def test_survival_is_scipys(warehouse: Warehouse, world: World, segment: str) -> None:
    lengths = list(world.lengths(segment))
    judged = CensoredData.right_censored([days for days, _ in lengths], [not left for _, left in lengths])
    survival = ecdf(judged).sf
    ends = survival.confidence_interval(method="log-log")
    columns = "days_since_entry, survival, survival_low, survival_high, at_risk, exits"
    found = warehouse.table(columns, f"segment_survival where segment = '{segment}'")
    assert [row[0] for row in sorted(found)] == list(range(max(days for days, _ in lengths) + 1))
    for day, share_in, low, high, at_risk, exits in sorted(found):
        assert isinstance(day, int)
        assert at_risk == sum(days >= day for days, _ in lengths)
        assert exits == sum(days == day and left for days, left in lengths)
        expected = [float(each.evaluate(day)) for each in (survival, ends.low, ends.high)]
        if expected[0] == 1:
            expected[1:] = [1, 1]
        shares = [float("nan") if each is None else float(str(each)) for each in (share_in, low, high)]
        assert shares == pytest.approx(expected, abs=1e-6, nan_ok=True)


@pytest.mark.usefixtures("grown")
def test_stays_tell_the_median(warehouse: Warehouse, world: World) -> None:
    columns = "segment, observed_stays, ended, censored, median_stay_days, longest_days"
    found = {row[0]: row[1:] for row in warehouse.table(columns, "segment_stays")}
    for segment in SEGMENTS:
        lengths = list(world.lengths(segment))
        ended = sum(left for _, left in lengths)
        judged = CensoredData.right_censored([days for days, _ in lengths], [not left for _, left in lengths])
        survival = ecdf(judged).sf
        median = int(min(survival.quantiles[survival.probabilities <= 0.5]))
        longest = max(days for days, _ in lengths)
        assert found[segment] == (len(lengths), ended, len(lengths) - ended, median, longest)
        assert 0 < ended < len(lengths)


@pytest.mark.usefixtures("grown")
def test_overlap_of_every_pair(warehouse: Warehouse, world: World) -> None:
    expected = []
    for one, other in permutations(SEGMENTS, 2):
        mine, theirs, base = world.at(one, LAST), world.at(other, LAST), len(SUBJECTS)
        both, either = len(mine & theirs), len(mine | theirs)
        lift = share(both * base, len(mine) * len(theirs))
        sizes = (len(mine), len(theirs), both, either, base)
        expected.append((LAST, one, other, *sizes, share(both, len(mine)), share(both, either), lift))
    columns = "as_of_date, segment, other_segment, members, other_members, in_both, in_either, base"
    assert warehouse.table(f"{columns}, share_of_members, jaccard, lift", "segment_overlap") == sorted(
        expected, key=str
    )


@pytest.mark.usefixtures("grown")
@pytest.mark.parametrize("grain", ["week", "month"])
def test_flows_compare_the_ends_of_periods(warehouse: Warehouse, world: World, grain: str) -> None:
    expected = [(*pair, subjects) for pair, subjects in world.flows(grain).items()]
    columns = "from_segment, to_segment, period_start, subjects"
    assert warehouse.table(columns, f"segment_flows where grain = '{grain}'") == sorted(expected, key=str)


def test_what_has_grown_is_what_is_made_anew(
    warehouse: Warehouse, world: World, grown: dict[str, list[tuple[Value, ...]]]
) -> None:
    warehouse.build(world, None, "--full-refresh")
    assert warehouse.marts() == grown


def test_another_activity_is_told_from_the_beginning(
    warehouse: Warehouse, world: World, grown: dict[str, list[tuple[Value, ...]]]
) -> None:
    with warehouse.project.open() as opened:
        opened.execute("update segment_definitions set activity = '' where segment = 'late'")
    warehouse.build(world, LAST)
    found = {row[0]: row[1] for row in warehouse.table("segment, count(activity)", "segment_retention group by 1")}
    assert found.pop("late") == 0 and all(found.values())
    with warehouse.project.open() as opened:
        opened.execute("update segment_definitions set activity = 'once more' where segment = 'late'")
    warehouse.build(world, LAST)
    assert warehouse.marts()["retention"] == grown["retention"]


def test_weeks_start_where_the_catalog_says(warehouse: Warehouse, world: World) -> None:
    moved = replace(world, week_starts_on="wednesday")
    warehouse.build(moved, None, "--full-refresh")
    expected = [(segment, *row[:5]) for segment in SEGMENTS for row in moved.retention(segment, "week", FOLLOWED)]
    columns = "segment, cohort_start, period_number, period_end, cohort_size, still_in"
    assert warehouse.table(columns, "segment_retention where cohort_grain = 'week'") == sorted(expected, key=str)
    flows = [(*pair, subjects) for pair, subjects in moved.flows("week").items()]
    columns = "from_segment, to_segment, period_start, subjects"
    assert warehouse.table(columns, "segment_flows where grain = 'week'") == sorted(flows, key=str)


def test_settled_rows_are_left_alone(warehouse: Warehouse, world: World) -> None:
    """What no judged day can change is not made again: a mark set on it stays."""
    warehouse.build(world, None, "--full-refresh")
    marks = {
        "segment_retention": ("still_in = 0", f"cohort_grain = 'week' and cohort_start < '{JUDGED_ANEW}'::date - 50"),
        "segment_flows": ("by_definition = 0", f"grain = 'week' and period_start < '{JUDGED_ANEW}'::date - 7"),
    }
    with warehouse.project.open() as opened:
        for name, (mark, settled) in marks.items():
            opened.execute(f"update {name} set {mark} where {settled}")
    marked = {name: warehouse.table("*", f"{name} where {settled}") for name, (_, settled) in marks.items()}
    warehouse.build(world, JUDGED_ANEW)
    for name, (_, settled) in marks.items():
        assert marked[name] and warehouse.table("*", f"{name} where {settled}") == marked[name]
