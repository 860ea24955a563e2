"""PostgreSQL as a warehouse. A module of its own: its driver takes a while to import, and most commands need none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Self

import psycopg
import pyarrow as pa

from orchestration.warehouse import Connector, Cost, Value, WarehouseError, rows_to_tables

BATCH = 100_000
ARROW_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
}
WIDEST_DECIMAL = (38, 10)
QUOTED_OR_MARK = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|[?]|%""")


class PostgreSQL:
    """A PostgreSQL database; `conninfo` says where it is, as libpq understands it. Each statement commits by itself."""

    dialect = "postgres"

    def __init__(self, conninfo: str, *, read_only: bool = False) -> None:
        self._conninfo = conninfo
        try:
            self.connection = _connect(conninfo, autocommit=True, read_only=read_only)
        except psycopg.Error as error:
            raise WarehouseError(f"cannot connect to PostgreSQL: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def batches(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[pa.RecordBatch]:
        try:
            with self.connection.transaction(), self.connection.cursor("muster_batches") as cursor:
                cursor.execute(*_bound(sql, parameters))
                schema = pa.schema([(column.name, _arrow_type(column)) for column in cursor.description or ()])
                while rows := cursor.fetchmany(BATCH):
                    columns = zip(zip(*rows, strict=True), schema.types, strict=True)
                    yield pa.record_batch([pa.array(values, kind) for values, kind in columns], schema=schema)
        except psycopg.Error as error:
            raise WarehouseError(str(error)) from error

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        return self._run(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        self._run(sql, parameters)

    def _run(self, sql: str, parameters: Sequence[Value]) -> psycopg.Cursor[tuple[Value, ...]]:
        try:
            return self.connection.execute(*_bound(sql, parameters))
        except psycopg.Error as error:
            raise WarehouseError(str(error)) from error

    def tables(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        rows = self.rows(
            "select table_name, table_schema, array_agg(cast(column_name as text) order by ordinal_position) "
            "from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema') "
            "group by table_name, table_schema "
            "order by case when table_schema = current_schema() then 1 else 0 end, table_schema desc"
        )
        return rows_to_tables(rows)

    def cost(self, sql: str) -> Cost:
        """As PostgreSQL's own profile of the query tells it; one process runs it, so elapsed time is its time."""
        (told,) = self.rows(f"explain (analyze, format json) {sql}")[0]
        assert isinstance(told, list), "a plan is a list of one statement"
        (found,) = told
        return Cost(sum(_scanned(found["Plan"])), found["Execution Time"] / 1000)

    @property
    def connector(self) -> Connector:
        connect = partial(_connect, self._conninfo, autocommit=False, read_only=True)
        return Connector("postgresql+psycopg://", connect)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self.connection.transaction():
            yield

    def close(self) -> None:
        self.connection.close()


def _scanned(node: Mapping[str, Any]) -> Iterator[int]:
    """The rows read from tables by a node of a plan and all nodes below it."""
    if "Relation Name" in node:
        removed = node.get("Rows Removed by Filter", 0)
        yield round((node["Actual Rows"] + removed) * node["Actual Loops"])
    for inner in node.get("Plans", ()):
        yield from _scanned(inner)


def _connect(conninfo: str, *, autocommit: bool, read_only: bool) -> psycopg.Connection[tuple[Value, ...]]:
    options = "-c timezone=UTC" + (" -c default_transaction_read_only=on" if read_only else "")
    return psycopg.connect(conninfo, autocommit=autocommit, options=options)


def _bound(sql: str, parameters: Sequence[Value]) -> tuple[bytes, list[Value] | None]:
    """A statement with psycopg's marks instead of `?`. Without parameters psycopg takes a statement as it is."""
    if not parameters:
        return sql.encode(), None
    marked = QUOTED_OR_MARK.sub(lambda found: "%s" if found[0] == "?" else found[0].replace("%", "%%"), sql)
    return marked.encode(), [*parameters]


def _arrow_type(column: psycopg.Column) -> pa.DataType:
    known = psycopg.adapters.types.get(column.type_code)
    name = known.name if known else "text"
    if known and column.type_code == known.array_oid:
        return pa.list_(ARROW_TYPES.get(name, pa.string()))
    if name == "numeric":
        return pa.decimal128(column.precision or WIDEST_DECIMAL[0], _scale(column))
    return ARROW_TYPES.get(name, pa.string())


def _scale(column: psycopg.Column) -> int:
    return WIDEST_DECIMAL[1] if column.scale is None else column.scale
