"""DuckDB: lambdas for lists, RE2 for patterns, texts in the order of their bytes."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.rewrites import any_by_filter, compact_by_filter, without_collation


def zoned(node: exp.ConvertTimezone) -> exp.Expr:
    from_utc = exp.AtTimeZone(this=node.args["timestamp"], zone=node.args["source_tz"])
    return exp.AtTimeZone(this=from_utc, zone=node.args["target_tz"])


ENGINE = Engine(
    "duckdb",
    {
        exp.ConvertTimezone: zoned,
        exp.ArrayCompact: compact_by_filter,
        exp.ArrayAny: any_by_filter,
        exp.Collate: without_collation,
    },
)
