"""One version of the marts as files: a DuckDB file, Parquet files and the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.publishing.about import ABOUT, TABLES
from orchestration.publishing.folder import DATABASE, MANIFEST, PARQUET
from orchestration.publishing.mart import Mart, documented
from orchestration.publishing.publication import SCHEMA_VERSION, Publication, PublishedTable, publication_to_json
from orchestration.warehouse import Warehouse, quoted_name, quoted_text

READ_ONLY = 0o444


@dataclass(frozen=True)
class Copy:
    """The marts of a DuckDB warehouse, to be copied into files of their own."""

    warehouse: Warehouse
    marts: Sequence[Mart]
    first_day: date
    as_of: date

    def write(self, version: int, folder: Path) -> None:
        """Fill a version's folder. The files hold tables only: no view on another file, no name of this machine."""
        parquet = folder / PARQUET
        parquet.mkdir()
        self.warehouse.execute(f"attach {quoted_text(folder / DATABASE)} as published_aside")
        with self.warehouse.transaction():
            self._run(_copied(mart) for mart in self.marts)
            publication = Publication(version, self.first_day, self.as_of, self._tables())
            self._run(self._told(publication))
            self._run(documented((*self.marts, ABOUT, TABLES), _aside))
        self._run(_exported(mart.name, parquet, publication) for mart in self.marts)
        self._run(("checkpoint published_aside", "detach published_aside"))
        (folder / MANIFEST).write_text(publication_to_json(publication), encoding="utf-8")
        for file in (folder / DATABASE, folder / MANIFEST, *parquet.iterdir()):
            file.chmod(READ_ONLY)

    def _run(self, statements: Iterable[str]) -> None:
        if sql := ";\n".join(statements):
            self.warehouse.execute(sql)

    def _tables(self) -> dict[str, PublishedTable]:
        columns: dict[str, dict[str, str]] = {mart.name: {} for mart in self.marts}
        described = self.warehouse.rows(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where database_name = 'published_aside' and not internal order by table_name, column_index"
        )
        for table, column, type_ in described:
            columns[str(table)][str(column)] = str(type_)
        return {name: PublishedTable(self._count(name), types) for name, types in columns.items()}

    def _count(self, name: str) -> int:
        [(count,)] = self.warehouse.rows(f"select count(*) from {_aside(name)}")
        return int(str(count))

    def _told(self, publication: Publication) -> Iterator[str]:
        """The publication about itself, as tables."""
        yield (
            f"create table {_aside(ABOUT.name)} as select date '{publication.as_of}' as as_of, "
            f"date '{publication.first_day}' as first_day, {publication.version} as version, "
            f"{SCHEMA_VERSION} as schema_version"
        )
        yield f"create table {_aside(TABLES.name)} (table_name varchar, row_count bigint, description varchar)"
        for mart in self.marts:
            values = f"{quoted_text(mart.name)}, {publication.tables[mart.name].rows}, {quoted_text(mart.description)}"
            yield f"insert into {_aside(TABLES.name)} values ({values})"


def _copied(mart: Mart) -> str:
    return f"create table {_aside(mart.name)} as select * from {mart.relation}"


def _exported(name: str, folder: Path, publication: Publication) -> str:
    about = f"{{as_of: '{publication.as_of}', version: '{publication.version}'}}"
    options = f"format parquet, compression zstd, kv_metadata {about}"
    return f"copy {_aside(name)} to {quoted_text(folder / f'{name}.parquet')} ({options})"


def _aside(name: str) -> str:
    return f"published_aside.main.{quoted_name(name)}"
