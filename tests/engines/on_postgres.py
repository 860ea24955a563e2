"""PostgreSQL as an engine that worlds are judged on."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.reference.on_duckdb import TYPES
from tests.reference.world import Columns, Tables

SPELLED = {"VARCHAR": "text", "DOUBLE": "double precision", "VARCHAR[]": "text[]"}


class Postgres:
    """Tables of one shape are made once and emptied for the next world."""

    dialect = "postgres"
    schema = "public"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection
        self.made: dict[str, tuple[tuple[str, str], ...]] = {}

    def load(self, columns: Columns, tables: Tables) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for table, kinds in columns.items():
                self._empty(cursor, table, tuple(kinds.items()))
                listed = ", ".join(f'"{name}"' for name in kinds)
                with cursor.copy(f'copy "{table}" ({listed}) from stdin') as copy:
                    for row in tables.get(table, []):
                        copy.write_row([row.get(name) for name in kinds])

    def _empty(self, cursor: psycopg.Cursor[tuple[Any, ...]], table: str, kinds: tuple[tuple[str, str], ...]) -> None:
        if self.made.get(table) == kinds:
            cursor.execute(f'delete from "{table}"')
            return
        listed = ", ".join(f'"{name}" {SPELLED.get(TYPES[kind], TYPES[kind])}' for name, kind in kinds)
        cursor.execute(f'drop table if exists "{table}"; create unlogged table "{table}" ({listed})')
        self.made[table] = kinds

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql.encode()).fetchall()
