"""Apache Superset on the published DuckDB file: its charts show the marts' numbers, and each day as it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from orchestration.dbt import Dbt
from orchestration.publishing.folder import PublishedFolder
from tests.bi.clients import client
from tests.bi.superset import Superset, running
from tests.pipeline.club import day
from tests.project import SmallProject

MEMBERS = {"label": "members", "expressionType": "SQL", "sqlExpression": "sum(members)"}
QUERY = {"columns": ["as_of_date", "segment"], "metrics": [MEMBERS], "orderby": [["as_of_date", True]]}
MEMBERS_BY_STAYS = """
select cast(days.day as varchar), segments.segment, count(spells.subject_key)
from days
cross join segments
left join segment_spells as spells
    on spells.segment = segments.segment
    and spells.entered_on <= days.day
    and (spells.exited_on is null or spells.exited_on > days.day)
group by all
order by all
"""


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    with running(client("superset"), tmp_path_factory.mktemp("superset")) as server:
        yield server


@pytest.fixture(scope="module")
def published(ten_days: tuple[SmallProject, Dbt]) -> PublishedFolder:
    return PublishedFolder(ten_days[0].settings.published)


@pytest.fixture(scope="module")
def dataset(superset: Superset, published: PublishedFolder) -> int:
    """The mart as a dataset, as its README describes the connection."""
    address = f"duckdb:///{published.database}?access_mode=read_only"
    database = superset.post("database/", {"database_name": "Muster", "sqlalchemy_uri": address})["id"]
    told = {"database": database, "schema": "main", "table_name": "segment_counts_daily"}
    return int(superset.post("dataset/", told)["id"])


@pytest.fixture(scope="module")
def chart(superset: Superset, dataset: int) -> int:
    """A saved line chart of members by segment and day."""
    source = {"id": dataset, "type": "table"}
    context = {"datasource": source, "queries": [QUERY], "result_format": "json", "result_type": "full"}
    drawn = {
        "slice_name": "Members by segment",
        "viz_type": "echarts_timeseries_line",
        "datasource_id": dataset,
        "datasource_type": "table",
        "params": json.dumps({"x_axis": "as_of_date", "metrics": [MEMBERS], "groupby": ["segment"]}),
        "query_context": json.dumps(context),
    }
    return int(superset.post("chart/", drawn)["id"])


def charted(superset: Superset, chart: int) -> list[tuple[str, str, int]]:
    """The points of the chart: day, segment, members."""
    [result] = superset.get(f"chart/{chart}/data/?force=true")["result"]
    return sorted((_day(row["as_of_date"]), row["segment"], row["members"]) for row in result["data"])


def _day(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).date().isoformat()


def held(published: PublishedFolder) -> list[tuple[Any, ...]]:
    """What DuckDB itself says, from the stays: nothing of the mart that is charted."""
    with duckdb.connect(str(published.database), read_only=True) as connection:
        return connection.execute(MEMBERS_BY_STAYS).fetchall()


def test_a_chart_shows_what_the_mart_holds(superset: Superset, chart: int, published: PublishedFolder) -> None:
    points = charted(superset, chart)
    assert points == held(published)
    assert len(points) == 30


def test_a_dataset_brings_the_columns_descriptions(superset: Superset, dataset: int) -> None:
    columns = superset.get(f"dataset/{dataset}")["result"]["columns"]
    told = {column["column_name"]: column["description"] for column in columns}
    assert told["members"] == "Members at the end of the day."
    assert all(told.values())


def test_the_next_day_is_charted_once_it_is_published(
    superset: Superset, chart: int, published: PublishedFolder, ten_days: tuple[SmallProject, Dbt]
) -> None:
    charted(superset, chart)
    project, dbt = ten_days
    project.run(day(10), dbt=dbt)
    points = charted(superset, chart)
    assert points == held(published)
    assert max(points)[0] == str(day(10))
