"""A delivery as bytes, and the manifest that vouches for them."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import assert_never

from orchestration.audiences.delivery import Delivery
from orchestration.audiences.files.columnar import table_to_parquet
from orchestration.audiences.files.delimited import table_to_csv
from orchestration.audiences.files.form import Compression, FileForm, Format
from orchestration.audiences.files.lines import table_to_json_lines
from orchestration.audiences.files.table import Table, delivery_to_table

SCHEMA_VERSION = 1
# RFC 1952: the two magic bytes, deflate, no flags (so no name), no time, most compressed, system unknown.
GZIP_HEADER = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])


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

    @property
    def manifest_path(self) -> str:
        """The manifest's path below the destination's root."""
        return f"{self.folder}/{self.manifest_name}"


def delivery_to_file(delivery: Delivery, form: FileForm) -> AudienceFile:
    """Render a delivery. No clock and no surroundings: a delivery read back from the ledger gives the same bytes."""
    table = delivery_to_table(delivery, form.convention)
    content = _content(table, form)
    digest = hashlib.sha256(content).hexdigest()
    stem = f"{delivery.as_of.isoformat()}_{delivery.key[:12]}"
    name = f"{stem}.{form.ending}"
    described = _about(delivery) | _lying(name, form) | _measured(delivery, table, content, digest)
    return AudienceFile(
        delivery=delivery,
        folder=delivery.audience,
        name=name,
        content=content,
        sha256=digest,
        manifest_name=f"{stem}.manifest.json",
        manifest=(json.dumps(described, indent=2, ensure_ascii=False) + "\n").encode(),
    )


def _content(table: Table, form: FileForm) -> bytes:
    match form.format:
        case Format.CSV:
            return packed(table_to_csv(table, form.formulas), form.compression)
        case Format.JSONL:
            return packed(table_to_json_lines(table), form.compression)
        case Format.PARQUET:
            return table_to_parquet(table, form.compression)
        case _:
            assert_never(form.format)


def path_to_manifest(path: str) -> str:
    """The path of the manifest that vouches for a file."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{name.partition('.')[0]}.manifest.json"


def packed(content: bytes, compression: Compression) -> bytes:
    """The bytes as they lie at the destination."""
    match compression:
        case Compression.NONE:
            return content
        case Compression.GZIP:
            return _gzip(content)
        case _:
            assert_never(compression)


def _gzip(content: bytes) -> bytes:
    """One gzip member. Python's own writer names the system, which differs from place to place."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = packer.compress(content) + packer.flush()
    return GZIP_HEADER + body + zlib.crc32(content).to_bytes(4, "little") + (len(content) % 2**32).to_bytes(4, "little")


def _about(delivery: Delivery) -> dict[str, object]:
    return {
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
    }


def _lying(name: str, form: FileForm) -> dict[str, object]:
    formulas = {"formulas": form.formulas} if form.format is Format.CSV else {}
    return {
        "file": name,
        "format": form.format,
        "compression": form.compression,
        **formulas,
        "identifiers": form.convention.scheme,
    }


def _measured(delivery: Delivery, table: Table, content: bytes, digest: str) -> dict[str, object]:
    return {
        "columns": table.columns,
        "counts": delivery.counts,
        "members": delivery.members,
        "bytes": len(content),
        "sha256": digest,
    }
