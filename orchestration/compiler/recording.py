"""Attributes that Muster records itself, day by day: what is recorded, and what held as of a day."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.catalog import RECORDED, Entity
from orchestration.compiler.imports import not_after, over_after, select, union_all, where, with_ctes
from orchestration.compiler.sql import Clock, column, either_of, is_null, model, negated, number, table


def recorded_columns(entity: Entity) -> list[str]:
    """The key, and every column that an attribute, or the time of a subject's beginning, stands in."""
    since = (entity.since.column,) if entity.since else ()
    return [*dict.fromkeys((entity.key, *since, *(each.column for each in entity.attributes.values())))]


def observed_select(entity: Entity) -> exp.Select:
    """What the history of attributes records: the table as it is now."""
    return select(*map(column, recorded_columns(entity))).from_(model(entity.model), copy=False)


def as_of_select(entity: Entity, clock: Clock) -> exp.Query:
    """Each subject's attributes as recorded as of the day; of days before anything was recorded, as they are now."""
    columns = recorded_columns(entity)
    began = not_after(RECORDED.valid_from, clock)
    ends = RECORDED.valid_to
    lasting = either_of(is_null(column(ends.column)), over_after(ends, clock))
    recorded = select(*map(column, columns)).from_(table("versions"), copy=False)
    recorded = recorded.where(began, copy=False).where(lasting, copy=False)
    any_version = select(number(1)).from_(table("versions"), copy=False).where(began.copy(), copy=False)
    observed = select(*map(column, columns)).from_(table("observed"), copy=False)
    observed = where(observed, [negated(exp.Exists(this=any_version))])
    imports = [
        ("versions", select(exp.Star()).from_(model(entity.versions), copy=False)),
        ("observed", select(exp.Star()).from_(model(entity.model), copy=False)),
    ]
    both = union_all([recorded, observed])
    return with_ctes(both, imports)
