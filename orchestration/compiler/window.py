"""Stretches of time relative to the as-of day D, in whole local days or in instants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias

PeriodUnit: TypeAlias = Literal["day", "week", "month", "quarter", "year"]


@dataclass(frozen=True)
class RelativeDay:
    """D, or another day `since`, moved by calendar months first (clamped at the month's end), then by days."""

    months: int = 0
    days: int = 0
    since: RelativeDay | None = None


@dataclass(frozen=True)
class PeriodDay:
    """The first day of the calendar period around D, moved by whole periods, then by days."""

    unit: PeriodUnit
    periods: int
    days: int = 0


@dataclass(frozen=True)
class FixedDay:
    day: date


Day: TypeAlias = RelativeDay | PeriodDay | FixedDay


@dataclass(frozen=True)
class DayWindow:
    """Whole local days, both ends in; None is open. `said` is how it was written, which is no part of its meaning."""

    first: Day | None
    last: Day | None
    said: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class HoursFromEnd:
    """An instant, in elapsed hours from the end of D; negative is before."""

    hours: int


@dataclass(frozen=True)
class FixedInstant:
    """An instant in UTC."""

    instant: datetime


Instant: TypeAlias = HoursFromEnd | FixedInstant


@dataclass(frozen=True)
class InstantWindow:
    """From `start` to `end`, each in or out; None is open. `said` is how it was written."""

    start: Instant | None
    end: Instant | None
    start_in: bool = True
    end_in: bool = False
    said: str = field(default="", compare=False, repr=False)


Window: TypeAlias = DayWindow | InstantWindow

TODAY = RelativeDay()


def has_today(window: DayWindow) -> bool:
    """Whether a window holds the as-of day whatever day that is, as far as its shape tells."""
    return _not_later(window.first) and window.last in (None, TODAY)


def _not_later(first: Day | None) -> bool:
    if not isinstance(first, RelativeDay):
        return first is None
    return first.since is None and first.months <= 0 and first.days <= (first.months < 0)
