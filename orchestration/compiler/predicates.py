"""Rules as boolean expressions: tests of a value, and two-valued logic over them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, assert_never

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.engines.nodes import ELEMENT, LIST, any_element, folded
from orchestration.compiler.segment import (
    All,
    Anniversary,
    AnyElement,
    AnyOf,
    AttributeCondition,
    Compare,
    Condition,
    Everyone,
    HasAll,
    HasAny,
    IsAnyOf,
    IsKnown,
    Not,
    Rank,
    Rule,
    Share,
    Test,
    TextTest,
    Value,
    Within,
)
from orchestration.compiler.sql import (
    Clock,
    Join,
    ValueOf,
    all_of,
    any_of,
    column,
    compared,
    conjunction,
    factor,
    in_window,
    is_known,
    is_null,
    known,
    literal,
    local_day,
    negated,
    number,
    returns_in,
    text,
)
from orchestration.compiler.window import (
    DayWindow,
)


def test(value: exp.Expr, asked: Test, clock: Clock, value_of: ValueOf) -> exp.Expr:
    """Whether a value passes; null when it is unknown. For a window of days, the value is a local day."""
    match asked:
        case IsAnyOf(values):
            return _is_any_of(value, values)
        case Compare(operator, operand):
            return compared(value, operator, _limit(operand, value_of))
        case TextTest(kind, pattern):
            return _text_test(value, kind, pattern)
        case HasAny(values):
            return _contained(any_of, value, values)
        case HasAll(values):
            return _contained(all_of, value, values)
        case AnyElement():
            return any_element(value, _for_element(asked, clock, value_of))
        case Within(window):
            return conjunction(in_window(value, window, clock))
        case Anniversary(window):
            return returns_in(value, window, clock)
        case IsKnown():
            return is_known(value)
        case Rank():
            raise AssertionError("a rank is told by a place, not by a value")
        case _:
            assert_never(asked)


def all_pass(value: exp.Expr, asked: Iterable[Test], clock: Clock) -> exp.Expr:
    """Whether a value that stands for itself passes every test."""
    return conjunction(test(value.copy(), each, clock, _nothing_beside) for each in asked)


def _nothing_beside(*_: object) -> exp.Expr:
    raise AssertionError("a total is compared with numbers, not with attributes")


def _limit(operand: int | Decimal | Share, value_of: ValueOf) -> exp.Expr:
    if not isinstance(operand, Share):
        return number(operand)
    other = value_of(operand.attribute, False)
    return other if operand.share == 1 else exp.Mul(this=factor(operand.share.normalize()), expression=other)


def _is_any_of(value: exp.Expr, values: tuple[Value, ...]) -> exp.Expr:
    if len(values) == 1 and isinstance(values[0], bool):
        return value if values[0] else exp.Not(this=value)
    if len(values) == 1:
        return compared(value, "=", literal(values[0]))
    return exp.In(this=value, expressions=[literal(each) for each in values])


def _contained(join: Join, value: exp.Expr, values: tuple[str, ...]) -> exp.Expr:
    found: list[exp.Expr] = [exp.ArrayContains(this=value.copy(), expression=text(each)) for each in values]
    return found[0] if len(found) == 1 else exp.Paren(this=join(found))


def _for_element(asked: AnyElement, clock: Clock, value_of: ValueOf) -> exp.Expr:
    element = exp.column(ELEMENT)
    passing = [test(element.copy(), each, clock, value_of) for each in asked.passed]
    passing += [negated(test(element.copy(), each, clock, value_of)) for each in asked.failed]
    return conjunction(passing)


def _text_test(value: exp.Expr, kind: str, pattern: str) -> exp.Expr:
    if kind == "matches":
        return exp.RegexpLike(this=value, expression=text(pattern))
    if not pattern and kind != "domain":
        return compared(value, "=", value.copy())
    lowered, wanted = exp.Lower(this=value), text(folded(pattern))
    match kind:
        case "contains":
            return compared(exp.StrPosition(this=lowered, substr=wanted), ">", number(0))
        case "starts_with":
            return exp.StartsWith(this=lowered, expression=wanted)
        case "ends_with":
            return exp.EndsWith(this=lowered, expression=wanted)
        case _:
            return exp.EndsWith(this=lowered, expression=text("@" + folded(pattern)))


@dataclass(frozen=True)
class Truth:
    """A boolean expression; where it may be null, null means false."""

    expression: exp.Expr
    nullable: bool

    @property
    def two_valued(self) -> exp.Expr:
        if not self.nullable:
            return self.expression
        return exp.Coalesce(this=self.expression, expressions=[exp.false()])


Leaf: TypeAlias = Callable[[Condition], Truth]


def rule_to_truth(rule: Rule, leaf: Leaf) -> Truth:
    """The rule's expression; `leaf` gives each condition's.

    Null stands for false under `and` and `or`, so only a negation has to make its inside two-valued.
    """
    match rule:
        case All(rules):
            return _combined(all_of, [rule_to_truth(each, leaf) for each in rules])
        case AnyOf(rules):
            return _combined(any_of, [rule_to_truth(each, leaf) for each in rules])
        case Not(inner):
            return Truth(negated(rule_to_truth(inner, leaf).two_valued), False)
        case Everyone():
            return Truth(exp.true(), False)
        case _:
            return leaf(rule)


def _combined(join: Join, truths: list[Truth]) -> Truth:
    if len(truths) == 1:
        return truths[0]
    return Truth(join([truth.expression for truth in truths]), any(truth.nullable for truth in truths))


def answered(passing: exp.Expr, is_negated: bool, unknown: bool) -> Truth:
    """A test's result, turned when negated, with the answer for an unknown value."""
    turned = negated(passing) if is_negated else passing
    if not unknown:
        return Truth(turned, True)
    return Truth(exp.Coalesce(this=turned, expressions=[exp.true()]), False)


def needs_day(condition: AttributeCondition) -> bool:
    """Whether the condition looks at the local day of a timestamp."""
    asked = condition.test
    by_day = isinstance(asked, Within | Anniversary) and isinstance(asked.window, DayWindow)
    return by_day and condition.attribute.type is Type.TIMESTAMP


def attribute_truth(condition: AttributeCondition, value_of: ValueOf, clock: Clock) -> Truth:
    """A condition on an attribute, whose value (or local day) `value_of` gives."""
    value = value_of(condition.attribute, needs_day(condition))
    if condition.attribute.type is Type.LIST:
        value.type = LIST
    if isinstance(condition.test, IsKnown):
        return Truth(is_null(value) if condition.negated else is_known(value), False)
    return answered(test(value, condition.test, clock, value_of), condition.negated, condition.unknown)


def row_values(clock: Clock, source: str | None = None) -> ValueOf:
    """Attribute values read from the rows of a table."""

    def value(attribute: Attribute, as_day: bool) -> exp.Expr:
        found = known(attribute, column(attribute.column, source))
        return local_day(found, clock) if as_day else found

    return value


def row_leaf(value_of: ValueOf, clock: Clock) -> Leaf:
    """How conditions about one row are told, whose values `value_of` gives."""

    def leaf(condition: Condition) -> Truth:
        assert isinstance(condition, AttributeCondition), "a row has attributes only"
        return attribute_truth(condition, value_of, clock)

    return leaf


def row_truth(rule: Rule, value_of: ValueOf, clock: Clock) -> Truth:
    """A rule about one row."""
    return rule_to_truth(rule, row_leaf(value_of, clock))
