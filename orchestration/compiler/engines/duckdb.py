"""DuckDB: lambdas for lists, RE2 for patterns, texts in the order of their bytes."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.engines.rewrites import any_by_filter, by_at_time_zone, compact_by_filter, without_collation

ENGINE = Engine(
    "duckdb",
    {
        exp.ConvertTimezone: by_at_time_zone,
        exp.ArrayCompact: compact_by_filter,
        exp.ArrayAny: any_by_filter,
        exp.Collate: without_collation,
    },
)
