"""Members of three segments day by day, drawn at random, and what a reader of calendars says of them.

Everything is said of sets of members at the end of each day, never of stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from random import Random
from typing import NamedTuple

import pandas as pd

FIRST, LAST = date(2017, 1, 26), date(2017, 5, 2)
DAYS = [each.date() for each in pd.date_range(FIRST, LAST)]
SUBJECTS = tuple(f"s{number:03}" for number in range(150))
# `late` has its first spec in February, `edited` is edited twice, `rested` is paused for nine days
BEGINS = {"edited": FIRST, "late": date(2017, 2, 9), "rested": FIRST}
EDITS = frozenset({date(2017, 2, 20), date(2017, 3, 27)})
PAUSED = [each.date() for each in pd.date_range("2017-03-10", "2017-03-18")]
SEGMENTS = tuple(BEGINS)
WEEK_ENDS = {"monday": "W-SUN", "wednesday": "W-TUE"}
ONE_DAY = timedelta(days=1)


class Stay(NamedTuple):
    """One unbroken run of days; `exited_on` is the first day out."""

    subject: str
    entered_on: date
    exited_on: date | None


def period_of(grain: str, day: date, week_starts_on: str) -> pd.Period:
    return pd.Period(day, freq=WEEK_ENDS[week_starts_on] if grain == "week" else "M")


@dataclass(frozen=True)
class World:
    """`members` by segment and day up to `as_of`; `active` are the days on which subjects did something."""

    members: dict[str, dict[date, frozenset[str]]]
    active: dict[str, frozenset[date]]
    as_of: date
    week_starts_on: str = "monday"

    def at(self, segment: str, day: date) -> frozenset[str]:
        return self.members[segment].get(day, frozenset())

    def until(self, as_of: date) -> World:
        """The same world, known up to an earlier day."""
        known = {name: {day: who for day, who in days.items() if day <= as_of} for name, days in self.members.items()}
        active = {who: frozenset(day for day in days if day <= as_of) for who, days in self.active.items()}
        return replace(self, members=known, active=active, as_of=as_of)

    def before_late_events(self, day: date) -> World:
        """The same world before half of the subjects' events of a day and those after it had come in."""
        late = SUBJECTS[::2]
        active = {who: {each for each in days if who not in late or each < day} for who, days in self.active.items()}
        return replace(self, active={who: frozenset(days) for who, days in active.items()})

    def stays(self, segment: str) -> Iterator[Stay]:
        for day, who in self.members[segment].items():
            for subject in sorted(who - self.at(segment, day - ONE_DAY)):
                out = (each for each in DAYS if day < each <= self.as_of and subject not in self.at(segment, each))
                yield Stay(subject, day, next(out, None))

    def entered(self, segment: str, day: date) -> frozenset[str]:
        """Entries that were seen to happen, and that were the subjects' own."""
        if day <= BEGINS[segment] or (segment == "edited" and day in EDITS):
            return frozenset()
        return self.at(segment, day) - self.at(segment, day - ONE_DAY)

    @cached_property
    def periods(self) -> dict[str, list[pd.Period]]:
        """The closed ones of each grain."""
        found = {
            grain: dict.fromkeys(period_of(grain, day, self.week_starts_on) for day in DAYS)
            for grain in ("week", "month")
        }
        return {
            grain: [each for each in periods if each.end_time.date() <= self.as_of] for grain, periods in found.items()
        }

    # --- what the marts say

    def lengths(self, segment: str) -> Iterator[tuple[int, bool]]:
        """How long each observed stay was seen to last, and whether the subject then left by itself."""
        for day in self.members[segment]:
            for subject in self.entered(segment, day):
                yield self._length(segment, subject, day)

    def _length(self, segment: str, subject: str, entered_on: date) -> tuple[int, bool]:
        days = 0
        while True:
            day = entered_on + timedelta(days=days)
            is_rest = segment == "rested" and day in PAUSED and entered_on < PAUSED[0]
            if day > self.as_of or is_rest:
                return days - 1, False
            if subject not in self.at(segment, day):
                is_edit = segment == "edited" and day in EDITS
                return (days - 1, False) if is_edit else (days, True)
            days += 1

    def retention(self, segment: str, grain: str, followed: int) -> Iterator[tuple[object, ...]]:
        """cohort_start, period_number, period_end, size, still in, active again, active, or later, throughout."""
        for cohort in self.periods[grain]:
            first_in = self._first_entries(segment, cohort)
            closed = [each for each in self.periods[grain] if 0 <= (each - cohort).n <= followed]
            done = {who: self._active_in(who, closed) for who in first_in}
            for period in closed if first_in else ():
                end = period.end_time.date()
                if end < BEGINS[segment]:
                    continue
                number = (period - cohort).n
                still = {who for who, day in first_in.items() if self._stayed(segment, who, day, end)}
                again = (first_in.keys() - still) & self.at(segment, end)
                needed = set(range(1, number + 1)) or {0}
                counts = (
                    sum(number in numbers for numbers in done.values()),
                    sum(any(each >= number for each in numbers) for numbers in done.values()),
                    sum(needed <= numbers for numbers in done.values()),
                )
                yield cohort.start_time.date(), number, end, len(first_in), len(still), len(again), *counts

    def _first_entries(self, segment: str, cohort: pd.Period) -> dict[str, date]:
        found: dict[str, date] = {}
        for day in pd.date_range(cohort.start_time.date(), cohort.end_time.date()):
            found = {**dict.fromkeys(self.entered(segment, day.date()), day.date()), **found}
        return found

    def _stayed(self, segment: str, subject: str, since: date, until: date) -> bool:
        return all(subject in self.at(segment, day.date()) for day in pd.date_range(since, until))

    def _active_in(self, subject: str, closed: list[pd.Period]) -> set[int]:
        """The numbers of the periods in which a subject was active."""
        days = self.active[subject]
        return {
            number
            for number, period in enumerate(closed)
            if any(period.start_time.date() <= day <= period.end_time.date() for day in days)
        }

    def flows(self, grain: str) -> dict[tuple[str | None, str | None, date], int]:
        """Subjects by what they left, what they joined and the period's first day."""
        found: dict[tuple[str | None, str | None, date], int] = {}
        for period in self.periods[grain]:
            start, end = period.start_time.date(), period.end_time.date()
            before = start - ONE_DAY
            judged = [segment for segment, begins in BEGINS.items() if begins <= before]
            for subject in SUBJECTS:
                was = {segment for segment in judged if subject in self.at(segment, before)}
                is_in = {segment for segment in judged if subject in self.at(segment, end)}
                left: list[str | None] = [*(was - is_in)] or [None]
                joined: list[str | None] = [*(is_in - was)] or [None]
                for pair in ((one, other, start) for one in left for other in joined if one or other):
                    found[pair] = found.get(pair, 0) + 1
        return found


def drawn_world(seed: int) -> World:
    """Who is in changes now and then, and on days of edits all at once; in a pause nothing changes."""
    draw = Random(seed)
    members = {segment: dict(_days_of(segment, draw)) for segment in SEGMENTS}
    chances = {subject: draw.choice((0.0, 0.05, 0.3)) for subject in SUBJECTS}
    active = {who: frozenset(day for day in DAYS if draw.random() < chance) for who, chance in chances.items()}
    return World(members, active, LAST)


def _days_of(segment: str, draw: Random) -> Iterator[tuple[date, frozenset[str]]]:
    inside = {subject for subject in SUBJECTS if draw.random() < 0.2}
    for day in DAYS:
        if day < BEGINS[segment]:
            continue
        is_rest = segment == "rested" and day in PAUSED
        chance = 0.0 if is_rest else 0.4 if segment == "edited" and day in EDITS else 0.04
        inside ^= {subject for subject in SUBJECTS if draw.random() < chance}
        yield day, frozenset(inside)


def changed_from(world: World, other: World, day: date) -> World:
    """The first world before a day, the other one from then on: what judging days anew may find."""
    members = {
        segment: {each: (world if each < day else other).at(segment, each) for each in days}
        for segment, days in world.members.items()
    }
    return replace(world, members=members)
