"""Trino: instants to the microsecond when told so, Java's patterns, NaN does not equal itself."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.rewrites import (
    called,
    compact_by_filter,
    date_sub,
    ends_by_substr,
    like_pattern,
    median_by,
    moved_by,
    nan_by_test,
    plain_timestamp,
    without_collation,
)

INSTANT = exp.DataType.build("timestamp(6)", dialect="trino")
MEDIAN = (
    "(element_at(array_agg(x order by x) filter (where x is not null), (count(x) + 1) / 2)"
    " + element_at(array_agg(x order by x) filter (where x is not null), count(x) / 2 + 1)) / 2e0"
)


def zoned(node: exp.ConvertTimezone) -> exp.Expr:
    local = called("with_timezone", node.args["timestamp"], node.args["source_tz"])
    return exp.Cast(this=called("at_timezone", local, node.args["target_tz"]), to=INSTANT.copy())


def later(node: exp.TimestampAdd) -> exp.Expr:
    return exp.DateAdd(this=node.this, expression=node.expression, unit=node.args["unit"])


def earlier(node: exp.TimestampSub) -> exp.Expr:
    return moved_by(node, exp.DateAdd)


ENGINE = Engine(
    "trino",
    {
        exp.Median: median_by("trino", MEDIAN),
        exp.Cast: plain_timestamp(INSTANT),
        exp.ConvertTimezone: zoned,
        exp.DateSub: date_sub,
        exp.TimestampAdd: later,
        exp.TimestampSub: earlier,
        exp.Nullif: nan_by_test,
        exp.ArrayCompact: compact_by_filter,
        exp.EndsWith: ends_by_substr,
        exp.RegexpLike: like_pattern(r"\z"),
        exp.Collate: without_collation,
    },
)
