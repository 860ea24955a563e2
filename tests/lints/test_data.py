"""Lints that look into the warehouse: columns, names of events, elements of lists, days before the history."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.compiler.source import parse
from orchestration.data_lints import data_lints
from orchestration.warehouse import DuckDB
from tests.lints.warned import CATALOG, compiled, source_of

TABLES = (
    "create table people (person_id integer, plan varchar, email varchar, country varchar, seats bigint, "
    '"limit" integer, spend decimal(18, 2), score double, active boolean, joined_at timestamp, seen_at timestamp, '
    "born_on date, tags varchar[], valid_from timestamp, valid_to timestamp)",
    'create table events (person_id integer, name varchar, "at" timestamp, format varchar, amount decimal(18, 2), '
    "weight double)",
    'create table orders (person_id integer, "at" timestamp, amount decimal(18, 2), status varchar)',
    "insert into people by name select 1 as person_id, ['VIP', null, 'new'] as tags",
    "insert into events by name select 1 as person_id, 'login' as name",
    "create schema marts",
    "create table marts.segment_counts_daily as select 'pros' as segment, date '2026-01-05' as as_of_date",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "warehouse.duckdb"
    with DuckDB(found) as warehouse:
        for statement in TABLES:
            warehouse.execute(statement)
    return found


def warned(path: Path, rule: str, *statements: str, catalog: str = CATALOG) -> list[tuple[str, str, str]]:
    """Code, message and help of each warning, after some statements."""
    with DuckDB(path) as warehouse:
        for statement in statements:
            warehouse.execute(statement)
        found = data_lints(compiled(rule, catalog=catalog), parse(source_of(catalog)), warehouse)
    return [(each.code, each.message, each.help) for each in found]


def test_what_is_there_says_nothing(path: Path) -> None:
    rule = "- performed: [login]\n- tags: {has_any: [VIP, new]}\n- was_in_segment: pros\n  on: 2026-01-05\n"
    assert warned(path, rule) == []


def test_events_and_elements_that_no_row_has(path: Path) -> None:
    rule = """
- performed: [login, lgin]
- first_performed: purchase
  in_last: 7 days
- sequence: [{performed: login}, {performed: [any, gone]}]
- tags: {any_element: {is: vip}}
- tags: {has_none: [new, old]}
"""
    assert [(code, message.split("`")[-2]) for code, message, _ in warned(path, rule)] == [
        ("unseen-event", "lgin"),
        ("unseen-event", "purchase"),
        ("unseen-value", "vip"),
        ("unseen-value", "old"),
    ]
    assert warned(path, "tags: vip")[0][2] == "did you mean `VIP`?"


def test_columns_that_are_missing_or_of_another_type(path: Path) -> None:
    found = warned(
        path,
        "plan: pro",
        "alter table people rename column seats to seet",
        "alter table people alter column tags type varchar",
        "alter table people alter column spend type double",
        "alter table people alter column seen_at type timestamptz",
        "alter table events drop column format",
        "alter table orders alter column status type integer",
    )
    said = {(code, message.split("`")[-2 if code == "missing-column" else 1]) for code, message, _ in found}
    assert said == {
        *(("missing-column", name) for name in ("seats", "format")),
        *(("column-type", name) for name in ("tags", "spend", "seen_at", "status")),
    }


def test_tables_that_are_not_there_say_nothing(path: Path) -> None:
    assert warned(path, "{related: notes, where: {body: x}}", "drop table orders", "drop table events") == []


@pytest.mark.parametrize(
    ("window", "late"),
    [
        ("on: 2026-01-04", True),
        ("on: 2026-01-05", False),
        ("between: [2025-12-01, 2026-01-04]", True),
        ("between: [2025-12-01, 2026-01-06]", False),
        ("in_last: 3 years", False),
        ("before: 2026-01-05", True),
    ],
)
def test_days_before_the_history_are_an_error(path: Path, window: str, late: bool) -> None:
    rule = f"was_in_segment: [pros, early]\n{window}\n"
    assert [code for code, *_ in warned(path, rule)] == ["before-history"] * late
