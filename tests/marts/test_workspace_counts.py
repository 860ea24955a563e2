"""Tags and companies of the sample workspace, counted again row by row."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from orchestration.compiler.catalog import node_to_catalog
from orchestration.compiler.files import read_file
from orchestration.compiler.source import parse
from orchestration.warehouse import DuckDB, Value
from orchestration.workspaces.sample import load_sample
from tests.marts.small_project import REPOSITORY, Run, parsed

DAYS = [date(2017, 3, 31), date(2017, 12, 31)]
Row = dict[str, Any]


@dataclass(frozen=True)
class Workspace:
    warehouse: Path
    run: Run

    def counts(self, day: date, table: str) -> list[tuple[Value, ...]]:
        self.run.dbt("run", day, "--select", f"+{table}")
        self.run.dbt("test", day, "--select", table, "--exclude", "company_counts_cover_the_base_population")
        with DuckDB(self.warehouse) as warehouse:
            return warehouse.rows(f"select * from {table} order by 1")

    def raw(self, table: str) -> list[Row]:
        with DuckDB(self.warehouse) as warehouse:
            found: list[Row] = warehouse.connection.sql(f"select * from raw_saas.{table}").to_arrow_table().to_pylist()
        return found


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("workspace")
    warehouse = folder / "warehouse.duckdb"
    with DuckDB(warehouse) as loaded:
        load_sample(loaded, people=300, companies=60)
        # 11 p.m. of 31 March in New York is 1 April in UTC; midnight is 4 a.m. in UTC
        loaded.execute(
            "insert into raw_saas.tags by name "
            "select 9001 as tag_id, 'Late' as name, timestamp '2017-04-01 03:00' as created_at union all "
            "select 9002 as tag_id, 'Later' as name, timestamp '2017-04-01 04:00' as created_at"
        )
    shutil.copytree(REPOSITORY / "dbt_project", folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MUSTER_DUCKDB", str(warehouse))
        yield Workspace(warehouse, parsed(folder / "dbt_project"))


def local(instant: datetime) -> date:
    return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("America/New_York")).date()


def as_of(rows: list[Row], day: date) -> list[Row]:
    """The versions that hold at the end of the day, of subjects that exist by then and are not archived."""
    held = [row for row in rows if local(row["valid_from"]) <= day < local(row["valid_to"] or datetime(9999, 1, 1))]
    return [row for row in held if local(row["created_at"]) <= day and not row.get("archived")]


def carriers(rows: list[Row], key: str, tag: str) -> int:
    return len({row[key] for row in rows if tag in (row["tags"] or [])})


@pytest.mark.parametrize("day", DAYS)
def test_every_tag_is_counted_unused_ones_with_zeros(workspace: Workspace, day: date) -> None:
    people, companies = as_of(workspace.raw("people"), day), as_of(workspace.raw("companies"), day)
    talks = [row for row in workspace.raw("conversations") if local(row["started_at"]) <= day]
    expected = [
        (
            tag,
            carriers(people, "person_id", tag),
            carriers(companies, "company_id", tag),
            carriers(talks, "conversation_id", tag),
        )
        for tag in sorted(row["name"] for row in workspace.raw("tags") if local(row["created_at"]) <= day)
    ]
    assert workspace.counts(day, "tag_counts") == expected
    assert ("Late", 0, 0, 0) in expected
    assert (("Later", 0, 0, 0) in expected) == (day == DAYS[1])


@pytest.mark.parametrize("day", DAYS)
def test_companies_without_people_count_and_archived_ones_do_not(workspace: Workspace, day: date) -> None:
    people = {row["person_id"] for row in as_of(workspace.raw("people"), day)}
    pairs = {(row["company_id"], row["person_id"]) for row in workspace.raw("company_people")}
    companies = as_of(workspace.raw("companies"), day)
    expected = [
        (row["company_id"], row["name"], sum((row["company_id"], person) in pairs for person in people))
        for row in sorted(companies, key=lambda row: str(row["company_id"]))
    ]
    assert workspace.counts(day, "company_counts") == expected
    assert 0 in {count for *_, count in expected}


def test_archived_companies_are_there_to_be_left_out(workspace: Workspace) -> None:
    assert any(row["archived"] for row in workspace.raw("companies") if local(row["created_at"]) <= DAYS[1])


def test_the_macros_take_the_days_and_weeks_of_the_catalog() -> None:
    catalog = node_to_catalog(parse(read_file(REPOSITORY, REPOSITORY / "segment_specs" / "catalog.yml")))
    project = yaml.safe_load((REPOSITORY / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["vars"]["timezone"] == catalog.timezone
    assert project["vars"]["week_starts_on"] == catalog.week_starts_on
