"""DuckDB in memory, as an engine that worlds are judged on."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb

from tests.reference.world import Columns, Tables

TYPES = {
    "text": "VARCHAR",
    "email": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(28, 9)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "seldom": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "list": "VARCHAR[]",
}


class DuckDB:
    """Tables are views of values, made when a query names them: quicker than to fill tables, most for nothing."""

    dialect = "duckdb"
    schema = "main"

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")
        self.loaded: dict[str, tuple[Mapping[str, str], list[dict[str, Any]] | None]] = {}

    def load(self, columns: Columns, tables: Tables) -> None:
        self.loaded |= {name: (kinds, tables.get(name)) for name, kinds in columns.items()}

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        named = [name for name in self.loaded if f'"{name}"' in sql]
        views = [f'create or replace view "{name}" as {_select(*self.loaded.pop(name))};' for name in named]
        return self.connection.execute(" ".join([*views, sql])).fetchall()


def _select(kinds: Mapping[str, str], rows: list[dict[str, Any]] | None) -> str:
    if not rows:
        nothing = ", ".join(f'cast(null as {TYPES[kind]}) as "{name}"' for name, kind in kinds.items())
        return f"select {nothing} where false"
    typed = ", ".join(f'cast("{name}" as {TYPES[kind]}) as "{name}"' for name, kind in kinds.items())
    listed = ", ".join(f"({', '.join(_literal(row[name]) for name in kinds)})" for row in rows)
    names = ", ".join(f'"{name}"' for name in kinds)
    return f"select {typed} from (values {listed}) as rows({names})"


def _literal(value: Any) -> str:
    """Spell a value so that DuckDB reads exactly it."""
    match value:
        case None:
            return "null"
        case bool() | int() | Decimal():
            return str(value)
        case float():
            return f"'{value!r}'::double"
        case list():
            return f"[{', '.join(map(_literal, value))}]::varchar[]"
        case _:
            return "'" + str(value).replace("'", "''") + "'"
