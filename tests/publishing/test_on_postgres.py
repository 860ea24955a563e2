"""Publishing inside PostgreSQL: beside many publications a reader sees no error, waits for nobody and mixes no days."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from orchestration.postgresql import PostgreSQL
from orchestration.publishing.folder import PublishedFolder
from orchestration.publishing.mart import Mart
from orchestration.publishing.publish import publish_marts
from orchestration.warehouse import WarehouseError
from tests.engines import postgres

FIRST = date(2024, 1, 1)
PUBLICATIONS = 40
REPOSITORY = Path(__file__).parents[2]
MARTS = (
    Mart("segment_counts_daily", "main.segment_counts_daily", "Grain: a day.", {"members": "Members, 100% of them."}),
    Mart("segment_spells", "main.segment_spells", "Grain: a stay; people's.", {}),
)
BOTH = """
select published.version, cast(published.as_of as text),
    (select cast(max(as_of_date) as text) from published.segment_counts_daily),
    (select max(members) from published.segment_counts_daily),
    (select count(*) from published.segment_spells)
from published.published
"""


@pytest.fixture(scope="module")
def conninfo() -> Iterator[str]:
    try:
        with postgres.running() as server:
            yield f"host={server.socket} user={postgres.USER} dbname=postgres"
    except postgres.ServerAbsent as absent:
        pytest.skip(str(absent))


@pytest.fixture
def warehouse(conninfo: str) -> Iterator[PostgreSQL]:
    """An empty one, with the marts of the first day."""
    with PostgreSQL(conninfo) as open_:
        open_.execute("drop schema if exists published, main cascade; create schema main")
        judge(open_, FIRST)
        yield open_


def judge(warehouse: PostgreSQL, day: date) -> None:
    """Marts as a run would leave them: 100 members for each day so far, none of whom ever leaves."""
    days = (day - FIRST).days + 1
    warehouse.execute(
        "drop table if exists main.segment_counts_daily, main.segment_spells; "
        f"create table main.segment_counts_daily as select cast('{FIRST}' as date) + number as as_of_date, "
        f"100 * (number + 1) as members from generate_series(0, {days - 1}) as days(number); "
        "create table main.segment_spells as select number, 0.5 as share "
        f"from generate_series(1, {100 * days}) as stays(number)"
    )


def publish(warehouse: PostgreSQL, day: date) -> None:
    publish_marts(warehouse, MARTS, FIRST, day, PublishedFolder(Path("unused")))


def read(connection: psycopg.Connection[tuple[Any, ...]]) -> tuple[Any, ...]:
    [row] = connection.execute(BOTH.encode()).fetchall()
    return row


def test_a_reader_beside_many_publications_sees_whole_days_that_go_forward(
    warehouse: PostgreSQL, conninfo: str, tmp_path: Path
) -> None:
    publish(warehouse, FIRST)
    command = [sys.executable, "-m", "tests.publishing.postgres_reader", conninfo, str(tmp_path / "stop"), BOTH]
    with (tmp_path / "out").open("w") as out, (tmp_path / "wrong").open("w") as wrong:
        reader = subprocess.Popen(command, cwd=REPOSITORY, stdout=out, stderr=wrong)
        while not (tmp_path / "out").stat().st_size and reader.poll() is None:
            time.sleep(0.01)
        for number in range(1, PUBLICATIONS):
            judge(warehouse, FIRST + timedelta(days=number))
            publish(warehouse, FIRST + timedelta(days=number))
        (tmp_path / "stop").touch()
        assert reader.wait(60) == 0, (tmp_path / "wrong").read_text()
    readings = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    assert len({reading["alone"][0] for reading in readings}) > PUBLICATIONS // 4
    for reading in readings:
        version, as_of, last, members, stays = reading["alone"]
        assert as_of == last and members == stays == 100 * version
        assert reading["first"] == reading["again"], "a transaction sees one version"
    days = [reading["alone"][1] for reading in readings]
    assert days == sorted(days)
    assert days[-1] == str(FIRST + timedelta(days=PUBLICATIONS - 1))


def test_a_publication_waits_for_no_reader_and_no_reader_for_it(warehouse: PostgreSQL, conninfo: str) -> None:
    publish(warehouse, FIRST)
    second = FIRST + timedelta(days=1)
    with psycopg.connect(conninfo) as dashboard, psycopg.connect(conninfo, autocommit=True) as another:
        dashboard.execute("set transaction isolation level repeatable read")
        held = read(dashboard)
        judge(warehouse, second)
        warehouse.execute("set lock_timeout = '5s'")
        publish(warehouse, second)
        assert read(dashboard) == held
        assert read(another) == (2, str(second), str(second), 200, 200)


def test_an_earlier_day_is_not_published_over_a_later_one(warehouse: PostgreSQL) -> None:
    later = FIRST + timedelta(days=3)
    judge(warehouse, later)
    publish(warehouse, later)
    judge(warehouse, FIRST)
    publish(warehouse, FIRST)
    assert warehouse.rows("select * from published.as_of") == [(later,)]
    assert warehouse.rows("select count(*) from published.segment_spells") == [(400,)]


def test_a_publication_that_fails_leaves_the_one_before(warehouse: PostgreSQL) -> None:
    publish(warehouse, FIRST)
    warehouse.execute("drop table main.segment_spells")
    with pytest.raises(WarehouseError, match="segment_spells"):
        publish(warehouse, FIRST + timedelta(days=1))
    assert warehouse.rows("select version, as_of from published.published") == [(1, FIRST)]
    assert warehouse.rows("select count(*) from published.segment_counts_daily") == [(1,)]


def test_columns_that_change_and_marts_that_go_are_followed(warehouse: PostgreSQL) -> None:
    publish(warehouse, FIRST)
    warehouse.execute("alter table main.segment_spells add column reason text default 'data'")
    publish_marts(warehouse, MARTS[1:], FIRST, FIRST, PublishedFolder(Path("unused")))
    assert warehouse.rows("select distinct reason from published.segment_spells") == [("data",)]
    assert warehouse.rows("select table_name, row_count from published.published_tables") == [("segment_spells", 100)]
    assert "segment_counts_daily" not in _published(warehouse)
    assert warehouse.rows("select obj_description('published.segment_spells'::regclass)") == [
        ("Grain: a stay; people's.",)
    ]


def _published(warehouse: PostgreSQL) -> set[object]:
    rows = warehouse.rows("select table_name from information_schema.tables where table_schema = 'published'")
    return {name for (name,) in rows}


def test_two_publishers_come_one_after_the_other(warehouse: PostgreSQL, conninfo: str) -> None:
    publish(warehouse, FIRST)
    with PostgreSQL(conninfo) as other:
        both = [threading.Thread(target=publish, args=(each, FIRST)) for each in (warehouse, other)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert other.rows("select version from published.published") == [(3,)]
        assert other.rows("select count(*) from published.segment_spells") == [(100,)]


def test_batches_have_the_types_of_their_columns(warehouse: PostgreSQL) -> None:
    sql = (
        "select 1 as i, 2::bigint as b, 1.50::numeric(9, 2) as n, true as t, date '2024-02-29' as d, "
        "timestamp '2024-02-29 12:00' as at, 'a?''%' as s, array['x', null] as l, null::text as u where 1 = ?"
    )
    [batch] = warehouse.batches(sql, [1])
    [row] = batch.to_pylist()
    day, noon = date(2024, 2, 29), datetime(2024, 2, 29, 12)
    assert [*row.values()] == [1, 2, Decimal("1.50"), True, day, noon, "a?'%", ["x", None], None]
    types = ["int32", "int64", "decimal128(9, 2)", "bool", "date32[day]", "timestamp[us]", "string"]
    assert [str(type_) for type_ in batch.schema.types] == [*types, "list<item: string>", "string"]


def test_sessions_run_in_utc_and_a_reading_one_writes_nothing(warehouse: PostgreSQL, conninfo: str) -> None:
    assert warehouse.rows("show timezone") == [("UTC",)]
    with PostgreSQL(conninfo, read_only=True) as reader, pytest.raises(WarehouseError, match="read-only"):
        reader.execute("create table main.x (y integer)")
    assert warehouse.tables()["segment_spells"] == ("main", ("number", "share"))
    with pytest.raises(WarehouseError, match="cannot connect"):
        PostgreSQL("host=/nowhere")


def test_what_a_query_costs(warehouse: PostgreSQL) -> None:
    warehouse.execute("create temporary table costed as select i, i % 10 as rest from generate_series(1, 1000) as t(i)")
    found = warehouse.cost("select count(*) from costed as a join costed as b using (i) where a.rest = 3")
    assert found.rows_scanned == 2000
    assert found.seconds > 0
