"""What the two shipped workspaces promise."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from orchestration.warehouse import DuckDB, WarehouseError
from orchestration.workspaces import RetailDataMissingError, load_retail, load_sample, retail, sample

NEW_YORK_MIDNIGHTS = (
    "select timezone('UTC', timezone('America/New_York', day)) as midnight "
    "from range(timestamp '2017-01-02', timestamp '2018-01-02', interval 1 day) as days (day)"
)


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDB]:
    with DuckDB(tmp_path_factory.mktemp("sample") / "warehouse.duckdb") as warehouse:
        load_sample(warehouse, people=800, companies=200)
        yield warehouse


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDB]:
    with DuckDB(tmp_path_factory.mktemp("retail") / "warehouse.duckdb") as warehouse:
        load_retail(warehouse)
        yield warehouse


def number(warehouse: DuckDB, sql: str) -> object:
    return warehouse.rows(sql)[0][0]


def fingerprints(warehouse: DuckDB) -> dict[str, object]:
    """A hash of every table's rows in their stored order."""
    tables = warehouse.rows("select table_name from duckdb_tables() where schema_name = 'raw_saas'")
    return {
        str(table): number(warehouse, f"select md5(string_agg(rows::varchar, chr(10))) from raw_saas.{table} as rows")
        for (table,) in tables
    }


def generated(path: Path, *, seed: int, threads: int = 2) -> dict[str, object]:
    with DuckDB(path) as warehouse:
        warehouse.execute(f"set threads = {threads}")
        load_sample(warehouse, people=300, companies=60, seed=seed)
        return fingerprints(warehouse)


def test_same_seed_gives_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    first = generated(tmp_path / "first.duckdb", seed=7)
    assert len(first) == 10
    assert first == generated(tmp_path / "second.duckdb", seed=7, threads=1)


def test_loading_again_gives_the_same_bytes_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    first = generated(tmp_path / "warehouse.duckdb", seed=7)
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        load_sample(warehouse, people=300, companies=60, seed=7)
        assert fingerprints(warehouse) == first
        assert number(warehouse, "select count(*) from duckdb_tables() where temporary") == 0
        assert number(warehouse, "select getvariable('sample_seed') is null")


def test_another_seed_gives_other_rows_in_every_table_but_the_tags(tmp_path: Path) -> None:
    first, other = (generated(tmp_path / f"{seed}.duckdb", seed=seed) for seed in (7, 8))
    assert {table for table in first if first[table] == other[table]} == {"tags"}


def test_any_size_will_do(tmp_path: Path) -> None:
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        load_sample(warehouse, people=0, companies=0)
        assert number(warehouse, "select count(*) from raw_saas.people") == 0
        load_sample(warehouse, people=50, companies=1)
        assert number(warehouse, "select count(distinct company_id) from raw_saas.company_people") == 1
        with pytest.raises(ValueError, match="people must lie between"):
            load_sample(warehouse, people=-1)


def test_a_failed_load_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sample._sql
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        load_sample(warehouse, people=30, companies=5)
        before = fingerprints(warehouse)
        monkeypatch.setattr(sample, "_sql", lambda step: "select 1 +" if step == "talks" else real(step))
        with pytest.raises(WarehouseError):
            load_sample(warehouse, people=40, companies=6)
        assert fingerprints(warehouse) == before
        monkeypatch.undo()
        load_sample(warehouse, people=30, companies=5)
        assert fingerprints(warehouse) == before


@pytest.mark.parametrize(("table", "key"), [("people", "person_id"), ("companies", "company_id")])
def test_history_rows_neither_overlap_nor_are_empty(sampled: DuckDB, table: str, key: str) -> None:
    wrong = f"""
        select count(*)
        from (
            select valid_from, valid_to, lead(valid_from) over (partition by {key} order by valid_from) as following
            from raw_saas.{table}
        )
        where valid_from >= valid_to or following < valid_to or (following is not null and valid_to is null)
    """
    assert number(sampled, wrong) == 0


def test_at_the_end_of_every_day_last_seen_is_the_latest_event(sampled: DuckDB) -> None:
    wrong = f"""
        with days as ({NEW_YORK_MIDNIGHTS}),
        as_of as (
            select days.midnight, people.person_id, people.last_seen_at
            from days
            inner join raw_saas.people as people
                on people.valid_from < days.midnight and (people.valid_to is null or people.valid_to >= days.midnight)
        ),
        latest as (
            select any_value(as_of.last_seen_at) as said, max(events.occurred_at) as done
            from as_of
            left join raw_saas.events as events
                on as_of.person_id = events.person_id and events.occurred_at < as_of.midnight
            group by as_of.midnight, as_of.person_id
        )
        select count(*) from latest where said is distinct from done
    """
    assert number(sampled, wrong) == 0


def test_total_spend_is_the_sum_of_the_paid_orders(sampled: DuckDB) -> None:
    wrong = """
        with spent as (
            select person_id, sum(amount) as amount from raw_saas.orders where status = 'paid' group by person_id
        )
        select count(*)
        from raw_saas.people as people
        left join spent using (person_id)
        where people.valid_to is null and people.total_spend <> coalesce(spent.amount, 0)
    """
    assert number(sampled, wrong) == 0


def test_people_and_companies_change_on_most_days_of_the_demo(sampled: DuckDB) -> None:
    days = (
        "select count(distinct valid_from::date) from raw_saas.{} where valid_from >= timestamp '2017-11-02 04:00:00'"
    )
    assert int(str(number(sampled, days.format("people")))) >= 60
    assert int(str(number(sampled, days.format("companies")))) >= 20


def test_some_people_are_deleted_and_some_of_them_return(sampled: DuckDB) -> None:
    gone = "select count(*) from (select person_id from raw_saas.people group by 1 having count(*) = count(valid_to))"
    returned = """
        select count(*)
        from (
            select valid_to, lead(valid_from) over (partition by person_id order by valid_from) as following
            from raw_saas.people
        )
        where following > valid_to
    """
    assert int(str(number(sampled, gone))) > 0
    assert int(str(number(sampled, returned))) > 0


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from raw_saas.tags where name not in (select unnest(tags) from raw_saas.people union all "
        "select unnest(tags) from raw_saas.companies union all select unnest(tags) from raw_saas.conversations)",
        "select count(distinct company_id) from raw_saas.companies "
        "where company_id not in (select company_id from raw_saas.company_people)",
        "select count(distinct company_id) from raw_saas.companies where archived",
        "select count(*) from (select person_id from raw_saas.company_people group by person_id having count(*) > 1)",
        "select count(distinct person_id) from raw_saas.people "
        "where person_id not in (select person_id from raw_saas.company_people)",
    ],
    ids=["unused tags", "empty companies", "archived companies", "people in several companies", "people in none"],
)
def test_the_awkward_cases_are_there(sampled: DuckDB, sql: str) -> None:
    assert int(str(number(sampled, sql))) > 0


def test_every_tag_in_use_is_a_known_tag(sampled: DuckDB) -> None:
    unknown = """
        select count(*)
        from (
            select unnest(tags) as tag from raw_saas.people
            union all
            select unnest(tags) from raw_saas.companies
            union all
            select unnest(tags) from raw_saas.conversations
        )
        where tag not in (select name from raw_saas.tags)
    """
    assert number(sampled, unknown) == 0


def test_retail_counts_are_the_published_ones(bought: DuckDB) -> None:
    assert number(bought, "select count(*) from raw_retail.transactions") == 1_469_307
    assert number(bought, "select count(distinct household_id) from raw_retail.transactions") == 2_469
    assert number(bought, "select count(*) from raw_retail.campaign_descriptions") == 27


def test_retail_days_in_new_york_fill_exactly_the_year(bought: DuckDB) -> None:
    local = "timezone('America/New_York', timezone('UTC', transaction_timestamp))::date"
    found = bought.rows(f"select min({local})::varchar, max({local})::varchar from raw_retail.transactions")
    assert found == [("2017-01-01", "2017-12-31")]


def test_without_the_retail_package_the_error_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(retail, "find_spec", nothing)
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        with pytest.raises(RetailDataMissingError, match=r"requirements/data\.txt"):
            load_retail(warehouse)
        assert number(warehouse, "select count(*) from duckdb_schemas() where schema_name = 'raw_retail'") == 0
