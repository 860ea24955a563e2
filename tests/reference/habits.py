"""Habits: events that came regularly, that stopped, that came back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.reference.counts import count_operators, number_holds
from tests.reference.days import DAY, Interval, amount, shift
from tests.reference.occurrences import Occurrence, choose, events, lies_in
from tests.reference.rules import Rule, Scope, alone, condition

MOST_PERIODS = 100


@condition
def performed_regularly(scope: Scope, rule: Rule) -> bool:
    """At least so many of the last periods have enough events."""
    alone(rule, "performed_regularly", "where", "in_at_least", "of_last", "period", "times")
    chosen = matching(scope, rule, "performed_regularly")
    spans = periods(scope, rule)
    if not 1 <= rule["in_at_least"] <= len(spans) <= MOST_PERIODS:
        raise ValueError(f"{rule['in_at_least']} of {len(spans)} periods")
    full = [is_full(scope, chosen, span, count_operators(rule.get("times", {"at_least": 1}))) for span in spans]
    return sum(full) >= int(rule["in_at_least"])


def is_full(scope: Scope, chosen: list[Occurrence], span: Interval, operators: dict[str, Any]) -> bool:
    """Tell whether as many events as asked lie in a period."""
    found = len([one for one in chosen if lies_in(one, span)])
    verdicts = [number_holds(scope, found, word, operators[word], None) for word in operators]
    return all(verdicts)


def periods(scope: Scope, rule: Rule) -> list[Interval]:
    """Return the periods, the latest first: period k is the days after D−k·L up to D−(k−1)·L."""
    number, length, unit = period(rule["of_last"], rule.get("period"))
    as_of, clock = scope.world.clock.as_of, scope.world.clock
    ends = [shift(as_of, -k * length, unit) for k in range(number + 1)]
    return [clock.days(ends[k] + DAY, ends[k - 1]) for k in range(1, number + 1)]


def period(of_last: Any, length: str | None) -> tuple[int, int, str]:
    """Read `4 weeks` as 4 periods of one week, and `4` beside `period: 3 days` as 4 periods of three days."""
    if isinstance(of_last, int) and length is not None:
        return of_last, *amount(length)
    if isinstance(of_last, str) and length is None:
        number, unit = amount(of_last)
        return number, 1, unit
    raise ValueError(f"no periods: {of_last!r}, {length!r}")


@condition
def stopped_performing(scope: Scope, rule: Rule) -> bool:
    """At least one in the last `was_in`, none in the last `silent_for`, which is shorter."""
    alone(rule, "stopped_performing", "where", "was_in", "silent_for")
    chosen = matching(scope, rule, "stopped_performing")
    as_of = scope.world.clock.as_of
    was, silent = (back(as_of, rule[word]) for word in ("was_in", "silent_for"))
    return bool(on_days(chosen, was + DAY, as_of)) and not on_days(chosen, silent + DAY, as_of)


@condition
def resumed_performing(scope: Scope, rule: Rule) -> bool:
    """At least one in the last `back_in`, none in the `silent_for` before that, at least one earlier."""
    alone(rule, "resumed_performing", "where", "silent_for", "back_in")
    chosen = matching(scope, rule, "resumed_performing")
    as_of = scope.world.clock.as_of
    silent_until = back(as_of, rule["back_in"])
    active_until = back(silent_until, rule["silent_for"])
    came_back = on_days(chosen, silent_until + DAY, as_of)
    silent = not on_days(chosen, active_until + DAY, silent_until)
    return bool(came_back) and silent and bool(on_days(chosen, None, active_until))


def matching(scope: Scope, rule: Rule, word: str) -> list[Occurrence]:
    """Return the events of the name that pass `where`, whenever they were."""
    return choose(scope, events(scope, rule[word]), {name: rule[name] for name in rule if name == "where"})


def back(day: dt.date, length: str) -> dt.date:
    """Go back from a day by a length such as `30 days`."""
    number, unit = amount(length)
    return shift(day, -number, unit)


def on_days(chosen: list[Occurrence], first: dt.date | None, last: dt.date) -> list[Occurrence]:
    """Keep what lies on the days from first to last."""
    days = [one.scope.world.clock.day_of(one.at) if one.at is not None else None for one in chosen]
    return [
        one
        for one, day in zip(chosen, days, strict=True)
        if day is not None and day <= last and (first is None or day >= first)
    ]
