"""What the warehouse refuses is told without the values that it refused."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from orchestration.warehouse import DuckDB, WarehouseError


@pytest.mark.parametrize(
    "statement",
    [
        "select cast(email as date) from people",
        "select cast(email as integer) from people",
        "insert into people select * from people",
    ],
)
def test_a_value_that_is_refused_is_not_told(tmp_path: Path, statement: str) -> None:
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.execute("create table people (email varchar primary key)")
        warehouse.execute("insert into people values ('o''ada\"@example.com')")
        with pytest.raises(WarehouseError) as refused:
            warehouse.execute(statement)
    told = "".join(traceback.format_exception(refused.value))
    assert "(a value)" in told
    assert "ada" not in told and "example" not in told
