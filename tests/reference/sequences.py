"""Sequences: steps in time order, judged by trying every choice of events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.reference.days import WINDOW_WORDS, amount
from tests.reference.occurrences import choose, events
from tests.reference.rules import Rule, Scope, alone, condition

HOURS = {"hour": 1, "day": 24, "week": 168}


@dataclass(frozen=True)
class Step:
    """The instants of a step's events, how long after the step before, and whether it must not happen."""

    instants: tuple[dt.datetime, ...]
    within: dt.timedelta | None
    negated: bool


@condition
def sequence(scope: Scope, rule: Rule) -> bool:
    """Some choice of one event for each positive step fits everything that is asked."""
    alone(rule, "sequence", *WINDOW_WORDS)
    windows = {word: rule[word] for word in rule if word in WINDOW_WORDS}
    steps = [step(scope, written, windows) for written in rule["sequence"]]
    check(steps)
    positive = [one for one in steps if not one.negated]
    return any(fits(scope, steps, choice) for choice in choices([one.instants for one in positive]))


def step(scope: Scope, written: dict[str, Any], windows: dict[str, Any]) -> Step:
    """Read a step: windows choose the positive ones only, and events without a date are in no sequence."""
    negated = "not_performed" in written
    word = "not_performed" if negated else "performed"
    alone(written, word, "where", "within")
    asked = {name: written[name] for name in written if name == "where"}
    chosen = choose(scope, events(scope, written[word]), asked if negated else {**asked, **windows})
    instants = {one.instant for one in chosen if one.instant is not None}
    within = dt.timedelta(hours=hours(written["within"])) if "within" in written else None
    return Step(tuple(sorted(instants)), within, negated)


def hours(length: str) -> int:
    """Return a length in elapsed hours; a day is 24 of them."""
    number, unit = amount(length)
    return number * HOURS[unit]


def check(steps: list[Step]) -> None:
    """Raise for steps that make no sequence."""
    if len(steps) < 2 or steps[0].negated or steps[0].within is not None:
        raise ValueError("a sequence has at least two steps, and the first is only `performed`")
    for number, one in enumerate(steps):
        last = number == len(steps) - 1
        if one.negated and (one.within is not None) is not last:
            raise ValueError("a negated step has `within` when it is last, and only then")
        if one.negated and not last and all(other.negated for other in steps[number:]):
            raise ValueError("a negated step stands between positive ones, or it is the last")


def choices(pools: list[tuple[dt.datetime, ...]]) -> Iterator[tuple[dt.datetime, ...]]:
    """Return every choice of one instant from each pool, each strictly later than the one before."""
    if not pools:
        yield ()
        return
    for choice in choices(pools[:-1]):
        for instant in pools[-1]:
            if not choice or instant > choice[-1]:
                yield (*choice, instant)


def fits(scope: Scope, steps: list[Step], choice: tuple[dt.datetime, ...]) -> bool:
    """Judge one choice of events: each step's `within`, and what must not happen."""
    left = list(choice)
    before = left[0]
    for number, one in enumerate(steps):
        if not one.negated:
            instant = left.pop(0)
            if one.within is not None and instant > before + one.within:
                return False
            before = instant
        elif number == len(steps) - 1:
            if not stayed_away(scope, one, before):
                return False
        elif any(before < instant < left[0] for instant in one.instants):
            return False
    return True


def stayed_away(scope: Scope, last: Step, before: dt.datetime) -> bool:
    """Tell whether the time of a negated last step has passed by the end of D without such an event."""
    until = before + (last.within or dt.timedelta())
    return until <= scope.world.clock.end and not any(before < instant <= until for instant in last.instants)
