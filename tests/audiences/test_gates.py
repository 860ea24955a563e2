"""The gates, with the real Great Expectations: what they stop, and that they tell nobody's data."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from orchestration.audiences.audience import Audience, Guard
from orchestration.gates.audience import audience_gate
from orchestration.gates.result import GateResult, key_hash
from orchestration.gates.source import SourceTable, source_gate
from orchestration.warehouse import DuckDB
from tests.audiences.workspace import WINBACK

AS_OF = date(2017, 12, 31)
BOTH = replace(WINBACK, identify_by=("external_id", "email"))


def frame(**columns: list[Any]) -> pd.DataFrame:
    good: dict[str, list[Any]] = {
        "person_id": ["p1", "p2", "p3"],
        "external_id": ["x1", "x2", "x3"],
        "email": ["a@example.com", "b.c+d@mail.example.co", "ü@exämple.de"],
        "plan": ["pro", None, "free"],
        "consent": [True, True, True],
    }
    return pd.DataFrame(good | columns)


def failed(result: GateResult) -> dict[tuple[str, str | None], tuple[int, tuple[str, ...]]]:
    return {(each.expectation, each.column): (each.unexpected, each.examples) for each in result.failures}


def test_a_good_set_passes() -> None:
    result = audience_gate(frame(), BOTH)
    assert result.passed
    assert [(each.expectation, each.column) for each in result.findings] == [
        ("expect_table_row_count_to_be_between", None),
        ("expect_column_values_to_not_be_null", "person_id"),
        ("expect_column_values_to_not_be_null", "external_id or email"),
        ("expect_column_values_to_be_unique", "person_id"),
        ("expect_column_values_to_be_unique", "external_id"),
        ("expect_column_values_to_be_unique", "email"),
        ("expect_column_values_to_match_regex", "email"),
        ("expect_column_values_to_be_in_set", "consent"),
    ]


@pytest.mark.parametrize(
    ("columns", "expectation", "column", "bad"),
    [
        ({"person_id": ["p1", "p1", "p3"]}, "be_unique", "person_id", ["p1", "p1"]),
        ({"person_id": ["p1", None, "p3"]}, "not_be_null", "person_id", [None]),
        ({"external_id": ["x1", "x1", "x3"]}, "be_unique", "external_id", ["p1", "p2"]),
        (
            {"external_id": ["x1", None, ""], "email": ["a@b.c", "", None]},
            "not_be_null",
            "external_id or email",
            ["p2", "p3"],
        ),
        ({"consent": [True, False, None]}, "be_in_set", "consent", ["p2", "p3"]),
        *(
            ({"email": ["a@b.c", mail, None]}, "match_regex", "email", ["p2"])
            for mail in ("nobody", "a@b", "a b@c.d", "a@b.c\n", "a@b..c", "@b.c", "a@b.c, d@e.f")
        ),
    ],
)
def test_what_is_wrong_is_found(columns: dict[str, list[Any]], expectation: str, column: str, bad: list[Any]) -> None:
    result = audience_gate(frame(**columns), BOTH)
    name = f"expect_column_values_to_{expectation}"
    assert failed(result) == {(name, column): (len(bad), tuple(key_hash(key) for key in bad))}


def test_an_empty_set_passes_only_where_the_guard_allows_it() -> None:
    assert failed(audience_gate(frame()[:0], BOTH)) == {("expect_table_row_count_to_be_between", None): (0, ())}
    assert audience_gate(frame()[:0], replace(BOTH, guard=Guard(allow_empty=True))).passed


def test_a_missing_column_fails() -> None:
    assert failed(audience_gate(frame().drop(columns="consent"), BOTH)) == {
        ("expect_column_to_exist", "consent"): (0, ())
    }


def test_an_audience_without_consent_or_mail_is_judged_by_its_key() -> None:
    by_key: Audience = replace(WINBACK, identify_by=("person_id",), fields={}, consent=None)
    assert audience_gate(pd.DataFrame({"person_id": [3, 1, 2]}), by_key).passed
    result = audience_gate(pd.DataFrame({"person_id": [3, 1, 1]}), by_key)
    assert failed(result) == {("expect_column_values_to_be_unique", "person_id"): (2, (key_hash(1), key_hash(1)))}


def test_results_are_json_and_hold_no_personal_data() -> None:
    result = audience_gate(frame(email=["secret", "secret", "a@b.c"], person_id=["k-one", "k-one", "k-two"]), BOTH)
    told = json.dumps(result.as_json()) + result.summary()
    assert not result.passed
    assert "secret" not in told
    assert "k-one" not in told
    assert key_hash("k-one") in told


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


def test_a_gate_writes_no_files_prints_no_bars_and_is_imported_late(tmp_path: Path) -> None:
    script = (
        "import sys, pandas as pd\n"
        "from orchestration.audiences.export import export\n"
        "assert 'great_expectations' not in sys.modules\n"
        "from orchestration.gates.audience import audience_gate\n"
        "from tests.audiences.workspace import WINBACK\n"
        "frame = pd.DataFrame({'person_id': ['a'], 'email': ['bad'], 'plan': ['x'], 'consent': [True]})\n"
        "assert not audience_gate(frame, WINBACK).passed\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []
