"""Where a table lies that is named without its schema, and in several schemas."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.warehouse import DuckDB

SCHEMAS = ("aside", "raw", "zoo")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "books.duckdb"
    with DuckDB(path) as warehouse:
        for schema in SCHEMAS:
            warehouse.execute(f"create schema {schema}; create table {schema}.members as select '{schema}' as lies")
        warehouse.execute("create table main.members as select 'main' as lies")
        warehouse.execute(
            "create table zoo.animals as select 1 as number; create table raw.animals as select 1 as number"
        )
    return path


@pytest.mark.parametrize(
    ("schemas", "place"),
    [((), "main"), (("zoo", "raw"), "zoo"), (("gone", "raw"), "raw"), (("main", "aside"), "main")],
)
def test_the_first_schema_counts(file: Path, schemas: tuple[str, ...], place: str) -> None:
    with DuckDB(file, read_only=True, schemas=schemas) as warehouse:
        assert warehouse.tables()["members"][0] == place
        assert warehouse.rows("select lies from members") == [(place,)]


def test_other_schemas_count_in_the_order_of_their_names(file: Path) -> None:
    with DuckDB(file, read_only=True) as warehouse:
        assert warehouse.tables()["animals"][0] == "raw"
