"""Local calendar days, windows and calendar periods, as DESIGN.md part 4 counts them.

Instants are naive datetimes meaning UTC, with microseconds as the smallest step. A window is a half-open interval of
instants; a plain date stands for the first instant of its local day, so one interval serves dates and timestamps.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

DAY = dt.timedelta(days=1)
TICK = dt.timedelta(microseconds=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RELATIVE_WORDS = frozenset({"more_than", "at_least", "exactly", "at_most", "less_than"})
ABSOLUTE_WORDS = frozenset({"on", "before", "after", "on_or_before", "on_or_after", "between"})
WINDOW_WORDS = RELATIVE_WORDS | ABSOLUTE_WORDS | {"in_last", "in_next", "during"}

_AMOUNT = re.compile(r"(\d+) (hour|day|week|month|quarter|year)s?")
_RELATIVE = re.compile(r"(.+) (ago|from now)")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_A_YEAR = {"day": 366, "week": 52, "month": 12, "quarter": 4, "year": 1}


@dataclass(frozen=True)
class Interval:
    """Instants from `begin` (in) to `end` (out); None is unbounded."""

    begin: dt.datetime | None
    end: dt.datetime | None

    def contains(self, instant: dt.datetime) -> bool:
        """Tell whether the instant lies inside."""
        return (self.begin is None or instant >= self.begin) and (self.end is None or instant < self.end)


@dataclass(frozen=True)
class Clock:
    """The as-of day D in the catalog's time zone, and the weekday on which weeks begin."""

    as_of: dt.date
    zone: ZoneInfo
    week_starts_on: str = "monday"

    @cached_property
    def end(self) -> dt.datetime:
        """The end of D: the first instant of the local day after it."""
        return self.start_of(self.as_of + DAY)

    def start_of(self, day: dt.date) -> dt.datetime:
        """Return the first instant of a local day."""
        return midnight(day, self.zone)

    def day_of(self, value: dt.date | dt.datetime) -> dt.date:
        """Return the local day of an instant; a date is its own day."""
        if isinstance(value, dt.datetime):
            return value.replace(tzinfo=dt.UTC).astimezone(self.zone).date()
        return value

    def instant(self, value: dt.date | dt.datetime) -> dt.datetime:
        """Return a timestamp in UTC, or the first instant of a date."""
        return to_utc(value) if isinstance(value, dt.datetime) else self.start_of(value)

    def days(self, first: dt.date | None, last: dt.date | None) -> Interval:
        """Return the interval of whole local days from first to last, both in."""
        begin = None if first is None else self.start_of(first)
        return Interval(begin, None if last is None else self.start_of(last + DAY))


@lru_cache(maxsize=100_000)
def midnight(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the first instant of a local day."""
    return to_utc(dt.datetime.combine(day, dt.time(), zone))


def to_utc(value: dt.datetime) -> dt.datetime:
    """Return a naive UTC datetime; without a zone it is UTC already."""
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value


def shift(day: dt.date, number: int, unit: str) -> dt.date:
    """Move a day by calendar units; months, quarters and years are clamped at the month's end."""
    if unit in _MONTHS:
        year, month = divmod(day.year * 12 + day.month - 1 + number * _MONTHS[unit], 12)
        return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return day + DAY * number * {"day": 1, "week": 7}[unit]


def amount(text: str) -> tuple[int, str]:
    """Read `30 days` as (30, "day")."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError(f"no length of time: {text!r}")
    return int(found[1]), found[2]


def is_time(operand: Any) -> bool:
    """Tell a window's operand from a number's, where both stand under the same word."""
    if isinstance(operand, list):
        return all(is_time(item) for item in operand)
    if isinstance(operand, str):
        return _RELATIVE.fullmatch(operand) is not None or re.match(r"\d{4}-\d\d-\d\d", operand) is not None
    return isinstance(operand, dt.date)


def window(clock: Clock, word: str, operand: Any) -> Interval:
    """Return the instants that `word: operand` chooses, as of the clock's day."""
    match word:
        case "in_last":
            return in_last(clock, *amount(operand))
        case "in_next":
            return in_next(clock, *amount(operand))
        case "during":
            return during(clock, operand)
    return relative(clock, word, operand) if word in RELATIVE_WORDS else absolute(clock, word, operand)


def absolute(clock: Clock, word: str, operand: Any) -> Interval:
    """`on`, `before`, `between` … with dates (whole local days) or timestamps (that instant)."""
    match word:
        case "on":
            return on(clock, moment(operand))
        case "between":
            return Interval(from_moment(clock, operand[0]), past_moment(clock, operand[1]))
        case "before":
            return Interval(None, from_moment(clock, operand))
        case "on_or_before":
            return Interval(None, past_moment(clock, operand))
        case "after":
            return Interval(past_moment(clock, operand), None)
        case "on_or_after":
            return Interval(from_moment(clock, operand), None)
    raise ValueError(f"no date operator: {word!r}")


def on(clock: Clock, day: dt.date | dt.datetime) -> Interval:
    """The whole local day; a timestamp is no day."""
    if isinstance(day, dt.datetime):
        raise ValueError("`on` takes a date")
    return clock.days(day, day)


def moment(operand: Any) -> dt.date | dt.datetime:
    """Read a date or timestamp operand, quoted or not."""
    if isinstance(operand, dt.date):
        return operand
    if re.fullmatch(r"\d{4}-\d\d-\d\d", operand):
        return dt.date.fromisoformat(operand)
    return dt.datetime.fromisoformat(operand)


def from_moment(clock: Clock, operand: Any) -> dt.datetime:
    """Return the first instant of an operand."""
    return clock.instant(moment(operand))


def past_moment(clock: Clock, operand: Any) -> dt.datetime:
    """Return the first instant after an operand: the next day's start, or one tick after a timestamp."""
    value = moment(operand)
    return to_utc(value) + TICK if isinstance(value, dt.datetime) else clock.start_of(value + DAY)


def last_days(clock: Clock, length: str) -> Interval:
    """`7 days` that end with D; there are no hours here."""
    number, unit = amount(length)
    return clock.days(shift(clock.as_of, -number, unit) + DAY, clock.as_of)


def days_between(first: dt.date, last: dt.date) -> list[dt.date]:
    """Return all days from first to last, both in."""
    return [first + DAY * number for number in range((last - first).days + 1)]


def in_last(clock: Clock, number: int, unit: str) -> Interval:
    """`in_last: 7 days` is D−6 … D; hours are elapsed ones before the end of D."""
    if unit == "hour":
        return Interval(clock.end - dt.timedelta(hours=number), clock.end)
    return clock.days(shift(clock.as_of, -number, unit) + DAY, clock.as_of)


def in_next(clock: Clock, number: int, unit: str) -> Interval:
    """`in_next: N days` is D+1 … D+N."""
    if unit == "hour":
        return Interval(clock.end, clock.end + dt.timedelta(hours=number))
    return clock.days(clock.as_of + DAY, shift(clock.as_of, number, unit))


def during(clock: Clock, period: str) -> Interval:
    """`this | last | next` with `week | month | quarter | year`: the whole calendar period."""
    which, unit = period.split(" ")
    first = first_day(clock, unit)
    offset = {"last": -1, "this": 0, "next": 1}[which]
    return clock.days(shift(first, offset, unit), shift(first, offset + 1, unit) - DAY)


def first_day(clock: Clock, unit: str) -> dt.date:
    """Return the first day of the calendar period around D."""
    day = clock.as_of
    match unit:
        case "week":
            return day - DAY * ((day.weekday() - WEEKDAYS.index(clock.week_starts_on)) % 7)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    raise ValueError(f"no calendar period: {unit!r}")


def relative(clock: Clock, word: str, operand: str) -> Interval:
    """`more_than: 30 days ago` and its kin."""
    found = _RELATIVE.fullmatch(operand)
    if found is None:
        raise ValueError(f"no date: {operand!r}")
    number, unit = amount(found[1])
    if unit == "hour":
        return hours_ago(clock, word, number, found[2])
    if found[2] == "ago":
        return days_ago(clock, word, shift(clock.as_of, -number, unit))
    return days_from_now(clock, word, shift(clock.as_of, number, unit))


def days_ago(clock: Clock, word: str, day: dt.date) -> Interval:
    """The relative words towards the past, where `day` is D−N."""
    match word:
        case "more_than":
            return clock.days(None, day - DAY)
        case "at_least":
            return clock.days(None, day)
        case "exactly":
            return clock.days(day, day)
        case "at_most":
            return clock.days(day, clock.as_of)
        case "less_than":
            return clock.days(day + DAY, clock.as_of)
    raise ValueError(f"no date operator: {word!r}")


def days_from_now(clock: Clock, word: str, day: dt.date) -> Interval:
    """The relative words towards the future, where `day` is D+N; like `in_next` they begin with D+1."""
    tomorrow = clock.as_of + DAY
    match word:
        case "more_than":
            return clock.days(day + DAY, None)
        case "at_least":
            return clock.days(day, None)
        case "exactly":
            return clock.days(day, day)
        case "at_most":
            return clock.days(tomorrow, day)
        case "less_than":
            return clock.days(tomorrow, day - DAY)
    raise ValueError(f"no date operator: {word!r}")


def hours_ago(clock: Clock, word: str, number: int, direction: str) -> Interval:
    """The relative words in hours, which only count back from the end of D."""
    if direction != "ago":
        raise ValueError("hours count back from the end of the day")
    instant = clock.end - dt.timedelta(hours=number)
    match word:
        case "more_than":
            return Interval(None, instant)
        case "at_least":
            return Interval(None, instant + TICK)
        case "at_most":
            return Interval(instant, clock.end)
        case "less_than":
            return Interval(instant + TICK, clock.end)
    raise ValueError(f"no operator for hours: {word!r}")


def anniversary(clock: Clock, day: dt.date, operand: Any) -> bool:
    """Tell whether a later year's return of `day` is D (`today`) or lies in the window (`{in_next: 7 days}`)."""
    if operand == "today":
        span = clock.days(clock.as_of, clock.as_of)
    else:
        ((word, length),) = operand.items()
        number, unit = amount(length)
        if word not in ("in_next", "in_last") or number > _A_YEAR[unit]:
            raise ValueError(f"no window of an anniversary: {operand!r}")
        span = window(clock, word, length)
    years = range(day.year + 1, clock.as_of.year + 3)
    return any(span.contains(clock.start_of(return_of(day, year))) for year in years)


def return_of(day: dt.date, year: int) -> dt.date:
    """Return the day in another year; 29 February falls on 1 March where there is none."""
    if (day.month, day.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 3, 1)
    return day.replace(year=year)
