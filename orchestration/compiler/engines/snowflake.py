"""Snowflake: capitals for names, patterns that are not anchored, weeks that no setting moves."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.nodes import ELEMENT
from orchestration.compiler.engines.rewrites import (
    any_by_filter,
    array_size,
    called,
    date_sub,
    empty_by_size,
    lowered_fully,
    moved_by,
    number,
    plain_timestamp,
    respelled,
    without_collation,
)


def name(node: exp.Identifier) -> exp.Expr:
    """A name that is quoted for being a word of the language only: unquoted ones are kept in capitals."""
    plain = node.name.isidentifier() and node.name.isascii() and node.name == node.name.lower()
    return exp.to_identifier(node.name.upper(), quoted=True) if node.args.get("quoted") and plain else node


def truncated(node: exp.TimestampTrunc) -> exp.Expr:
    """Weeks begin on Monday, whatever the session's `WEEK_START` says."""
    if node.args["unit"].name != "WEEK":
        return called("date_trunc", exp.Literal.string(node.args["unit"].name), node.this)
    back = exp.Sub(this=number(1), expression=called("dayofweekiso", node.this.copy()))
    return exp.DateAdd(this=node.this, expression=back, unit=exp.var("DAY"))


def earlier(node: exp.TimestampSub) -> exp.Expr:
    return moved_by(node, exp.TimestampAdd)


def any_element(node: exp.ArrayAny) -> exp.Expr:
    """Elements are variants; as texts they are compared and searched."""
    for found in list(node.expression.this.find_all(exp.Column)):
        if found.name == ELEMENT:
            found.replace(exp.Cast(this=found.copy(), to=exp.DataType.build("text")))
    return any_by_filter(node)


def like(node: exp.RegexpLike) -> exp.Expr:
    """`regexp_like` would have to match the whole text."""
    return exp.GT(this=called("regexp_instr", *respelled(node, "$")), expression=number(0))


ENGINE = Engine(
    "snowflake",
    {
        exp.Identifier: name,
        exp.Cast: plain_timestamp(exp.DataType.build("timestampntz")),
        exp.DateSub: date_sub,
        exp.TimestampTrunc: truncated,
        exp.TimestampSub: earlier,
        exp.Nullif: empty_by_size(array_size),
        exp.ArrayAny: any_element,
        exp.StrPosition: lowered_fully,
        exp.StartsWith: lowered_fully,
        exp.EndsWith: lowered_fully,
        exp.RegexpLike: like,
        exp.Collate: without_collation,
    },
)
