"""What was recorded of segments on earlier days: moves, stays, and membership the day before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.imports import select, where
from orchestration.compiler.rows import grouped, when
from orchestration.compiler.sql import (
    Clock,
    aliased,
    as_of,
    cast,
    column,
    compared,
    day,
    either_of,
    in_window,
    is_known,
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
UNEDITED_MOVES = "unedited_moves__"


@dataclass(frozen=True)
class _Past:
    """The CTEs of what was recorded before the day: flags, definitions, and moves apart from edits."""

    history: str
    definitions: str
    unedited: str


def add_past(building: Building) -> None:
    """Moves into and out of segments, stays in them, and membership the day before."""
    befores, moving = building.of_kind(BeforeTrait), building.of_kind(MoveTrait)
    if not befores and not moving:
        return
    history = building.add("history", _star(HISTORY_BEFORE + building.plan.entity.name), "history")
    moves = [trait for trait in moving if trait.move != "was_in"]
    for segment, traits in grouped([trait for trait in moving if trait not in moves], lambda trait: trait.segment):
        _add_stays(building, history, segment, traits)
    if not befores and not moves:
        return
    definitions = building.add("definitions", _star(DEFINITIONS_BEFORE), "definitions")
    past = _Past(history, definitions, building.add("unedited_moves", _unedited(building), "unedited moves"))
    for segment, traits in grouped(moves, lambda trait: trait.segment):
        _add_moves(building, past, segment, traits)
    if befores:
        today = building.add("definitions_today", _star(DEFINITIONS), "today")
        for trait in befores:
            _add_before(building, past, today, trait)


def _star(name: str) -> exp.Select:
    return select(exp.Star()).from_(model(name), copy=False)


def _unedited(building: Building) -> exp.Select:
    """Moves by data on days of edits: those that there would have been without the edit."""
    ours = compared(column("entity"), "=", text(building.plan.entity.name))
    return where(_star(UNEDITED_MOVES), [ours, compared(column("reason"), "=", text("data"))])


def _moved_unedited(
    building: Building, past: _Past, segment: str, source: str, on_day: exp.Expr
) -> tuple[exp.Table, exp.Expr]:
    """The table and the condition of a join with a subject's move apart from an edit on a day."""
    key = cast(column(building.key, source), "text")
    on = [
        compared(column("segment", past.unedited), "=", text(segment)),
        compared(column("as_of_date", past.unedited), "=", on_day),
        compared(column("subject_key", past.unedited), "=", key),
    ]
    return table(past.unedited), exp.and_(*on)


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


def _add_moves(building: Building, past: _Past, segment: str, traits: list[MoveTrait]) -> None:
    """Moves by data between versions that follow each other."""
    before = [
        aliased(_lag(building, name), f"previous_{wanted}")
        for name, wanted in ((segment, "is_member"), ("valid_to", "valid_to"))
    ]
    columns = [column(building.key), column("valid_from"), aliased(column(segment), "is_member"), *before]
    query = select(*columns).from_(table(past.history), copy=False)
    versions = building.add(f"versions_of_{segment}", query, f"versions {segment}")
    totals = [
        building.named(exp.Count(this=when(_moved(building, versions, trait), number(1))), trait) for trait in traits
    ]
    query = select(aliased(column(building.key, versions), building.key), *totals).from_(table(versions), copy=False)
    began = [
        compared(column("segment", past.definitions), "=", text(segment)),
        compared(column("valid_from", past.definitions), "=", column("valid_from", versions)),
    ]
    query = query.join(table(past.definitions), on=exp.and_(*began), join_type="left", copy=False)
    moves, on = _moved_unedited(building, past, segment, versions, column("valid_from", versions))
    query = query.join(moves, on=on, join_type="left", copy=False)
    follows = compared(column("previous_valid_to", versions), "=", column("valid_from", versions))
    by_data = either_of(is_null(column("segment", past.definitions)), is_known(column("segment", past.unedited)))
    query = where(query, [follows, by_data]).group_by(column(building.key, versions), copy=False)
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


def _add_before(building: Building, past: _Past, today: str, trait: BeforeTrait) -> None:
    """The flag of the day before: while the definition is the same, or where the subject moves apart from the edit."""
    recorded = column(trait.segment, past.history)
    moves, on = _moved_unedited(building, past, trait.segment, past.history, as_of())
    apart = compared(column("transition", past.unedited), "=", text("exited"))
    flag = exp.Case(
        ifs=[
            exp.If(this=is_known(column("segment", past.definitions)), true=recorded),
            exp.If(this=is_known(column("segment", past.unedited)), true=apart),
        ]
    )
    key = aliased(column(building.key, past.history), building.key)
    query = select(key, building.named(flag, trait)).from_(table(past.history), copy=False)
    now = compared(column("segment", today), "=", text(trait.segment))
    query = query.join(table(today), on=now, join_type="inner", copy=False)
    same = [
        compared(column(name, past.definitions), "=", column(name, today))
        for name in ("segment", "definition", "status")
    ]
    same.append(is_null(column("valid_to", past.definitions)))
    query = query.join(table(past.definitions), on=exp.and_(*same), join_type="left", copy=False)
    query = query.join(moves, on=on, join_type="left", copy=False)
    query = where(query, [is_null(column("valid_to", past.history))])
    building.take(trait, building.join(f"{trait.segment}_the_day_before", query, repr(trait)))
