"""Waterfalls and metrics of a small shop, compared with what pandas makes of its tables by hand."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from tests.project import SmallProject

FIRST = date(2024, 3, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(3)]
PEOPLE = 60

CATALOG = """
timezone: UTC
entities:
  buyer:
    model: buyers
    key: buyer_id
    since: joined_on
    history: {valid_from: valid_from, valid_to: valid_to, type: date}
    metrics: [points, spend, rating, unmentioned]
    attributes:
      joined_on: date
      plan: text
      points: integer
      spend: {type: number, column: spent}
      rating: float
      unmentioned: integer
    relations:
      orders: {model: orders, subject: buyer_id, at: ordered_on, attributes: {amount: number, ordered_on: date}}
      shop: {entity: shop, through: shop_buyers, subject: buyer_id, related: shop_id}
  shop:
    model: shops
    key: shop_id
    metrics: all
    attributes: {size: integer, floors: {type: integer, personal: true}}
    relations:
      buyers: {entity: buyer, through: shop_buyers, subject: shop_id, related: buyer_id}
"""

SPECS = {
    "pro": "entity: buyer\nwhere: [{plan: pro}]\n",
    "keen": "entity: buyer\nwhere: [{points: {at_least: 40}}, {in_segment: pro}, "
    "{any: [{spend: {greater_than: 50}}, {rating: is_unknown}]}]\n",
    "either": "entity: buyer\nwhere: {any: [{plan: pro}, {points: {less_than: 10}}]}\n",
    "buying": "entity: buyer\nwhere: {all: [{related: orders, sum: amount, at_least: 30}, "
    "{not_in_segment: keen}, {points: {between: [5, 90]}}]}\n",
    "nobody": "entity: buyer\nwhere: [{plan: none}, {points: {at_least: 40}}]\n",
    "resting": "entity: buyer\nstatus: paused\nwhere: {plan: pro}\n",
    "over": "entity: buyer\nstatus: archived\nwhere: {plan: pro}\n",
    "seen_by_shops": "entity: buyer\nwhere: [{rating: {at_least: 2}}, {points: {at_least: 20}}]\n",
    "in_a_big_shop": "entity: buyer\nwhere: [{shop.in_segment: big}, {plan: pro}]\n",
    "big": "entity: shop\nwhere: [{size: {at_least: 2}}, {related: buyers, where: {in_segment: seen_by_shops}}]\n",
    "low": "entity: shop\nwhere: {floors: {at_most: 3}}\n",
}


def buyers() -> pd.DataFrame:
    """One row per buyer and day: every value may change overnight, and be unknown."""
    draw = Random(7)
    rows = [
        (
            f"b{number:02}",
            day,
            draw.choice(("pro", "free", None)),
            draw.choice((*range(0, 100, 7), None)),
            draw.choice((Decimal(draw.randrange(10_000)) / 100, None)),
            draw.choice((draw.random() * 5, None)),
            draw.randrange(3),
        )
        for number in range(PEOPLE)
        for day in DAYS
        if number % 10 or day != DAYS[1]  # some are away for a day
    ]
    return pd.DataFrame(rows, columns=["buyer_id", "day", "plan", "points", "spend", "rating", "unmentioned"])


def orders() -> pd.DataFrame:
    draw = Random(9)
    rows = [
        (f"b{draw.randrange(PEOPLE):02}", draw.choice(DAYS), Decimal(draw.randrange(3_000)) / 100) for _ in range(120)
    ]
    return pd.DataFrame(rows, columns=["buyer_id", "ordered_on", "amount"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = SmallProject(tmp_path_factory.mktemp("shop"))
    specs = {f"all/{key}.yml": spec for key, spec in SPECS.items()}
    project.lay_down(CATALOG, specs, "buyers", "orders", "shops", "shop_buyers")
    project.execute(
        "create schema raw",
        "create table raw.buyers (buyer_id varchar, valid_from date, valid_to date, joined_on date, plan varchar, "
        "points integer, spent decimal(12, 2), rating double, unmentioned integer)",
        "create table raw.orders (buyer_id varchar, ordered_on date, amount decimal(12, 2))",
        "create table raw.shops (shop_id integer, size integer, floors integer)",
        "insert into raw.shops values (1, 1, 3), (2, 2, 4), (3, 5, 1)",
        "create table raw.shop_buyers as select 'b0' || n as buyer_id, n % 3 + 1 as shop_id from range(10) as t(n)",
        "insert into raw.buyers values " + ", ".join(_version(row) for row in buyers().itertuples(index=False)),
        "insert into raw.orders values "
        + ", ".join(f"('{who}', '{day}', {much})" for who, day, much in orders().to_numpy()),
        # no sum: infinite, and not a number
        f"update raw.buyers set rating = 'inf' where buyer_id = 'b11' and valid_from = '{DAYS[-1]}'",
        f"update raw.buyers set rating = 'nan' where buyer_id = 'b12' and valid_from = '{DAYS[-1]}'",
    )
    project.run(DAYS[0], DAYS[-1])
    return project


def _version(row: tuple[object, ...]) -> str:
    who, day, plan, *numbers = row
    assert isinstance(day, date)
    plan_ = f"'{plan}'" if isinstance(plan, str) else "null"
    listed = ", ".join("null" if number is None or number != number else str(number) for number in numbers)
    return f"('{who}', '{day}', '{day + timedelta(days=1)}', '{FIRST}', {plan_}, {listed})"


def frame(project: SmallProject, sql: str, *columns: str) -> pd.DataFrame:
    return pd.DataFrame(project.rows(sql), columns=list(columns))


@pytest.fixture(scope="module")
def world() -> pd.DataFrame:
    """What was known of each buyer at the end of each day."""
    found = buyers()
    infinite = found["buyer_id"].isin(["b11", "b12"]) & (found["day"] == DAYS[-1])
    return found.assign(rating=found["rating"].mask(infinite))


# --- metrics


def test_metrics_are_those_of_the_listed_members(shop: SmallProject, world: pd.DataFrame) -> None:
    listed = frame(
        shop,
        "select as_of_date, segment, subject_key from segment_membership_daily where entity = 'buyer'",
        *("day", "segment", "buyer_id"),
    )
    everyone = world[["day", "buyer_id"]].assign(segment="base population")
    members = pd.concat([listed, everyone]).merge(world, on=["day", "buyer_id"])
    long = members.melt(["day", "segment", "buyer_id"], ["points", "spend", "rating", "unmentioned"], "metric").dropna()
    expected = {tuple(key): _numbers(group["value"]) for key, group in long.groupby(["day", "segment", "metric"])}
    found: dict[tuple[object, ...], list[object]] = {
        (day, segment, metric): numbers
        for day, segment, metric, *numbers in shop.rows(
            "select as_of_date, segment, metric, known_values, mean, median, sum from segment_metrics_daily "
            "where entity = 'buyer'"
        )
    }
    assert {key[0] for key in found} == set(DAYS)
    without_members = {"nobody", "over", "resting"}
    assert {key[1] for key in found} == {"base population", *SPECS} - {"big", "low"} - without_members
    assert found.keys() == expected.keys()
    for key, numbers in expected.items():
        assert found[key][0] == numbers[0], key
        assert found[key][1:] == pytest.approx(numbers[1:], abs=Decimal("0.0000006")), key
        if key[2] != "rating":
            assert found[key][3] == numbers[3], f"{key}: exact"


def _numbers(values: pd.Series) -> list[object]:
    """How many, mean, median, sum; exactly, where the values are exact."""
    numbers = sorted(Decimal(str(value)) for value in values)
    middle = (numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2]) / 2
    return [len(numbers), sum(numbers) / len(numbers), middle, sum(numbers)]


def test_all_numbers_of_rules_are_followed_unless_personal(shop: SmallProject) -> None:
    found = shop.rows("select distinct metric from segment_metrics_daily where entity = 'shop' order by 1")
    assert [metric for (metric,) in found] == ["buyers count where in segment seen_by_shops", "size"]
    ((known, total),) = shop.rows(
        "select known_values, sum from segment_metrics_daily "
        f"where segment = 'base population' and metric = 'size' and as_of_date = '{DAYS[0]}'"
    )
    assert (known, total) == (3, 8)


# --- waterfalls


def steps(project: SmallProject, segment: str) -> list[tuple[object, ...]]:
    columns = "step, condition, passing_alone, passing, lost"
    return project.rows(f"select {columns} from segment_waterfall where segment = '{segment}' order by step")


def test_each_step_passes_who_passes_all_before(shop: SmallProject, world: pd.DataFrame) -> None:
    last = world[world["day"] == DAYS[-1]]
    points, pro = last["points"].ge(40), last["plan"].eq("pro")
    rich = last["spend"].gt(50) | (last["rating"].isna() & last["buyer_id"].ne("b11"))  # what is infinite is known
    keen = points & pro & rich
    spent = last["buyer_id"].map(orders().groupby("buyer_id")["amount"].sum()).ge(30)
    expected = {
        "keen": [
            ("points is at least 40", points),
            ("in segment pro", pro),
            ("spend is more than 50 or rating is unknown", rich),
        ],
        "either": [("plan is pro or points is less than 10", pro | last["points"].lt(10))],
        "buying": [
            ("sum of amount over orders is at least 30", spent),
            ("not (in segment keen)", ~keen),
            ("points is at least 5 and points is at most 90", last["points"].between(5, 90)),
        ],
    }
    assert (pro & points).sum() not in (0, points.sum()), "the steps lose some"
    for segment, conditions in expected.items():
        assert steps(shop, segment) == list(_waterfall(len(last), conditions)), segment


def _waterfall(base: int, conditions: list[tuple[str, pd.Series]]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = [(0, "base population", base, base, 0)]
    passed, before = None, base
    for number, (words, passing) in enumerate(conditions, 1):
        passed = passing if passed is None else passed & passing
        left = int(passed.sum())
        found.append((number, words, int(passing.sum()), left, before - left))
        before = left
    return found


def test_the_last_step_leaves_the_members_of_every_active_segment(shop: SmallProject) -> None:
    counted = shop.rows(f"select segment, members from segment_counts_daily where as_of_date = '{DAYS[-1]}'")
    last = shop.rows("select segment, arg_max(passing, step) from segment_waterfall group by segment")
    assert {key for key, _ in last} == SPECS.keys() - {"resting", "over"}
    assert set(last) == {row for row in counted if row[0] != "resting"}
    assert shop.rows("select distinct as_of_date from segment_waterfall") == [(DAYS[-1],)]


# --- days run again


@pytest.fixture
def another(shop: SmallProject, tmp_path: Path) -> SmallProject:
    shutil.copytree(shop.folder, tmp_path / "copy", symlinks=True)
    return SmallProject(tmp_path / "copy")


def test_a_replayed_day_is_made_again_and_gone_metrics_keep_their_past(another: SmallProject) -> None:
    followed = "select * from segment_metrics_daily order by all"
    before = another.rows(followed)
    another.write("catalog.yml", CATALOG.replace("[points, spend, rating, unmentioned]", "[points]"))
    another.remove("all/either.yml")
    another.run(DAYS[-1])
    after = another.rows(followed)
    assert [row for row in before if row[0] != DAYS[-1]] == [row for row in after if row[0] != DAYS[-1]]
    of_last_day = [row for row in before if row[:2] == (DAYS[-1], "buyer")]
    still_followed = [row for row in of_last_day if row[3] == "points" and row[2] != "either"]
    assert [row for row in after if row[:2] == (DAYS[-1], "buyer")] == still_followed
