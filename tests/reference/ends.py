"""The first or the last event or row at all, and what is asked of that very one."""

from __future__ import annotations

from typing import Any

from tests.reference import values
from tests.reference.days import WINDOW_WORDS
from tests.reference.occurrences import Occurrence, choose, events
from tests.reference.rules import Rule, Scope, alone, condition, holds, unknown_of

DATE_WORDS = (*WINDOW_WORDS, "anniversary")


@condition
def first_performed(scope: Scope, rule: Rule) -> bool:
    """The earliest event that passes `where` meets the date condition and `having`."""
    return end_performed(scope, rule, "first")


@condition
def last_performed(scope: Scope, rule: Rule) -> bool:
    """The latest event that passes `where` meets the date condition and `having`."""
    return end_performed(scope, rule, "last")


def end_performed(scope: Scope, rule: Rule, end: str) -> bool:
    """Choose by `where` alone, then test the first or the last one."""
    word = f"{end}_performed"
    alone(rule, word, "where", "having", "unknown", *DATE_WORDS)
    chosen = choose(scope, events(scope, rule[word]), {name: rule[name] for name in rule if name == "where"})
    tests = {name: rule[name] for name in rule if name in DATE_WORDS}
    return end_holds(scope, chosen, end, tests, rule.get("having"), unknown_of(dict(rule)))


def end_holds(
    scope: Scope, chosen: list[Occurrence], end: str, tests: dict[str, Any], having: Rule, unknown: str | None
) -> bool:
    """One of those at the very first (last) instant meets the tests and `having`; none there is unknown."""
    if not tests and having is None:
        raise ValueError("nothing is asked of it")
    alone(tests, *DATE_WORDS)
    instants = [one.instant for one in chosen if one.instant is not None]
    if not instants:
        return values.decided(None, end, unknown)
    instant = min(instants) if end == "first" else max(instants)
    verdicts = [meets(scope, one, tests, having) for one in chosen if one.instant == instant]
    return any(verdicts)


def meets(scope: Scope, one: Occurrence, tests: dict[str, Any], having: Rule) -> bool:
    """Judge the date condition and `having` on one event or row."""
    clock = scope.world.clock
    verdicts = [values.date(word, one.at, tests[word], clock) for word in tests if one.at is not None]
    return all(verdicts) and (having is None or holds(one.scope, having))
