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
from orchestration.compiler.engines.nodes import UTC, known_elements, known_number, zoned
from orchestration.compiler.names import comment, uncut
from orchestration.compiler.segment import (
    Value,
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

DIALECTS = ("duckdb", "postgres", "spark", "snowflake", "bigquery", "databricks", "redshift", "trino")
AS_OF = "as_of_day__"
MODEL = "model__"
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
    for name in DIALECTS:
        dialect = Dialect.get_or_raise(Dialects(name))
        words |= {word.lower() for word in dialect.tokenizer_class.KEYWORDS if word.isalpha()}
        words |= {word.lower() for word in dialect.generator_class.RESERVED_KEYWORDS}
    return frozenset(words)


def identifier(name: str) -> exp.Identifier:
    assert not set("{}'\"\\") & set(name), "the catalog refuses such names"
    plain = name.isidentifier() and name.isascii() and name == name.lower() and name not in reserved_words()
    return exp.to_identifier(name, quoted=not plain)


def column(name: str, table: str | None = None) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def table(name: str) -> exp.Table:
    """A CTE by its name."""
    return exp.Table(this=identifier(name))


def located(name: str) -> exp.Table:
    """A table as it lies in the warehouse; dots part database, schema and name."""
    this, db, catalog = [*(identifier(part) for part in reversed(name.split("."))), None, None][:3]
    return exp.Table(this=this, db=db, catalog=catalog)


def model(name: str) -> exp.Table:
    """A model of the catalog or of the plan; a rendering puts its table there, whatever CTEs are named."""
    return exp.Table(this=exp.to_identifier(MODEL + name, quoted=True))


def aliased(expression: exp.Expr, name: str) -> exp.Expr:
    if isinstance(expression, exp.Column) and expression.name == name:
        return expression
    return exp.Alias(this=expression, alias=identifier(name))


def said(value: exp.Expr, name: str, words: str) -> exp.Expr:
    """A value under a name made of words, with the words themselves where they do not fit into the name."""
    named = exp.alias_(value, identifier(name))
    if name != uncut(words):
        named.add_comments([comment(words)])
    return named


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


def factor(value: int | Decimal) -> exp.Expr:
    """A number to multiply with: exact, and never in whole numbers of a machine's width, which end too early."""
    digits = format(abs(Decimal(value)), "f")
    found = exp.Literal.number(digits if "." in digits else f"{digits}.0")
    return exp.Neg(this=found) if value < 0 else found


def literal(value: Value) -> exp.Expr:
    match value:
        case bool():
            return exp.Boolean(this=value)
        case str():
            return text(value)
        case _:
            return number(value)


@cache
def _data_type(kind: str) -> exp.DataType:
    return exp.DataType.build(kind)


def cast(expression: exp.Expr, kind: str) -> exp.Cast:
    return exp.Cast(this=expression, to=_data_type(kind).copy())


def as_of() -> exp.Column:
    """The as-of day; a rendering replaces it."""
    return exp.Column(this=exp.to_identifier(AS_OF))


def all_of(parts: list[exp.Expr]) -> exp.Expr:
    return exp.and_(*parts, copy=False)


def any_of(parts: list[exp.Expr]) -> exp.Expr:
    return exp.or_(*parts, copy=False)


def conjunction(parts: Iterable[exp.Expr]) -> exp.Expr:
    return all_of(list(parts))


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
        case RelativeDay(months, days, since):
            return moved(day(since, clock) if since else as_of(), months, days)
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
    if clock.timezone != UTC:
        moment = zoned(moment, UTC, clock.timezone)
    return cast(moment, "date")


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
    return start_of_day(moved(as_of(), 0, 1), clock)


def start_of_day(local: exp.Expr, clock: Clock) -> exp.Expr:
    """The first instant of a local day, in UTC."""
    start: exp.Expr = cast(local, "timestamp")
    return start if clock.timezone == UTC else zoned(start, clock.timezone, UTC)


def later(moment: exp.Expr, hours: int) -> exp.Expr:
    """An instant, so many elapsed hours later."""
    return exp.TimestampAdd(this=moment, expression=exp.Literal.number(hours), unit=exp.var("HOUR"))


def _timestamp(fixed: datetime) -> exp.Expr:
    return cast(exp.Literal.string(fixed.isoformat(sep=" ")), "timestamp")


def days_between(first: exp.Expr, last: exp.Expr) -> exp.Expr:
    """How many days lie from one day, in, to another, out."""
    return exp.DateDiff(this=last.copy(), expression=first.copy(), unit=exp.var("DAY"))


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


def returns_in(value: exp.Expr, window: DayWindow, clock: Clock) -> exp.Expr:
    """That a day's month and day return, in a later year, in a window of at most a year.

    A day returns so many months after its year began, and so many days after: so 29 February falls on 1 March.
    """
    assert window.first and window.last, "an anniversary's window has both ends"
    this_year: exp.Expr = exp.TimestampTrunc(this=day(window.last, clock), unit=exp.var("YEAR"))
    years = [this_year] if window.first == window.last else [this_year, moved(this_year.copy(), -12, 0)]
    found = [
        all_of(
            [
                *in_days(_plus(_plus(year, "month", value), "day", value), window, clock),
                compared(_part("year", value), "<", _part("year", year)),
            ]
        )
        for year in years
    ]
    return exp.Paren(this=any_of(found)) if len(found) > 1 else found[0]


def _part(unit: str, value: exp.Expr) -> exp.Expr:
    return cast(exp.Extract(this=exp.var(unit), expression=value.copy()), "int")


def _plus(start: exp.Expr, unit: str, value: exp.Expr) -> exp.Expr:
    """So many months or days later as a date's own month or day is after the first."""
    more = exp.Paren(this=exp.Sub(this=_part(unit, value), expression=number(1)))
    return exp.DateAdd(this=start.copy(), expression=more, unit=exp.var(unit.upper()))


def in_window(value: exp.Expr, window: Window, clock: Clock) -> list[exp.Expr]:
    """That a local day, or an instant, lies in the window."""
    return in_days(value, window, clock) if isinstance(window, DayWindow) else in_instants(value, window, clock)


# --- small expressions


_COMPARISONS: dict[str, type[exp.Condition]] = {
    "=": exp.EQ,
    ">": exp.GT,
    ">=": exp.GTE,
    "<": exp.LT,
    "<=": exp.LTE,
}


def compared(value: exp.Expr, operator: str, other: exp.Expr) -> exp.Expr:
    return _COMPARISONS[operator](this=value, expression=other)


def negated(expression: exp.Expr) -> exp.Expr:
    if isinstance(expression, exp.EQ):
        return exp.NEQ(this=expression.this, expression=expression.expression)
    return exp.not_(expression, copy=False)


def either_of(*parts: exp.Expr) -> exp.Expr:
    return any_of(list(parts))


def is_null(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value, expression=exp.Null())


def is_known(value: exp.Expr) -> exp.Expr:
    return exp.Is(this=value, expression=exp.Not(this=exp.Null()))


def known(attribute: Attribute, expression: exp.Expr) -> exp.Expr:
    """The attribute's value with every unknown one as null: NaN, and a list without elements."""
    match attribute.type:
        case Type.FLOAT:
            return known_number(expression)
        case Type.LIST:
            return known_elements(expression)
        case _:
            return expression
