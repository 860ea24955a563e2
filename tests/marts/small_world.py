"""Thirty members of a club over ten weeks, and what a reader of calendars would say about them, day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from random import Random

import pandas as pd

FIRST = date(2017, 1, 26)
LAST = date(2017, 4, 3)
EVERY_DAY = [each.date() for each in pd.date_range(FIRST, LAST)]
JUDGED = [*EVERY_DAY[:8], *EVERY_DAY[12::5]]
LEVELS = ("gold", "silver", "none", "away")

CATALOG = """
timezone: UTC
week_starts_on: monday
entities:
  member:
    model: members
    key: member_id
    since: joined_at
    history: {valid_from: valid_from, valid_to: valid_to}
    attributes: {level: text, joined_at: timestamp}
"""


def spec(level: str, status: str = "active") -> str:
    return f"name: {level}\nentity: member\nstatus: {status}\nwhere: {{level: {level}}}\n"


def levels_by_day() -> pd.DataFrame:
    """One row per member and day on which they are there; who is away has no row."""
    draw = Random(11)
    rows = []
    for member in range(1, 31):
        level = draw.choice(LEVELS)
        for day in EVERY_DAY:
            if draw.random() < 0.22:
                level = draw.choice(LEVELS)
            rows.append((member, day, level))
    frame = pd.DataFrame(rows, columns=["member_id", "day", "level"])
    return frame[frame["level"] != "away"]


def levels_to_versions(levels: pd.DataFrame) -> pd.DataFrame:
    """The same as a table with history: one version per day, each beginning at some hour of it."""
    begins = pd.to_datetime(levels["day"])
    return levels[["member_id", "level"]].assign(
        joined_at=pd.Timestamp(FIRST), valid_from=begins + pd.Timedelta(hours=9), valid_to=begins + pd.Timedelta(days=1)
    )


@dataclass(frozen=True)
class Versions:
    """Rows of a dbt snapshot: from when to when each key held which flags."""

    frame: pd.DataFrame
    key: str

    def on(self, day: date) -> pd.DataFrame:
        at = pd.Timestamp(day)
        ends = self.frame["dbt_valid_to"]
        return self.frame[(self.frame["dbt_valid_from"] <= at) & (ends.isna() | (ends > at))]

    def keys(self, day: date, flag: str | None = None) -> frozenset[str]:
        rows = self.on(day)
        chosen = rows if flag is None else rows[rows[flag].astype(bool)]
        return frozenset(map(str, chosen[self.key]))


@dataclass(frozen=True)
class Diary:
    """Who was in one segment at the end of each day, and on which days its judging began, or began again.

    `edits` are days on which its definition was edited, with those whose entries on it are the edit's.
    """

    members: dict[date, frozenset[str]]
    beginnings: frozenset[date]
    edits: Mapping[date, frozenset[str]]

    def at(self, day: date) -> frozenset[str]:
        return self.members.get(day, frozenset())

    def entered(self, day: date) -> frozenset[str]:
        return self.at(day) - self.at(day - timedelta(days=1))

    def exited(self, day: date) -> frozenset[str]:
        return self.at(day - timedelta(days=1)) - self.at(day)

    @cached_property
    def entries(self) -> dict[date, frozenset[str]]:
        """Entries that were seen to happen, by the subjects themselves: not on days on which the judging began."""
        return {
            day: self.entered(day) - self.edits.get(day, frozenset())
            for day in self.members
            if day not in self.beginnings
        }

    def stays(self) -> Iterator[tuple[str, date, date | None]]:
        """Subject, first day in, first day out."""
        for first in self.members:
            for subject in self.entered(first):
                yield subject, first, self.end(subject, first)

    def end(self, subject: str, first: date) -> date | None:
        return next((day for day in self.members if day > first and subject not in self.at(day)), None)

    def retention(self, grain: str, judged: Iterable[date]) -> Iterator[tuple[object, ...]]:
        """cohort_start, period_number, period_end, cohort_size, still_in, active_again; only on `judged` days."""
        frequency = {"week": "W-SUN", "month": "M"}[grain]
        periods = pd.period_range(FIRST, LAST, freq=frequency)
        ends = {period: period.end_time.date() for period in periods}
        counted = set(judged)
        for cohort in periods:
            first_in = self._first_entries(cohort)
            later = [period for period in periods if period >= cohort and ends[period] in counted]
            for period in later if first_in else ():
                still = {who for who, day in first_in.items() if self._stayed(who, day, ends[period])}
                again = (first_in.keys() - still) & self.at(ends[period])
                number = (period - cohort).n
                yield cohort.start_time.date(), number, ends[period], len(first_in), len(still), len(again)

    def _first_entries(self, cohort: pd.Period) -> dict[str, date]:
        found: dict[str, date] = {}
        for day, subjects in self.entries.items():
            if cohort.start_time.date() <= day <= cohort.end_time.date():
                found = {**dict.fromkeys(subjects, day), **found}
        return found

    def _stayed(self, subject: str, since: date, until: date) -> bool:
        return all(subject in inside for day, inside in self.members.items() if since <= day <= until)
