"""Measures for a query that stands alone: the events themselves, as whoever reads measures adds them up anyway.

To roll them up by day first would cost such a query more than all the rest of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, TimeColumn, Type
from orchestration.compiler.imports import Import, seen, select, union_all, where, with_ctes
from orchestration.compiler.measures import EXACT, TOTALS, events_reading, measured_events, no_totals, property_totals
from orchestration.compiler.plan import Plan, trait_measure
from orchestration.compiler.sql import (
    Clock,
    aliased,
    cast,
    column,
    compared,
    day,
    is_known,
    moved,
    number,
    start_of_day,
    table,
    text,
)
from orchestration.compiler.trait import Measure, MeasureTrait, PeriodsTrait, Total, Trait
from orchestration.compiler.window import Day


def unrolled_select(plans: Sequence[Plan], clock: Clock) -> exp.Query:
    """One row per measure and event, or per day where days are counted, with the columns of the day roll-ups.

    `plans` are those of one entity; events before the first day that their traits look at are left out.
    """
    plan = plans[0]
    events = plan.entity.events
    assert events and events.at, "a measure has dated events"
    reading = events_reading(plan, clock)
    on = reading.day(events.at)
    firsts = {measure: _first_days(plans, measure) for measure in plan.measures}
    query = union_all([_one_select(plans, each, reading, on, first) for each, first in firsts.items()])
    every = dict.fromkeys(first for found in firsts.values() for first in found)
    read = [_not_before(events.at, tuple(every), clock)] if all(firsts.values()) else []
    return with_ctes(query, [("events", reading.select(events.model, [*seen(events.at, clock), *read]))])


def _one_select(
    plans: Sequence[Plan], measure: Measure, reading: Import, on: exp.Column, firsts: tuple[Day, ...]
) -> exp.Select:
    """A measure's events; rolled up only where days are counted, which must come once."""
    plan, key = plans[0], column(plans[0].entity.key)
    traits = _traits_of(plans, measure)
    counts_days = any(isinstance(trait, MeasureTrait) and trait.total is Total.DAYS for trait in traits)
    events = exp.Count(this=exp.Star()) if counts_days else cast(number(1), "bigint")
    totals = property_totals if counts_days else _property_values
    conditions = measured_events(plan, measure, reading)
    if firsts:
        conditions.append(compared(on.copy(), ">=", _earliest(firsts, reading.clock)))
    named = aliased(text(plan.measures[measure]), "measure")
    query = select(
        named, key, aliased(on.copy(), "day"), aliased(events, "events"), *totals(measure.attribute, reading)
    )
    query = where(query.from_(table("events"), copy=False), conditions)
    return query.group_by(key.copy(), on.copy(), copy=False) if counts_days else query


def _property_values(attribute: Attribute | None, reading: Import) -> list[exp.Expr]:
    if attribute is None:
        return no_totals()
    value = reading.value(attribute, False)
    one = exp.Case(ifs=[exp.If(this=is_known(value.copy()), true=number(1))], default=number(0))
    exact = (aliased(cast(value.copy(), EXACT), name) for name in TOTALS)
    return [aliased(cast(one, "bigint"), "known_values"), *exact]


def _traits_of(plans: Sequence[Plan], measure: Measure) -> list[Trait]:
    return [each for plan in plans for each in plan.traits if trait_measure(each) == measure]


def _first_days(plans: Sequence[Plan], measure: Measure) -> tuple[Day, ...]:
    """Days of which the earliest is the first that any trait looks at; none where one looks at all days."""
    found: dict[Day, None] = {}
    for trait in _traits_of(plans, measure):
        first = _first_day(trait)
        if first is None:
            return ()
        found[first] = None
    return tuple(found)


def _first_day(trait: Trait) -> Day | None:
    match trait:
        case MeasureTrait(windows=windows):
            return next((window.first for window in windows if window.first), None)
        case PeriodsTrait(periods=periods):
            return periods[-1].first
        case _:
            return None


def _earliest(firsts: tuple[Day, ...], clock: Clock) -> exp.Expr:
    days = [day(first, clock) for first in firsts]
    return days[0] if len(days) == 1 else exp.Least(this=days[0], expressions=days[1:])


def _not_before(at: TimeColumn, firsts: tuple[Day, ...], clock: Clock) -> exp.Expr:
    """That an event may lie on one of the days; a day is added where clocks may have been moved at midnight."""
    earliest = _earliest(firsts, clock)
    if at.type is Type.DATE:
        return compared(column(at.column), ">=", earliest)
    return compared(column(at.column), ">=", start_of_day(moved(earliest, 0, -1), clock))
