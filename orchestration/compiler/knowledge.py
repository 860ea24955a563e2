"""What of a rule can only be known as it is now: that decides whether a day that is judged late is observed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from orchestration.compiler.catalog import Entity, EventRows, Link, Rows
from orchestration.compiler.compile import Compilation
from orchestration.compiler.segment import (
    Condition,
    EndCondition,
    MoveCondition,
    RelationCondition,
    Segment,
    conditions,
)
from orchestration.compiler.window import Day, DayWindow, FixedDay, PeriodDay, RelativeDay

EVER = 1_000_000
LONGEST = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def knows_now(compilation: Compilation, segment: Segment) -> bool:
    """Whether a rule looks at something that keeps no past: a table without history, a link, values of related rows.

    Events, and the dates of rows, say of themselves when they were so.
    """
    return any(
        any(entity.history is None for entity in _entities(compilation, each))
        or any(map(_reads_now, conditions(each.rule)))
        for each in _with_references(compilation, segment)
    )


def recorded_of(compilation: Compilation, segment: Segment) -> list[str]:
    """The entities whose recorded attributes a rule looks at."""
    found = (
        entity.name
        for each in _with_references(compilation, segment)
        for entity in _entities(compilation, each)
        if entity.is_recorded
    )
    return sorted({*found})


def _with_references(compilation: Compilation, segment: Segment) -> list[Segment]:
    return [compilation.segments[key] for key in sorted(compilation.with_references((segment.key,)))]


def _entities(compilation: Compilation, segment: Segment) -> Iterator[Entity]:
    """The entity itself, and those that the rule reaches through relations."""
    yield compilation.catalog.entities[segment.entity]
    for condition in conditions(segment.rule):
        if isinstance(condition, RelationCondition) and condition.related:
            yield condition.related


def _reads_now(condition: Condition) -> bool:
    """Whether rows are looked at whose values, or whose being there, is dated by nothing."""
    match condition:
        case RelationCondition(relation=Link()):
            return True
        case RelationCondition(relation=Rows() as rows, where=where, number=number):
            return rows.at is None or where is not None or number.attribute is not None
        case EndCondition(source=EventRows()):
            return False
        case EndCondition(where=where, having=having):
            return where is not None or having is not None
        case _:
            return False


def looks_back(segment: Segment) -> int | None:
    """How many days of what was recorded of segments a rule looks at; None without a limit."""
    moving = [each for each in conditions(segment.rule) if isinstance(each, MoveCondition)]
    reaches = [min((_reach(window) for window in each.windows), default=EVER) for each in moving]
    furthest = max(reaches, default=0)
    return None if furthest >= EVER else furthest


def _reach(window: DayWindow) -> int:
    """The days from a window's first one to the as-of day, periods at their longest."""
    return EVER if window.first is None else _days_back(window.first)


def _days_back(day: Day) -> int:
    match day:
        case RelativeDay(months, days, since):
            return (_days_back(since) if since else 0) - LONGEST["month"] * months - days
        case PeriodDay(unit, periods, days):
            return LONGEST[unit] * (1 - periods) - days
        case FixedDay():
            return EVER
        case _:
            assert_never(day)
