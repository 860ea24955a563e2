"""Redshift: lists are SUPER values, patterns are Perl's, days are numbered by hand."""

from __future__ import annotations

import json

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.nodes import ELEMENT
from orchestration.compiler.engines.rewrites import (
    called,
    count_by_case,
    date_sub,
    ends_by_right,
    is_empty_array,
    literal_of,
    lowered_fully,
    moved_by,
    number,
    respelled,
    starts_by_left,
    trunc_to_date,
    unless_null,
    without_collation,
)
from orchestration.compiler.sql import text as text_literal

DIGITS = 4  # ten thousand days, 27 years


def earlier(node: exp.TimestampSub) -> exp.Expr:
    return moved_by(node, exp.DateAdd)


def zoned(node: exp.ConvertTimezone) -> exp.Expr:
    """Of an instant with a zone, the local day would be that of the session."""
    plain = exp.cast(node.args["timestamp"], "timestamp", copy=False)
    node.set("timestamp", plain)
    return node


def later(node: exp.TimestampAdd) -> exp.Expr:
    return exp.DateAdd(this=node.this, expression=node.expression, unit=node.args["unit"])


def position(node: exp.StrPosition) -> exp.Expr:
    return lowered_fully(node) if isinstance(node.this, exp.Lower) else node


def starts_with(node: exp.StartsWith) -> exp.Expr:
    return starts_by_left(lowered_fully(node))


def ends_with(node: exp.EndsWith) -> exp.Expr:
    return ends_by_right(lowered_fully(node))


def like(node: exp.RegexpLike) -> exp.Expr:
    text, pattern = respelled(node, r"\z")
    perl = (number(1), number(1), number(0), exp.Literal.string("p"))
    return exp.GT(this=called("regexp_instr", text, pattern, *perl), expression=number(0))


def serialized(value: exp.Expr) -> exp.Expr:
    return called("json_serialize", value)


def nullif(node: exp.Nullif) -> exp.Expr:
    """A list has a known element when a text stands in its JSON."""
    if not is_empty_array(node.expression):
        return node
    filled = exp.GT(
        this=exp.StrPosition(this=serialized(node.this.copy()), substr=exp.Literal.string('"')), expression=number(0)
    )
    return exp.Case(ifs=[exp.If(this=filled, true=node.this)])


def compact(node: exp.ArrayCompact) -> exp.Expr:
    """Nulls are in nobody's way: the elements are compared with texts."""
    value: exp.Expr = node.this
    return value


def contains(node: exp.ArrayContains) -> exp.Expr:
    """A text between quotes that no backslash precedes is an element, whole."""
    quoted = text_literal(json.dumps(literal_of(node.expression), ensure_ascii=False))
    return exp.GT(this=exp.StrPosition(this=serialized(node.this), substr=quoted), expression=number(0))


def any_element(node: exp.ArrayAny) -> exp.Expr:
    elements = exp.Table(this=node.this, alias=exp.TableAlias(this=exp.to_identifier(ELEMENT)))
    query = exp.Select(expressions=[exp.Literal.number(1)]).from_(elements, copy=False)
    return unless_null(node.this, exp.Exists(this=query.where(node.expression.this, copy=False)))


def days(node: exp.Unnest) -> exp.Expr:
    """One row per day: numbers made of digits, as there is no series of dates."""
    (series,) = node.expressions
    if not isinstance(series, exp.GenerateDateArray):
        return node
    first, last, alias = series.args["start"], series.args["end"], node.args["alias"]
    (called_,) = alias.columns
    tens = [f"tens_{power}" for power in range(DIGITS)]
    places = [exp.Mul(this=exp.column("digit", name), expression=number(10**power)) for power, name in enumerate(tens)]
    counted = exp.Select(expressions=[exp.alias_(_sum(places), "number")]).from_(_digits(tens[0]), copy=False)
    for name in tens[1:]:
        counted = counted.join(_digits(name), join_type="cross", copy=False)
    day = exp.DateAdd(this=first.copy(), expression=exp.column("number"), unit=exp.var("DAY"))
    query = exp.Select(expressions=[exp.alias_(exp.Cast(this=day, to=exp.DataType.build("date")), called_.copy())])
    query = query.from_(exp.Subquery(this=counted, alias=exp.TableAlias(this=exp.to_identifier("numbers"))), copy=False)
    query = query.where(exp.LTE(this=exp.column("number"), expression=_days_between(first, last)), copy=False)
    return exp.Subquery(this=query, alias=exp.TableAlias(this=alias.this))


def _sum(terms: list[exp.Mul]) -> exp.Expr:
    found: exp.Expr = terms[0]
    for term in terms[1:]:
        found = exp.Add(this=found, expression=term)
    return found


def _digits(name: str) -> exp.Values:
    alias = exp.TableAlias(this=exp.to_identifier(name), columns=[exp.to_identifier("digit")])
    return exp.Values(expressions=[exp.Tuple(expressions=[number(digit)]) for digit in range(10)], alias=alias)


def _days_between(first: exp.Expr, last: exp.Expr) -> exp.Expr:
    return called("datediff", exp.var("day"), first.copy(), last.copy())


ENGINE = Engine(
    "redshift",
    {
        exp.CountIf: count_by_case,
        exp.ConvertTimezone: zoned,
        exp.DateSub: date_sub,
        exp.TimestampTrunc: trunc_to_date,
        exp.TimestampAdd: later,
        exp.TimestampSub: earlier,
        exp.Nullif: nullif,
        exp.ArrayCompact: compact,
        exp.ArrayContains: contains,
        exp.ArrayAny: any_element,
        exp.Unnest: days,
        exp.StrPosition: position,
        exp.StartsWith: starts_with,
        exp.EndsWith: ends_with,
        exp.RegexpLike: like,
        exp.Collate: without_collation,
    },
)
