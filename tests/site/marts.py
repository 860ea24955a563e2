"""Made-up marts, published as a run does: their tables are those of the marts' contracts, their rows the test's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from orchestration.publishing.folder import DATABASE, MANIFEST, PARQUET, PublishedFolder
from orchestration.publishing.publication import SCHEMA_VERSION, Publication, publication_to_json
from orchestration.warehouse import DuckDB
from tests.project import REPOSITORY

MARTS = REPOSITORY / "dbt_project" / "models" / "marts"


@cache
def contracts() -> Mapping[str, Mapping[str, str]]:
    """The columns of each mart with their types, as DuckDB names them."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(MARTS.glob("_*.yml")):
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", ()):
            columns = {column["name"]: column.get("data_type") for column in model.get("columns", ())}
            if columns and all(columns.values()):
                found[model["name"]] = {name: re.sub(r"^string$", "varchar", type_) for name, type_ in columns.items()}
    return found


@dataclass(frozen=True)
class MadeUp:
    """`rows` gives selects by the mart that they fill, whose columns they name; the other marts are empty."""

    as_of: date
    first_day: date
    rows: Mapping[str, str]

    def publish(self, folder: PublishedFolder) -> None:
        folder.add(self.as_of, self._write)

    def _write(self, version: int, folder: Path) -> None:
        (folder / PARQUET).mkdir()
        with DuckDB(folder / DATABASE) as marts:
            for name, columns in contracts().items():
                marts.execute(
                    f"create table {name} ({', '.join(f'{each} {type_}' for each, type_ in columns.items())})"
                )
            marts.execute(
                f"create table published as select date '{self.as_of}' as as_of, date '{self.first_day}' as first_day, "
                f"{version} as version, {SCHEMA_VERSION} as schema_version"
            )
            for name, sql in self.rows.items():
                marts.execute(f"insert into {name} by name {sql}")
        publication = Publication(version, self.first_day, self.as_of, {})
        (folder / MANIFEST).write_text(publication_to_json(publication), encoding="utf-8")
