"""Worlds of rows on PostgreSQL."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.reference.engine import DUCKDB_TYPES, Made
from tests.reference.world import Columns, Tables

POSTGRES_TYPES = {**DUCKDB_TYPES, "text": "text", "email": "text", "float": "double precision", "list": "text[]"}


class Postgres:
    dialect = "postgres"
    schema = "public"

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self.connection = connection
        self.made = Made(POSTGRES_TYPES)

    def load(self, columns: Columns, tables: Tables) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.execute("; ".join(self.made.emptied(columns)).encode())
            for table, kinds in columns.items():
                listed = ", ".join(f'"{name}"' for name in kinds)
                with cursor.copy(f'copy "{table}" ({listed}) from stdin'.encode()) as copy:
                    for row in tables.get(table, []):
                        copy.write_row([row[name] for name in kinds])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql.encode()).fetchall()
