"""BigQuery: instants are `TIMESTAMP`s, lists are never null once they lie in a table, NaN does not equal itself."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.nodes import LIST, UTC
from orchestration.compiler.engines.rewrites import (
    array_size,
    called,
    elements_of,
    empty_by_size,
    is_nan,
    lowered_fully,
    median_by,
    nan_by_test,
    number,
    plain_timestamp,
    without_collation,
)

WEEKS = {"WEEK": "ISOWEEK"}
MEDIAN = (
    "(array_agg(x ignore nulls order by x)[safe_offset(div(count(x) - 1, 2))]"
    " + array_agg(x ignore nulls order by x)[safe_offset(div(count(x), 2))]) / 2"
)


def zoned(node: exp.ConvertTimezone) -> exp.Expr:
    """A local time is a `DATETIME`."""
    source, instant = node.args["source_tz"], node.args["timestamp"]
    if source.name == UTC:
        return called("datetime", instant, node.args["target_tz"])
    local = instant.this if isinstance(instant, exp.Cast) else instant
    return called("timestamp", exp.Cast(this=local, to=exp.DataType.build("datetime")), source)


def truncated(node: exp.TimestampTrunc) -> exp.Expr:
    unit = node.args["unit"].name
    return called("date_trunc", node.this, exp.var(WEEKS.get(unit, unit)))


def exact(node: exp.Literal) -> exp.Expr:
    """A number with a point would be a double."""
    if node.is_string or "." not in node.name:
        return node
    return exp.Cast(this=exp.Literal.string(node.name), to=exp.DataType.build("decimal"))


def days(node: exp.GenerateDateArray) -> exp.Expr:
    step = exp.Interval(this=number(1), unit=exp.var("DAY"))
    return exp.GenerateDateArray(start=node.args["start"], end=node.args["end"], step=step)


def nullif(node: exp.Nullif) -> exp.Expr:
    return nan_by_test(node) if is_nan(node.expression) else empty_by_size(array_size)(node)


def _filled(value: exp.Expr) -> exp.Expr:
    return exp.GT(this=exp.ArraySize(this=value.copy()), expression=number(0))


def compact(node: exp.ArrayCompact) -> exp.Expr:
    """No list in a table holds a null."""
    value: exp.Expr = node.this
    return value


def contains(node: exp.ArrayContains) -> exp.Expr:
    found = exp.In(this=node.expression, unnest=exp.Unnest(expressions=[node.this]))
    return exp.Case(ifs=[exp.If(this=_filled(node.this), true=found)])


def any_element(node: exp.ArrayAny) -> exp.Expr:
    found = exp.Exists(this=elements_of(node))
    return exp.Case(ifs=[exp.If(this=_filled(node.this), true=found)])


def known(node: exp.Is) -> exp.Expr:
    """A null list comes back from a table as an empty one."""
    if node.this.type != LIST:
        return node
    size = exp.Coalesce(this=exp.ArraySize(this=node.this), expressions=[number(0)])
    kind = exp.EQ if isinstance(node.expression, exp.Null) else exp.GT
    return kind(this=size, expression=number(0))


def select(node: exp.Select) -> exp.Expr:
    """There is no `where` without a `from`."""
    if node.args.get("where") and not node.args.get("from_"):
        one = exp.Select(expressions=[exp.alias_(number(1), "one")])
        node.from_(exp.Subquery(this=one, alias=exp.TableAlias(this=exp.to_identifier("nothing"))), copy=False)
    return node


def order(node: exp.Order) -> exp.Expr:
    """Nulls come first, unless whether there is a value comes before; windows have no `nulls last`."""
    found: list[exp.Expr] = []
    for each in node.expressions:
        descending = bool(each.args.get("desc"))
        if each.args.get("nulls_first") is False and not descending:
            found.append(exp.Ordered(this=exp.Is(this=each.this.copy(), expression=exp.Null()), nulls_first=True))
        found.append(exp.Ordered(this=each.this, desc=descending or None, nulls_first=not descending))
    return exp.Order(expressions=found)


ENGINE = Engine(
    "bigquery",
    {
        exp.Median: median_by("bigquery", MEDIAN),
        exp.Cast: plain_timestamp(exp.DataType.build("timestamptz")),
        exp.ConvertTimezone: zoned,
        exp.Literal: exact,
        exp.TimestampTrunc: truncated,
        exp.GenerateDateArray: days,
        exp.Nullif: nullif,
        exp.ArrayCompact: compact,
        exp.ArrayContains: contains,
        exp.ArrayAny: any_element,
        exp.Select: select,
        exp.Order: order,
        exp.Is: known,
        exp.StrPosition: lowered_fully,
        exp.StartsWith: lowered_fully,
        exp.EndsWith: lowered_fully,
        exp.Collate: without_collation,
    },
)
