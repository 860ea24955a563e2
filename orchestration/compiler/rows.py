"""Totals over a subject's rows: day roll-ups, events and relations as they stand, attached subjects."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.catalog import EventRows, Link, Rows
from orchestration.compiler.imports import Import, select, where
from orchestration.compiler.links import add_link
from orchestration.compiler.measures import named_any_of
from orchestration.compiler.names import slug
from orchestration.compiler.plan import trait_measure
from orchestration.compiler.predicates import Leaf, all_pass, row_leaf, row_truth, rule_to_truth, test
from orchestration.compiler.segment import Number, Rule
from orchestration.compiler.sql import (
    Clock,
    aliased,
    as_of,
    column,
    compared,
    conjunction,
    day,
    in_window,
    is_known,
    model,
    negated,
    number,
    table,
    text,
)
from orchestration.compiler.trait import EndTrait, Measure, MeasureTrait, PeriodsTrait, RowsTrait, Total, TotalTrait
from orchestration.compiler.trait_words import measure_name, trait_name
from orchestration.compiler.window import Window

MEASURED = {
    Total.COUNT: "events",
    Total.DAYS: "day",
    Total.KNOWN: "known_values",
    Total.SUM: "total",
    Total.MINIMUM: "minimum",
    Total.MAXIMUM: "maximum",
    Total.FIRST_DAY: "day",
    Total.LAST_DAY: "day",
}
T = TypeVar("T")
K = TypeVar("K")


def grouped(items: Iterable[T], key: Callable[[T], K]) -> list[tuple[K, list[T]]]:
    """Items that have the same key together, in the order of first mention."""
    groups: dict[K, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.items())


def when(conditions: list[exp.Expr], value: exp.Expr) -> exp.Expr:
    """A value where all conditions hold, otherwise null."""
    if not conditions:
        return value
    return exp.Case(ifs=[exp.If(this=conjunction(conditions), true=value)])


def _added_up(total: Total, value: exp.Expr) -> exp.Expr:
    match total:
        case Total.MINIMUM | Total.FIRST_DAY | Total.FIRST_TIME:
            return exp.Min(this=value)
        case Total.MAXIMUM | Total.LAST_DAY | Total.LAST_TIME:
            return exp.Max(this=value)
        case Total.DAYS | Total.DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        case Total.KNOWN | Total.COUNT:
            return exp.Count(this=value)
        case _:
            return exp.Sum(this=value)


def _take_totals(building: Building, traits: Iterable[TotalTrait], cte: str) -> None:
    for trait in traits:
        building.take(trait, cte, zero=trait.total.zero_when_empty)


# --- day roll-ups


def add_measures(building: Building) -> None:
    """One slice of the measures for each measure, whatever its windows."""
    for measure, traits in grouped(building.of_kind(MeasureTrait), lambda trait: trait.measure):
        totals = [building.named(_measured(trait, building.clock), trait) for trait in traits]
        slice_ = _slice(building, measure, [column(building.key), *totals], [])
        name = building.plan.measures[measure]
        cte = building.join(name, slice_.group_by(column(building.key), copy=False), f"measure {name}")
        _take_totals(building, traits, cte)


def _slice(building: Building, measure: Measure, columns: list[exp.Expr], conditions: list[exp.Expr]) -> exp.Select:
    source = model(f"{building.plan.entity.name}_measures")
    named = compared(column("measure"), "=", text(building.plan.measures[measure]))
    return where(select(*columns).from_(source, copy=False), [named, *conditions])


def _measured(trait: MeasureTrait, clock: Clock) -> exp.Expr:
    inside = [condition for window in trait.windows for condition in in_window(column("day"), window, clock)]
    value = when(inside, column(MEASURED[trait.total]))
    match trait.total:
        case Total.DAYS:
            return exp.Count(this=value)
        case Total.COUNT | Total.KNOWN:
            return exp.Sum(this=value)
        case _:
            return _added_up(trait.total, value)


# --- periods


def add_periods(building: Building) -> None:
    """In how many periods the number of events passes: events by period, periods that pass, their number."""
    for trait in building.of_kind(PeriodsTrait):
        wanted = measure_name(trait.measure)
        dated = building.add(slug(wanted, "in periods"), _in_periods(building, trait), f"dated {trait!r}")
        key, period = column(building.key), column("period")
        events = exp.Sum(this=column("events"))
        passing = conjunction(_asked(each, events, building.clock) for each in trait.times)
        periods = select(key, period).from_(table(dated), copy=False)
        periods = periods.group_by(key.copy(), period.copy(), copy=False)
        periods = periods.having(negated(passing) if trait.failing else passing, copy=False)
        passed = building.add(slug(wanted, "periods"), periods, f"passed {trait!r}")
        counted = select(key.copy(), building.named(exp.Count(this=exp.Star()), trait))
        counted = counted.from_(table(passed), copy=False).group_by(key.copy(), copy=False)
        building.take(trait, building.join(slug(wanted, "regularly"), counted, repr(trait)), zero=True)


def _asked(times: Number, events: exp.Expr, clock: Clock) -> exp.Expr:
    passing = all_pass(events, times.tests, clock)
    return negated(passing) if times.negated else passing


def _in_periods(building: Building, trait: PeriodsTrait) -> exp.Select:
    """Events by day, or one by one where no roll-up holds them, with the number of their period; 1 is the latest."""
    clock = building.clock
    measure = trait_measure(trait)
    assert trait.events.at, "events are dated"
    on = column("day") if measure else building.rows(trait.events).day(trait.events.at)
    events = column("events") if measure else aliased(number(1), "events")
    firsts = [period.first for period in trait.periods]
    assert all(firsts), "a period has both ends"
    whens = [
        exp.If(this=compared(on.copy(), ">=", day(first, clock)), true=number(place))
        for place, first in enumerate(firsts, 1)
        if first
    ]
    period = aliased(exp.Case(ifs=whens), "period")
    last = trait.periods[-1].first
    assert last, "a period has both ends"
    inside: list[exp.Expr] = [exp.Between(this=on.copy(), low=day(last, clock), high=as_of())]
    columns = [column(building.key), period, events]
    if measure:
        return _slice(building, measure, columns, inside)
    reading = building.rows(trait.events)
    chosen = named_rows(trait.events, trait.measure.names, trait.measure.where, (), reading)
    return where(select(*columns).from_(table(reading.name), copy=False), [*chosen, *inside])


# --- rows as they stand


def add_rows(building: Building) -> None:
    """One aggregate per source of rows: `orders` are read once, whatever is asked about them."""
    for source, traits in grouped(building.of_kind(RowsTrait), lambda trait: trait.source):
        if isinstance(source, Link):
            reading, query, leaf = add_link(building, source, traits)
        else:
            reading = building.rows(source)
            leaf = row_leaf(reading.value, reading.clock)
            query = select(column(building.key)).from_(table(reading.name), copy=False)
            query = query.group_by(column(building.key), copy=False)
        totals = [building.named(_row_total(trait, reading, leaf), trait) for trait in traits]
        query = query.select(*totals, copy=False)
        name = slug(source.name, "by", building.plan.entity.name)
        _take_totals(building, traits, building.join(name, query, f"rows {source.name}"))


def _row_total(trait: RowsTrait, reading: Import, leaf: Leaf) -> exp.Expr:
    conditions = named_rows(trait.source, trait.names, trait.where, trait.windows, reading, leaf)
    if trait.total is Total.COUNT:
        return exp.Count(this=when(conditions, number(1)) if conditions else exp.Star())
    return _added_up(trait.total, when(conditions, _row_value(trait, reading)))


def _row_value(trait: RowsTrait, reading: Import) -> exp.Expr:
    if trait.attribute:
        return reading.value(trait.attribute, False)
    assert isinstance(trait.source, Rows) and trait.source.at, "days are counted on dated rows"
    if trait.total in (Total.FIRST_TIME, Total.LAST_TIME):
        return reading.instant(trait.source.at)
    return reading.day(trait.source.at)


def named_rows(
    source: Rows | Link,
    names: tuple[str, ...] | None,
    chosen: Rule | None,
    windows: tuple[Window, ...],
    reading: Import,
    leaf: Leaf | None = None,
) -> list[exp.Expr]:
    """That a row has one of the names, passes a `where` and lies in all windows."""
    found: list[exp.Expr] = []
    if names is not None and isinstance(source, EventRows):
        found += named_any_of(reading.value(source.named, False), names)
    if chosen:
        found.append(rule_to_truth(chosen, leaf or row_leaf(reading.value, reading.clock)).expression)
    if isinstance(source, Rows) and source.at:
        for window in windows:
            found += in_window(reading.time(source.at, window), window, reading.clock)
    return found


# --- the first and the last of them


def add_ends(building: Building) -> None:
    """Rows ranked by date; of those in the first place, whether one passes."""
    for trait in building.of_kind(EndTrait):
        reading = building.rows(trait.source)
        assert trait.source.at, "a first row has a date"
        at = reading.moment(trait.source.at)
        chosen = named_rows(trait.source, trait.names, trait.where, trait.windows, reading)
        order = exp.Order(expressions=[exp.Ordered(this=at.copy(), desc=trait.end == "last")])
        place = exp.Window(this=exp.Rank(), partition_by=[column(building.key)], order=order)
        at_column = trait.source.at
        passing = [
            test(reading.time(at_column, asked.window), asked, building.clock, reading.value) for asked in trait.tests
        ]
        passing.append(row_truth(trait.having, reading.value, reading.clock).expression)
        passes = exp.Case(ifs=[exp.If(this=conjunction(passing), true=number(1))], default=number(0))
        ranked = select(column(building.key), aliased(place, "place"), aliased(passes, "passes"))
        ranked = where(ranked.from_(table(reading.name), copy=False), [*chosen, is_known(at)])
        wanted = slug(f"{trait.end} of", trait_name(trait))
        ranked_name = building.add(slug(trait.end, reading.name), ranked, f"ranked {trait!r}")
        passed = building.named(compared(exp.Max(this=column("passes")), "=", number(1)), trait)
        query = select(column(building.key), passed).from_(table(ranked_name), copy=False)
        query = where(query, [compared(column("place"), "=", number(1))])
        query = query.group_by(column(building.key), copy=False)
        building.take(trait, building.join(wanted, query, repr(trait)))
