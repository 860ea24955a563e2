"""The plan: what has to be computed for an entity's segments, each thing once, however many rules share it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, assert_never

from orchestration.compiler.catalog import Attribute, Entity, EventRows, Link, Rows, Type
from orchestration.compiler.predicates import needs_day
from orchestration.compiler.segment import (
    Aggregate,
    AttributeCondition,
    Compare,
    Condition,
    EventCondition,
    RelationCondition,
    Rule,
    Segment,
    SegmentCondition,
    Share,
    StaticMembers,
    Status,
    Within,
    conditions,
)
from orchestration.compiler.window import DayWindow, FixedDay, FixedInstant, Window
from orchestration.compiler.words import Namer, rule_to_words, slug, window_to_words

FIXED: set[type] = {FixedDay, FixedInstant, type(None)}


class Total(StrEnum):
    """What a trait adds up; an average is a sum over the number of known values."""

    COUNT = "count"
    DAYS = "days"
    KNOWN = "known"
    SUM = "sum"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"

    @property
    def zero_when_empty(self) -> bool:
        return self not in (Total.MINIMUM, Total.MAXIMUM)


TOTALS: dict[Aggregate, tuple[Total, ...]] = {
    Aggregate.COUNT: (Total.COUNT,),
    Aggregate.DAYS: (Total.DAYS,),
    Aggregate.SUM: (Total.SUM,),
    Aggregate.AVERAGE: (Total.SUM, Total.KNOWN),
    Aggregate.MINIMUM: (Total.MINIMUM,),
    Aggregate.MAXIMUM: (Total.MAXIMUM,),
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
class ListTrait:
    """Being named in a fixed list."""

    path: str
    keys: tuple[str, ...]


Trait: TypeAlias = AttributeTrait | MeasureTrait | RowsTrait | ListTrait


@dataclass(frozen=True)
class Plan:
    """Per entity: measures, traits and flags by name, and the segments in an order in which references come first."""

    entity: Entity
    population: Rule | None
    measures: dict[Measure, str]
    traits: dict[Trait, str]
    levels: tuple[tuple[Segment, ...], ...]

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(segment for level in self.levels for segment in level)

    @property
    def lists(self) -> tuple[ListTrait, ...]:
        return tuple(trait for trait in self.traits if isinstance(trait, ListTrait))


@dataclass
class _Needs:
    """What the rules need, in the order of first mention."""

    traits: dict[Trait, None] = field(default_factory=dict)

    def add(self, rule: Rule) -> None:
        for condition in conditions(rule):
            self.traits.update(dict.fromkeys(condition_to_traits(condition)))


def condition_to_traits(condition: Condition) -> tuple[Trait, ...]:
    """The traits that a condition looks at, in the order in which its test takes them."""
    match condition:
        case AttributeCondition(attribute=attribute):
            other = _compared_with(condition)
            return (AttributeTrait(attribute, needs_day(condition)), *other)
        case EventCondition():
            return tuple(_event_trait(condition, total) for total in TOTALS[condition.number.aggregate])
        case RelationCondition(relation, related, where, windows, number):
            return tuple(
                RowsTrait(relation, related, None, where, windows, total, number.attribute)
                for total in TOTALS[number.aggregate]
            )
        case StaticMembers(path, keys):
            return (ListTrait(path, keys),)
        case SegmentCondition():
            return ()
        case _:
            assert_never(condition)


def _compared_with(condition: AttributeCondition) -> tuple[AttributeTrait, ...]:
    match condition.test:
        case Compare(_, Share(_, attribute)):
            return (AttributeTrait(attribute, False),)
        case _:
            return ()


def moves_with_the_day(rule: Rule) -> bool:
    """Whether a rule about one row looks at the as-of day, so that its answer may change while the row does not."""
    windows = [
        condition.test.window
        for condition in conditions(rule)
        if isinstance(condition, AttributeCondition) and isinstance(condition.test, Within)
    ]
    return any(_ends(window) - FIXED for window in windows)


def _ends(window: Window) -> set[type]:
    ends = (window.first, window.last) if isinstance(window, DayWindow) else (window.start, window.end)
    return {type(end) for end in ends}


def _event_trait(condition: EventCondition, total: Total) -> Trait:
    number = condition.number
    days = tuple(window for window in condition.windows if isinstance(window, DayWindow))
    exact = number.attribute is None or number.attribute.type is not Type.FLOAT
    lasting = condition.where is None or not moves_with_the_day(condition.where)
    if exact and lasting and len(days) == len(condition.windows):
        return MeasureTrait(Measure(condition.names, condition.where, number.attribute), total, days)
    return RowsTrait(
        condition.events, None, condition.names, condition.where, condition.windows, total, number.attribute
    )


def segments_to_plan(entity: Entity, population: Rule | None, segments: Iterable[Segment]) -> Plan:
    """The plan of one entity's segments: active ones are judged, paused ones repeat, archived ones are left out."""
    kept = [segment for segment in segments if segment.status is not Status.ARCHIVED]
    needs = _Needs()
    for segment in kept:
        if segment.status is Status.ACTIVE:
            needs.add(segment.rule)
    namer = Namer(entity.key)
    ordered = sorted(needs.traits, key=lambda trait: not isinstance(trait, AttributeTrait))
    traits = {trait: namer.name(_trait_name(trait), repr(trait)) for trait in ordered}
    measures = _name_measures(traits)
    return Plan(entity, population, measures, traits, _levels(kept))


def _name_measures(traits: Iterable[Trait]) -> dict[Measure, str]:
    namer = Namer()
    measures = dict.fromkeys(trait.measure for trait in traits if isinstance(trait, MeasureTrait))
    return {measure: namer.name(_measure_name(measure), repr(measure)) for measure in measures}


def _measure_name(measure: Measure) -> str:
    phrases = [_names(measure.names), *_where(measure.where)]
    if measure.attribute:
        phrases.append(f"with {measure.attribute.name}")
    return slug(*phrases)


def _names(names: tuple[str, ...] | None) -> str:
    return " or ".join(names) if names else "any event"


def _where(where: Rule | None) -> tuple[str, ...]:
    return (f"where {rule_to_words(where)}",) if where else ()


def _trait_name(trait: Trait) -> str:
    if isinstance(trait, AttributeTrait) and not trait.as_day:
        return trait.attribute.name
    return slug(trait_to_words(trait))


def trait_to_words(trait: Trait) -> str:
    """What the trait's column holds, in words; its name is made of them."""
    match trait:
        case AttributeTrait(attribute, as_day):
            return f"{attribute.name} day" if as_day else attribute.name
        case MeasureTrait(measure, total, windows):
            return _total(_names(measure.names), measure.where, windows, total, measure.attribute)
        case RowsTrait(source, _, names, where, windows, total, attribute):
            name = _names(names) if isinstance(source, EventRows) else source.name
            return _total(name, where, windows, total, attribute)
        case ListTrait(path):
            return f"in {path.removesuffix('.csv').replace('/', ' ')}"
        case _:
            assert_never(trait)


def _total(
    name: str, where: Rule | None, windows: tuple[Window, ...], total: Total, attribute: Attribute | None
) -> str:
    of = f" of {attribute.name}" if attribute else ""
    return " ".join([f"{name} {total}{of}", *_where(where), *(window_to_words(window) for window in windows)])


def _levels(segments: list[Segment]) -> tuple[tuple[Segment, ...], ...]:
    """The segments in layers, each of which refers to earlier layers only; cycles were refused before."""
    left = {segment.key: segment for segment in segments}
    levels: list[tuple[Segment, ...]] = []
    while left:
        ready = [segment for segment in left.values() if not any(key in left for key in references(segment))]
        assert ready, "a cycle of segments"
        levels.append(tuple(ready))
        for segment in ready:
            del left[segment.key]
    return tuple(levels)


def references(segment: Segment) -> tuple[str, ...]:
    """The keys of the segments that a judged segment's rule refers to."""
    if segment.status is not Status.ACTIVE:
        return ()
    found = (condition for condition in conditions(segment.rule) if isinstance(condition, SegmentCondition))
    return tuple(dict.fromkeys(key for condition in found for key in condition.keys))
