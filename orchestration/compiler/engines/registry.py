"""Every engine by the name of its dialect."""

from __future__ import annotations

from orchestration.compiler.engines import bigquery, duckdb, postgres, redshift, snowflake, spark, trino
from orchestration.compiler.engines.engine import Engine

ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        duckdb.ENGINE,
        postgres.ENGINE,
        spark.SPARK,
        snowflake.ENGINE,
        bigquery.ENGINE,
        spark.DATABRICKS,
        redshift.ENGINE,
        trino.ENGINE,
    )
}
