"""Muster moves into a dbt project that is not in its own shape: what was there stays, and what is new is right."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import parse
from orchestration.defs.build import build_definitions
from orchestration.settings import load_settings
from tests.adopting import bookshop
from tests.adopting.conftest import OWN, Shop, muster

DAYS = (date(2025, 3, 30), bookshop.LAST)


def test_files_of_the_project_stay_as_they_are_but_for_two(shop: Shop) -> None:
    after = bookshop.digests(shop.folder)
    changed = {path for path, digest in shop.files.items() if after.get(path) != digest}
    assert changed == {"packages.yml", "dbt_project.yml"}
    new = {path.split("/")[0] for path in after.keys() - shop.files.keys()}
    assert new == {"muster", "muster.yml", "segment_specs", "selectors.yml"}


def test_edits_only_add_lines_and_keep_remarks(shop: Shop) -> None:
    settings = (shop.folder / "dbt_project.yml").read_text("utf-8")
    assert settings.startswith(bookshop.FILES["dbt_project.yml"])
    added = settings.removeprefix(bookshop.FILES["dbt_project.yml"])
    assert added == "\nflags:\n  require_ref_searches_node_package_before_root: true\n"
    packages = (shop.folder / "packages.yml").read_text("utf-8")
    assert packages == "# no packages of others yet\npackages:\n  - local: muster\n"
    assert "  +  require_ref_searches_node_package_before_root: true" in shop.printed["muster init"].splitlines()


def test_every_file_is_named_before_it_is_written(shop: Shop) -> None:
    said = shop.printed["muster init --dry-run"].splitlines()
    named = {line.split(" ")[1] for line in said if line.startswith(("create ", "update "))}
    after = bookshop.digests(shop.folder)
    written = {path for path in after if shop.files.get(path) != after[path]}
    assert {path for path in written if "/models/segments/" not in path} <= named
    assert named - {".muster/.gitignore"} <= written


def test_a_second_time_changes_nothing(shop: Shop) -> None:
    assert not [line for line in shop.again.splitlines() if line.startswith(("create", "update", "remove", "generate"))]


@pytest.mark.parametrize("day", DAYS)
def test_recorded_members_are_those_counted_by_hand(shop: Shop, day: date) -> None:
    held = shop.rows(
        "select customer_no from muster.customer_spells where segment = 'active_customers' "
        f"and entered_on <= date '{day}' and coalesce(exited_on > date '{day}', true)"
    )
    assert {key for (key,) in held} == bookshop.active(day)
    told = json.loads(muster("preview", "active_customers", "--as-of", str(day), "--members", "--json", *shop.project))
    assert set(told["members"]) == {*bookshop.active(day)}


def test_moves_are_those_counted_by_hand(shop: Shop) -> None:
    before, after = (bookshop.active(day) for day in DAYS)
    moved = shop.rows(
        "select cast(subject_key as integer), transition from muster.segment_transitions "
        f"where as_of_date = date '{DAYS[1]}' and segment = 'active_customers'"
    )
    assert set(moved) == {(key, "entered") for key in after - before} | {(key, "exited") for key in before - after}


def test_muster_sees_the_tables_of_the_models_and_not_those_they_are_made_of(shop: Shop) -> None:
    with duckdb.connect(str(shop.folder / "data" / "books.duckdb"), read_only=True) as read:
        [(raw,)] = read.execute("select count(*) from raw.orders").fetchall()
    assert raw == 120
    assert muster("check", *shop.project).strip() == "1 segments, 0 audiences: no errors"


def test_days_are_known(shop: Shop) -> None:
    assert f"judged: {DAYS[0]} to {DAYS[1]}" in muster("status", *shop.project)


def test_the_models_of_the_same_name_are_both_there(shop: Shop) -> None:
    assert shop.rows("select market_segment from analytics.segments") == [("kids",)]
    assert shop.rows("select segment from muster.segments") == [("active_customers",)]
    assert shop.rows("select day from muster.days order by 1") == [(day,) for day in DAYS]


def test_a_build_by_hand_gives_the_same_tables_and_leaves_the_history_alone(shop: Shop) -> None:
    recorded = bookshop.contents(shop.folder, "muster", "ledger")
    results = bookshop.build(shop.folder).results
    assert {str(each.status) for each in results} == {"success", "pass"}
    assert {each.node.package_name for each in results} == {"bookshop"}
    assert bookshop.contents(shop.folder, *OWN) == shop.tables
    assert bookshop.contents(shop.folder, "muster", "ledger") == recorded


def test_snapshots_keep_their_own_clock_and_musters_keeps_the_day(shop: Shop) -> None:
    theirs = shop.rows("select distinct dbt_valid_from from snapshots.readers_over_time")
    assert [at for (at,) in theirs if isinstance(at, datetime) and abs(at - shop.began) < timedelta(days=1)]
    assert len(theirs) == 1
    ours = shop.rows("select distinct cast(dbt_valid_from as date) from muster.customer_history")
    assert ours
    assert {day for (day,) in ours} <= set(DAYS)


def test_the_first_catalog_says_what_was_guessed(shop: Shop) -> None:
    text = (shop.folder / "segment_specs" / "catalog.yml").read_text("utf-8")
    parse(SourceFile("catalog.yml", text))
    lines = {line.strip().partition(" # ")[0]: line for line in text.splitlines()}
    for said in ("key: customer_no", "since: joined_on", "email: {type: text, personal: true}", "relations:"):
        assert said in lines
    assert "# confirm:" in lines["key: customer_no"]
    assert "total: number" in lines
    assert "favourite_genres: list" in lines
    assert "r1@example.org" not in text
    assert "Reader 1" not in text


def test_a_file_that_somebody_changed_stays(shop: Shop) -> None:
    file = shop.folder / "muster" / "macros" / "days.sql"
    before = file.read_bytes()
    try:
        file.write_bytes(before + b"{# ours #}\n")
        said = muster("init", "--dry-run", *shop.project)
        assert "muster/macros/days.sql was changed since it was installed" in said
        assert "update muster/macros/days.sql" in muster("init", "--dry-run", "--force", *shop.project)
    finally:
        file.write_bytes(before)


def test_an_erasure_leaves_the_tables_of_the_project_alone(shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "bookshop"
    shutil.copytree(shop.folder, folder, symlinks=True)
    [(key,)] = shop.rows("select min(customer_no) from muster.customer_spells")
    theirs = bookshop.contents(folder, *OWN, "snapshots")
    result = CliRunner().invoke(
        app, ["erase", str(key), "--entity", "customer", "--yes", "--json", "--project", str(folder)]
    )
    told = json.loads(result.output)
    assert bookshop.contents(folder, *OWN, "snapshots") == theirs
    assert any("still has the subject" in said for said in told["left"])
    with duckdb.connect(str(folder / "data" / "books.duckdb"), read_only=True) as read:
        for table in ("customer_spells", "customer_history", "customer_traits", "customer_segments"):
            assert read.execute(f"select count(*) from muster.{table} where customer_no = {key}").fetchall() == [(0,)]


def test_dagster_shows_musters_assets_only(shop: Shop) -> None:
    keys = {
        key.to_user_string()
        for key in build_definitions(load_settings(shop.folder)).resolve_asset_graph().get_all_asset_keys()
    }
    assert "muster/customer_segments" in keys or "customer_segments" in keys
