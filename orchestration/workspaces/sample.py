"""The sample workspace: a synthetic software business in 2017, of any size, into schema `raw_saas`.

Every value derives from a hash of the seed, a number and a salt, so that the same parameters give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files

from orchestration.warehouse import DuckDB

STEPS = ("draws", "people", "plans", "events", "people_history", "companies", "talks", "messages", "tags")

MAX_SUBJECTS = 9_999_999


def load_sample(warehouse: DuckDB, people: int = 5000, companies: int = 600, seed: int = 7) -> None:
    """Replace schema `raw_saas` by a generated workspace; on failure the former schema stays.

    Times are UTC without a zone; all activity lies inside local days of America/New_York.

    Raises ValueError for a count below 0 or above 9,999,999, WarehouseError when the warehouse refuses.
    """
    for name, count in (("people", people), ("companies", companies)):
        if not 0 <= count <= MAX_SUBJECTS:
            raise ValueError(f"{name} must lie between 0 and {MAX_SUBJECTS:,}, not {count:,}")
    with warehouse.transaction(), _parameters(warehouse, people=people, companies=companies, seed=seed):
        warehouse.execute("drop schema if exists raw_saas cascade")
        warehouse.execute("create schema raw_saas")
        for step in STEPS:
            warehouse.execute(_sql(step))
        _drop_scratch(warehouse)


@contextmanager
def _parameters(warehouse: DuckDB, **values: int) -> Iterator[None]:
    for name, value in values.items():
        warehouse.execute(f"set variable sample_{name} = {value}::bigint")
    yield
    for name in values:
        warehouse.execute(f"reset variable sample_{name}")


def _sql(step: str) -> str:
    return files("orchestration.workspaces").joinpath("sql", f"{step}.sql").read_text(encoding="utf-8")


def _drop_scratch(warehouse: DuckDB) -> None:
    found = warehouse.rows(
        "select table_name from duckdb_tables() where temporary and starts_with(table_name, 'sample_')"
    )
    for (table,) in found:
        warehouse.execute(f'drop table "{table}"')
    for macro in ("draw", "pick", "moment"):
        warehouse.execute(f"drop macro {macro}")
