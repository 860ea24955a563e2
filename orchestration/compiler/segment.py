"""Segments as understood: a typed rule tree over the catalog. A tree that exists is a rule that makes sense."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Literal, TypeAlias

from orchestration.compiler.activity import Activity
from orchestration.compiler.catalog import Attribute, Entity, EventRows, Relation, Rows
from orchestration.compiler.spectest import SpecTest
from orchestration.compiler.window import DayWindow, RelativeDay, Window

Value: TypeAlias = str | int | Decimal | bool
Comparison: TypeAlias = Literal["=", ">", ">=", "<", "<="]
TextKind: TypeAlias = Literal["contains", "starts_with", "ends_with", "domain", "matches"]
Side: TypeAlias = Literal["top", "bottom"]
End: TypeAlias = Literal["first", "last"]
Move: TypeAlias = Literal["entered", "left", "was_in"]


@dataclass(frozen=True)
class IsAnyOf:
    """Equal to one of the values."""

    values: tuple[Value, ...]


@dataclass(frozen=True)
class Share:
    """A share of another attribute of the same subject or row; unknown where that is."""

    share: Decimal
    attribute: Attribute


@dataclass(frozen=True)
class Compare:
    operator: Comparison
    value: int | Decimal | Share


@dataclass(frozen=True)
class TextTest:
    kind: TextKind
    text: str


@dataclass(frozen=True)
class HasAny:
    values: tuple[str, ...]


@dataclass(frozen=True)
class HasAll:
    values: tuple[str, ...]


@dataclass(frozen=True)
class AnyElement:
    """Some one element of the list passes all of the tests, and none of those that it must fail."""

    passed: tuple[ElementTest, ...]
    failed: tuple[ElementTest, ...] = ()


@dataclass(frozen=True)
class Within:
    """A date that lies in the window."""

    window: Window


@dataclass(frozen=True)
class Anniversary:
    """A date whose month and day return, in a later year, in the window, which is no longer than a year."""

    window: DayWindow


@dataclass(frozen=True)
class IsKnown:
    """Any value will do."""


@dataclass(frozen=True)
class Rank:
    """One of the first places, or of a share of them, among the known values of the base population.

    Places are counted from the highest value (`top`) or the lowest, equal values by key; `within` counts them in each
    group of subjects that have the same value there.
    """

    side: Side
    places: int | None
    share: Decimal | None
    within: Attribute | None


ElementTest: TypeAlias = IsAnyOf | TextTest
DateTest: TypeAlias = Within | Anniversary
Test: TypeAlias = IsAnyOf | Compare | TextTest | HasAny | HasAll | AnyElement | Within | Anniversary | IsKnown | Rank
NumberTest: TypeAlias = Compare | IsAnyOf | Rank


@dataclass(frozen=True)
class AttributeCondition:
    """A test of one attribute; `negated` turns it for known values, `unknown` is the answer for unknown ones.

    With `held_from` it must have held at the end of every day from that one to D.
    """

    attribute: Attribute
    test: Test
    negated: bool
    unknown: bool
    held_from: RelativeDay | None = None


class Aggregate(StrEnum):
    COUNT = "count"
    DAYS = "days"
    SUM = "sum"
    AVERAGE = "average"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    DISTINCT = "distinct"


@dataclass(frozen=True)
class Number:
    """What is counted or summed over a subject's rows, and the tests it must all pass.

    Over no rows a count, a sum and a distinct count are 0 and the others unknown; `negated` and `unknown` as for
    attributes.
    """

    aggregate: Aggregate
    attribute: Attribute | None
    tests: tuple[NumberTest, ...]
    negated: bool = False
    unknown: bool = False


AT_LEAST_ONE = Number(Aggregate.COUNT, None, (Compare(">=", 1),))
NONE_AT_ALL = Number(Aggregate.COUNT, None, (Compare("=", 0),))


@dataclass(frozen=True)
class EventCondition:
    """A number over the events that are named so (None: any), pass `where` and lie in all windows."""

    events: EventRows
    names: tuple[str, ...] | None
    where: Rule | None
    windows: tuple[Window, ...]
    number: Number


@dataclass(frozen=True)
class RelationCondition:
    """A number over the related rows, or attached subjects, that pass `where` and lie in all windows."""

    relation: Relation
    related: Entity | None
    where: Rule | None
    windows: tuple[Window, ...]
    number: Number


@dataclass(frozen=True)
class EndCondition:
    """The first or last of the dated rows that are named so, pass `where` and lie in all windows.

    It must pass all tests of its date and `having`; `unknown` is the answer where there is no such row.
    """

    source: Rows
    names: tuple[str, ...] | None
    where: Rule | None
    windows: tuple[Window, ...]
    end: End
    tests: tuple[DateTest, ...]
    having: Rule | None
    unknown: bool


@dataclass(frozen=True)
class RegularCondition:
    """At least so many of the periods have a number of events that passes all tests; `said` is what they are called."""

    events: EventRows
    names: tuple[str, ...] | None
    where: Rule | None
    periods: tuple[DayWindow, ...]
    times: tuple[Number, ...]
    at_least: int
    said: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Step:
    """An event of a sequence, or with `negated` one that must not happen there; `within` is in elapsed hours."""

    names: tuple[str, ...] | None
    where: Rule | None
    within: int | None
    negated: bool


@dataclass(frozen=True)
class SequenceCondition:
    """Events that follow each other, each strictly later than the one before, all in the windows."""

    events: EventRows
    steps: tuple[Step, ...]
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class SegmentCondition:
    """Being in any of these segments of the subject's entity on the same day."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class MoveCondition:
    """Having moved into or out of any of these segments, or been in one, as recorded, on a day of all windows."""

    keys: tuple[str, ...]
    move: Move
    windows: tuple[DayWindow, ...]


@dataclass(frozen=True)
class StaticMembers:
    """Being named in a fixed list."""

    path: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class All:
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class AnyOf:
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Not:
    rule: Rule


@dataclass(frozen=True)
class Everyone:
    """Every subject of the base population."""


Condition: TypeAlias = (
    AttributeCondition
    | EventCondition
    | RelationCondition
    | EndCondition
    | RegularCondition
    | SequenceCondition
    | SegmentCondition
    | MoveCondition
    | StaticMembers
)
Rule: TypeAlias = All | AnyOf | Not | Everyone | Condition


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class Segment:
    """One segment. `key` is its identity in every table; `active_by` is what retention takes for activity."""

    key: str
    path: str
    name: str
    entity: str
    description: str
    owner: str
    labels: tuple[str, ...]
    status: Status
    hidden: bool
    rule: Rule
    tests: tuple[SpecTest, ...] = field(default=(), compare=False, repr=False)
    daily: bool = True
    formerly: tuple[str, ...] = ()
    active_by: Activity | None = field(default=None, compare=False, repr=False)


def ranks(rule: Rule) -> bool:
    """Whether a subject's answer depends on other subjects' values."""
    tests: list[object] = []
    for condition in conditions(rule):
        match condition:
            case AttributeCondition(test=test):
                tests.append(test)
            case EventCondition(number=number) | RelationCondition(number=number):
                tests += number.tests
            case _:
                pass
    return any(isinstance(test, Rank) for test in tests)


def moves(rule: Rule) -> tuple[str, ...]:
    """The segments of which a rule looks at the past."""
    found = (condition for condition in conditions(rule) if isinstance(condition, MoveCondition))
    return tuple(dict.fromkeys(key for condition in found for key in condition.keys))


def events_named(condition: Condition) -> tuple[EventRows | None, tuple[str, ...]]:
    """The events that a condition looks at, and the names by which it asks for them."""
    match condition:
        case EventCondition(events, names) | RegularCondition(events, names):
            return events, names or ()
        case EndCondition(EventRows() as events, names):
            return events, names or ()
        case SequenceCondition(events, steps):
            return events, tuple(dict.fromkeys(name for step in steps for name in step.names or ()))
        case _:
            return None, ()


def compares(operator: Comparison, left: Fraction | int, right: Fraction | int | Decimal) -> bool:
    """Whether two exact numbers compare so."""
    match operator:
        case "=":
            return left == right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case "<=":
            return left <= right


def conditions(rule: Rule) -> tuple[Condition, ...]:
    """Every condition of the rule, in the order written; not those inside a condition's `where`."""
    match rule:
        case All(rules) | AnyOf(rules):
            return tuple(found for each in rules for found in conditions(each))
        case Not(inner):
            return conditions(inner)
        case Everyone():
            return ()
        case _:
            return (rule,)
