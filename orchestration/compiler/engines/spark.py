"""Spark and Databricks: Java's patterns and small letters, instants that are told in the session's zone, UTC."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine, Rewrite
from orchestration.compiler.engines.nodes import UTC
from orchestration.compiler.engines.rewrites import (
    array_size,
    called,
    empty_by_size,
    like_pattern,
    lowered_fully,
    without_collation,
)


def zoned(node: exp.ConvertTimezone) -> exp.Expr:
    source, target = node.args["source_tz"], node.args["target_tz"]
    if source.name == UTC:
        return called("from_utc_timestamp", node.args["timestamp"], target)
    return called("to_utc_timestamp", node.args["timestamp"], source)


def truncated(node: exp.TimestampTrunc) -> exp.Expr:
    return called("trunc", node.this, exp.Literal.string(node.args["unit"].name))


def any_element(node: exp.ArrayAny) -> exp.Expr:
    return called("exists", node.this, node.expression)


def later(node: exp.TimestampAdd) -> exp.Expr:
    return exp.Add(this=node.this, expression=exp.Interval(this=node.expression, unit=node.args["unit"]))


REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.ConvertTimezone: zoned,
    exp.TimestampTrunc: truncated,
    exp.TimestampAdd: later,
    exp.Nullif: empty_by_size(array_size),
    exp.ArrayAny: any_element,
    exp.StrPosition: lowered_fully,
    exp.StartsWith: lowered_fully,
    exp.EndsWith: lowered_fully,
    exp.RegexpLike: like_pattern(r"\z"),
    exp.Collate: without_collation,
}
SPARK = Engine("spark", REWRITES)
DATABRICKS = Engine("databricks", REWRITES)
