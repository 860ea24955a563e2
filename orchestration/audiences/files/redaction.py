"""A file that was delivered, without the rows of one subject."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from orchestration.audiences.audience import OPERATION
from orchestration.audiences.files.columnar import codec
from orchestration.audiences.files.delimited import harmless
from orchestration.audiences.files.file import packed
from orchestration.audiences.files.form import Compression, Format, Formulas


@dataclass(frozen=True)
class Redacted:
    """The bytes that are left, the manifest that describes them, and how many rows were taken out."""

    content: bytes
    manifest: bytes
    rows: int


def redacted(content: bytes, manifest: bytes, column: str, values: Collection[str]) -> Redacted:
    """Take out the rows whose `column` holds one of the values.

    The manifest gets the figures of what is left, and `erased` counts what was taken out, now and before; its
    idempotency key stays. A file from which nothing is to be taken keeps its bytes.
    """
    told: dict[str, Any] = json.loads(manifest)
    compression = Compression(told.get("compression", Compression.NONE))
    # A manifest of the first versions says neither.
    match Format(told.get("format", Format.CSV)):
        case Format.PARQUET:
            left, operations, rows = _parquet(content, compression, column, values)
        case form:
            text = _unpacked(content, compression)
            written = {harmless(value) for value in values} if told.get("formulas") == Formulas.NEUTRALISE else values
            plain, operations, rows = (_csv if form is Format.CSV else _lines)(text, column, written)
            left = packed(plain, compression) if rows else content
    told["counts"] = {name: operations[name] for name in told["counts"] if operations[name]}
    told |= {"bytes": len(left), "sha256": hashlib.sha256(left).hexdigest()}
    if rows:
        told["erased"] = told.get("erased", 0) + rows
    return Redacted(left, (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode(), rows)


def _unpacked(content: bytes, compression: Compression) -> bytes:
    return content if compression is Compression.NONE else zlib.decompress(content, zlib.MAX_WBITS | 16)


def _csv(content: bytes, column: str, values: Collection[str]) -> tuple[bytes, Counter[str], int]:
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    place, operation = header.index(column), header.index(OPERATION)
    kept = [row for row in rows if row[place] not in values]
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([header, *kept])
    return text.getvalue().encode(), Counter(row[operation] for row in kept), len(rows) - len(kept)


def _lines(content: bytes, column: str, values: Collection[str]) -> tuple[bytes, Counter[str], int]:
    rows = [(line, json.loads(line)) for line in content.decode().split("\n") if line]
    kept = [(line, row) for line, row in rows if row[column] not in values]
    text = "".join(f"{line}\n" for line, _ in kept)
    return text.encode(), Counter(row[OPERATION] for _, row in kept), len(rows) - len(kept)


def _parquet(
    content: bytes, compression: Compression, column: str, values: Collection[str]
) -> tuple[bytes, Counter[str], int]:
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    kept = table.filter(pc.invert(pc.is_in(table.column(column), value_set=pa.array([*values], pa.string()))))
    gone = table.num_rows - kept.num_rows
    written = io.BytesIO()
    if gone:
        pyarrow.parquet.write_table(kept, written, compression=codec(compression), store_schema=False)
    return written.getvalue() if gone else content, Counter(kept.column(OPERATION).to_pylist()), gone
