"""What was recorded of segments on earlier days: moves, stays, and membership the day before."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.imports import select, where
from orchestration.compiler.rows import grouped, when
from orchestration.compiler.sql import (
    Clock,
    aliased,
    as_of,
    column,
    compared,
    day,
    in_window,
    is_null,
    model,
    negated,
    number,
    table,
    text,
)
from orchestration.compiler.trait import BeforeTrait, MoveTrait
from orchestration.compiler.window import DayWindow, FixedDay

HISTORY_BEFORE = "history_before__"
DEFINITIONS_BEFORE = "definitions_before__"
DEFINITIONS = "segment_definitions"


def add_past(building: Building) -> None:
    """Moves into and out of segments, stays in them, and membership the day before."""
    recorded = [*building.of_kind(MoveTrait), *building.of_kind(BeforeTrait)]
    if not recorded:
        return
    star = select(exp.Star()).from_(model(HISTORY_BEFORE + building.plan.entity.name), copy=False)
    history = building.add("history", star, "history")
    definitions = select(exp.Star()).from_(model(DEFINITIONS_BEFORE), copy=False)
    recorded_definitions = building.add("definitions", definitions, "definitions")
    for segment, traits in grouped(building.of_kind(MoveTrait), lambda trait: trait.segment):
        stays = [trait for trait in traits if trait.move == "was_in"]
        moves = [trait for trait in traits if trait.move != "was_in"]
        if stays:
            _add_stays(building, history, segment, stays)
        if moves:
            _add_moves(building, history, recorded_definitions, segment, moves)
    befores = building.of_kind(BeforeTrait)
    if befores:
        today = building.add("definitions_today", select(exp.Star()).from_(model(DEFINITIONS), copy=False), "today")
        for trait in befores:
            _add_before(building, history, recorded_definitions, today, trait)


def _add_stays(building: Building, history: str, segment: str, traits: list[MoveTrait]) -> None:
    totals = [
        building.named(exp.Count(this=when(_stayed(building, segment, trait.windows), number(1))), trait)
        for trait in traits
    ]
    query = select(column(building.key), *totals).from_(table(history), copy=False)
    name = building.join(f"stays_in_{segment}", query.group_by(column(building.key), copy=False), f"stays {segment}")
    for trait in traits:
        building.take(trait, name, zero=True)


def _stayed(building: Building, segment: str, windows: tuple[DayWindow, ...]) -> list[exp.Expr]:
    """That a version says a member, and reaches into the window; open versions reach up to the day before."""
    if any(map(_is_reversed, windows)):
        return [exp.false()]
    found: list[exp.Expr] = [column(segment), *_meeting(windows, building.clock)]
    for window in windows:
        if window.last:
            found.append(compared(column("valid_from"), "<=", day(window.last, building.clock)))
        if window.first:
            end = exp.Coalesce(this=column("valid_to"), expressions=[as_of()])
            found.append(compared(end, ">", day(window.first, building.clock)))
    return found


def _meeting(windows: tuple[DayWindow, ...], clock: Clock) -> Iterator[exp.Expr]:
    """That several windows have a day in common."""
    for begun, ended in permutations(windows, 2):
        if begun.first and ended.last:
            yield compared(day(begun.first, clock), "<=", day(ended.last, clock))


def _is_reversed(window: DayWindow) -> bool:
    first, last = window.first, window.last
    return isinstance(first, FixedDay) and isinstance(last, FixedDay) and first.day > last.day


def _add_moves(building: Building, history: str, definitions: str, segment: str, traits: list[MoveTrait]) -> None:
    """Moves between versions that follow each other, on days on which no definition of the segment began."""
    before = [
        aliased(_lag(building, name), f"previous_{wanted}")
        for name, wanted in ((segment, "is_member"), ("valid_to", "valid_to"))
    ]
    columns = [column(building.key), column("valid_from"), aliased(column(segment), "is_member"), *before]
    versions = building.add(
        f"versions_of_{segment}", select(*columns).from_(table(history), copy=False), f"versions {segment}"
    )
    totals = [
        building.named(exp.Count(this=when(_moved(building, versions, trait), number(1))), trait) for trait in traits
    ]
    query = select(aliased(column(building.key, versions), building.key), *totals).from_(table(versions), copy=False)
    began = [
        compared(column("segment", definitions), "=", text(segment)),
        compared(column("valid_from", definitions), "=", column("valid_from", versions)),
    ]
    query = query.join(table(definitions), on=exp.and_(*began), join_type="left", copy=False)
    follows = compared(column("previous_valid_to", versions), "=", column("valid_from", versions))
    query = where(query, [follows, is_null(column("segment", definitions))])
    query = query.group_by(column(building.key, versions), copy=False)
    name = building.join(f"moves_of_{segment}", query, f"moves {segment}")
    for trait in traits:
        building.take(trait, name, zero=True)


def _lag(building: Building, name: str) -> exp.Expr:
    order = exp.Order(expressions=[exp.Ordered(this=column("valid_from"))])
    return exp.Window(this=exp.Lag(this=column(name)), partition_by=[column(building.key)], order=order)


def _moved(building: Building, versions: str, trait: MoveTrait) -> list[exp.Expr]:
    now, then = column("is_member", versions), column("previous_is_member", versions)
    turned: list[exp.Expr] = [now, negated(then)] if trait.move == "entered" else [negated(now), then]
    on_day = column("valid_from", versions)
    return [*turned, *(each for window in trait.windows for each in in_window(on_day, window, building.clock))]


def _add_before(building: Building, history: str, definitions: str, today: str, trait: BeforeTrait) -> None:
    """The flag of the day before, of those recorded then, while the segment's definition is the same."""
    flag = building.named(column(trait.segment, history), trait)
    query = select(aliased(column(building.key, history), building.key), flag).from_(table(history), copy=False)
    now = compared(column("segment", today), "=", text(trait.segment))
    query = query.join(table(today), on=now, join_type="inner", copy=False)
    same = [
        compared(column(name, definitions), "=", column(name, today)) for name in ("segment", "definition", "status")
    ]
    query = query.join(
        table(definitions), on=exp.and_(*same, is_null(column("valid_to", definitions))), join_type="inner", copy=False
    )
    query = where(query, [is_null(column("valid_to", history))])
    building.take(trait, building.join(f"{trait.segment}_the_day_before", query, repr(trait)))
