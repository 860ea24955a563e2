"""What a rule costs, in points, by what the warehouse has to read for it.

An attribute, a segment or a fixed list: 1. An attribute's past (`for_at_least`): 10. A rank: 5. Recorded moves: 5.
Related rows or attached subjects: 5. Events by their daily totals: 3. Events one by one, as `hours`, times of day and
`distinct` need them: 20. A first or last event, or a habit: 10. A sequence: 10 for each step. A `where` costs what its
conditions do. What many rules ask is computed once, and still counts in each.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from orchestration.compiler.lints.placed import Placed
from orchestration.compiler.problem import Problem
from orchestration.compiler.segment import (
    Aggregate,
    AttributeCondition,
    Condition,
    EndCondition,
    EventCondition,
    MoveCondition,
    Number,
    Rank,
    RegularCondition,
    RelationCondition,
    Rule,
    SegmentCondition,
    SequenceCondition,
    StaticMembers,
    conditions,
)
from orchestration.compiler.window import InstantWindow
from orchestration.compiler.words import condition_to_words

BUDGET = 150
NAMED = 3


def of_rule(placed: Placed) -> Iterator[Problem]:
    """A rule over the budget, with its dearest conditions."""
    priced = sorted(((cost(each), condition_to_words(each)) for each in conditions(placed.rule)), reverse=True)
    total = sum(points for points, _ in priced)
    if total > BUDGET:
        dearest = ", ".join(f"`{said}` ({points})" for points, said in priced[:NAMED])
        message = f"this rule costs {total} points, and {BUDGET} is much already; its dearest conditions: {dearest}"
        help_ = "shorten sequences, count whole days in place of hours, or make segments of parts that rules share"
        yield Problem("complexity", message, placed.span, help_, "warning")


def cost(condition: Condition) -> int:
    """The points of one condition."""
    match condition:
        case AttributeCondition():
            return 10 if condition.held_from else 5 if isinstance(condition.test, Rank) else 1
        case SegmentCondition() | StaticMembers():
            return 1
        case MoveCondition():
            return 5
        case EventCondition(where=where, number=number):
            one_by_one = number.aggregate is Aggregate.DISTINCT or _by_the_hour(condition)
            return (20 if one_by_one else 3) + _where(where) + _ranked(number)
        case RelationCondition(where=where, number=number):
            return 5 + _where(where) + _ranked(number)
        case EndCondition(where=where, having=having):
            return 10 + _where(where) + _where(having)
        case RegularCondition(where=where):
            return 10 + _where(where)
        case SequenceCondition(steps=steps):
            return sum(10 + _where(step.where) for step in steps)
        case _:
            assert_never(condition)


def _by_the_hour(condition: EventCondition) -> bool:
    return any(isinstance(window, InstantWindow) for window in condition.windows)


def _where(rule: Rule | None) -> int:
    return sum(map(cost, conditions(rule))) if rule else 0


def _ranked(number: Number) -> int:
    return 5 if any(isinstance(test, Rank) for test in number.tests) else 0
