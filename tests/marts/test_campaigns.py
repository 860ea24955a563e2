"""Campaigns of the real retail data, counted again from the package's own tables."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from orchestration.warehouse import DuckDB
from orchestration.workspaces.retail import load_retail
from tests.marts.small_project import REPOSITORY, parsed

AS_OF = date(2017, 8, 15)
CAMPAIGNS = 27


def local(instant: datetime) -> date:
    return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("America/New_York")).date()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("campaigns")
    path = folder / "warehouse.duckdb"
    with DuckDB(path) as loaded:
        load_retail(loaded)
    shutil.copytree(REPOSITORY / "dbt_project", folder / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MUSTER_DUCKDB", str(path))
        run = parsed(folder / "dbt_project")
        run.dbt("run", AS_OF, "--select", "+campaign_outcomes")
        run.dbt("test", AS_OF, "--select", "campaign_outcomes")
    return path


def test_households_and_redeemers_are_those_of_the_files(warehouse: Path) -> None:
    """Plain sets over the raw tables."""
    with DuckDB(warehouse) as raw:
        visits = raw.rows("select household_id, min(transaction_timestamp) from raw_retail.transactions group by all")
        reached = raw.rows("select campaign_id, household_id from raw_retail.campaigns")
        redeemed = raw.rows("select household_id, redemption_date::date from raw_retail.coupon_redemptions")
        campaigns = raw.rows(
            "select campaign_id, start_date::date, end_date::date from raw_retail.campaign_descriptions"
        )
        found = raw.rows(
            "select campaign_id, reached_households, other_households, reached_redeemed, others_redeemed, "
            "cast(difference_low as double), cast(difference_high as double) from campaign_outcomes order by 1"
        )
    first = {household: local(at) for household, at in visits if isinstance(at, datetime)}
    expected = []
    for campaign, start, end in campaigns:
        assert isinstance(start, date) and isinstance(end, date)
        if start > AS_OF:
            continue
        known = {household for household, day in first.items() if day < start}
        ours = known & {household for number, household in reached if number == campaign}
        redeemers = {who for who, on in redeemed if isinstance(on, date) and start <= on <= min(end, AS_OF)}
        groups = (len(ours & redeemers), len(ours), len((known - ours) & redeemers), len(known - ours))
        if ours and known - ours:
            interval = confint_proportions_2indep(*groups, compare="diff", method="newcomb")
            expected.append((campaign, groups[1], groups[3], groups[0], groups[2], *interval))
    assert len(found) == len(expected) < CAMPAIGNS
    for row, judged in zip(found, sorted(expected, key=lambda each: int(str(each[0]))), strict=True):
        assert row == pytest.approx(judged, abs=1e-6)


def test_reached_households_had_spent_more_before_so_that_this_is_no_experiment(warehouse: Path) -> None:
    spent = (
        "select d.campaign_id, sum(t.sales_value) from raw_retail.transactions as t "
        "inner join raw_retail.campaigns using (household_id) "
        "inner join raw_retail.campaign_descriptions as d using (campaign_id) "
        "where cast(t.transaction_timestamp at time zone 'UTC' at time zone 'America/New_York' as date) "
        "between d.start_date::date - 28 and d.start_date::date - 1 group by d.campaign_id"
    )
    told = "select campaign_id, reached_households, reached_spend_before, others_spend_before from campaign_outcomes"
    with DuckDB(warehouse) as marts:
        totals = {campaign: float(str(total)) for campaign, total in marts.rows(spent)}
        found = marts.rows(told)
    for campaign, households, reached, others in found:
        assert float(str(reached)) == pytest.approx(totals[campaign] / int(str(households)), abs=0.006)
        assert float(str(reached)) > float(str(others))
    assert found
