"""What is claimed of windows whatever the day is, against the days of many years."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from orchestration.compiler.catalog import Type
from orchestration.compiler.dates import node_to_windows
from orchestration.compiler.lints.calendar import is_empty, lies_within
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import Mapping, parse
from orchestration.compiler.window import Window
from tests.reference.days import Clock, window

LENGTHS = ("1 day", "2 days", "6 days", "7 days", "1 week", "28 days", "30 days", "31 days", "59 days", "365 days")
MONTHS = ("1 month", "2 months", "3 months", "12 months", "1 year", "3 years")
AGO = ("more_than", "at_least", "exactly", "at_most", "less_than")
PERIODS = tuple(
    f"{which} {unit}" for which in ("this", "last", "next") for unit in ("week", "month", "quarter", "year")
)
FIRST, LAST = dt.date(1950, 1, 1).toordinal(), dt.date(2110, 1, 1).toordinal()


def written(random: Random) -> tuple[str, str]:
    match random.choice(["last", "ago", "ago", "next", "during"]):
        case "last":
            return "in_last", random.choice(LENGTHS + MONTHS)
        case "ago":
            return random.choice(AGO), f"{random.choice(LENGTHS + MONTHS)} ago"
        case "next":
            return "in_next", random.choice(LENGTHS)
        case _:
            return "during", random.choice(PERIODS)


def read(word: str, operand: str) -> Window:
    node = parse(SourceFile("x.yml", f"{word}: {operand}\n"))
    assert isinstance(node, Mapping)
    (found,) = node_to_windows(word, node.entries[0].value, Type.DATE)
    return found


def test_claims_about_windows_hold_on_all_days() -> None:
    random = Random(1)
    claimed = {"empty": 0, "within": 0}
    for _ in range(250):
        pair = [written(random), written(random)]
        one, other = (read(*each) for each in pair)
        week = random.choice(("monday", "sunday", "saturday"))
        empty, within = is_empty((one, other), week), lies_within((one,), (other,), week)
        claimed["empty"] += empty
        claimed["within"] += within
        for _ in range(60 if empty or within else 0):
            check(pair, dt.date.fromordinal(random.randint(FIRST, LAST)), week, empty=empty, within=within)
    assert min(claimed.values()) > 25


def check(pair: list[Any], as_of: dt.date, week: str, *, empty: bool, within: bool) -> None:
    clock = Clock(as_of, ZoneInfo("UTC"), week)
    one, other = (window(clock, *each) for each in pair)
    days = [clock.start_of(as_of + dt.timedelta(days=number)) for number in edges(clock, one, other)]
    for day in days:
        assert not (empty and one.contains(day) and other.contains(day)), (pair, as_of, day)
        assert not (within and one.contains(day) and not other.contains(day)), (pair, as_of, day)


def edges(clock: Clock, *intervals: Any) -> list[int]:
    """Days around the ends of the intervals that are seen as of the day, counted from it."""
    ends = [end for each in intervals for end in (each.begin, each.end) if end is not None]
    found = {(end.date() - clock.as_of).days + step for end in ends for step in (-1, 0, 1)} | {0}
    return sorted(number for number in found if number <= 0)
