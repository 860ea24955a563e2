"""Traits: what conditions look at, each one value for every subject; and what a trait is called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never

from orchestration.compiler.catalog import Attribute, Entity, EventRows, Link, Rows, Type
from orchestration.compiler.predicates import needs_day
from orchestration.compiler.segment import (
    Aggregate,
    Anniversary,
    AttributeCondition,
    Compare,
    Condition,
    DateTest,
    End,
    EndCondition,
    EventCondition,
    IsAnyOf,
    Move,
    MoveCondition,
    Number,
    NumberTest,
    Rank,
    RegularCondition,
    RelationCondition,
    Rule,
    SegmentCondition,
    SequenceCondition,
    Share,
    Side,
    StaticMembers,
    Step,
    Within,
    compares,
    conditions,
)
from orchestration.compiler.window import DayWindow, FixedDay, FixedInstant, Window

FIXED: set[type] = {FixedDay, FixedInstant, type(None)}


class Total(StrEnum):
    """What a trait adds up; an average is a sum over the number of known values."""

    COUNT = "count"
    DAYS = "days"
    KNOWN = "known"
    SUM = "sum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    DISTINCT = "distinct"
    FIRST_DAY = "first day"
    LAST_DAY = "last day"
    FIRST_TIME = "first time"
    LAST_TIME = "last time"

    @property
    def zero_when_empty(self) -> bool:
        return self in (Total.COUNT, Total.DAYS, Total.KNOWN, Total.SUM, Total.DISTINCT)


TOTALS: dict[Aggregate, tuple[Total, ...]] = {
    Aggregate.COUNT: (Total.COUNT,),
    Aggregate.DAYS: (Total.DAYS,),
    Aggregate.SUM: (Total.SUM,),
    Aggregate.AVERAGE: (Total.SUM, Total.KNOWN),
    Aggregate.MINIMUM: (Total.MINIMUM,),
    Aggregate.MAXIMUM: (Total.MAXIMUM,),
    Aggregate.DISTINCT: (Total.DISTINCT,),
}


@dataclass(frozen=True)
class Measure:
    """Events of these names (None: any) that pass `where`, rolled up by subject and local day."""

    names: tuple[str, ...] | None
    where: Rule | None
    attribute: Attribute | None


@dataclass(frozen=True)
class AttributeTrait:
    """An attribute, or the local day of a timestamp."""

    attribute: Attribute
    as_day: bool


@dataclass(frozen=True)
class ReturnTrait:
    """Whether a date's month and day return, in a later year, in the window."""

    attribute: Attribute
    window: DayWindow


@dataclass(frozen=True)
class HeldTrait:
    """Whether a condition on an attribute held at the end of every day from `held_from` on."""

    condition: AttributeCondition


@dataclass(frozen=True)
class MeasureTrait:
    """A measure's total over its days that lie in all the windows."""

    measure: Measure
    total: Total
    windows: tuple[DayWindow, ...]


@dataclass(frozen=True)
class RowsTrait:
    """A total over rows as they stand: relations, attached subjects, and events that no day roll-up can serve."""

    source: Rows | Link
    related: Entity | None
    names: tuple[str, ...] | None
    where: Rule | None
    windows: tuple[Window, ...]
    total: Total
    attribute: Attribute | None


@dataclass(frozen=True)
class EndTrait:
    """Whether the first or last of the chosen rows passes: unknown without one; of several at once, one has to."""

    source: Rows
    names: tuple[str, ...] | None
    where: Rule | None
    windows: tuple[Window, ...]
    end: End
    tests: tuple[DateTest, ...]
    having: Rule


@dataclass(frozen=True)
class PeriodsTrait:
    """In how many of the periods the number of events passes; with `failing`, in how many with events it does not."""

    measure: Measure
    events: EventRows
    periods: tuple[DayWindow, ...]
    times: tuple[Number, ...]
    failing: bool


@dataclass(frozen=True)
class SequenceTrait:
    """Whether events follow each other as asked."""

    events: EventRows
    steps: tuple[Step, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class MoveTrait:
    """How many recorded moves into or out of a segment, or recorded stays in it, meet the windows."""

    segment: str
    move: Move
    windows: tuple[DayWindow, ...]


@dataclass(frozen=True)
class BeforeTrait:
    """Whether the subject was recorded in the segment the day before; unknown unless a change could tell of data."""

    segment: str


@dataclass(frozen=True)
class ListTrait:
    """Being named in a fixed list."""

    path: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class PlaceTrait:
    """A subject's place by another trait, among those whose value is known; in its group, where there are groups."""

    of: TotalTrait | AttributeTrait
    side: Side
    within: Attribute | None


@dataclass(frozen=True)
class PlacesTrait:
    """How many subjects have such a place."""

    of: TotalTrait | AttributeTrait
    within: Attribute | None


TotalTrait: TypeAlias = MeasureTrait | RowsTrait
Trait: TypeAlias = (
    AttributeTrait
    | ReturnTrait
    | HeldTrait
    | TotalTrait
    | EndTrait
    | PeriodsTrait
    | SequenceTrait
    | MoveTrait
    | BeforeTrait
    | ListTrait
    | PlaceTrait
    | PlacesTrait
)


def is_number(trait: Trait) -> bool:
    """Whether a trait is a number that means something by itself."""
    match trait:
        case AttributeTrait(attribute, as_day):
            return attribute.type.numeric and not as_day
        case MeasureTrait(total=total) | RowsTrait(total=total):
            return total in (Total.COUNT, Total.DAYS, Total.SUM, Total.MINIMUM, Total.MAXIMUM, Total.DISTINCT)
        case _:
            return False


def tells_personal(trait: Trait) -> bool:
    """Whether a trait's value tells something of a personal attribute."""
    match trait:
        case AttributeTrait(attribute) | ReturnTrait(attribute):
            return attribute.personal
        case HeldTrait(condition):
            return condition.attribute.personal
        case MeasureTrait(measure=Measure(attribute=attribute)) | RowsTrait(attribute=attribute):
            return attribute is not None and attribute.personal
        case PlaceTrait(of) | PlacesTrait(of):
            return tells_personal(of)
        case _:
            return False


# --- what a condition looks at


def condition_to_traits(condition: Condition) -> tuple[Trait, ...]:
    """The traits that a condition looks at, in the order in which its test takes them."""
    match condition:
        case AttributeCondition():
            return _attribute_traits(condition)
        case EventCondition() | RelationCondition():
            return _number_traits(condition)
        case EndCondition():
            return end_traits(condition)
        case RegularCondition(events, names, where, periods, times):
            return (PeriodsTrait(Measure(names, where, None), events, periods, times, _zero_passes(times)),)
        case SequenceCondition(events, steps, windows):
            return (SequenceTrait(events, steps, windows),)
        case MoveCondition(keys, move, windows):
            return tuple(trait for key in keys for trait in _move_traits(key, move, windows))
        case StaticMembers(path, keys):
            return (ListTrait(path, keys),)
        case SegmentCondition():
            return ()
        case _:
            assert_never(condition)


def _attribute_traits(condition: AttributeCondition) -> tuple[Trait, ...]:
    if condition.held_from:
        return (HeldTrait(condition),)
    value = AttributeTrait(condition.attribute, needs_day(condition))
    match condition.test:
        case Anniversary(window):
            return (ReturnTrait(condition.attribute, window),)
        case Rank() as rank:
            return (*rank_traits(value, rank), *_groups(rank), value)
        case Compare(_, Share(_, other)):
            return (value, AttributeTrait(other, False))
        case _:
            return (value,)


def rank_traits(value: TotalTrait | AttributeTrait, rank: Rank) -> tuple[Trait, ...]:
    """The place of a value, and for a share the number of places."""
    place = PlaceTrait(value, rank.side, rank.within)
    return (place,) if rank.share is None else (place, PlacesTrait(value, rank.within))


def _groups(rank: Rank) -> tuple[AttributeTrait, ...]:
    return (AttributeTrait(rank.within, False),) if rank.within else ()


def _number_traits(condition: EventCondition | RelationCondition) -> tuple[Trait, ...]:
    totals = total_traits(condition)
    ranks = [test for test in condition.number.tests if isinstance(test, Rank)]
    if not ranks:
        return totals
    (rank,) = ranks
    return (*rank_traits(totals[0], rank), *_groups(rank), *totals)


def total_traits(condition: EventCondition | RelationCondition) -> tuple[TotalTrait, ...]:
    """The totals that a number is made of."""
    totals = TOTALS[condition.number.aggregate]
    if isinstance(condition, EventCondition):
        return tuple(_event_trait(condition, total) for total in totals)
    relation, related, number = condition.relation, condition.related, condition.number
    return tuple(
        RowsTrait(relation, related, None, condition.where, condition.windows, total, number.attribute)
        for total in totals
    )


def moves_with_the_day(rule: Rule) -> bool:
    """Whether a rule about one row looks at the as-of day, so that its answer may change while the row does not."""
    tests = [each.test for each in conditions(rule) if isinstance(each, AttributeCondition)]
    return any(test_moves(test) for test in tests if isinstance(test, Within | Anniversary))


def test_moves(test: DateTest) -> bool:
    """Whether a date's test looks at the as-of day."""
    window = test.window
    ends = (window.first, window.last) if isinstance(window, DayWindow) else (window.start, window.end)
    return isinstance(test, Anniversary) or bool({type(end) for end in ends} - FIXED)


def lasts(where: Rule | None) -> bool:
    """Whether events that pass a `where` today pass it every day."""
    return where is None or not moves_with_the_day(where)


def _event_trait(condition: EventCondition, total: Total) -> TotalTrait:
    number = condition.number
    exact = number.attribute is None or number.attribute.type is not Type.FLOAT
    days = tuple(window for window in condition.windows if isinstance(window, DayWindow))
    by_day = total is not Total.DISTINCT and len(days) == len(condition.windows)
    if exact and lasts(condition.where) and by_day:
        return MeasureTrait(Measure(condition.names, condition.where, number.attribute), total, days)
    events, windows = condition.events, condition.windows
    return RowsTrait(events, None, condition.names, condition.where, windows, total, number.attribute)


def end_traits(condition: EndCondition) -> tuple[Trait, ...]:
    """The date of the first or last row for each test, or whether that row passes all of them."""
    if condition.having is not None:
        chosen = (condition.source, condition.names, condition.where, condition.windows)
        return (EndTrait(*chosen, condition.end, condition.tests, condition.having),)
    return tuple(_end_date(condition, test) for test in condition.tests)


def _end_date(condition: EndCondition, test: DateTest) -> Trait:
    by_day = isinstance(test.window, DayWindow)
    first, last = (Total.FIRST_DAY, Total.LAST_DAY) if by_day else (Total.FIRST_TIME, Total.LAST_TIME)
    total = first if condition.end == "first" else last
    source, names, where, windows = condition.source, condition.names, condition.where, condition.windows
    if isinstance(source, EventRows) and by_day and not windows and lasts(where):
        return MeasureTrait(Measure(names, where, None), total, ())
    return RowsTrait(source, None, names, where, windows, total, None)


def _zero_passes(times: tuple[Number, ...]) -> bool:
    """Whether a period without any event passes."""
    return all(_passes(0, test) is not number.negated for number in times for test in number.tests)


def _passes(count: int, test: NumberTest) -> bool:
    match test:
        case IsAnyOf(values):
            return count in values
        case Compare(operator, value) if not isinstance(value, Share):
            return compares(operator, count, value)
        case _:
            raise AssertionError("counts of a period are compared with numbers")


def _move_traits(key: str, move: Move, windows: tuple[DayWindow, ...]) -> tuple[Trait, ...]:
    recorded = MoveTrait(key, move, windows)
    return (recorded,) if move == "was_in" else (recorded, BeforeTrait(key))
