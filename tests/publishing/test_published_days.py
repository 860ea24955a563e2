"""Whole runs beside a dashboard: no reading fails, none is of two days, and the days only go forward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from orchestration.publishing.folder import PublishedFolder
from orchestration.publishing.mart import Mart, marts_of
from orchestration.publishing.publication import Publication
from orchestration.warehouse import Value
from tests.pipeline.club import PRO, club, day
from tests.project import SmallProject
from tests.publishing.readers import Readings, reading


@dataclass(frozen=True)
class Ran:
    """A project after its runs, and what a dashboard saw of the DuckDB file and of the Parquet files meanwhile."""

    project: SmallProject
    document: Mapping[str, Any]
    seen: tuple[Readings, Readings]

    @property
    def marts(self) -> tuple[Mart, ...]:
        return marts_of(self.document)

    @property
    def folder(self) -> PublishedFolder:
        return PublishedFolder(self.project.settings.published)

    @property
    def publication(self) -> Publication:
        publication = self.folder.read()
        assert publication
        return publication

    def rows(self, sql: str) -> list[tuple[Value, ...]]:
        with duckdb.connect(str(self.folder.database), read_only=True) as published:
            return published.execute(sql).fetchall()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A day, the next, then both anew, with a reader beside all of them."""
    project = club(tmp_path_factory.mktemp("published"), {"members/pro.yml": PRO})
    dbt = project.dbt()
    with reading(project.settings.published) as seen:
        project.run(day(0), dbt=dbt)
        project.run(day(1), dbt=dbt)
        project.execute(f"update raw.members set plan = 'pro' where member_id = 'bo' and valid_from = '{day(0)}'")
        project.run(day(0), dbt=dbt)
    return Ran(project, dbt.document, seen)


@pytest.mark.parametrize("way", [0, 1], ids=["DuckDB", "Parquet"])
def test_no_reading_is_of_two_days_and_days_only_go_forward(ran: Ran, way: int) -> None:
    seen = ran.seen[way]
    assert len(seen.versions) > 2, "the reader was there while days were published"
    assert not seen.mixed
    assert seen.days == sorted(seen.days)


def test_a_replay_of_a_past_day_publishes_the_last_day_again(ran: Ran) -> None:
    publication = ran.publication
    assert (publication.version, publication.first_day, publication.as_of) == (3, day(0), day(1))


def test_what_is_published_is_what_the_marts_hold(ran: Ran) -> None:
    parquet = ran.folder.parquet
    assert set(ran.publication.tables) == {mart.name for mart in ran.marts}
    for mart in ran.marts:
        held = sorted(map(repr, ran.project.rows(f"select * from {mart.relation}")))
        assert sorted(map(repr, ran.rows(f"select * from {mart.name}"))) == held
        assert sorted(map(repr, ran.rows(f"from read_parquet('{parquet / mart.name}.parquet')"))) == held
        assert ran.publication.tables[mart.name].rows == len(held)


def test_the_file_tells_about_itself_and_documents_its_columns(ran: Ran) -> None:
    assert ran.rows("select as_of, first_day, version from published") == [(day(1), day(0), 3)]
    told = ran.rows("select table_name, row_count from published_tables order by 1")
    assert told == [(name, table.rows) for name, table in sorted(ran.publication.tables.items())]
    assert ran.rows("select table_name, column_name from duckdb_columns() where not internal and comment is null") == []
    assert ran.rows("select table_name from duckdb_tables() where comment is null") == []
    [(comment,)] = ran.rows("select comment from duckdb_columns() where column_name = 'entry_observed'")
    assert str(comment).startswith("False for stays already open on the segment's first judged day")


def test_the_files_stand_alone_and_name_no_folder_of_this_machine(ran: Ran) -> None:
    assert ran.rows("select view_name from duckdb_views() where not internal") == []
    for file in ran.folder.current.resolve().rglob("*.*"):
        assert file.stat().st_mode & 0o222 == 0
        assert str(ran.project.folder).encode() not in file.read_bytes()
    assert not ran.folder.path.is_absolute() or not ran.folder.database.readlink().is_absolute()


def test_metrics_are_made_of_columns_that_are_published(ran: Ran) -> None:
    models = ran.document["semantic_models"].values()
    assert {"segments", "daily_counts", "moves", "retention"} <= {model["name"] for model in models}
    for model in models:
        parts = (*model["entities"], *model["dimensions"], *model["measures"])
        read = ", ".join(part["expr"] or part["name"] for part in parts)
        assert model["node_relation"]["alias"] in ran.publication.tables
        ran.rows(f"select {read} from {model['node_relation']['alias']}")
    assert {"members", "entries", "exits", "share_of_base", "weekly_retention"} <= {
        metric["name"] for metric in ran.document["metrics"].values()
    }
