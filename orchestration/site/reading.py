"""The figures of the site: each mart is read once for all segments, as far back as the pages show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from orchestration.errors import MusterError
from orchestration.publishing.folder import PublishedFolder
from orchestration.warehouse import DuckDB, Warehouse

DAYS_SHOWN = 366
PERIODS_SHOWN = 12
NEIGHBOURS_SHOWN = 12
FLOWS_SHOWN = 8
SURVIVAL_SHOWN = 365
DELIVERIES_SHOWN = 30
OUTCOME_DAYS_SHOWN = 180


class Day(NamedTuple):
    """A judged day of a segment. On its first one the members count as entries, which nobody observed."""

    day: date
    members: int
    entries: int
    exits: int
    base: int
    share: Decimal | None
    basis: str
    is_first: bool


class Cohort(NamedTuple):
    """What is left of those who entered in one week or month, at the end of a later one."""

    grain: str
    start: date
    period: int
    size: int
    still_in: int
    active: int | None


class Survived(NamedTuple):
    """Kaplan and Meier's estimate of the share of stays that last longer than so many days, with its 95 % interval."""

    days: int
    at_risk: int
    exits: int
    survival: Decimal
    low: Decimal | None
    high: Decimal | None


class Stays(NamedTuple):
    """How long observed stays last, in days."""

    observed: int
    ended: int
    censored: int
    quarter: int | None
    median: int | None
    three_quarters: int | None


class Neighbour(NamedTuple):
    """Another segment of the same entity, and who is in both."""

    other: str
    others: int
    both: int
    share: Decimal | None
    jaccard: Decimal | None
    lift: Decimal | None


class Flow(NamedTuple):
    """Subjects who left one segment and joined another between the ends of two periods; null is no segment."""

    joined: bool
    other: str | None
    grain: str
    start: date
    end: date
    subjects: int
    by_definition: int


class Step(NamedTuple):
    """A condition of a rule: who passes it alone, and with all before it. Step 0 is the base population."""

    number: int
    condition: str
    alone: int
    passing: int
    lost: int


class Version(NamedTuple):
    """A definition and the days it held; `query` is kept of the one that holds."""

    valid_from: date
    valid_to: date | None
    definition: str
    rule: str
    status: str
    query: str | None


class Delivery(NamedTuple):
    """A delivery of an audience. Times are UTC."""

    destination: str
    number: int
    as_of: date
    send: str
    added: int
    changed: int
    removed: int
    refused: int | None
    members: int
    status: str
    planned_at: datetime
    acknowledged_at: datetime | None


class Enrolled(NamedTuple):
    """How many subjects are at a destination, or held out from it, by variant."""

    destination: str
    variant: str | None
    held_out: bool
    subjects: int


class Outcome(NamedTuple):
    """What became of a variant so many days after the first delivery; rates and lifts are shares."""

    variant: str | None
    days: int
    enrolled: int
    sent: int | None
    delivered: int | None
    opened: int | None
    clicked: int | None
    reached: int | None
    left: int
    rate: Decimal | None
    rate_low: Decimal | None
    rate_high: Decimal | None
    lift: Decimal | None
    lift_low: Decimal | None
    lift_high: Decimal | None
    balanced: bool | None


R = TypeVar("R")


@dataclass(frozen=True)
class Rows(Generic[R]):
    """Rows by the key of their segment or audience."""

    by_key: Mapping[str, tuple[R, ...]]

    def of(self, key: str) -> tuple[R, ...]:
        return self.by_key.get(key, ())


@dataclass(frozen=True)
class Figures:
    """All that one publication says of segments and audiences, without any subject's key."""

    as_of: date
    first_day: date
    version: int
    days: Rows[Day]
    cohorts: Rows[Cohort]
    survival: Rows[Survived]
    stays: Rows[Stays]
    neighbours: Rows[Neighbour]
    flows: Rows[Flow]
    steps: Rows[Step]
    versions: Rows[Version]
    deliveries: Rows[Delivery]
    enrolled: Rows[Enrolled]
    outcomes: Rows[Outcome]


DAYS = f"""
with days as (
    select *, as_of_date = min(as_of_date) over (partition by segment) as is_first from segment_counts_daily
)
select segment, as_of_date, members, entries, exits, base, share_of_base, basis, is_first from days
where as_of_date > (select as_of from published) - {DAYS_SHOWN}
order by segment, as_of_date
"""
COHORTS = f"""
select segment, cohort_grain, cohort_start, period_number, cohort_size, still_in, active from segment_retention
where period_number <= {PERIODS_SHOWN}
qualify dense_rank() over (partition by segment, cohort_grain order by cohort_start desc) <= {PERIODS_SHOWN}
order by segment, cohort_grain, cohort_start, period_number
"""
SURVIVAL = f"""
select segment, days_since_entry, at_risk, exits, survival, survival_low, survival_high from segment_survival
where days_since_entry <= {SURVIVAL_SHOWN}
order by segment, days_since_entry
"""
STAYS = """
select segment, observed_stays, ended, censored, quarter_left_days, median_stay_days, three_quarters_left_days
from segment_stays order by segment
"""
NEIGHBOURS = f"""
select segment, other_segment, other_members, in_both, share_of_members, jaccard, lift from segment_overlap
where in_both > 0
qualify row_number() over (
    partition by segment order by jaccard desc, in_both desc, other_segment
) <= {NEIGHBOURS_SHOWN}
order by segment, jaccard desc, in_both desc, other_segment
"""
FLOWS = f"""
with last_periods as (
    select entity, grain, max(period_start) as period_start from segment_flows group by entity, grain
),
latest as (
    select segment_flows.* from segment_flows inner join last_periods using (entity, grain, period_start)
    qualify rank() over (partition by segment_flows.entity order by (grain = 'month') desc) = 1
),
both_ways as (
    select to_segment as segment, true as joined, from_segment as other, * from latest where to_segment is not null
    union all
    select from_segment as segment, false as joined, to_segment as other, * from latest where from_segment is not null
)
select segment, joined, other, grain, period_start, period_end, subjects, by_definition from both_ways
qualify row_number() over (partition by segment, joined order by subjects desc, other nulls last) <= {FLOWS_SHOWN}
order by segment, joined desc, subjects desc, other nulls last
"""
STEPS = """
select segment, step, condition, passing_alone, passing, lost from segment_waterfall order by segment, step
"""
VERSIONS = """
select segment, valid_from, valid_to, definition, rule, status, case when valid_to is null then query end
from segment_versions order by segment, valid_from desc
"""
DELIVERIES = f"""
select
    audience, destination, delivery_number, as_of_date, send, added, changed, removed, refused, members, status,
    planned_at, acknowledged_at
from audience_deliveries
qualify row_number() over (
    partition by audience order by as_of_date desc, destination, delivery_number desc
) <= {DELIVERIES_SHOWN}
order by audience, as_of_date desc, destination, delivery_number desc
"""
ENROLLED = """
select audience, destination, variant, is_held_out, count(*) from audience_members where removed_on is null
group by all order by all
"""
OUTCOMES = f"""
select
    audience, variant, days_since_first_sent, enrolled, sent, delivered, opened, clicked, reached_goal, left_audience,
    goal_rate, goal_rate_low, goal_rate_high, lift, lift_low, lift_high, balanced
from audience_outcomes where days_since_first_sent <= {OUTCOME_DAYS_SHOWN}
order by audience, variant, days_since_first_sent
"""


def read_figures(published: PublishedFolder) -> Figures:
    """What the published marts say. Raises MusterError where nothing is published yet, PublishError, WarehouseError."""
    publication = published.read()
    if publication is None:
        raise MusterError("nothing is published yet: judge a day with `muster run`, which publishes the marts")
    with DuckDB(_of_one_version(published), read_only=True) as marts:
        return Figures(
            as_of=publication.as_of,
            first_day=publication.first_day,
            version=publication.version,
            days=_rows(marts, DAYS, Day),
            cohorts=_rows(marts, COHORTS, Cohort),
            survival=_rows(marts, SURVIVAL, Survived),
            stays=_rows(marts, STAYS, Stays),
            neighbours=_rows(marts, NEIGHBOURS, Neighbour),
            flows=_rows(marts, FLOWS, Flow),
            steps=_rows(marts, STEPS, Step),
            versions=_rows(marts, VERSIONS, Version),
            deliveries=_rows(marts, DELIVERIES, Delivery),
            enrolled=_rows(marts, ENROLLED, Enrolled),
            outcomes=_rows(marts, OUTCOMES, Outcome),
        )


def _of_one_version(published: PublishedFolder) -> Path:
    """The file itself, not the link that the next publication moves."""
    return published.database.resolve()


def _rows(marts: Warehouse, sql: str, row: Callable[..., R]) -> Rows[R]:
    """A query's rows, which are in the order of their first column, the key."""
    return Rows(dict(_grouped(marts.rows(sql), row)))


def _grouped(rows: list[tuple[object, ...]], row: Callable[..., R]) -> Iterator[tuple[str, tuple[R, ...]]]:
    for key, group in groupby(rows, key=lambda each: each[0]):
        yield str(key), tuple(row(*each[1:]) for each in group)
