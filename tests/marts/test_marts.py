"""The tables BI reads, compared with sets of members kept day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from orchestration.warehouse import Value
from tests.marts.small_project import SmallProject
from tests.marts.small_world import (
    CATALOG,
    EVERY_DAY,
    FIRST,
    JUDGED,
    LAST,
    Diary,
    Versions,
    levels_by_day,
    levels_to_versions,
    spec,
)

# from the first of these days until the second, `gold` has no spec, `silver` is archived and `none` is paused
PAUSED, BACK = JUDGED[12], JUDGED[15]
SEGMENTS = ("gold", "none", "silver")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallProject]:
    project = SmallProject(tmp_path_factory.mktemp("club"), CATALOG)
    project.create("members")
    versions = levels_to_versions(levels_by_day())
    with project.open() as warehouse:
        warehouse.execute("create schema raw")
        warehouse.connection.register("versions", versions)
        warehouse.execute("create table raw.members as select * from versions")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("MUSTER_DUCKDB", str(project.warehouse))
        interrupted = project.compile({"none": spec("none", "paused"), "silver": spec("silver", "archived")})
        whole = project.compile({level: spec(level) for level in SEGMENTS})
        whole.dbt("run", LAST, "--select", "path:models/staging")
        for day in JUDGED:
            (interrupted if is_interrupted(day) else whole).judge(day)
        whole.finish(LAST)
        yield project


def is_interrupted(day: date) -> bool:
    return PAUSED <= day < BACK


def snapshot(project: SmallProject, table: str, key: str) -> Versions:
    with project.open() as warehouse:
        return Versions(warehouse.connection.sql(f"select * from {table}").df(), key)


@pytest.fixture(scope="module")
def history(project: SmallProject) -> Versions:
    return snapshot(project, "member_history", "member_id")


@pytest.fixture(scope="module")
def diaries(history: Versions) -> dict[str, Diary]:
    return {
        segment: Diary(
            {day: history.keys(day, segment) for day in EVERY_DAY},
            beginnings(segment),
            {BACK: history.keys(BACK - timedelta(days=1))} if segment == "none" else {},
        )
        for segment in SEGMENTS
    }


def beginnings(segment: str) -> frozenset[date]:
    return frozenset({FIRST} if segment == "none" else {FIRST, BACK})


def counted_days(segment: str) -> list[date]:
    return [day for day in EVERY_DAY if segment == "none" or not is_interrupted(day)]


def share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001"), ROUND_HALF_UP) if whole else None


def table(project: SmallProject, columns: str, name: str) -> list[tuple[Value, ...]]:
    return sorted(project.rows(f"select {columns} from {name}"), key=str)


def test_the_history_is_what_happened(diaries: dict[str, Diary]) -> None:
    levels = levels_by_day()
    for day in JUDGED:
        of_day = levels[levels["day"] == day]
        for segment in () if is_interrupted(day) else SEGMENTS:
            assert diaries[segment].at(day) == set(map(str, of_day[of_day["level"] == segment]["member_id"]))


def test_every_day_is_counted_from_the_first_on_while_there_is_a_spec(
    project: SmallProject, history: Versions, diaries: dict[str, Diary]
) -> None:
    expected = []
    for segment, diary in diaries.items():
        for day in counted_days(segment):
            members, base = len(diary.at(day)), len(history.keys(day))
            moves = (len(diary.entered(day)), len(diary.exited(day)))
            expected.append((day, "member", segment, members, *moves, base, share(members, base)))
    columns = "as_of_date, entity, segment, members, entries, exits, base, share_of_base"
    assert table(project, columns, "segment_counts_daily") == sorted(expected, key=str)


def test_spells_are_the_unbroken_runs_of_days(project: SmallProject, diaries: dict[str, Diary]) -> None:
    expected = [
        (segment, subject, entered, exited, entered not in diary.beginnings)
        for segment, diary in diaries.items()
        for subject, entered, exited in diary.stays()
    ]
    assert len({each[:2] for each in expected}) < len(expected), "the world has people who come back"
    columns = "segment, subject_key, entered_on, exited_on, entry_observed"
    assert table(project, columns, "segment_spells") == sorted(expected, key=str)


def test_transitions_are_the_differences_of_neighbouring_days(project: SmallProject, diaries: dict[str, Diary]) -> None:
    expected = [
        (day, segment, subject, transition)
        for segment, diary in diaries.items()
        for day in EVERY_DAY
        for transition, moved in (("entered", diary.entered(day)), ("exited", diary.exited(day)))
        for subject in moved
    ]
    columns = "as_of_date, segment, subject_key, transition"
    assert table(project, columns, "segment_transitions") == sorted(expected, key=str)


def test_the_last_days_are_listed_member_by_member(project: SmallProject, diaries: dict[str, Diary]) -> None:
    kept = [LAST - timedelta(days=back) for back in range(35)]
    expected = [(day, segment, who) for segment, diary in diaries.items() for day in kept for who in diary.at(day)]
    listed = table(project, "as_of_date, segment, subject_key", "segment_membership_daily")
    assert listed == sorted(expected, key=str)


def test_todays_segments_say_since_when(project: SmallProject, diaries: dict[str, Diary]) -> None:
    expected = [
        ("member", subject, segment, entered)
        for segment, diary in diaries.items()
        for subject, entered, exited in diary.stays()
        if exited is None
    ]
    assert table(project, "entity, subject_key, segment, since", "subject_segments") == sorted(expected, key=str)


@pytest.mark.parametrize("grain", ["week", "month"])
def test_retention_of_every_cohort(project: SmallProject, diaries: dict[str, Diary], grain: str) -> None:
    expected = []
    for segment, diary in diaries.items():
        for row in diary.retention(grain, counted_days(segment)):
            size, still = row[3], row[4]
            assert isinstance(size, int) and isinstance(still, int)
            expected.append((segment, *row, share(still, size)))
    columns = "segment, cohort_start, period_number, period_end, cohort_size, still_in, active_again, share_still_in"
    found = table(project, columns, f"segment_retention where cohort_grain = '{grain}'")
    assert found == sorted(expected, key=str)
    assert any(row[6] for row in expected), "someone came back"


def test_the_first_day_and_unfinished_periods_are_in_no_cohort(project: SmallProject) -> None:
    (bounds,) = project.rows("select min(cohort_start), max(period_end) from segment_retention")
    assert bounds == (date(2017, 1, 1), date(2017, 4, 2))
    assert project.rows("select max(period_end) from segment_retention where cohort_grain = 'month'") == [
        (date(2017, 3, 31),)
    ]


def test_versions_tell_the_times_with_and_without_a_spec(project: SmallProject) -> None:
    assert table(project, "segment, status, valid_from, valid_to", "segment_versions") == sorted(
        [
            ("gold", "active", FIRST, PAUSED),
            ("gold", "active", BACK, None),
            ("none", "active", FIRST, PAUSED),
            ("none", "paused", PAUSED, BACK),
            ("none", "active", BACK, None),
            ("silver", "active", FIRST, PAUSED),
            ("silver", "archived", PAUSED, BACK),
            ("silver", "active", BACK, None),
        ],
        key=str,
    )


def test_segments_are_described_as_of_today(project: SmallProject) -> None:
    expected = [
        (level, level, "member", f"Members whose level is {level}.", "active", False, FIRST) for level in SEGMENTS
    ]
    assert table(project, "segment, name, entity, rule, status, hidden, first_day", "segments") == expected
