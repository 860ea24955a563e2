"""Days, windows and calendar periods: time zones, clock changes, month ends, future dates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.reference.small_world import AS_OF, catalog, event, meets, performs

DAY = dt.timedelta(days=1)
TICK = dt.timedelta(microseconds=1)


def at(text: str) -> dt.datetime:
    """Read an instant in UTC."""
    return dt.datetime.fromisoformat(text)


def inside(condition: Any, as_of: dt.date = AS_OF, reach: int = 800, **more: Any) -> list[dt.date]:
    """Return the first and the last date around D that meet a condition, all between them meeting it too."""
    days = [as_of + DAY * n for n in range(-reach, reach + 1)]
    met = [day for day in days if meets({"born": condition}, as_of, more, born=day)]
    assert not met or met == [met[0] + DAY * n for n in range(len(met))]
    return [met[0], met[-1]] if met else []


def ago(number: int) -> dt.date:
    return AS_OF - DAY * number


@pytest.mark.parametrize(
    ("condition", "first", "last"),
    [
        ({"in_last": "7 days"}, ago(6), AS_OF),
        ({"in_last": "1 day"}, AS_OF, AS_OF),
        ({"in_last": "2 weeks"}, ago(13), AS_OF),
        ({"exactly": "7 days ago"}, ago(7), ago(7)),
        ({"at_most": "7 days ago"}, ago(7), AS_OF),
        ({"less_than": "7 days ago"}, ago(6), AS_OF),
        ({"more_than": "7 days ago"}, None, ago(8)),
        ({"at_least": "7 days ago"}, None, ago(7)),
        ({"in_next": "7 days"}, ago(-1), ago(-7)),
        ({"exactly": "7 days from now"}, ago(-7), ago(-7)),
        ({"less_than": "7 days from now"}, ago(-1), ago(-6)),
        ({"more_than": "7 days from now"}, ago(-8), None),
        ({"on": ago(3)}, ago(3), ago(3)),
        ({"on": "2017-06-12"}, ago(3), ago(3)),
        ({"before": ago(3)}, None, ago(4)),
        ({"on_or_before": ago(3)}, None, ago(3)),
        ({"after": ago(3)}, ago(2), None),
        ({"on_or_after": ago(3)}, ago(3), None),
        ({"between": ["2017-06-10", dt.date(2017, 6, 12)]}, ago(5), ago(3)),
        ({"more_than": "3 days ago", "in_last": "7 days"}, ago(6), ago(4)),
        ({"during": "this week"}, dt.date(2017, 6, 12), dt.date(2017, 6, 18)),
        ({"during": "last week"}, dt.date(2017, 6, 5), dt.date(2017, 6, 11)),
        ({"during": "next month"}, dt.date(2017, 7, 1), dt.date(2017, 7, 31)),
        ({"during": "this quarter"}, dt.date(2017, 4, 1), dt.date(2017, 6, 30)),
        ({"during": "last quarter"}, dt.date(2017, 1, 1), dt.date(2017, 3, 31)),
        ({"during": "last year"}, dt.date(2016, 1, 1), dt.date(2016, 12, 31)),
    ],
)
def test_days_of_a_date_attribute(condition: Any, first: dt.date | None, last: dt.date | None) -> None:
    assert inside(condition) == [first or AS_OF - DAY * 800, last or AS_OF + DAY * 800]


@pytest.mark.parametrize(
    ("condition", "as_of", "first", "last"),
    [
        ({"in_last": "1 month"}, (2017, 3, 31), (2017, 3, 1), (2017, 3, 31)),
        ({"in_last": "1 month"}, (2017, 3, 30), (2017, 3, 1), (2017, 3, 30)),
        ({"in_last": "1 month"}, (2016, 3, 31), (2016, 3, 1), (2016, 3, 31)),
        ({"in_last": "1 month"}, (2017, 2, 28), (2017, 1, 29), (2017, 2, 28)),
        ({"exactly": "1 month ago"}, (2016, 3, 31), (2016, 2, 29), (2016, 2, 29)),
        ({"exactly": "1 year ago"}, (2016, 2, 29), (2015, 2, 28), (2015, 2, 28)),
        ({"exactly": "1 year from now"}, (2016, 2, 29), (2017, 2, 28), (2017, 2, 28)),
        ({"exactly": "12 months ago"}, (2017, 2, 28), (2016, 2, 28), (2016, 2, 28)),
        ({"in_next": "1 month"}, (2020, 1, 31), (2020, 2, 1), (2020, 2, 29)),
        ({"less_than": "1 month ago"}, (2017, 3, 31), (2017, 3, 1), (2017, 3, 31)),
        ({"at_most": "1 month ago"}, (2017, 3, 31), (2017, 2, 28), (2017, 3, 31)),
        ({"during": "last month"}, (2020, 3, 31), (2020, 2, 1), (2020, 2, 29)),
        ({"during": "last quarter"}, (2017, 1, 15), (2016, 10, 1), (2016, 12, 31)),
        ({"in_last": "4 weeks"}, (2017, 3, 1), (2017, 2, 2), (2017, 3, 1)),
    ],
)
def test_months_and_years_are_clamped(
    condition: Any, as_of: tuple[int, int, int], first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    assert inside(condition, dt.date(*as_of)) == [dt.date(*first), dt.date(*last)]


@pytest.mark.parametrize(("starts_on", "first"), [("monday", 12), ("sunday", 11), ("thursday", 15), ("friday", 9)])
def test_only_calendar_weeks_look_at_the_first_weekday(starts_on: str, first: int) -> None:
    other = catalog(week_starts_on=starts_on)
    week = [dt.date(2017, 6, first), dt.date(2017, 6, first + 6)]
    assert inside({"during": "this week"}, catalog=other, reach=40) == week
    assert inside({"in_last": "1 week"}, catalog=other, reach=40) == [ago(6), AS_OF]


DAYS = [
    ("America/New_York", dt.date(2017, 3, 12), "2017-03-12 05:00", "2017-03-13 04:00"),
    ("America/New_York", dt.date(2017, 11, 5), "2017-11-05 04:00", "2017-11-06 05:00"),
    ("Europe/Dublin", dt.date(2017, 3, 26), "2017-03-26 00:00", "2017-03-26 23:00"),
    ("Europe/Dublin", dt.date(2017, 10, 29), "2017-10-28 23:00", "2017-10-30 00:00"),
    ("Asia/Kolkata", dt.date(2016, 2, 29), "2016-02-28 18:30", "2016-02-29 18:30"),
    ("UTC", dt.date(2017, 12, 31), "2017-12-31 00:00", "2018-01-01 00:00"),
]


@pytest.mark.parametrize(("timezone", "day", "begin", "end"), DAYS)
def test_a_local_day_is_as_long_as_the_clock_says(timezone: str, day: dt.date, begin: str, end: str) -> None:
    instants = [at(begin) - TICK, at(begin), at(end) - TICK, at(end)]
    zone = {"catalog": catalog(timezone)}
    for condition in ({"in_last": "1 day"}, {"on": day}, {"between": [day, day]}):
        assert [meets({"seen": condition}, day, zone, seen=t) for t in instants] == [False, True, True, False]
    assert [meets({"seen": {"before": day}}, day, zone, seen=t) for t in instants] == [True, False, False, False]
    assert [meets({"seen": {"after": day}}, day, zone, seen=t) for t in instants] == [False, False, False, True]


@pytest.mark.parametrize(("timezone", "day", "begin", "end"), DAYS)
def test_no_event_after_the_end_of_the_day_is_seen(timezone: str, day: dt.date, begin: str, end: str) -> None:
    last, next_day = event(1, at(end) - TICK), event(1, at(end))
    assert performs({"performed": "buy"}, last, as_of=day, timezone=timezone)
    assert not performs({"performed": "buy"}, next_day, as_of=day, timezone=timezone)
    assert performs({"performed": "buy"}, next_day, as_of=day + DAY, timezone=timezone)
    assert performs({"performed": "buy", "on_days": 2}, last, event(1, at(begin) - TICK), as_of=day, timezone=timezone)
    assert performs({"performed": "buy", "on_days": 1}, last, event(1, at(begin)), as_of=day, timezone=timezone)


def test_hours_are_elapsed_ones_and_half_open() -> None:
    day, end, zone = dt.date(2017, 3, 12), at("2017-03-13 04:00"), {"catalog": catalog("America/New_York")}
    instants = [end - dt.timedelta(hours=24) - TICK, end - dt.timedelta(hours=24), end - TICK, end]
    for word, operand in (("in_last", "24 hours"), ("at_most", "24 hours ago")):
        assert [meets({"seen": {word: operand}}, day, zone, seen=t) for t in instants] == [False, True, True, False]
    older = {"seen": {"more_than": "24 hours ago"}}
    assert [meets(older, day, zone, seen=t) for t in instants] == [True, False, False, False]
    assert performs(
        {"performed": "buy", "in_last": "24 hours"}, event(1, instants[1]), as_of=day, timezone="America/New_York"
    )


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"before": dt.datetime(2017, 6, 1, 12)}, [True, False, False]),
        ({"on_or_before": "2017-06-01 12:00:00"}, [True, True, False]),
        ({"after": "2017-06-01T12:00:00"}, [False, False, True]),
        ({"on_or_after": "2017-06-01T12:00:00Z"}, [False, True, True]),
        ({"between": ["2017-06-01 12:00:00", "2017-06-01 12:00:00"]}, [False, True, False]),
        ({"between": ["2017-06-01 12:00:00", dt.date(2017, 6, 1)]}, [False, True, True]),
        ({"on_or_after": "2017-06-01T08:00:00-04:00"}, [False, True, True]),
    ],
)
def test_a_timestamp_operand_is_that_instant(condition: Any, expected: list[bool]) -> None:
    noon = at("2017-06-01 12:00")
    zone = {"catalog": catalog("America/New_York")}
    assert [meets({"seen": condition}, AS_OF, zone, seen=t) for t in (noon - TICK, noon, noon + TICK)] == expected


def test_an_attribute_may_lie_in_the_future_and_unknown_dates_meet_nothing() -> None:
    assert meets({"seen": {"in_next": "1 day"}}, seen=at("2017-06-16 23:59:59.999999"))
    assert not meets({"seen": {"in_next": "1 day"}}, seen=at("2017-06-15 23:59:59.999999"))
    assert meets({"seen": {"after": AS_OF}}, seen=at("2030-01-01"))
    assert not meets({"seen": {"before": AS_OF}}, seen=None)
    assert meets({"seen": {"before": AS_OF, "unknown": "include"}}, seen=None)
    assert meets({"born": "is_unknown"}, born=None)
    assert meets({"seen": "has_any_value"}, seen=at("2030-01-01"))


@pytest.mark.parametrize(
    ("born", "as_of", "operand", "expected"),
    [
        ((1990, 6, 15), (2017, 6, 15), "today", True),
        ((2017, 6, 15), (2017, 6, 15), "today", False),
        ((1990, 6, 22), (2017, 6, 15), {"in_next": "7 days"}, True),
        ((1990, 6, 15), (2017, 6, 15), {"in_next": "7 days"}, False),
        ((1990, 1, 2), (2017, 12, 30), {"in_next": "7 days"}, True),
        ((2016, 2, 29), (2017, 3, 1), "today", True),
        ((2016, 2, 29), (2017, 2, 28), "today", False),
        ((2016, 2, 29), (2020, 2, 29), "today", True),
        ((2016, 2, 29), (2020, 3, 1), "today", False),
    ],
)
def test_anniversaries(born: tuple[int, int, int], as_of: tuple[int, int, int], operand: Any, expected: bool) -> None:
    assert meets({"born": {"anniversary": operand}}, dt.date(*as_of), born=dt.date(*born)) is expected
