"""Worlds of rows and rules, asked on an engine: the members of every segment by the compiler's one inline query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import duckdb
import psycopg
from sqlglot import exp

from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import NOTHING_RECORDED, Recorded, to_inline, to_text

Row = Mapping[str, Any]
Schema = Mapping[str, Mapping[str, str]]
DUCKDB_TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(28, 9)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "list": "VARCHAR[]",
}
POSTGRES_TYPES = {"VARCHAR": "text", "DOUBLE": "double precision", "VARCHAR[]": "text[]"}


class Engine(Protocol):
    """An engine that holds a world's tables; types are spelled as DuckDB spells them."""

    dialect: str
    schema: str

    def load(self, schema: Schema, tables: Mapping[str, Sequence[Row]]) -> None:
        """Make the tables anew, with these rows."""
        ...

    def rows(self, sql: str) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True)
class DuckDB:
    connection: duckdb.DuckDBPyConnection
    dialect = "duckdb"
    schema = "main"

    def load(self, schema: Schema, tables: Mapping[str, Sequence[Row]]) -> None:
        for table, columns in schema.items():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            self.connection.execute(f'create or replace table "{table}" ({listed})')
            rows = tables.get(table, [])
            if rows:
                marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in rows)
                values = [row.get(name) for row in rows for name in columns]
                self.connection.execute(f'insert into "{table}" values {marks}', values)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


class Postgres:
    """Tables of one shape are made once and emptied for the next world."""

    dialect = "postgres"
    schema = "public"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection
        self.made: dict[str, tuple[tuple[str, str], ...]] = {}

    def load(self, schema: Schema, tables: Mapping[str, Sequence[Row]]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for table, columns in schema.items():
                self._empty(cursor, table, tuple(columns.items()))
                listed = ", ".join(f'"{name}"' for name in columns)
                with cursor.copy(f'copy "{table}" ({listed}) from stdin') as copy:
                    for row in tables.get(table, []):
                        copy.write_row([row.get(name) for name in columns])

    def _empty(self, cursor: psycopg.Cursor[tuple[Any, ...]], table: str, columns: tuple[tuple[str, str], ...]) -> None:
        if self.made.get(table) == columns:
            cursor.execute(f'delete from "{table}"')
            return
        listed = ", ".join(f'"{name}" {POSTGRES_TYPES.get(kind, kind)}' for name, kind in columns)
        cursor.execute(f'drop table if exists "{table}"; create unlogged table "{table}" ({listed})')
        self.made[table] = columns

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql.encode()).fetchall()


def asked(
    engine: Engine, compilation: Compilation, as_of: date, recorded: Recorded = NOTHING_RECORDED
) -> tuple[dict[str, set[Any]], list[str]]:
    """The members of every segment, by one query for each entity; and those queries."""
    found: dict[str, set[Any]] = {}
    queries: list[str] = []

    def locate(model: str) -> exp.Table:
        return exp.Table(this=exp.to_identifier(model, quoted=True), db=exp.to_identifier(engine.schema))

    for entity in compilation.catalog.entities.values():
        plans = compilation.plans_of(entity.name)
        keys = [segment.key for segment in plans[-1].segments]
        sql = to_text(to_inline(plans, compilation.bases, as_of, locate, recorded), engine.dialect)
        queries.append(sql)
        rows = engine.rows(f"select {', '.join([entity.key, *keys])} from ({sql}) as judged")
        found |= {key: {row[0] for row in rows if row[number]} for number, key in enumerate(keys, 1)}
        assert all(value is not None for row in rows for value in row[1:]), "a flag is true or false"
    return found, queries
