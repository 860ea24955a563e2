"""Measures: events rolled up by subject and local day."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.canonical import digest_of
from orchestration.compiler.catalog import Attribute
from orchestration.compiler.imports import Import, seen, select, union_all, where, with_ctes
from orchestration.compiler.plan import Plan
from orchestration.compiler.predicates import row_truth
from orchestration.compiler.sql import Clock, aliased, cast, column, compared, either_of, is_null, number, table, text
from orchestration.compiler.trait import Measure

MEASURED_FROM = "measured_from__"
OPEN_FROM = "open_from__"
DEFINED = "__defined__"
EXACT = "decimal(38, 9)"
TOTALS = ("total", "minimum", "maximum")


def measures_select(plan: Plan, clock: Clock) -> exp.Query:
    """One row per measure, subject and local day, of the days that a run has to fill."""
    events = plan.entity.events
    assert events and events.at, "a measure has dated events"
    reading = events_reading(plan, clock)
    day = reading.day(events.at)
    query = union_all([_measure_select(plan, measure, reading, day) for measure in plan.rolled_up])
    at = column(events.at.column)
    opened = either_of(compared(at, ">=", column(OPEN_FROM + plan.entity.name)), is_null(at.copy()))
    return with_ctes(query, [("events", reading.select(events.model, [*seen(events.at, clock), opened]))])


def events_reading(plan: Plan, clock: Clock) -> Import:
    """The reading of the entity's events, by which all of its measures are told."""
    assert plan.entity.events, "a measure has events"
    reading = Import("events", clock, plan.entity.events.subject, plan.entity.key)
    reading.value(plan.entity.events.named, False)
    return reading


def measure_definition(plan: Plan, measure: Measure, clock: Clock) -> str:
    """A digest of all that a measure's rows depend on; rows of another definition are not its own."""
    return digest_of(measure, plan.entity.events, plan.entity.key, clock.timezone)[:6]


def _measure_select(plan: Plan, measure: Measure, reading: Import, day: exp.Column) -> exp.Select:
    definition = measure_definition(plan, measure, reading.clock)
    key = column(plan.entity.key)
    start = column(f"{MEASURED_FROM}{plan.rolled_up[measure]}{DEFINED}{definition}")
    opened = either_of(compared(day.copy(), ">=", start), is_null(day.copy()))
    conditions = [*measured_events(plan, measure, reading), opened]
    columns = (
        aliased(text(plan.rolled_up[measure]), "measure"),
        aliased(text(definition), "definition"),
        key,
        aliased(day.copy(), "day"),
        aliased(exp.Count(this=exp.Star()), "events"),
        *property_totals(measure.attribute, reading),
    )
    query = where(select(*columns).from_(table("events"), copy=False), conditions)
    return query.group_by(key.copy(), day.copy(), copy=False)


def measured_events(plan: Plan, measure: Measure, reading: Import) -> list[exp.Expr]:
    """That an event is one of those that a measure rolls up."""
    assert plan.entity.events, "a measure has events"
    conditions = named_any_of(reading.value(plan.entity.events.named, False), measure.names)
    if measure.where:
        conditions.append(row_truth(measure.where, reading.value, reading.clock).expression)
    return conditions


def property_totals(attribute: Attribute | None, reading: Import) -> list[exp.Expr]:
    """The totals of a property over the events of a day."""
    if attribute is None:
        return no_totals()
    value = reading.value(attribute, False)
    totals = (exp.Sum(this=value.copy()), exp.Min(this=value.copy()), exp.Max(this=value.copy()))
    exact = (aliased(cast(total, EXACT), name) for total, name in zip(totals, TOTALS, strict=True))
    return [aliased(exp.Count(this=value.copy()), "known_values"), *exact]


def no_totals() -> list[exp.Expr]:
    """The totals of a measure that looks at no property."""
    nothing = [aliased(cast(exp.Null(), EXACT), name) for name in TOTALS]
    return [aliased(cast(number(0), "bigint"), "known_values"), *nothing]


def named_any_of(name: exp.Column, names: tuple[str, ...] | None) -> list[exp.Expr]:
    """That an event has one of the names; None is any."""
    if names is None:
        return []
    if len(names) == 1:
        return [compared(name.copy(), "=", text(names[0]))]
    return [exp.In(this=name.copy(), expressions=[text(each) for each in names])]


def measure_definitions(plan: Plan, clock: Clock) -> list[str]:
    """Each measure's name and definition, as Muster's macros take them."""
    return [f"{name} {measure_definition(plan, measure, clock)}" for measure, name in plan.rolled_up.items()]
