"""A thousand segments with a year of made-up marts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tests.site.marts import MadeUp
from tests.site.world import CATALOG, World

AS_OF, FIRST, NEIGHBOURS = date(2024, 12, 31), date(2024, 1, 1), 100
DAYS = (AS_OF - FIRST).days + 1


def many_segments(folder: Path, count: int = 1_000, audiences: int = 50) -> World:
    """The project in a folder, its marts published: a year of days, 100 neighbours and flows each."""
    world = World(folder, _specs(count, audiences))
    MadeUp(AS_OF, FIRST, _rows(count, audiences)).publish(world.published)
    return world


def _specs(count: int, audiences: int) -> Mapping[str, str]:
    return {
        "catalog.yml": CATALOG.replace("    suppressed_by: do_not_contact\n", ""),
        "destinations.yml": "drop: {type: folder, path: exports}\n",
        **{f"people/segment_{number}.yml": _segment(number) for number in range(count)},
        **{
            f"audiences/audience_{number}.yml": f"segment: segment_{number}\ndestination: drop\nidentify_by: [email]\n"
            for number in range(audiences)
        },
    }


def _segment(number: int) -> str:
    return f"""
name: Segment number {number}
entity: person
owner: team_{number % 17}
labels: [label_{number % 5}]
description: On the pro plan, seen at most {number} days ago, and active.
where:
  all:
    - plan: pro
    - seen_at: {{at_most: {number} days ago}}
    - performed: visit
      in_last: {1 + number % 300} days
      times: {{at_least: 2}}
"""


def _rows(count: int, audiences: int) -> Mapping[str, str]:
    """Selects of made-up figures; the query is about as long as a real one."""
    segments = f"(select 'segment_' || number as segment, number, 'person' as entity from range({count}) as n(number))"
    others = f"{segments}, range(1, {NEIGHBOURS + 1}) as others(other)"
    return {
        "segment_counts_daily": f"""
            select segment, entity, date '{FIRST}' + cast(day as integer) as as_of_date, 500 + number + day as members,
                10 + day % 7 as entries, 9 + day % 5 as exits, 20000 as base, 0.1 as share_of_base, 'observed' as basis
            from {segments}, range({DAYS}) as days(day)""",
        "segment_versions": f"""
            select segment, entity, 'd' as definition, 'People of ' || segment as rule, 'active' as status,
                date '{FIRST}' as valid_from,
                repeat('select person_id from people where plan is not null /* ' || segment || ' */\n', 40) as query
            from {segments}""",
        "segment_waterfall": f"""
            select date '{AS_OF}' as as_of_date, entity, segment, cast(step as integer) as step, 100 as lost,
                'plan is pro, or so' as condition, 1000 as passing_alone, 900 - 100 * step as passing
            from {segments}, range(5) as steps(step)""",
        "segment_retention": f"""
            select entity, segment, 'week' as cohort_grain, date '{FIRST}' + 7 * cast(week as integer) as cohort_start,
                cast(period as integer) as period_number, date '{AS_OF}' as period_end, 50 as cohort_size,
                50 - period as still_in, 1 - period / 50 as share_still_in, 0 as active_again
            from {segments}, range(40) as weeks(week), range(20) as periods(period) where week + period < 40""",
        "segment_survival": f"""
            select entity, segment, cast(day as integer) as days_since_entry, 500 - day as at_risk, 1 as exits,
                1 - day / 500 as survival, 0.9 - day / 500 as survival_low, 1.0 - day / 600 as survival_high
            from {segments}, range(365) as days(day)""",
        "segment_stays": f"""
            select entity, segment, 900 as observed_stays, 300 as ended, 600 as censored, 250 as median_stay_days
            from {segments}""",
        "segment_overlap": f"""
            select date '{AS_OF}' as as_of_date, entity, segment, 'segment_' || (number + other) % {count}
                as other_segment, 500 as members, 400 as other_members, 300 - other as in_both, 600 as in_either,
                20000 as base, 0.5 as share_of_members, (300 - other) / 600 as jaccard, 1.5 as lift
            from {others}""",
        "segment_flows": f"""
            select entity, segment as from_segment, 'segment_' || (number + other) % {count} as to_segment,
                'month' as grain, date '2024-12-01' as period_start, date '2024-12-31' as period_end,
                other as subjects, 0 as by_definition
            from {others}""",
        "audience_deliveries": f"""
            select 'd' || number || '_' || day as delivery_id, 'audience_' || number as audience,
                'drop' as destination, cast(day as integer) as delivery_number, 'changes' as send,
                date '{FIRST}' + cast(day as integer) as as_of_date, 10 as added, 1 as changed, 9 as removed,
                0 as refused, 500 as members, 'acknowledged' as status, timestamp '2024-12-31 06:00:00' as planned_at
            from range({audiences}) as a(number), range(1, 200) as days(day)""",
    }
