"""PostgreSQL: subqueries for lists, dates that take whole days, and a locale that has no say.

`lower` and the order of texts depend on the database's locale, so both are asked for in the locale `C`; it knows ASCII
only, so the capitals beyond it are put into small letters one by one, those that the searched text can meet.
"""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.nodes import BINARY, capitals
from orchestration.compiler.engines.rewrites import (
    TextSearch,
    by_at_time_zone,
    called,
    count_by_case,
    elements_of,
    ends_by_right,
    is_empty_array,
    like_pattern,
    number,
    swapped_letters,
    unless_null,
    wanted_letters,
)


def moved(node: exp.DateAdd | exp.DateSub) -> exp.Expr:
    """A date and a number of days are a date; a date and months are an instant."""
    is_days = node.args["unit"].name == "DAY"
    if is_days:
        kind = exp.Add if isinstance(node, exp.DateAdd) else exp.Sub
        return kind(this=node.this, expression=node.expression)
    return exp.Cast(this=node.copy(), to=exp.DataType.build("date"))


def days_between(node: exp.DateDiff) -> exp.Expr:
    return exp.Sub(this=exp.Paren(this=node.this), expression=exp.Paren(this=node.expression))


def truncated(node: exp.TimestampTrunc) -> exp.Expr:
    """Of a date it would be an instant with a zone."""
    plain = exp.Cast(this=node.this, to=exp.DataType.build("timestamp"))
    start = exp.TimestampTrunc(this=plain, unit=node.args["unit"])
    return exp.Cast(this=start, to=exp.DataType.build("date"))


def compact(node: exp.ArrayCompact) -> exp.Expr:
    return called("array_remove", node.this, exp.Null())


def nullif(node: exp.Nullif) -> exp.Expr:
    """An empty list as a literal takes the type of its neighbour, whatever kind of text that holds."""
    if is_empty_array(node.expression):
        node.set("expression", exp.Literal.string("{}"))
    return node


def contains(node: exp.ArrayContains) -> exp.Expr:
    return exp.EQ(this=node.expression, expression=exp.Any(this=exp.Paren(this=node.this)))


def any_element(node: exp.ArrayAny) -> exp.Expr:
    return unless_null(node.this, exp.Exists(this=elements_of(node)))


def lower(node: exp.Lower) -> exp.Expr:
    return exp.Lower(this=exp.Collate(this=node.this, expression=exp.to_identifier(BINARY, quoted=True)))


def lowered(node: TextSearch) -> TextSearch:
    """`lower` has been called on what is searched."""
    letters = [found for each in wanted_letters(node) for found in capitals().get(each, ())]
    node.set("this", swapped_letters(node.this, letters))
    return node


def ends_with(node: exp.EndsWith) -> exp.Expr:
    return ends_by_right(lowered(node))


def days(node: exp.Unnest) -> exp.Expr:
    """One row per day, by whole numbers: a series of dates would be one of instants with a zone."""
    (series,) = node.expressions
    if not isinstance(series, exp.GenerateDateArray):
        return node
    first, last = series.args["start"], series.args["end"]
    alias = node.args["alias"]
    (name,) = alias.columns
    numbers = called("generate_series", number(0), exp.Sub(this=exp.Paren(this=last), expression=exp.Paren(this=first)))
    numbered = exp.TableAlias(this=exp.to_identifier("numbers"), columns=[exp.to_identifier("number")])
    day = exp.Add(this=first.copy(), expression=exp.column("number", "numbers"))
    query = exp.Select(expressions=[exp.alias_(day, name.copy())])
    query = query.from_(exp.Table(this=numbers, alias=numbered), copy=False)
    return exp.Subquery(this=query, alias=exp.TableAlias(this=alias.this))


ENGINE = Engine(
    "postgres",
    {
        exp.CountIf: count_by_case,
        exp.ConvertTimezone: by_at_time_zone,
        exp.DateAdd: moved,
        exp.DateSub: moved,
        exp.DateDiff: days_between,
        exp.TimestampTrunc: truncated,
        exp.ArrayCompact: compact,
        exp.Nullif: nullif,
        exp.ArrayContains: contains,
        exp.ArrayAny: any_element,
        exp.Lower: lower,
        exp.StrPosition: lowered,
        exp.StartsWith: lowered,
        exp.EndsWith: ends_with,
        exp.RegexpLike: like_pattern("$"),
        exp.Unnest: days,
    },
)
