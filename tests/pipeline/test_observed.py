"""Days that are judged again later: what was known on them stays, and what is told by later values says so."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration import pipeline
from orchestration.compiler.compile import compile_sources
from orchestration.compiler.files import read_sources
from orchestration.questions import ask
from orchestration.warehouse import DuckDB
from tests.pipeline.club import day, number
from tests.project import SmallProject

ATTRIBUTES = "attributes: {plan: text}"
CATALOG = f"""
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    history: recorded
    {ATTRIBUTES}
    relations:
      shop: {{entity: shop, through: pairs, subject: member_id, related: shop_id}}
      orders: {{model: orders, subject: member_id, at: ordered_on, attributes: {{ordered_on: date, paid: boolean}}}}
  shop: {{model: shops, key: shop_id, {ATTRIBUTES}}}
  client: {{model: clients, key: client_id, history: {{valid_from: since, valid_to: until, type: date}}, {ATTRIBUTES}}}
"""
SPECS = {
    "a/pro_members.yml": "entity: member\nwhere: {plan: pro}\n",
    "a/unordered.yml": "entity: member\nwhere: {related: orders, count: 0}\n",
    "a/unpaid.yml": "entity: member\nwhere: {related: orders, where: {paid: false}}\n",
    "a/of_pro_shops.yml": "entity: member\nwhere: {shop.plan: pro}\n",
    "b/pro_shops.yml": "entity: shop\nwhere: {plan: pro}\n",
    "c/pro_clients.yml": "entity: client\nwhere: {plan: pro}\n",
}
TABLES = ("members", "shops", "clients", "pairs", "orders")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Three days on time, while everybody's plan changes; the second one again later, when it has changed once more."""
    project = SmallProject(tmp_path_factory.mktemp("observed"))
    project.lay_down(CATALOG, SPECS, *TABLES)
    project.execute(
        "create schema raw",
        "create table raw.members as select 'mia' as member_id, 'free' as plan",
        "create table raw.shops as select 'sun' as shop_id, 'free' as plan",
        "create table raw.pairs as select 'mia' as member_id, 'sun' as shop_id",
        "create table raw.orders (member_id varchar, ordered_on date, paid boolean)",
        "create table raw.clients (client_id varchar, plan varchar, since date, until date)",
        f"insert into raw.clients values ('cal', 'free', '{day(0)}', '{day(1)}'), ('cal', 'pro', '{day(1)}', null)",
    )
    with pytest.MonkeyPatch.context() as patch:
        for today, plan in enumerate(("free", "pro", "pro")):
            _set_plans(project, plan)
            patch.setattr(pipeline, "last_day_over", lambda _, today=today: day(today))
            project.pass_by(day(today))
        _set_plans(project, "free")
        patch.setattr(pipeline, "last_day_over", lambda _: day(4))
        project.run(day(1), tested=False)
        project.test(day(2))
    return project


def _set_plans(project: SmallProject, plan: str) -> None:
    project.execute(*(f"update raw.{table} set plan = '{plan}'" for table in ("members", "shops")))


def members(project: SmallProject, segment: str) -> list[int | None]:
    """The days on which somebody is in."""
    rows = project.rows(
        f"select distinct as_of_date from segment_membership_daily where segment = '{segment}' order by 1"
    )
    return [number(day_) for (day_,) in rows]


def bases(project: SmallProject, segment: str) -> list[object]:
    """What each day's count is told by."""
    rows = project.rows(f"select basis from segment_counts_daily where segment = '{segment}' order by as_of_date")
    return [basis for (basis,) in rows]


def test_recorded_attributes_stay_what_was_observed(project: SmallProject) -> None:
    assert members(project, "pro_members") == [1, 2]
    assert bases(project, "pro_members") == ["observed"] * 3


def test_a_table_without_a_past_gives_todays_values_and_the_rows_say_so(project: SmallProject) -> None:
    assert members(project, "pro_shops") == []
    assert bases(project, "pro_shops") == ["observed", "reconstructed", "reconstructed"]


def test_a_table_with_versions_is_observed_whenever_it_is_judged(project: SmallProject) -> None:
    assert members(project, "pro_clients") == [1, 2]
    assert bases(project, "pro_clients") == ["observed"] * 3


@pytest.mark.parametrize(
    ("segment", "later"), [("unordered", "observed"), ("unpaid", "reconstructed"), ("of_pro_shops", "reconstructed")]
)
def test_rows_are_observed_as_far_as_their_dates_say(project: SmallProject, segment: str, later: str) -> None:
    assert bases(project, segment) == ["observed", later, later]


def test_moves_and_stays_say_what_they_are_told_by(project: SmallProject) -> None:
    assert project.rows(
        "select entered_on, entry_basis, exited_on, exit_basis from segment_spells where segment = 'pro_members'"
    ) == [(day(1), "observed", None, None)]
    assert project.rows("select distinct basis from segment_membership_daily where segment = 'unordered'") == [
        ("observed",)
    ]


def test_a_preview_of_a_recorded_day_looks_at_the_record(project: SmallProject, tmp_path: Path) -> None:
    compilation = compile_sources(read_sources(project.folder))
    with DuckDB(project.settings.duckdb) as warehouse:
        questions = ask(compilation, warehouse)
        assert questions.members("pro_members", day(2)) == ["mia"]
        assert questions.members("pro_members", day(3)) == []


def test_days_that_were_never_judged_on_time_are_reconstructed(tmp_path: Path) -> None:
    project = SmallProject(tmp_path)
    project.lay_down(CATALOG, {path: SPECS[path] for path in ("a/pro_members.yml",)}, *TABLES)
    project.execute(
        "create schema raw",
        "create table raw.members as select 'mia' as member_id, 'pro' as plan",
        *(f"create table raw.{table} as select 'x' as {key}" for table, key in (("shops", "shop_id"),)),
        "create table raw.pairs as select 'mia' as member_id, 'sun' as shop_id",
        "create table raw.orders (member_id varchar, ordered_on date, paid boolean)",
        f"create table raw.clients as select 'cal' as client_id, 'pro' as plan, date '{date(2020, 1, 1)}' as since, "
        "cast(null as date) as until",
    )
    project.run(day(0), day(1))
    assert bases(project, "pro_members") == ["reconstructed"] * 2
    assert members(project, "pro_members") == [0, 1]


def test_a_day_on_time_is_judged_again_though_an_attribute_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = SmallProject(tmp_path)
    catalog = "entities:\n  member: {model: members, key: member_id, history: recorded, attributes: {plan: text}}\n"
    project.lay_down(catalog, {"a/pro.yml": "entity: member\nwhere: {plan: pro}\n"}, "members")
    project.execute("create schema raw", "create table raw.members as select 1 as member_id, 'pro' as plan, 3 as level")
    monkeypatch.setattr(pipeline, "last_day_over", lambda _: day(0))
    project.pass_by(day(0))
    project.write("catalog.yml", catalog.replace("plan: text", "plan: text, level: integer"))
    project.write("a/high.yml", "entity: member\nwhere: {level: {at_least: 2}}\n")
    monkeypatch.setattr(pipeline, "last_day_over", lambda _: day(1))
    project.run(day(0), day(1), tested=False)
    assert project.rows("select segment, entered_on from member_spells order by 1") == [
        ("high", day(1)),
        ("pro", day(0)),
    ]
