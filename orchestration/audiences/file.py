"""The file of a delivery: CSV and its manifest, the same bytes for the same delivery.

The CSV follows RFC 4180: UTF-8 without a mark, lines end with CR LF, cells are quoted where they must be. Its columns
are `operation`, the entity's key, the identifiers, `variant` where the audience is split, and the fields. An unknown
value is an empty cell. It is made for machines: a cell that a spreadsheet would take for a formula is left as it is.
Rows are to be applied from top to bottom: removals come first, then all other rows, both in key order. Files are
applied in the order of their manifests' `number`; an `idempotency_key` seen before is skipped.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.audiences.audience import OPERATION, VARIANT
from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.values import Json, json_to_cell

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class AudienceFile:
    """A delivery's bytes. `folder` and the two names are plain file names; the manifest vouches for the content."""

    delivery: Delivery
    folder: str
    name: str
    content: bytes
    sha256: str
    manifest_name: str
    manifest: bytes

    @property
    def path(self) -> str:
        """The file's path below the destination's root."""
        return f"{self.folder}/{self.name}"


def delivery_to_file(delivery: Delivery) -> AudienceFile:
    """Render a delivery. No clock and no surroundings: a delivery read back from the ledger gives the same bytes."""
    cells = [_cells(row, delivery.layout.key) for row in delivery.rows]
    columns = _columns(delivery, cells)
    content = _csv(columns, cells)
    digest = hashlib.sha256(content).hexdigest()
    stem = f"{delivery.as_of.isoformat()}_{delivery.key[:12]}"
    return AudienceFile(
        delivery=delivery,
        folder=delivery.audience,
        name=f"{stem}.csv",
        content=content,
        sha256=digest,
        manifest_name=f"{stem}.manifest.json",
        manifest=_manifest(delivery, columns, f"{stem}.csv", content, digest),
    )


def _cells(row: Row, key: str) -> dict[str, Json]:
    identifiers: dict[str, Json] = json.loads(row.identifiers)
    fields: dict[str, Json] = json.loads(row.fields)
    variant: dict[str, Json] = {VARIANT: row.variant} if row.variant else {}
    return {**fields, **identifiers, **variant, OPERATION: row.operation.value, key: row.key}


def _columns(delivery: Delivery, cells: list[dict[str, Json]]) -> tuple[str, ...]:
    layout = delivery.layout
    planned = (OPERATION, layout.key, *layout.identify_by, *((VARIANT,) if layout.split else ()), *layout.fields)
    # Whoever was enrolled under an identifier that the audience no longer uses is removed under that one.
    former = sorted({name for row in cells if row[OPERATION] == Operation.REMOVE for name in row})
    return tuple(dict.fromkeys((*planned, *former)))


def _csv(columns: tuple[str, ...], cells: list[dict[str, Json]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([json_to_cell(row.get(column)) for column in columns] for row in cells)
    return text.getvalue().encode()


def _manifest(delivery: Delivery, columns: tuple[str, ...], name: str, content: bytes, digest: str) -> bytes:
    told: Mapping[str, object] = {
        "schema_version": SCHEMA_VERSION,
        "audience": delivery.audience,
        "segment": delivery.layout.segment,
        "entity": delivery.layout.entity,
        "destination": delivery.destination,
        "as_of": delivery.as_of.isoformat(),
        "send": delivery.send.value,
        "number": delivery.number,
        "idempotency_key": delivery.key,
        "follows": delivery.follows or None,
        "file": name,
        "format": "csv",
        "columns": columns,
        "counts": delivery.counts,
        "members": delivery.members,
        "bytes": len(content),
        "sha256": digest,
    }
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()
