"""Conditions on an attribute that have held for a time: told by the versions of its row."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.catalog import Entity
from orchestration.compiler.engines.nodes import day_series
from orchestration.compiler.imports import Import, bare, not_after, select, where
from orchestration.compiler.names import slug
from orchestration.compiler.predicates import attribute_truth
from orchestration.compiler.segment import Anniversary, AttributeCondition, Within
from orchestration.compiler.sql import (
    AS_OF,
    as_of,
    column,
    compared,
    day,
    days_between,
    either_of,
    is_known,
    is_null,
    moved,
    table,
)
from orchestration.compiler.trait import HeldTrait, test_moves
from orchestration.compiler.words import condition_to_words


def add_held(building: Building) -> None:
    """Whether each condition held on every day."""
    for trait in building.of_kind(HeldTrait):
        wanted, query = held_by(building, building.plan.entity, trait.condition)
        building.values[trait] = is_known(column(building.key, building.join(wanted, query, repr(trait))))


def held_by(building: Building, entity: Entity, condition: AttributeCondition) -> tuple[str, exp.Select]:
    """The keys of those for whom a condition held on every day, and what that may be called.

    A version holds at the end of the days from its first one until the one before its end.
    """
    assert condition.held_from and entity.history, "only a known past is asked for"
    reading = _versions(building, entity)
    begin, end = reading.day(entity.history.valid_from), reading.day(entity.history.valid_to)
    first, tomorrow = day(condition.held_from, building.clock), moved(as_of(), 0, 1)
    lasting = replace(condition, held_from=None)
    holds = attribute_truth(lasting, reading.value, building.clock).expression
    key, all_days = column(entity.key), days_between(first, tomorrow)
    is_moving = isinstance(condition.test, Within | Anniversary) and test_moves(condition.test)
    query = select(key).from_(table(reading.name), copy=False)
    if is_moving:
        days = building.add("days", day_series(first, as_of()), f"days since {condition.held_from!r}")
        on_day = column("day", days)
        covers = [compared(begin, "<=", on_day), either_of(is_null(end), compared(end.copy(), ">", on_day.copy()))]
        query = query.join(table(days), on=exp.and_(*covers), join_type="inner", copy=False)
        query = where(query, [_as_of(on_day, holds)])
        held: exp.Expr = exp.Count(this=exp.Star())
    else:
        last, start = _the_one(end, "<", tomorrow), _the_one(begin, ">", first)
        ends_later = [compared(end.copy(), ">", first.copy()), compared(end.copy(), ">", begin.copy())]
        some = either_of(is_null(end.copy()), exp.and_(*ends_later))
        query = where(query, [holds, some])
        held = exp.Sum(this=days_between(start, last))
    query = query.group_by(key.copy(), copy=False).having(compared(held, "=", all_days), copy=False)
    return slug("held", condition_to_words(condition)), query


def _the_one(value: exp.Expr, operator: str, other: exp.Expr) -> exp.Expr:
    """The earlier or the later of two days; the other one where the first is unknown."""
    chosen = exp.If(this=compared(value.copy(), operator, other.copy()), true=value.copy())
    return exp.Case(ifs=[chosen], default=other.copy())


def _versions(building: Building, entity: Entity) -> Import:
    """All versions of the entity's rows that begin by the as-of day, read once."""
    identity = f"versions of {entity.name}"
    if identity not in building.imports:
        assert entity.history, "versions have a time"
        began = not_after(entity.history.valid_from, building.clock)
        name = building.namer.name(f"{bare(entity.model)}_versions", identity)
        reading = Import(name, building.clock, entity.key, entity.key)
        building.imports[identity] = reading
        building.ctes.append((name, lambda: reading.select(entity.versions, [began])))
    return building.imports[identity]


def _as_of(on_day: exp.Expr, holds: exp.Expr) -> exp.Expr:
    """An expression about the as-of day as one about another day."""

    def moved_to(node: exp.Expr) -> exp.Expr:
        return on_day.copy() if isinstance(node, exp.Column) and node.name == AS_OF else node

    return holds.transform(moved_to)
