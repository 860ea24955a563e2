"""A world on PostgreSQL through the compiler, as `tests/reference/on_duckdb.py` has it on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from tests.reference.on_duckdb import TYPES, Warehouse
from tests.reference.world import Columns, Tables

SPELLED = {"VARCHAR": "text", "DOUBLE": "double precision", "VARCHAR[]": "text[]"}


class Postgres(Warehouse):
    """Tables on a PostgreSQL server."""

    dialect = "postgres"
    schema = "public"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.server = connection
        self.made: dict[str, Mapping[str, str]] = {}

    def load(self, columns: Columns, tables: Tables) -> None:
        """Put rows into tables; emptying a small one is quicker than making it anew."""
        with self.server.transaction(), self.server.cursor() as cursor:
            cursor.execute("".join(self._emptied(table, kinds) for table, kinds in columns.items()).encode())
            for table in (table for table, rows in tables.items() if rows):
                listed = ", ".join(f'"{name}"' for name in columns[table])
                with cursor.copy(f'copy "{table}" ({listed}) from stdin'.encode()) as copy:
                    for row in tables[table]:
                        copy.write_row([row[name] for name in columns[table]])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.server.execute(sql.encode()).fetchall()

    def _emptied(self, table: str, kinds: Mapping[str, str]) -> str:
        if self.made.get(table) == kinds:
            return f'delete from "{table}";'
        self.made[table] = dict(kinds)
        listed = ", ".join(f'"{name}" {SPELLED.get(TYPES[kind], TYPES[kind])}' for name, kind in kinds.items())
        return f'drop table if exists "{table}"; create unlogged table "{table}" ({listed});'
