"""What was so on earlier days: `for_at_least`, and moves into and out of segments; every day is judged anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from tests.reference.days import DAY, WINDOW_WORDS, amount, days_between, shift, window
from tests.reference.rules import Row, Rule, Scope, alone, condition, modifier, operators_hold, segments_of, valid


@modifier("for_at_least")
def for_at_least(scope: Scope, name: str, operators: dict[str, Any]) -> bool:
    """The operators held at the end of every day from D−L to D; a day without a version did not hold."""
    left = dict(operators)
    number, unit = amount(left.pop("for_at_least"))
    if "history" not in scope.definition():
        raise ValueError(f"{scope.entity} has no history")
    if {"top", "bottom", "within"} & set(left):
        raise ValueError("ranks are of one day")
    as_of = scope.world.clock.as_of
    verdicts = [held(scope, name, left, day) for day in days_between(shift(as_of, -number, unit), as_of)]
    return all(verdicts)


def held(scope: Scope, name: str, operators: dict[str, Any], day: dt.date) -> bool:
    """Judge the operators as of the end of a day, by the version of the row valid then."""
    world = scope.world.on(day)
    versions = [row for row in versions_of(scope) if valid(world.clock, scope.definition(), row)]
    if len(versions) > 1:
        raise ValueError(f"{scope.entity} {scope.key!r} has two rows as of {day}")
    return any(operators_hold(replace(scope, world=world, row=row), name, operators) for row in versions)


def versions_of(scope: Scope) -> list[Row]:
    """Return all rows of the subject, whenever they are valid."""
    return scope.world.rows_of(scope.definition()["model"], scope.definition()["key"], scope.key)


@condition
def entered_segment(scope: Scope, rule: Rule) -> bool:
    """On a day of the windows the subject was seen to become a member."""
    return any(entered(scope, segment, day) for segment, day in judged_days(scope, rule, "entered_segment"))


@condition
def left_segment(scope: Scope, rule: Rule) -> bool:
    """On a day of the windows the subject was seen to be a member no more."""
    return any(left(scope, segment, day) for segment, day in judged_days(scope, rule, "left_segment"))


@condition
def was_in_segment(scope: Scope, rule: Rule) -> bool:
    """On a day of the windows the subject was a member."""
    if len(rule) == 1:
        raise ValueError("`was_in_segment` needs a window")
    return any(member(scope, segment, day) for segment, day in judged_days(scope, rule, "was_in_segment"))


def judged_days(scope: Scope, rule: Rule, word: str) -> list[tuple[str, dt.date]]:
    """Return the segments and the days that are asked about, from each segment's first judged day to D."""
    alone(rule, word, *WINDOW_WORDS)
    clock = scope.world.clock
    operands = {name: rule[name] for name in rule if name != word}
    if "hour" in str(operands):
        raise ValueError("days of membership have no hours")
    spans = [window(clock, name, operands[name]) for name in operands]
    return [
        (segment, day)
        for segment in segments_of(scope, rule[word])
        for day in days_between(scope.world.judged_from[segment], clock.as_of)
        if all(span.contains(clock.start_of(day)) for span in spans)
    ]


def entered(scope: Scope, segment: str, day: dt.date) -> bool:
    """Tell whether the segment was judged the day before as well, and the subject, counted on both days, came in."""
    return (
        was_judged(scope, segment, day - DAY)
        and in_base(scope, day - DAY)
        and not member(scope, segment, day - DAY)
        and member(scope, segment, day)
    )


def left(scope: Scope, segment: str, day: dt.date) -> bool:
    """Tell whether the segment was judged the day before as well, and the subject, counted on both days, went out."""
    return (
        was_judged(scope, segment, day - DAY)
        and in_base(scope, day)
        and member(scope, segment, day - DAY)
        and not member(scope, segment, day)
    )


def was_judged(scope: Scope, segment: str, day: dt.date) -> bool:
    """Tell whether the day is not before the segment's first judged day."""
    return scope.world.judged_from[segment] <= day


def in_base(scope: Scope, day: dt.date) -> bool:
    """Tell whether the subject was in the base population as of a day."""
    return scope.key in scope.world.on(day).base(scope.entity or "")


def member(scope: Scope, segment: str, day: dt.date) -> bool:
    """Tell whether the subject was a member as of a day."""
    return scope.key in scope.world.on(day).members(segment)
