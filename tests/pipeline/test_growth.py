"""What is kept and for how long: members of the last days, versions of the flags; stays keep everything."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.pipeline import RunError, begin, judge_days
from tests.pipeline.club import SPECS, club, day
from tests.project import SmallProject

DAYS = 10
KEPT = 3
HISTORY = 4
ASKED = {**SPECS, "members/pro.yml": f"{SPECS['members/pro.yml']}daily: false\n"}

Members = set[tuple[object, ...]]


@pytest.fixture(scope="module")
def frugal(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Ten days, one run each, of which little is kept; one segment keeps no daily members at all."""
    project = club(tmp_path_factory.mktemp("frugal"), ASKED)
    project.set_var("membership_days", KEPT)
    project.set_var("history_days", HISTORY)
    for each in range(DAYS - 1):
        project.pass_by(day(each))
    project.run(day(DAYS - 1))
    return project


@pytest.fixture(scope="module")
def lavish(ten_days: SmallProject) -> SmallProject:
    """The same days in one run, of which all is kept."""
    return ten_days


def listed(project: SmallProject, table: str) -> Members:
    return set(project.rows(f"select as_of_date, segment, member_id from {table}"))


def from_stays(project: SmallProject, on: date) -> Members:
    """The members of a day, rebuilt from stays."""
    return set(
        project.rows(
            f"select date '{on}', segment, member_id from member_spells "
            f"where entered_on <= '{on}' and (exited_on is null or exited_on > '{on}')"
        )
    )


def test_any_dropped_day_can_be_rebuilt_from_stays(frugal: SmallProject, lavish: SmallProject) -> None:
    every_day = listed(lavish, "member_membership_daily")
    assert len({row[0] for row in every_day}) == DAYS
    assert set().union(*(from_stays(frugal, day(each)) for each in range(DAYS))) == every_day


def test_only_the_last_days_are_kept(frugal: SmallProject, lavish: SmallProject) -> None:
    last = {
        row for row in listed(lavish, "member_membership_daily") if row[0] in [day(DAYS - 1 - n) for n in range(KEPT)]
    }
    assert listed(frugal, "member_membership_daily") == last
    assert listed(frugal, "member_membership_kept") == {row for row in last if row[1] != "pro"}


def test_stays_presence_and_counts_do_not_depend_on_what_is_kept(frugal: SmallProject, lavish: SmallProject) -> None:
    kept, whole = frugal.contents(), lavish.contents()
    for table in (
        "member_spells",
        "member_presence",
        "segment_transitions",
        "segment_counts_daily",
        "segment_retention",
    ):
        assert kept[table] == whole[table]
    [old] = frugal.rows(f"select count(*) from member_history where dbt_valid_to < '{day(DAYS - 2 - HISTORY)}'")
    assert old == (0,) and len(kept["member_history"]) < len(whole["member_history"])


def test_a_day_that_the_history_has_forgotten_is_not_judged_again(frugal: SmallProject) -> None:
    first = DAYS - 1 - HISTORY
    with pytest.raises(RunError, match=f"so {day(first)} is the first day that can"):
        frugal.run(day(first - 1), tested=False)


def test_a_range_longer_than_the_history_is_kept_loses_no_stay(tmp_path: Path, lavish: SmallProject) -> None:
    project = club(tmp_path)
    project.set_var("history_days", HISTORY)
    project.pass_by(day(0), day(DAYS - 1))
    assert project.rows("select * from member_spells order by all") == lavish.rows(
        "select * from member_spells order by all"
    )


def test_days_that_it_has_are_judged_again(frugal: SmallProject) -> None:
    before = frugal.contents()
    frugal.run(day(DAYS - 1 - HISTORY), tested=False)
    assert frugal.contents() == before


def test_a_segment_that_is_kept_daily_again_gets_its_days_back(frugal: SmallProject) -> None:
    before = listed(frugal, "member_membership_daily")
    frugal.write("members/pro.yml", SPECS["members/pro.yml"])
    frugal.run(day(DAYS - 1), tested=False)
    assert listed(frugal, "member_membership_kept") == listed(frugal, "member_membership_daily") == before


def test_a_segment_renamed_later_keeps_its_days(frugal: SmallProject) -> None:
    before = {(on, who) for on, segment, who in listed(frugal, "member_membership_daily") if segment == "regulars"}
    frugal.remove("members/regulars.yml")
    frugal.write("members/usuals.yml", f"formerly: regulars\n{SPECS['members/regulars.yml']}")
    frugal.run(day(DAYS - 1), tested=False)
    after = listed(frugal, "member_membership_daily")
    assert {(on, who) for on, segment, who in after if segment == "usuals"} == before
    assert "regulars" not in {segment for _, segment, _ in after}


def test_a_long_range_that_was_interrupted_can_be_run_again(frugal: SmallProject) -> None:
    dbt = frugal.dbt(tested=False)
    first, last = day(DAYS), day(DAYS + HISTORY + 1)
    begin(dbt, first, last)
    judge_days(dbt, [first, day(DAYS + 1)])
    frugal.run(first, last, dbt=dbt)
    assert from_stays(frugal, last) == {row for row in listed(frugal, "member_membership_daily") if row[0] == last}


def test_a_mart_that_was_dropped_is_made_anew_from_all_stays(frugal: SmallProject) -> None:
    before = frugal.contents()
    frugal.execute("drop table segment_counts_daily")
    frugal.run(max(recorded(frugal)), tested=False)
    assert frugal.contents()["segment_counts_daily"] == before["segment_counts_daily"]


def test_a_build_by_hand_that_says_no_day_forgets_nothing(frugal: SmallProject) -> None:
    before = frugal.contents()
    results = frugal.dbt(tested=False).build(day(0), "member_history member_spells segment_counts_daily")
    assert any("say the last day" in result.message for result in results if not result.ok)
    assert frugal.contents() == before


def recorded(project: SmallProject) -> list[date]:
    return [on for (on,) in project.rows("select as_of_date from ledger.days") if isinstance(on, date)]
