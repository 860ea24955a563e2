"""The gate on sources, with the real Great Expectations: what it stops, and that it tells nobody's data."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from orchestration.gates.result import key_hash
from orchestration.gates.source import SourceTable, source_gate
from orchestration.warehouse import DuckDB

AS_OF = date(2017, 12, 31)


@pytest.fixture
def sources(tmp_path: Path) -> DuckDB:
    warehouse = DuckDB(tmp_path / "w.duckdb")
    warehouse.execute("create schema raw_saas")
    warehouse.execute(
        "create table raw_saas.people as select i as id, timestamp '2017-12-30 10:00' as at from range(9) t(i)"
    )
    warehouse.execute("insert into raw_saas.people values (null, null), (3, null), (3, null), (4, null)")
    warehouse.execute("create table events as select i % 3 as id, date '2017-12-01' as at from range(9) t(i)")
    warehouse.execute('create table "order" (id integer, "at" timestamptz)')
    return warehouse


def test_sources_are_profiled_and_judged(sources: DuckDB) -> None:
    tables = [
        SourceTable("raw_saas.people", "id", "at", stale_after=1),
        SourceTable("events", "id", "at", unique=False, stale_after=7),
        SourceTable("order", "id", "at", stale_after=1),
        SourceTable("gone", "id"),
    ]
    result = source_gate(sources, tables, AS_OF)
    assert {(each.column, each.expectation): (each.observed, each.examples) for each in result.failures} == {
        ("raw_saas.people.id", "expect_null_keys_to_be_zero"): (1, ()),
        ("raw_saas.people.id", "expect_duplicate_keys_to_be_zero"): (3, (key_hash(3), key_hash(4))),
        ("events.at", "expect_days_overdue_to_be_zero"): (23, ()),
        ("order", "expect_rows_to_be_positive"): (0, ()),
        ("gone.id", "expect_table_to_be_readable"): (None, ()),
    }
    assert json.dumps(result.as_json())
    passed = {(each.column, each.expectation) for each in result.findings if each.passed}
    assert ("events", "expect_rows_to_be_positive") in passed
    assert ("raw_saas.people.at", "expect_days_overdue_to_be_zero") in passed


def test_good_sources_pass(sources: DuckDB) -> None:
    good = [
        SourceTable("events", "id", unique=False),
        SourceTable("order", "id", "at", may_be_empty=True, stale_after=1),
    ]
    assert source_gate(sources, good, AS_OF).passed


def test_a_table_that_should_be_fresh_and_has_no_dates_is_stale(sources: DuckDB) -> None:
    sources.execute('update events set "at" = null')
    result = source_gate(sources, [SourceTable("events", "id", "at", unique=False, stale_after=7)], AS_OF)
    assert [each.column for each in result.failures] == ["events.at"]
