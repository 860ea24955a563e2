"""What can be said of windows whatever the as-of day D is.

Days are counted by `date.toordinal`. How days relate to each other may depend on D, by the lengths of months and by the
weekday; so a claim is tried on as many days D as are needed to see every way in which they can relate.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias, assert_never

from orchestration.compiler.window import (
    Day,
    DayWindow,
    FixedDay,
    FixedInstant,
    HoursFromEnd,
    Instant,
    InstantWindow,
    PeriodDay,
    RelativeDay,
    Window,
)

Position: TypeAlias = Fraction
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MAX_MONTHS = 60
ONE_DAY = (date(2017, 6, 15),)
ONE_WEEK = tuple(date(2017, 6, number) for number in range(12, 19))


def _years(first: int, last: int) -> tuple[date, ...]:
    numbers = range(date(first, 1, 1).toordinal(), date(last, 12, 31).toordinal() + 1)
    return tuple(date.fromordinal(number) for number in numbers)


# Leap days every four years, and around 1900, which had none; then every date on every weekday; then, where only whole
# months are counted back, the days of a month that differ.
EVERY_DATE = (*_years(2001, 2004), *_years(1894, 1906))
EVERY_WEEKDAY = (*_years(2001, 2028), *_years(1894, 1906))
MONTH_ENDS = tuple(day for day in EVERY_DATE if day.day in (1, 28, 29, 30, 31))


@dataclass(frozen=True)
class Line:
    """Moments that can be put in order: days relative to D, fixed days, hours before the end of D, instants."""

    kind: str

    @property
    def hidden_after(self) -> Position | None:
        """The last moment, counted from D, that a row can have; None where D says nothing about it."""
        return None if self.kind in ("fixed", "instant") else Fraction(0)


RELATIVE, FIXED, HOURS, INSTANTS = Line("relative"), Line("fixed"), Line("hours"), Line("instant")


def line_of(window: Window) -> Line:
    ends = (window.first, window.last) if isinstance(window, DayWindow) else (window.start, window.end)
    match next((end for end in ends if end is not None), None):
        case FixedDay():
            return FIXED
        case HoursFromEnd():
            return HOURS
        case FixedInstant():
            return INSTANTS
        case _:
            return RELATIVE


def as_of_days(windows: Iterable[Window]) -> Sequence[date] | None:
    """Days D that show every way in which the windows can relate; None where these would be too many."""
    days = [each for window in windows for each in _relative_days(window)]
    months = {abs(each.months) for each in days if isinstance(each, RelativeDay)} - {0}
    if months and max(months) > MAX_MONTHS:
        return None
    units = {each.unit for each in days if isinstance(each, PeriodDay)}
    if "week" in units:
        return EVERY_WEEKDAY if months or units - {"day", "week"} else ONE_WEEK
    if units - {"day"}:
        return EVERY_DATE
    return MONTH_ENDS if months else ONE_DAY


def _relative_days(window: Window) -> Iterator[Day]:
    if not isinstance(window, DayWindow):
        return
    for day in (window.first, window.last):
        while isinstance(day, RelativeDay | PeriodDay):
            yield day
            day = day.since if isinstance(day, RelativeDay) else None


def day_number(day: Day, as_of: date, week_starts_on: str) -> int:
    match day:
        case FixedDay(fixed):
            return fixed.toordinal()
        case RelativeDay(months, days, since):
            start = date.fromordinal(day_number(since, as_of, week_starts_on)) if since else as_of
            return _moved(start, months).toordinal() + days
        case PeriodDay(unit, periods, days):
            return _period(unit, periods, as_of, week_starts_on) + days
        case _:
            assert_never(day)


def _moved(day: date, months: int) -> date:
    """Moved by calendar months, clamped at the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _period(unit: str, periods: int, as_of: date, week_starts_on: str) -> int:
    match unit:
        case "day":
            return as_of.toordinal() + periods
        case "week":
            past = (as_of.weekday() - WEEKDAYS.index(week_starts_on)) % 7
            return as_of.toordinal() - past + 7 * periods
        case "month":
            return _moved(as_of.replace(day=1), periods).toordinal()
        case "quarter":
            return _moved(as_of.replace(month=(as_of.month - 1) // 3 * 3 + 1, day=1), 3 * periods).toordinal()
        case _:
            return date(as_of.year + periods, 1, 1).toordinal()


@dataclass(frozen=True)
class Stretch:
    """A window on its line, as of some day: positions between two ends, each in or out; None is open."""

    start: Position | None
    end: Position | None
    start_in: bool = True
    end_in: bool = True

    def holds(self, position: Position) -> bool:
        if self.start is not None and (position < self.start or (position == self.start and not self.start_in)):
            return False
        return self.end is None or position < self.end or (position == self.end and self.end_in)


def fixed_stretch(window: Window) -> Stretch:
    """A window that lies the same whatever D is: hours from the end of D, fixed days and instants."""
    match window:
        case DayWindow(first, last):
            start, end = (
                Fraction(each.day.toordinal()) if isinstance(each, FixedDay) else None for each in (first, last)
            )
            return Stretch(start, end)
        case InstantWindow(begin, until, begin_in, until_in):
            low, high = (None if each is None else _instant(each) for each in (begin, until))
            return Stretch(low, high, begin_in, until_in)
        case _:
            assert_never(window)


def _instant(instant: Instant) -> Position:
    match instant:
        case HoursFromEnd(hours):
            return Fraction(hours)
        case FixedInstant(fixed):
            whole = Fraction(fixed.toordinal() * 86400 + fixed.hour * 3600 + fixed.minute * 60 + fixed.second)
            return whole + Fraction(fixed.microsecond, 10**6)
        case _:
            assert_never(instant)


def positions(line: Line, stretches: Iterable[Stretch], *, seen: bool) -> list[Position]:
    """One position for each way of lying in or out of the stretches; `seen` leaves out what is hidden after D."""
    ends = {end for each in stretches for end in (each.start, each.end) if end is not None}
    limit = line.hidden_after if seen else None
    if limit is not None:
        ends |= {limit}
    if not ends:
        return [Fraction(0)]
    marks = sorted(ends)
    if line in (RELATIVE, FIXED):
        found = sorted({mark + step for mark in marks for step in (-1, 0, 1)})
    else:
        between = [(low + high) / 2 for low, high in pairwise(marks)]
        found = sorted([marks[0] - 1, *marks, *between, marks[-1] + 1])
    if limit is None:
        return found
    return [each for each in found if each < limit or (each == limit and line is RELATIVE)]


Pattern: TypeAlias = tuple[Stretch, ...]
Ends: TypeAlias = tuple[int | None, int | None]


class Patterns:
    """Every way in which windows can lie on their lines, found day by day as far as somebody asks."""

    def __init__(self, windows: tuple[Window, ...], days: Sequence[date], week_starts_on: str) -> None:
        self.found: list[Pattern] = []
        self.more = self._search(windows, days, week_starts_on)

    def __iter__(self) -> Iterator[Pattern]:
        number = 0
        while True:
            if number == len(self.found):
                following = next(self.more, None)
                if following is None:
                    return
                self.found.append(following)
            yield self.found[number]
            number += 1

    def _search(self, windows: tuple[Window, ...], days: Sequence[date], week_starts_on: str) -> Iterator[Pattern]:
        moving = [each for each in windows if isinstance(each, DayWindow) and line_of(each) is RELATIVE]
        still = {each: fixed_stretch(each) for each in windows if line_of(each) is not RELATIVE}
        tried: set[tuple[Ends, ...]] = set()
        seen: set[Pattern] = set()
        for day in days:
            ends = tuple(_ends(window, day, week_starts_on) for window in moving)
            if ends in tried:
                continue
            tried.add(ends)
            drawn = _drawn_together(ends)
            if drawn not in seen:
                seen.add(drawn)
                lying: dict[Window, Stretch] = {**still}
                lying.update(zip(moving, drawn, strict=True))
                yield tuple(lying[window] for window in windows)


def _ends(window: DayWindow, as_of: date, week_starts_on: str) -> Ends:
    """First and last day, counted from D."""
    origin = as_of.toordinal()
    first, last = window.first, window.last
    return (
        None if first is None else day_number(first, as_of, week_starts_on) - origin,
        None if last is None else day_number(last, as_of, week_starts_on) - origin,
    )


def _drawn_together(stretches: Sequence[Ends]) -> Pattern:
    """Days at most two apart, which is all that matters: D stays 0, order and neighbours stay as they are."""
    marks = sorted({0, *(end for each in stretches for end in each if end is not None)})
    place: dict[int, int] = {marks[0]: 0}
    for low, high in pairwise(marks):
        place[high] = place[low] + min(high - low, 2)
    drawn = {mark: Fraction(found - place[0]) for mark, found in place.items()}
    return tuple(
        Stretch(None if start is None else drawn[start], None if end is None else drawn[end])
        for start, end in stretches
    )


@lru_cache(maxsize=1024)
def patterns(windows: tuple[Window, ...], week_starts_on: str) -> Patterns | None:
    """Every way in which the windows can lie; None where these would be too many."""
    days = as_of_days(windows)
    return None if days is None else Patterns(windows, days, week_starts_on)


@lru_cache(maxsize=4096)
def is_empty(windows: tuple[Window, ...], week_starts_on: str) -> bool:
    """Whether no row that is seen as of D lies in all of the windows, whatever D is."""
    by_line: dict[Line, list[Window]] = {}
    for window in windows:
        by_line.setdefault(line_of(window), []).append(window)
    return any(_empty_on(line, tuple(found), week_starts_on) for line, found in by_line.items())


def _empty_on(line: Line, windows: tuple[Window, ...], week_starts_on: str) -> bool:
    found = patterns(windows, week_starts_on)
    return found is not None and not any(_common(line, pattern) for pattern in found)


def _common(line: Line, stretches: Pattern) -> bool:
    return any(all(each.holds(place) for each in stretches) for place in positions(line, stretches, seen=True))


@lru_cache(maxsize=4096)
def lies_within(inner: tuple[Window, ...], outer: tuple[Window, ...], week_starts_on: str) -> bool:
    """Whether every row in all of the inner windows lies in all of the outer ones, whatever D is."""
    if outer and not inner:
        return False  # rows without a date are in no window
    return all(window in inner or _covered(inner, window, week_starts_on) for window in outer)


def _covered(inner: tuple[Window, ...], outer: Window, week_starts_on: str) -> bool:
    line = line_of(outer)
    windows = tuple(each for each in inner if line_of(each) is line)
    found = patterns((*windows, outer), week_starts_on)
    return found is not None and all(_covers(line, pattern) for pattern in found)


def _covers(line: Line, pattern: Pattern) -> bool:
    """Whether the last stretch holds whatever lies in all the others."""
    *inner, outer = pattern
    return all(
        outer.holds(place) for place in positions(line, pattern, seen=True) if all(each.holds(place) for each in inner)
    )
