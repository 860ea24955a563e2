"""Worlds of rows and rules, asked on an engine: the members of every segment by the compiler's one inline query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Protocol

import duckdb
from sqlglot import exp

from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import NOTHING_RECORDED, Recorded, to_inline, to_text
from tests.reference.judging import compiled
from tests.reference.recorded import DEFINITIONS
from tests.reference.world import Columns, Tables, World

DUCKDB_TYPES = {
    "text": "varchar",
    "email": "varchar",
    "integer": "bigint",
    "number": "decimal(28, 9)",
    "float": "double",
    "boolean": "boolean",
    "seldom": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "list": "varchar[]",
}


class Engine(Protocol):
    """An engine that holds a world's tables; `columns` have the catalog's types."""

    dialect: str
    schema: str

    def load(self, columns: Columns, tables: Tables) -> None:
        """Make or empty the tables, and put these rows in."""
        ...

    def rows(self, sql: str) -> list[tuple[Any, ...]]: ...


class Made:
    """Tables of one shape are made once and emptied for the next world."""

    def __init__(self, types: Mapping[str, str]) -> None:
        self.types = types
        self.tables: dict[str, dict[str, str]] = {}

    def emptied(self, columns: Columns) -> Iterable[str]:
        """Return what to run so that the tables are there and empty."""
        for table, kinds in columns.items():
            if self.tables.get(table) == kinds:
                yield f'delete from "{table}"'
            else:
                self.tables[table] = dict(kinds)
                listed = ", ".join(f'"{name}" {self.types[kind]}' for name, kind in kinds.items())
                yield f'drop table if exists "{table}"; create table "{table}" ({listed})'


class DuckDB:
    """A database in memory; rows come in one script, which is quicker than values one by one."""

    dialect = "duckdb"
    schema = "main"

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'; set threads = 1")
        self.made = Made(DUCKDB_TYPES)

    def load(self, columns: Columns, tables: Tables) -> None:
        inserts = (_insert(table, kinds, tables[table]) for table, kinds in columns.items() if tables.get(table))
        self.connection.execute("; ".join(["begin", *self.made.emptied(columns), *inserts, "commit"]))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()


def _insert(table: str, kinds: Mapping[str, str], rows: list[dict[str, Any]]) -> str:
    listed = ", ".join(f"({', '.join(_literal(row[name]) for name in kinds)})" for row in rows)
    return f'insert into "{table}" values {listed}'


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


def asked(engine: Engine, world: World) -> dict[str, set[Any]]:
    """The members of every segment, by one query for each entity. Raises Problems."""
    compilation = compiled(world.catalog, world.specs, world.static)
    engine.load(world.columns, world.tables)
    recorded = record(engine, world, compilation)
    found: dict[str, set[Any]] = {}
    for name in {spec["entity"]: None for spec in world.specs.values()}:
        entity, plans = compilation.catalog.entities[name], compilation.plans_of(name)
        keys = [segment.key for segment in plans[-1].segments]
        query = to_inline(plans, compilation.bases, world.as_of, locator(engine), recorded)
        rows = engine.rows(f"select {', '.join([entity.key, *keys])} from ({to_text(query, engine.dialect)}) as judged")
        found |= {key: {row[0] for row in rows if row[number]} for number, key in enumerate(keys, 1)}
        assert all(value is not None for row in rows for value in row[1:]), "a flag is true or false"
    return found


def locator(engine: Engine) -> Any:
    """What finds a model's table."""

    def locate(model: str) -> exp.Table:
        return exp.Table(this=exp.to_identifier(model, quoted=True), db=exp.to_identifier(engine.schema))

    return locate


def record(engine: Engine, world: World, compilation: Compilation) -> Recorded:
    """Put what was recorded before the day into its tables, where any rule looks at it, and say what is there."""
    if not world.looks_back():
        return NOTHING_RECORDED
    columns, rows = world.recorded_columns(), world.recorded(compilation.definitions)
    engine.load(columns, rows)
    histories = {entity: f"{entity}_history" for entity in world.catalog["entities"]}
    return Recorded(
        columns={entity: tuple(columns[table]) for entity, table in histories.items() if rows[table]},
        definitions={
            key: (compilation.definition(key), str(each.status)) for key, each in compilation.segments.items()
        },
        has_definitions=bool(rows[DEFINITIONS]),
    )
