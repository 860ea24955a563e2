"""A world on DuckDB through the compiler: its tables, and who its SQL says is in each segment."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb
from sqlglot import exp

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.render import NOTHING_RECORDED, Recorded, to_inline, to_text
from tests.reference.world import Columns, Tables, World

TYPES = {
    "text": "VARCHAR",
    "email": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(18, 2)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "seldom": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "list": "VARCHAR[]",
}


class Warehouse:
    """A DuckDB in memory; tables that are asked for again with the same columns are emptied, not made anew."""

    dialect = "duckdb"
    schema = "main"

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")
        self.made: dict[str, Mapping[str, str]] = {}

    def load(self, columns: Columns, tables: Tables) -> None:
        """Put rows into tables; all in one script, which is quicker than values one by one."""
        script = [self._emptied(table, kinds) for table, kinds in columns.items()]
        script += [_insert(table, columns[table], rows) for table, rows in tables.items() if rows]
        self.connection.execute(f"begin; {' '.join(script)} commit")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def locate(self, model: str) -> exp.Table:
        return exp.Table(this=exp.to_identifier(model, quoted=True), db=exp.to_identifier(self.schema))

    def _emptied(self, table: str, kinds: Mapping[str, str]) -> str:
        if self.made.get(table) == kinds:
            return f'delete from "{table}";'
        self.made[table] = dict(kinds)
        listed = ", ".join(f'"{name}" {TYPES[kind]}' for name, kind in kinds.items())
        return f'create or replace table "{table}" ({listed});'

    def asked(self, world: World) -> dict[str, set[Any]]:
        """Return the members of every segment, by one query for each entity. Raises Problems."""
        compilation = compiled(world)
        self.load(world.columns, world.tables)
        recorded = self._record(world, compilation)
        found: dict[str, set[Any]] = {}
        for entity in {spec["entity"]: None for spec in world.specs.values()}:
            found |= self._members(entity, compilation, world.as_of, recorded)
        return found

    def _record(self, world: World, compilation: Compilation) -> Recorded:
        """Put what was recorded before the day into its tables, where any rule looks at it."""
        if not world.looks_back():
            return NOTHING_RECORDED
        columns = world.recorded_columns()
        self.load(columns, world.recorded(compilation.definitions))
        defined = {
            key: (compilation.definition(key), str(segment.status)) for key, segment in compilation.segments.items()
        }
        histories = {entity: tuple(columns[f"{entity}_history"]) for entity in world.catalog["entities"]}
        return Recorded(histories, defined, has_definitions=True)

    def _members(
        self, entity: str, compilation: Compilation, as_of: dt.date, recorded: Recorded
    ) -> dict[str, set[Any]]:
        plans = compilation.plans_of(entity)
        keys = [segment.key for segment in plans[-1].segments]
        sql = to_text(to_inline(plans, compilation.bases, as_of, self.locate, recorded), self.dialect)
        key = compilation.catalog.entities[entity].key
        rows = self.rows(f"select {', '.join([key, *keys])} from ({sql}) as judged")
        assert all(value is not None for row in rows for value in row[1:]), "a flag is true or false"
        return {name: {row[0] for row in rows if row[number]} for number, name in enumerate(keys, 1)}


def compiled(world: World) -> Compilation:
    """Understand a world's catalog and segments. Raises Problems."""
    keys = [entity["key"] for entity in world.catalog["entities"].values()]
    lists = {
        path: SourceFile(path, "\n".join([",".join(keys), *(",".join([member] * len(keys)) for member in members)]))
        for path, members in world.static.items()
    }
    segments = (SourceFile(f"segment_specs/all/{key}.yml", _yaml(spec)) for key, spec in world.specs.items())
    return compile_sources(
        Sources(SourceFile("segment_specs/catalog.yml", _yaml(world.catalog)), tuple(segments), lists=lists)
    )


def _yaml(value: object) -> str:
    """JSON is YAML; dates as their texts."""

    def text(other: object) -> str:
        if isinstance(other, dt.datetime):
            return other.isoformat(sep=" ")
        return other.isoformat() if isinstance(other, dt.date) else str(other)

    return json.dumps(value, default=text, ensure_ascii=False)


def _insert(table: str, kinds: Mapping[str, str], rows: list[dict[str, Any]]) -> str:
    listed = ", ".join(f"({', '.join(_literal(row[name]) for name in kinds)})" for row in rows)
    return f'insert into "{table}" values {listed};'


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
