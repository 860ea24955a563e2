"""Parquet: one row group per 100,000 rows, pages compressed with gzip or not at all.

The operation, the key, the identifiers and the variant are text. A field is a boolean, a 64-bit integer, a double,
text or a list of text where all its values in this file are such; otherwise it is text, as in a CSV cell. Exact
decimals and times are text always.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import assert_never

import pyarrow as pa
import pyarrow.parquet

from orchestration.audiences.files.form import Compression
from orchestration.audiences.files.table import Table
from orchestration.audiences.values import Json, json_to_cell

ROWS_A_GROUP = 100_000
LONG = range(-(2**63), 2**63)


def table_to_parquet(table: Table, compression: Compression) -> bytes:
    """The table as one Parquet file."""
    columns = {name: _array(table.column(name), text=name in table.text) for name in table.columns}
    content = io.BytesIO()
    pyarrow.parquet.write_table(
        pa.table(columns), content, compression=codec(compression), row_group_size=ROWS_A_GROUP, store_schema=False
    )
    return content.getvalue()


def codec(compression: Compression) -> str:
    """How Parquet calls it."""
    match compression:
        case Compression.NONE:
            return "none"
        case Compression.GZIP:
            return "gzip"
        case _:
            assert_never(compression)


def _array(values: Sequence[Json], *, text: bool) -> pa.Array:
    kind = pa.string() if text else _common_type(values)
    return pa.array([_text(value) for value in values] if kind == pa.string() else values, kind)


def _common_type(values: Sequence[Json]) -> pa.DataType:
    types = {_type(value) for value in values if value is not None}
    return types.pop() if len(types) == 1 else pa.string()


def _type(value: Json) -> pa.DataType:
    match value:
        case bool():
            return pa.bool_()
        case int() if value in LONG:
            return pa.int64()
        case float():
            return pa.float64()
        case list() if all(isinstance(item, str) for item in value):
            return pa.list_(pa.string())
        case _:
            return pa.string()


def _text(value: Json) -> str | None:
    return None if value is None else json_to_cell(value)
