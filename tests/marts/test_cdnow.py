"""CDNOW, a public record of real purchases: published figures come out of the marts.

The sample's repeat purchases in the first 39 weeks (to 30 September 1997), purchases of one day merged, are published
with the BG/NBD model (Fader, Hardie and Lee 2005, and the BTYD package's notes).
"""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from orchestration.warehouse import DuckDB
from tests.marts.small_project import SmallProject

CUSTOMERS, SAMPLED = 23_570, 2_357
REPEATS = {0: 1411, 1: 439, 2: 214, 3: 100, 4: 62, 5: 38, 6: 29}
LAST_DAY = date(1997, 9, 30)
DAYS = [date(1997, 3, 31), date(1997, 9, 29), LAST_DAY]

CATALOG = """
timezone: UTC
week_starts_on: monday
entities:
  customer:
    model: customers
    key: customer_id
    since: first_purchased_at
    attributes: {first_purchased_at: timestamp}
    events: {model: purchases, subject: customer_id, name: event_name, at: purchased_at, properties: {dollars: number}}
  sampled:
    model: sampled_customers
    key: sample_id
    since: first_purchased_at
    attributes: {first_purchased_at: timestamp}
    events: {model: sampled_purchases, subject: sample_id, name: event_name, at: purchased_at}
"""

SPEC = """
name: Bought on {days} days
entity: {entity}
where:
  performed: purchase
  on_days: {{exactly: {days}}}
"""


def published(name: str) -> pd.DataFrame:
    """A file of the package `lifetimes`, found without importing it."""
    found = importlib.util.find_spec("lifetimes")
    assert found and found.origin, "requirements/data.txt installs lifetimes"
    lines = (Path(found.origin).parent / "datasets" / name).read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if line[1:2].isdigit()]
    keys = ["customer_id", "sample_id"][: len(rows[0]) - 3]
    frame = pd.DataFrame(rows, columns=[*keys, "day", "cds", "dollars"])
    return frame.assign(purchased_at=pd.to_datetime(frame["day"], format="%Y%m%d"))


def load(warehouse: DuckDB, prefix: str, key: str, file: str) -> None:
    warehouse.connection.register("published", published(file))
    warehouse.execute(
        f"create table raw.{prefix}purchases as "
        f"select {key}, 'purchase' as event_name, purchased_at::timestamp as purchased_at, "
        "dollars::decimal(9, 2) as dollars from published"
    )
    warehouse.execute(
        f"create table raw.{prefix}customers as "
        f"select {key}, min(purchased_at) as first_purchased_at from raw.{prefix}purchases group by {key}"
    )
    warehouse.connection.unregister("published")


@pytest.fixture(scope="module")
def cdnow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallProject]:
    project = SmallProject(tmp_path_factory.mktemp("cdnow"), CATALOG)
    project.create("customers", "purchases", "sampled_customers", "sampled_purchases")
    with project.open() as warehouse:
        warehouse.execute("create schema raw")
        load(warehouse, "", "customer_id", "CDNOW_master.txt")
        load(warehouse, "sampled_", "sample_id", "CDNOW_sample.txt")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MUSTER_DUCKDB", str(project.warehouse))
        specs = {
            f"{entity}_{repeats + 1}_days": SPEC.format(entity=entity, days=repeats + 1)
            for entity in ("customer", "sampled")
            for repeats in REPEATS
        }
        run = project.compile(specs)
        run.dbt("run", LAST_DAY, "--select", "path:models/staging")
        for day in DAYS:
            run.judge(day)
        run.finish(LAST_DAY)
        yield project


def sizes(project: SmallProject, entity: str, day: date) -> dict[int, object]:
    """Members by number of repeat purchases."""
    rows = project.rows(
        f"select segment, members from segment_counts_daily where entity = '{entity}' and as_of_date = '{day}'"
    )
    found = {str(segment): members for segment, members in rows}
    return {repeats: found[f"{entity}_{repeats + 1}_days"] for repeats in REPEATS}


def purchases_by_day(file: str, key: str, day: date) -> Counter[int]:
    """Customers by number of repeat purchases, counted from the file."""
    frame = published(file)
    days = frame[frame["purchased_at"] <= pd.Timestamp(day)].groupby(key)["day"].nunique()
    return Counter(int(each) - 1 for each in days)


def test_every_customer_is_in_the_base_population(cdnow: SmallProject) -> None:
    bases = cdnow.rows("select distinct entity, base from segment_counts_daily where as_of_date >= '1997-03-31'")
    assert sorted(bases, key=str) == [("customer", CUSTOMERS), ("sampled", SAMPLED)]


def test_the_samples_repeat_purchases_are_the_published_ones(cdnow: SmallProject) -> None:
    assert sizes(cdnow, "sampled", LAST_DAY) == REPEATS


@pytest.mark.parametrize("day", DAYS)
@pytest.mark.parametrize(
    ("entity", "file", "key"),
    [("customer", "CDNOW_master.txt", "customer_id"), ("sampled", "CDNOW_sample.txt", "sample_id")],
)
def test_sizes_are_those_counted_from_the_file(
    cdnow: SmallProject, entity: str, file: str, key: str, day: date
) -> None:
    counted = purchases_by_day(file, key, day)
    assert sizes(cdnow, entity, day) == {repeats: counted[repeats] for repeats in REPEATS}


def test_between_judged_days_the_last_state_holds(cdnow: SmallProject) -> None:
    assert sizes(cdnow, "sampled", date(1997, 9, 28)) == sizes(cdnow, "sampled", date(1997, 3, 31))


def test_moves_lead_from_one_judged_day_to_the_next(cdnow: SmallProject) -> None:
    (moved,) = cdnow.rows(
        "select sum(entries - exits) from segment_counts_daily "
        f"where segment = 'customer_2_days' and as_of_date > '{DAYS[0]}'"
    )
    first, last = (sizes(cdnow, "customer", day)[1] for day in (DAYS[0], LAST_DAY))
    assert isinstance(first, int) and isinstance(last, int)
    assert moved == (last - first,)
