"""Rules as SQL expressions: days, tests and two-valued logic, as sqlglot trees without a dialect."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TypeAlias, assert_never

from sqlglot import exp
from sqlglot.dialects import Dialects
from sqlglot.dialects.dialect import Dialect

from orchestration.compiler.catalog import WEEKDAYS, Attribute, Catalog, Type
from orchestration.compiler.segment import (
    All,
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
    Rule,
    Share,
    Test,
    TextTest,
    Value,
    Within,
)
from orchestration.compiler.window import (
    Day,
    DayWindow,
    FixedDay,
    FixedInstant,
    HoursFromEnd,
    Instant,
    InstantWindow,
    PeriodDay,
    RelativeDay,
    Window,
)

AS_OF = "as_of_day__"
Join: TypeAlias = Callable[[list[exp.Expr]], exp.Expr]
ValueOf: TypeAlias = Callable[[Attribute, bool], exp.Expr]


@dataclass(frozen=True)
class Clock:
    """How days are told: the time zone, and the weekday that weeks start on (Monday is 0)."""

    timezone: str
    week_start: int


def catalog_to_clock(catalog: Catalog) -> Clock:
    return Clock(catalog.timezone, WEEKDAYS.index(catalog.week_starts_on))


@cache
def reserved_words() -> frozenset[str]:
    """Every word that means something to some engine; columns named so are quoted."""
    words: set[str] = set()
    for name in ("duckdb", "postgres", "spark", "snowflake", "bigquery", "databricks", "redshift", "trino"):
        dialect = Dialect.get_or_raise(Dialects(name))
        words |= {word.lower() for word in dialect.tokenizer_class.KEYWORDS if word.isalpha()}
        words |= {word.lower() for word in dialect.generator_class.RESERVED_KEYWORDS}
    return frozenset(words)


def identifier(name: str) -> exp.Identifier:
    plain = name.isidentifier() and name.isascii() and name == name.lower() and name not in reserved_words()
    return exp.to_identifier(name, quoted=not plain)


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def table(name: str) -> exp.Table:
    """A table by name; dots part schema and name."""
    parts = [identifier(part) for part in name.split(".")]
    return exp.Table(this=parts[-1], db=parts[-2] if len(parts) > 1 else None)


def aliased(expression: exp.Expr, name: str) -> exp.Expr:
    if isinstance(expression, exp.Column) and expression.name == name:
        return expression
    return exp.Alias(this=expression, alias=identifier(name))


def exact_text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def text(value: str) -> exp.Expr:
    """A text literal in which no template language finds an opening: `{{` is written as two literals, joined."""
    pieces = [""]
    for char in value:
        if pieces[-1].endswith("{") and char in "{%#":
            pieces.append("")
        pieces[-1] += char
    literals: list[exp.Expr] = [exp.Literal.string(piece) for piece in pieces]
    joined = literals[0]
    for literal in literals[1:]:
        joined = exp.DPipe(this=joined, expression=literal, safe=True)
    return joined if len(literals) == 1 else exp.Paren(this=joined)


def number(value: int | Decimal) -> exp.Expr:
    digits = exp.Literal.number(format(abs(Decimal(value)), "f"))
    return exp.Neg(this=digits) if value < 0 else digits


def literal(value: Value) -> exp.Expr:
    match value:
        case bool():
            return exp.Boolean(this=value)
        case str():
            return text(value)
        case _:
            return number(value)


def cast(expression: exp.Expr, kind: str) -> exp.Cast:
    return exp.Cast(this=expression, to=exp.DataType.build(kind))


def as_of() -> exp.Column:
    """The as-of day; a rendering replaces it."""
    return exp.Column(this=exp.to_identifier(AS_OF))


def _all_of(parts: list[exp.Expr]) -> exp.Expr:
    return exp.and_(*parts, copy=False)


def _any_of(parts: list[exp.Expr]) -> exp.Expr:
    return exp.or_(*parts, copy=False)


def conjunction(parts: Iterable[exp.Expr]) -> exp.Expr:
    return _all_of(list(parts))


# --- days and instants


def moved(day: exp.Expr, months: int, days: int) -> exp.Expr:
    """A day moved by calendar months, clamped at the month's end, then by days."""
    for amount, unit in ((months, "MONTH"), (days, "DAY")):
        if amount:
            kind = exp.DateAdd if amount > 0 else exp.DateSub
            day = kind(this=day, expression=exp.Literal.number(abs(amount)), unit=exp.var(unit))
    return day


def _period_start(unit: str, clock: Clock) -> exp.Expr:
    if unit == "day":
        return as_of()
    shift = clock.week_start if unit == "week" else 0
    start = exp.TimestampTrunc(this=moved(as_of(), 0, -shift), unit=exp.var(unit.upper()))
    return moved(start, 0, shift)


def day(moment: Day, clock: Clock) -> exp.Expr:
    match moment:
        case RelativeDay(months, days):
            return moved(as_of(), months, days)
        case PeriodDay(unit, periods, days):
            months = {"month": 1, "quarter": 3, "year": 12}.get(unit, 0) * periods
            whole_days = {"day": 1, "week": 7}.get(unit, 0) * periods
            return moved(_period_start(unit, clock), months, whole_days + days)
        case FixedDay(fixed):
            return cast(exp.Literal.string(fixed.isoformat()), "date")
        case _:
            assert_never(moment)


def local_day(moment: exp.Expr, clock: Clock) -> exp.Expr:
    """The local day of an instant in UTC."""
    if clock.timezone != "UTC":
        moment = _zoned(_zoned(moment, "UTC"), clock.timezone)
    return cast(moment, "date")


def _zoned(moment: exp.Expr, zone: str) -> exp.Expr:
    return exp.AtTimeZone(this=moment, zone=exp.Literal.string(zone))


def _instant(moment: Instant, clock: Clock) -> exp.Expr:
    match moment:
        case FixedInstant(fixed):
            return _timestamp(fixed)
        case HoursFromEnd(hours):
            end = end_of_day(clock)
            if not hours:
                return end
            kind = exp.TimestampAdd if hours > 0 else exp.TimestampSub
            return kind(this=exp.Paren(this=end), expression=exp.Literal.number(abs(hours)), unit=exp.var("HOUR"))
        case _:
            assert_never(moment)


def end_of_day(clock: Clock) -> exp.Expr:
    """The first instant after the as-of day, in UTC."""
    end: exp.Expr = cast(moved(as_of(), 0, 1), "timestamp")
    return end if clock.timezone == "UTC" else _zoned(_zoned(end, clock.timezone), "UTC")


def _timestamp(fixed: datetime) -> exp.Expr:
    return cast(exp.Literal.string(fixed.isoformat(sep=" ")), "timestamp")


def in_days(value: exp.Expr, window: DayWindow, clock: Clock) -> list[exp.Expr]:
    """That a day lies in the window: as many comparisons as it has ends."""
    first = day(window.first, clock) if window.first else None
    last = day(window.last, clock) if window.last else None
    if first and last:
        if window.first == window.last:
            return [exp.EQ(this=value, expression=first)]
        return [exp.Between(this=value, low=first, high=last)]
    ends = ((first, exp.GTE), (last, exp.LTE))
    return [compare(this=value.copy(), expression=end) for end, compare in ends if end]


def in_instants(value: exp.Expr, window: InstantWindow, clock: Clock) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    if window.start:
        after = exp.GTE if window.start_in else exp.GT
        found.append(after(this=value.copy(), expression=_instant(window.start, clock)))
    if window.end:
        before = exp.LTE if window.end_in else exp.LT
        found.append(before(this=value.copy(), expression=_instant(window.end, clock)))
    return found


def in_window(value: exp.Expr, window: Window, clock: Clock) -> list[exp.Expr]:
    """That a local day, or an instant, lies in the window."""
    return in_days(value, window, clock) if isinstance(window, DayWindow) else in_instants(value, window, clock)


# --- tests of one value


_COMPARISONS: dict[str, type[exp.Condition]] = {
    "=": exp.EQ,
    ">": exp.GT,
    ">=": exp.GTE,
    "<": exp.LT,
    "<=": exp.LTE,
}


def compared(value: exp.Expr, operator: str, other: exp.Expr) -> exp.Expr:
    return _COMPARISONS[operator](this=value, expression=other)


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
            return _contained(_any_of, value, values)
        case HasAll(values):
            return _contained(_all_of, value, values)
        case AnyElement():
            passing = exp.ArrayFilter(this=value, expression=_for_element(asked, clock, value_of))
            return compared(exp.ArraySize(this=passing), ">", number(0))
        case Within(window):
            return conjunction(in_window(value, window, clock))
        case IsKnown():
            return is_known(value)
        case _:
            assert_never(asked)


def _limit(operand: int | Decimal | Share, value_of: ValueOf) -> exp.Expr:
    if not isinstance(operand, Share):
        return number(operand)
    other = value_of(operand.attribute, False)
    return other if operand.share == 1 else exp.Mul(this=number(operand.share.normalize()), expression=other)


def _is_any_of(value: exp.Expr, values: tuple[Value, ...]) -> exp.Expr:
    if values == (True,):
        return value
    if values == (False,):
        return exp.Not(this=value)
    if len(values) == 1:
        return compared(value, "=", literal(values[0]))
    return exp.In(this=value, expressions=[literal(each) for each in values])


def _contained(join: Join, value: exp.Expr, values: tuple[str, ...]) -> exp.Expr:
    found: list[exp.Expr] = [exp.ArrayContains(this=value.copy(), expression=text(each)) for each in values]
    return found[0] if len(found) == 1 else exp.Paren(this=join(found))


def _for_element(asked: AnyElement, clock: Clock, value_of: ValueOf) -> exp.Expr:
    element = exp.to_identifier("element")
    passing = test(exp.Column(this=element.copy()), asked.test, clock, value_of)
    return exp.Lambda(this=negated(passing) if asked.negated else passing, expressions=[element])


def _folded(pattern: str) -> exp.Expr:
    """The pattern as the engine folds it; plain letters need no engine."""
    return text(pattern.lower()) if pattern.isascii() else exp.Lower(this=text(pattern))


def _text_test(value: exp.Expr, kind: str, pattern: str) -> exp.Expr:
    lowered = exp.Lower(this=value)
    match kind:
        case "contains":
            return compared(exp.StrPosition(this=lowered, substr=_folded(pattern)), ">", number(0))
        case "starts_with":
            return exp.StartsWith(this=lowered, expression=_folded(pattern))
        case "ends_with":
            return exp.EndsWith(this=lowered, expression=_folded(pattern))
        case "domain":
            return exp.EndsWith(this=lowered, expression=_folded("@" + pattern))
        case _:
            return exp.RegexpLike(this=value, expression=text(pattern))


# --- rules


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
            return _combined(_all_of, [rule_to_truth(each, leaf) for each in rules])
        case AnyOf(rules):
            return _combined(_any_of, [rule_to_truth(each, leaf) for each in rules])
        case Not(inner):
            return Truth(negated(rule_to_truth(inner, leaf).two_valued), False)
        case Everyone():
            return Truth(exp.true(), False)
        case _:
            return leaf(rule)


def negated(expression: exp.Expr) -> exp.Expr:
    if isinstance(expression, exp.EQ):
        return exp.NEQ(this=expression.this, expression=expression.expression)
    return exp.not_(expression, copy=False)


def either_of(*parts: exp.Expr) -> exp.Expr:
    return _any_of(list(parts))


def is_null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value, expression=exp.Null())


def is_known(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value, expression=exp.Not(this=exp.Null()))


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
    in_days_ = isinstance(asked, Within) and isinstance(asked.window, DayWindow)
    return in_days_ and condition.attribute.type is Type.TIMESTAMP


def attribute_truth(condition: AttributeCondition, value_of: ValueOf, clock: Clock) -> Truth:
    """A condition on an attribute, whose value (or local day) `value_of` gives."""
    value = value_of(condition.attribute, needs_day(condition))
    if isinstance(condition.test, IsKnown):
        return Truth(is_null(value) if condition.negated else is_known(value), False)
    return answered(test(value, condition.test, clock, value_of), condition.negated, condition.unknown)


def known(attribute: Attribute, expression: exp.Expr) -> exp.Expr:
    """The attribute's value with every unknown one as null: NaN, and a list without elements."""
    match attribute.type:
        case Type.FLOAT:
            return exp.Nullif(this=expression, expression=cast(exp.Literal.string("NaN"), "double"))
        case Type.LIST:
            element = exp.to_identifier("element")
            not_null = is_known(exp.Column(this=element.copy()))
            elements = exp.ArrayFilter(this=expression, expression=exp.Lambda(this=not_null, expressions=[element]))
            return exp.Nullif(this=elements, expression=exp.Array(expressions=[]))
        case _:
            return expression


def row_values(clock: Clock, source: str | None = None) -> ValueOf:
    """Attribute values read from the rows of a table."""

    def value(attribute: Attribute, as_day: bool) -> exp.Expr:
        found = known(attribute, column(attribute.column, source))
        return local_day(found, clock) if as_day else found

    return value


def row_truth(rule: Rule, value_of: ValueOf, clock: Clock) -> Truth:
    """A rule about one row."""

    def leaf(condition: Condition) -> Truth:
        assert isinstance(condition, AttributeCondition), "a row has attributes only"
        return attribute_truth(condition, value_of, clock)

    return rule_to_truth(rule, leaf)
