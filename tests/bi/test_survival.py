"""Survival and median stays against lifelines, which needs a pandas that Muster does not use: in a process aside."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import duckdb
import pytest

from orchestration.publishing.folder import PublishedFolder
from tests.bi.clients import python_with
from tests.project import SmallProject

Published = duckdb.DuckDBPyConnection
Curves = dict[str, list[dict[str, float]]]

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    history: {valid_from: valid_from, valid_to: valid_to, type: date}
    attributes: {plan: text}
"""
FIRST, DAYS = date(2024, 3, 1), 14
# chances of leaving on a day: in the end everybody has, most have, few have
LEAVING = {"brief": 0.6, "usual": 0.12, "lasting": 0.02}
SUBJECTS = 50
ENDS = ("survival_low", "survival_high")
OTHER, GONE = "other", "gone"


class Known(NamedTuple):
    """A subject's plan, from which day until before which; GONE is one without a row."""

    subject: str
    plan: str
    start: int
    end: int

    @property
    def lasts(self) -> int:
        """Days to the first day out, or to the last judged day while it goes on."""
        return min(self.end, DAYS - 1) - self.start

    def sql(self) -> str:
        start, end = (FIRST + timedelta(days=number) for number in (self.start, self.end))
        until = f"date '{end}'" if self.end < DAYS else "null"
        return f"('{self.subject}', '{self.plan}', date '{start}', {until})"


def drawn() -> Iterator[Known]:
    """Each subject takes up one plan, leaves it for another or is gone, and may come back."""
    draw = Random(11)
    for plan, leaving in LEAVING.items():
        for number in range(SUBJECTS):
            for found, days in groupby(range(DAYS), list(_walk(plan, leaving, draw)).__getitem__):
                first, *others = days
                yield Known(f"{plan}{number}", found, first, first + 1 + len(others))


def _walk(plan: str, leaving: float, draw: Random) -> Iterator[str]:
    was = draw.choice((plan, OTHER, OTHER, GONE))
    for _ in range(DAYS):
        yield was
        if draw.random() < (leaving if was == plan else 0.3):
            was = draw.choice((OTHER, GONE)) if was == plan else plan


def lengths(plan: str) -> dict[str, list[int]]:
    """How long the stays lasted that were seen to begin, and which of them ended."""
    begun = [known for known in drawn() if known.plan == plan and known.start > 0]
    return {"days": [known.lasts for known in begun], "has_ended": [known.end < DAYS for known in begun]}


@pytest.fixture(scope="module")
def estimates() -> dict[str, Any]:
    """What lifelines says of each segment."""
    python, program = python_with("lifelines"), Path(__file__).with_name("kaplan_meier.py")
    told = json.dumps({plan: lengths(plan) for plan in LEAVING})
    done = subprocess.run([python, "-I", program], input=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def published(estimates: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """The marts of a run over all days."""
    project = SmallProject(tmp_path_factory.mktemp("survival"))
    specs = {f"members/{plan}.yml": f"entity: member\nwhere: {{plan: {plan}}}\n" for plan in LEAVING}
    project.lay_down(CATALOG, specs, "members")
    rows = ", ".join(known.sql() for known in drawn() if known.plan != GONE)
    project.execute(
        "create schema raw",
        f"create table raw.members as from (values {rows}) t(member_id, plan, valid_from, valid_to)",
    )
    project.run(FIRST, FIRST + timedelta(days=DAYS - 1), tested=False)
    with duckdb.connect(str(PublishedFolder(project.settings.published).database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def curves(estimates: dict[str, Any]) -> Curves:
    return {segment: estimate["by_day"] for segment, estimate in estimates.items()}


def test_survival_at_every_day_is_lifelines(published: Published, curves: Curves) -> None:
    sql = "select segment, days_since_entry, at_risk, exits, survival::double from segment_survival order by all"
    expected = [
        (segment, day, each["at_risk"], each["exits"], pytest.approx(each["survival"], abs=1e-6))
        for segment, curve in sorted(curves.items())
        for day, each in enumerate(curve)
    ]
    assert published.execute(sql).fetchall() == expected


def test_its_interval_is_lifelines(published: Published, curves: Curves) -> None:
    """Where survival is 0 lifelines says 0 to 0; the mart says nothing, for Greenwood's variance has no value there."""
    low, high = (f"{end}::double" for end in ENDS)
    sql = f"select segment, {low}, {high} from segment_survival order by segment, days_since_entry"
    expected = [
        (segment, *(pytest.approx(each[end], abs=1e-6) if each["survival"] else None for end in ENDS))
        for segment, curve in sorted(curves.items())
        for each in curve
    ]
    assert published.execute(sql).fetchall() == expected
    assert any(each["survival"] == 0 for each in curves["brief"])


def test_median_stays_are_lifelines(published: Published, estimates: dict[str, Any]) -> None:
    quantiles = "quarter_left_days, median_stay_days, three_quarters_left_days"
    found = published.execute(f"select segment, {quantiles} from segment_stays order by segment").fetchall()
    assert found == [(segment, *each["quantiles"]) for segment, each in sorted(estimates.items())]
    assert [each["median"] for _, each in sorted(estimates.items())] == [row[2] for row in found]
    assert estimates["lasting"]["median"] is None and estimates["usual"]["median"] > 1
