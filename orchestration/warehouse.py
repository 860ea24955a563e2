"""The warehouse as the rest of Muster sees it: statements in, Arrow record batches out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import duckdb
import pyarrow as pa

from orchestration.errors import MusterError

Value = object


class WarehouseError(MusterError):
    """The warehouse is not there or refused a statement; the message says what to do."""


_TELL_VALUES = (
    duckdb.ConversionException,
    duckdb.ConstraintException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
)
_QUOTED = re.compile(r"""["'].*["']""", re.DOTALL)


def _without_values(error: duckdb.Error) -> str:
    """What the engine says, without the value of a row that it could not take: it may be somebody's."""
    if not isinstance(error, _TELL_VALUES):
        return str(error)
    told, line, statement = str(error).partition("\n\nLINE ")
    return _QUOTED.sub("(a value)", told) + line + statement


class Warehouse(Protocol):
    """One connection. Sessions run in UTC, so that timestamps without a zone mean UTC everywhere."""

    @property
    def dialect(self) -> str:
        """The engine's dialect, by sqlglot's name."""
        ...

    def batches(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[pa.RecordBatch]:
        """The rows of a query, in batches."""
        ...

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """The rows of a small query."""
        ...

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        """Run a statement for its effect."""
        ...

    def tables(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Every table and view: name → schema and columns. The session's first schema wins where names repeat."""
        ...

    def cost(self, sql: str) -> Cost:
        """Run a query for what it costs."""
        ...

    def transaction(self) -> Transaction:
        """All statements inside take effect together or not at all."""
        ...

    @property
    def connector(self) -> Connector | None:
        """How SQLAlchemy gets connections of its own, for reading; null where it knows no such engine."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Cost:
    """What a query costs: rows read from tables, and the seconds that its operators worked, over all threads.

    Seconds are of the machine as it is: another, or a busy one, takes longer.
    """

    rows_scanned: int
    seconds: float


@dataclass(frozen=True)
class Connector:
    """`url` names SQLAlchemy's dialect and nothing else: `connect` knows where the database is, and any password."""

    url: str
    connect: Callable[[], object] = field(repr=False)


class Transaction(Protocol):
    def __enter__(self) -> None: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool | None: ...


def rows_to_tables(rows: Iterable[tuple[Value, ...]]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What an engine lists of its tables, by name: schema and columns; of a name that comes twice the last counts."""
    return {
        str(name): (str(schema), tuple(map(str, columns)))
        for name, schema, columns in rows
        if isinstance(columns, list)
    }


def quoted_name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def quoted_text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


class DuckDB:
    """A DuckDB file. A file has one writing process at a time; `read_only` lets several processes read.

    A table that is named without its schema is looked for in `schemas` first, in order; those that are not there yet
    are passed over.
    """

    dialect = "duckdb"

    def __init__(self, path: Path, *, read_only: bool = False, schemas: Sequence[str] = ()) -> None:
        if read_only and not path.is_file():
            raise WarehouseError(f"there is no warehouse at {path}: set MUSTER_DUCKDB to the DuckDB file, or load one")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            if "lock" in str(error):
                raise WarehouseError(f"another process is using {path}: try again when it has ended") from error
            raise WarehouseError(f"cannot open {path}: {error}") from error
        self.connection.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
        if schemas:
            self._look_in(schemas)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _look_in(self, schemas: Sequence[str]) -> None:
        found = self.rows("select schema_name from duckdb_schemas() where database_name = current_database()")
        there = [quoted_name(name) for name in schemas if (name,) in found]
        self.execute("set search_path = " + quoted_text(",".join(dict.fromkeys((*there, "main")))))

    def _run(self, sql: str, parameters: Sequence[Value]) -> duckdb.DuckDBPyConnection:
        try:
            return self.connection.execute(sql, list(parameters))
        except duckdb.Error as error:
            moved = re.search(r'Catalog "(.+?)" does not exist', str(error))
            if moved:
                said = f"the file was renamed or copied since its views were made: it was called {moved[1]}"
                raise WarehouseError(f"{said}. Call it so, or let `muster run` make them anew") from error
            said = _without_values(error)
        # Raised outside of the handler: a traceback would show what it handled, and that may hold a value.
        raise WarehouseError(said)

    def batches(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[pa.RecordBatch]:
        yield from self._run(sql, parameters).to_arrow_reader(100_000)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        return self._run(sql, parameters).fetchall()

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        self._run(sql, parameters)

    def cost(self, sql: str) -> Cost:
        """As DuckDB's own profile of the query tells it."""
        told = json.loads(str(self.rows(f"explain (analyze, format json) {sql}")[0][1]))
        return Cost(int(told["cumulative_rows_scanned"]), float(told["cpu_time"]))

    def tables(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        rows = self.rows(
            "select table_name, table_schema, list(column_name order by ordinal_position) as listed "
            "from information_schema.columns where table_catalog = current_database() "
            "group by table_name, table_schema order by "
            "coalesce(-max(list_position(list_append(current_schemas(false), current_schema()), table_schema)), -1e9), "
            "table_schema desc"
        )
        return rows_to_tables(rows)

    @property
    def connector(self) -> None:
        return None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("begin transaction")
        try:
            yield
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.execute("commit")

    def close(self) -> None:
        self.connection.close()
