"""What is guessed of tables that nobody described: each world is made so that one guess is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from orchestration.adopting.catalog import first_segment, guesses_to_catalog
from orchestration.adopting.guessing import EntityGuess, essence, guess, is_personal, singular, type_of
from orchestration.adopting.tables import look
from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.data_lints import FITTING
from orchestration.warehouse import DuckDB


@pytest.fixture
def warehouse() -> Iterator[DuckDB]:
    with DuckDB(Path(":memory:")) as opened:
        yield opened


def guessed(warehouse: DuckDB, *statements: str) -> tuple[EntityGuess, ...]:
    for statement in statements:
        warehouse.execute(statement)
    entities = guess(look(warehouse, None))
    first = first_segment(entities[0])
    catalog = SourceFile("segment_specs/catalog.yml", guesses_to_catalog(entities, "UTC"))
    compile_sources(Sources(catalog, (SourceFile(f"segment_specs/x/{first.key}.yml", first.text),)))
    return entities


def test_finished_tables_are_preferred_to_those_they_are_made_of(warehouse: DuckDB) -> None:
    rows = "as select i as customer_id, 'a' as plan from range(9) as numbers(i)"
    [found] = guessed(
        warehouse,
        f"create table stg_customers {rows}",
        f"create table dim_customers {rows}",
        f"create table raw_customers {rows}",
    )
    assert (found.name, found.table.name, found.key) == ("customer", "dim_customers", "customer_id")


def test_a_key_with_a_gap_or_a_double_is_none(warehouse: DuckDB) -> None:
    [found] = guessed(
        warehouse,
        "create table users as select if(i = 3, null, i) as user_id, 1 as id, 'u' || i as user_key "
        "from range(9) as n(i)",
    )
    assert found.key == "user_key"


def test_rows_with_strange_keys_are_nobodys(warehouse: DuckDB) -> None:
    [found] = guessed(
        warehouse,
        "create table users as select i as user_id from range(9) as n(i)",
        "create table orders as select i as user_id, date '2024-01-01' as ordered_on from range(9) as n(i)",
        "create table carts as select i + 5 as user_id, date '2024-01-01' as begun_on from range(9) as n(i)",
        "create table notes as select cast(i as varchar) as user_id from range(9) as n(i)",
    )
    assert [each.name for each in found.relations] == ["orders"]


def test_companies_of_people(warehouse: DuckDB) -> None:
    people, companies = guessed(
        warehouse,
        "create table companies as select i as company_id, 'c' as plan from range(3) as n(i)",
        "create table people as select i as person_id, i % 3 as company_id from range(9) as n(i)",
    )
    assert [people.name, companies.name] == ["person", "company"]
    assert [(link.entity, link.related) for link in people.links] == [("company", "company_id")]


def test_events_have_a_name_and_a_time(warehouse: DuckDB) -> None:
    [found] = guessed(
        warehouse,
        "create table users as select i as user_id from range(9) as n(i)",
        "create table page_views as select i as user_id, 'view' as kind, timestamp '2024-01-01' as viewed_at "
        "from range(9) as n(i)",
    )
    assert found.events
    assert (found.events.named, found.events.at) == ("kind", "viewed_at")


def test_what_has_no_type_is_left_out_and_named(warehouse: DuckDB) -> None:
    entities = guessed(
        warehouse,
        "create table users as select i as user_id, timestamptz '2024-01-01' as seen, {'a': 1} as inner_, "
        '1 as "a b", '
        'cast(1.5 as double) as share, true as "on" from range(9) as n(i)',
    )
    text = guesses_to_catalog(entities, "UTC")
    for remark in ("# seen: left out", "# inner_: left out", "# a b: left out", "sums of doubles are not exact"):
        assert remark in text
    assert set(yaml.safe_load(text)["entities"]["user"]["attributes"]) == {"share", "on"}


def test_values_of_few_kinds_are_proposed_and_personal_ones_are_not(warehouse: DuckDB) -> None:
    entities = guessed(
        warehouse,
        "create table users as select i as user_id, if(i % 2 = 0, 'free', 'pro') as plan, 'Ada' as first_name "
        "from range(90) as n(i)",
    )
    text = guesses_to_catalog(entities, "UTC")
    assert 'values: ["free", "pro"]' in text
    assert "Ada" not in text


@pytest.mark.parametrize(
    ("name", "word"),
    [("companies", "company"), ("people", "person"), ("customers", "customer"), ("addresses", "address")],
)
def test_one_of_many(name: str, word: str) -> None:
    assert singular(name) == word


def test_what_a_table_is_about() -> None:
    assert [essence(name) for name in ("stg_shop__customers", "dim_customers", "customers")] == ["customers"] * 3


@pytest.mark.parametrize(
    "column", ["email", "E_Mail", "phone_number", "last_name", "name", "birth_date", "ip", "zip_code"]
)
def test_personal_columns(column: str) -> None:
    assert is_personal(column)


@pytest.mark.parametrize("column", ["plan", "event_name", "product_name", "ship_date", "recipient_count"])
def test_columns_that_are_not_personal(column: str) -> None:
    assert not is_personal(column)


@pytest.mark.parametrize(
    "kind",
    ["VARCHAR", "BIGINT", "DECIMAL(9,2)", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR[]"],
)
def test_types_are_those_that_check_accepts(kind: str) -> None:
    [type_] = [each for each in FITTING if each.value == type_of(kind)]
    assert re.fullmatch(FITTING[type_], kind if kind.endswith("]") else kind.partition("(")[0])
