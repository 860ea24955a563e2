"""Small pools of values and operands, so that generated rules meet generated rows, borders and unknowns included."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference.days import TICK, Clock, shift

ZONES = ("America/New_York", "Europe/Dublin", "UTC", "Asia/Kolkata")
WEEK_STARTS = ("monday", "sunday", "saturday")
AS_OF_DAYS = (
    dt.date(2017, 6, 15),
    *(dt.date(2017, 3, day) for day in (1, 12, 13, 26, 31)),
    *(dt.date(2017, month, day) for month, day in ((1, 1), (2, 28), (5, 31), (10, 29), (11, 5), (11, 6), (12, 31))),
    *(dt.date(2016, month, day) for month, day in ((2, 29), (3, 31))),
    *(dt.date(2020, month, day) for month, day in ((2, 29), (3, 30))),
)
DAY_OFFSETS = (0, -1, -2, -3, -6, -7, -8, -14, -28, -30, -31, -60, 1, 2, 7, 8, 30)
MONTH_OFFSETS = (-1, -2, -3, -12, 1, 12)
YEARS_AGO = ((0, 1), (0, 4), (1, 2), (7, 1), (8, 3), (-6, 9))

WORDS = ("pro", "Pro", "free", "", "PRO team", "100%", "a_b", "école", "ΑΣ", "o'clock", "back\\slash", "is_unknown")
EMAILS = ("ann@Example.com", "bo@example.com", "c@mail.example.com", "@example.com", "example.com", "a@b@other.org", "")
EXACT_WORDS = ("pro", "free", "", "Pro", "100%", "école", "o'clock", "{{ x }}", "--;")
EXACT_EMAILS = ("bo@example.com", "ann@example.com", "")
PIECES = ("RO", "pro", "FREE", "_", "%", "É", "σ", "'", "\\", "{{", "@", "Example", "com", "e")
DOMAINS = ("example.com", "@example.com", "EXAMPLE.com", "other.org", "mail.example.com")
PATTERNS = ("^p", "o$", "^$", "p.o", "[A-Z]", "a|e", "\\d+%", "^(pro|free)$", "o+", "\\.", "@example")
TAGS = ("VIP", "beta", "gamma", "vip")
TAG_LISTS: tuple[list[str | None] | None, ...] = (
    ["VIP"],
    ["VIP", "beta"],
    [],
    None,
    ["beta", None],
    [None],
    ["VIP", "VIP", None],
    ["vip"],
    [""],
    ["gamma", "beta", "VIP"],
)

VALUES: dict[str, tuple[Any, ...]] = {
    "text": (*WORDS, "pro", "free", "pro", None, None),
    "email": (*EMAILS, None),
    "integer": (0, 1, 2, 3, 5, 10, None),
    "number": (*(Decimal(text) for text in ("0.00", "0.10", "0.20", "0.30", "2.50", "8.00", "10.25", "-1.00")), None),
    "float": (0.0, 0.1, 0.5, 2.0, 2.5, 10.0, float("nan"), None),
    "boolean": (True, False, None),
    "seldom": (False, False, False, False, True, None),
    "list": TAG_LISTS,
}
NUMBERS: dict[str, tuple[int | float, ...]] = {
    "integer": (0, 1, 2, 3, 5, 10),
    "number": (0, 0.1, 0.3, 2.5, 8, 10),
    "float": (0, 0.1, 0.5, 2.5, 10),
}


@dataclass(frozen=True)
class Pen:
    """Draws around one as-of day; `words` are the later words of the language that rules may use.

    A `Random` made by Hypothesis shrinks like its strategies do, and is drawn from without the bookkeeping by which
    Hypothesis would try five near copies of each example.
    """

    random: Random
    clock: Clock
    words: frozenset[str] = frozenset()

    def pick(self, *options: Any) -> Any:
        """Return one of the options, the simplest first."""
        return options[self.number(0, len(options) - 1)]

    def some(self, options: tuple[Any, ...], most: int = 3) -> list[Any]:
        """Return one to `most` different options."""
        first = self.number(0, len(options) - 1)
        return [options[(first + n) % len(options)] for n in range(self.number(1, min(most, len(options))))]

    def number(self, least: int, most: int) -> int:
        """Return a whole number, both ends in."""
        return self.random.randint(least, most)

    def once_in(self, times: int) -> bool:
        """Return True about once in so many times."""
        return self.number(0, times - 1) == times - 1

    def value(self, kind: str) -> Any:
        """Return a column's value of a kind: a catalog type or `email`."""
        match kind:
            case "date":
                return self.pick(*days(self.clock), None)
            case "timestamp":
                return self.pick(*instants(self.clock), None)
        found = self.pick(*VALUES[kind])
        return list(found) if isinstance(found, list) else found

    def near_day(self) -> dt.date:
        """Return one of the last days up to D."""
        return self.clock.as_of - dt.timedelta(days=self.number(0, 8))


@lru_cache
def clock_of(as_of: dt.date, timezone: str, week_starts_on: str) -> Clock:
    """Return a clock by the catalog's words."""
    return Clock(as_of, ZoneInfo(timezone), week_starts_on)


@lru_cache
def days(clock: Clock) -> tuple[dt.date, ...]:
    """Return days at the borders of windows around D, future ones and leap days included."""
    near = [clock.as_of + dt.timedelta(days=number) for number in DAY_OFFSETS]
    far = [shift(clock.as_of, number, "month") for number in MONTH_OFFSETS]
    years_ago = [shift(clock.as_of + dt.timedelta(days=n), -12 * years, "month") for n, years in YEARS_AGO]
    return (*near, *far, *years_ago, dt.date(2016, 2, 29), dt.date(2020, 2, 29))


@lru_cache
def instants(clock: Clock) -> tuple[dt.datetime, ...]:
    """Return first and last instants of those days, and instants whole hours before the end of D."""
    starts = [clock.start_of(day) for day in days(clock)]
    hours = [clock.end - dt.timedelta(hours=number) for number in (1, 12, 23, 24, 25, 48, 168)]
    edges = [clock.end - TICK, clock.end]
    noons = [start + dt.timedelta(hours=12) for start in starts]
    return (*edges, *noons, *starts, *(start - TICK for start in starts), *hours, *(hour - TICK for hour in hours))
