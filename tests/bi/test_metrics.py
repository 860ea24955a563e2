"""MetricFlow on the published DuckDB file: metrics by name, against pandas on the stays."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from orchestration.dbt import Dbt
from orchestration.publishing.folder import PublishedFolder
from tests.bi.clients import client
from tests.project import SmallProject


class Metrics:
    """`mf`, pointed at what a project has published."""

    def __init__(self, project: SmallProject) -> None:
        self.project, self.published = project, PublishedFolder(project.settings.published)
        self._call("dbt", "parse", "--quiet")

    def _call(self, name: str, *arguments: str) -> str:
        named = {
            "DBT_PROFILES_DIR": str(self.project.settings.profiles / "published"),
            "MUSTER_PUBLISHED": str(self.published.database),
        }
        done = subprocess.run(
            [client(name), *arguments],
            cwd=self.project.settings.dbt_project,
            env={**os.environ, **named},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def ask(self, metrics: str, by: str, folder: Path) -> pd.DataFrame:
        """The answer, in the order of what it is grouped by."""
        answer = folder / "answer.csv"
        self._call("mf", "query", "--metrics", metrics, "--group-by", by, "--order", by, "--csv", str(answer))
        return pd.read_csv(answer)

    def validate(self) -> str:
        return self._call("mf", "validate-configs")

    def table(self, name: str) -> pd.DataFrame:
        with duckdb.connect(str(self.published.database), read_only=True) as connection:
            return connection.sql(f"from {name}").df()


@pytest.fixture(scope="module")
def metrics(ten_days: tuple[SmallProject, Dbt]) -> Metrics:
    return Metrics(ten_days[0])


def test_every_metric_can_be_asked(metrics: Metrics) -> None:
    assert "ERRORS: 0" in metrics.validate()


def test_metrics_by_day_and_segment_are_those_of_the_stays(metrics: Metrics, tmp_path: Path) -> None:
    found = metrics.ask("members,entries,exits,net_growth", "metric_time__day,segment", tmp_path)
    stays, days = metrics.table("segment_spells"), metrics.table("days")["day"]
    assert len(found) == 30
    for row in found.to_dict("records"):
        own, day = stays[stays["segment"] == row["segment"]], pd.Timestamp(row["metric_time__day"])
        within = (own["entered_on"] <= day) & (own["exited_on"].isna() | (own["exited_on"] > day))
        entries, exits = (own["entered_on"] == day).sum(), (own["exited_on"] == day).sum()
        expected = [within.sum(), entries, exits, entries - exits]
        assert [row["members"], row["entries"], row["exits"], row["net_growth"]] == expected, row
    assert set(pd.to_datetime(found["metric_time__day"])) == set(days)


def test_over_a_month_members_are_those_of_its_last_day_and_moves_add_up(metrics: Metrics, tmp_path: Path) -> None:
    by = "metric_time__month,segment__segment_name"
    found = metrics.ask("members,share_of_base,entries,entries_by_data,exits_by_data", by, tmp_path)
    stays, names = metrics.table("segment_spells"), metrics.table("segments").set_index("name")["segment"]
    subjects = len({"ada", "bo", "cy", "di"})
    assert len(found) == len(names)
    for row in found.to_dict("records"):
        own = stays[stays["segment"] == names[row["segment__segment_name"]]]
        members = own["exited_on"].isna().sum()
        by_data = [(own["entry_reason"] == "data").sum(), (own["exit_reason"] == "data").sum()]
        assert [row["members"], row["entries"]] == [members, len(own)]
        assert row["share_of_base"] == pytest.approx(members / subjects)
        assert [row["entries_by_data"], row["exits_by_data"]] == by_data


def test_weekly_retention_is_the_share_still_in(metrics: Metrics, tmp_path: Path) -> None:
    found = metrics.ask("weekly_cohort_size,weekly_still_in,weekly_retention", "cohort__period_number", tmp_path)
    held = metrics.table("segment_retention")
    weekly = held[held["cohort_grain"] == "week"].groupby("period_number")[["cohort_size", "still_in"]].sum()
    assert len(found) > 0
    assert found["weekly_cohort_size"].tolist() == weekly["cohort_size"].tolist()
    assert found["weekly_still_in"].tolist() == weekly["still_in"].tolist()
    assert found["weekly_retention"].tolist() == pytest.approx((weekly["still_in"] / weekly["cohort_size"]).tolist())
