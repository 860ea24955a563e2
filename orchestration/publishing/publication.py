"""What is published: which days, which version, how many rows. Its JSON is the manifest beside the files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.errors import MusterError

SCHEMA_VERSION = 1


class PublishError(MusterError):
    """The marts could not be published; those published before still stand."""


@dataclass(frozen=True)
class PublishedTable:
    """A table of a publication: how many rows, and the types of its columns as its engine names them."""

    rows: int
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Publication:
    """The marts as of the end of `as_of`; the first day that was judged is `first_day`.

    Versions count publications: a day that is published again has the same `as_of` and a higher version.
    """

    version: int
    first_day: date
    as_of: date
    tables: Mapping[str, PublishedTable]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def publication_to_json(publication: Publication) -> str:
    """The manifest's text."""
    tables = {
        name: {"rows": table.rows, "parquet": f"parquet/{name}.parquet", "columns": dict(table.columns)}
        for name, table in publication.tables.items()
    }
    told = {
        "schema_version": SCHEMA_VERSION,
        "version": publication.version,
        "first_day": publication.first_day.isoformat(),
        "as_of": publication.as_of.isoformat(),
        "duckdb": "marts.duckdb",
        "tables": tables,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def json_to_publication(text: str) -> Publication:
    """Read a manifest. Raises PublishError: it is of another schema version."""
    told = json.loads(text)
    if told["schema_version"] != SCHEMA_VERSION:
        raise PublishError(f"the published manifest has schema version {told['schema_version']}, not {SCHEMA_VERSION}")
    tables = {name: PublishedTable(table["rows"], table["columns"]) for name, table in told["tables"].items()}
    first_day, as_of = date.fromisoformat(told["first_day"]), date.fromisoformat(told["as_of"])
    return Publication(told["version"], first_day, as_of, tables)
