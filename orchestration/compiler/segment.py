"""Segments as understood: a typed rule tree over the catalog. A tree that exists is a rule that makes sense."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal, TypeAlias

from orchestration.compiler.catalog import Attribute, Entity, EventRows, Relation
from orchestration.compiler.spectest import SpecTest
from orchestration.compiler.window import Window

Value: TypeAlias = str | int | Decimal | bool
Comparison: TypeAlias = Literal["=", ">", ">=", "<", "<="]
TextKind: TypeAlias = Literal["contains", "starts_with", "ends_with", "domain", "matches"]


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
    """Some element of the list passes the test, or with `negated` fails it."""

    test: ElementTest
    negated: bool = False


@dataclass(frozen=True)
class Within:
    """A date that lies in the window."""

    window: Window


@dataclass(frozen=True)
class IsKnown:
    """Any value will do."""


ElementTest: TypeAlias = IsAnyOf | TextTest
Test: TypeAlias = IsAnyOf | Compare | TextTest | HasAny | HasAll | AnyElement | Within | IsKnown


@dataclass(frozen=True)
class AttributeCondition:
    """A test of one attribute; `negated` turns it for known values, `unknown` is the answer for unknown ones."""

    attribute: Attribute
    test: Test
    negated: bool
    unknown: bool


class Aggregate(StrEnum):
    COUNT = "count"
    DAYS = "days"
    SUM = "sum"
    AVERAGE = "average"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


@dataclass(frozen=True)
class Number:
    """What is counted or summed over a subject's rows, and the tests it must all pass.

    Over no rows a count and a sum are 0 and the others unknown; `negated` and `unknown` as for attributes.
    """

    aggregate: Aggregate
    attribute: Attribute | None
    tests: tuple[Compare | IsAnyOf, ...]
    negated: bool = False
    unknown: bool = False


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
class SegmentCondition:
    """Being in any of these segments of the same entity on the same day."""

    keys: tuple[str, ...]


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


Condition: TypeAlias = AttributeCondition | EventCondition | RelationCondition | SegmentCondition | StaticMembers
Rule: TypeAlias = All | AnyOf | Not | Everyone | Condition


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


@dataclass(frozen=True)
class Segment:
    """One segment. `key` is its identity in every table."""

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
