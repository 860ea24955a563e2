"""Reading the catalog's tables: one CTE per table, as of the day, unknown values as null."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Entity, TimeColumn, Type
from orchestration.compiler.names import Namer, slug
from orchestration.compiler.predicates import row_truth, row_values
from orchestration.compiler.segment import Rule
from orchestration.compiler.sql import (
    Clock,
    aliased,
    as_of,
    column,
    compared,
    conjunction,
    either_of,
    end_of_day,
    identifier,
    is_null,
    known,
    local_day,
    model,
    start_of_day,
)
from orchestration.compiler.window import DayWindow, Window


@dataclass(frozen=True)
class Bases:
    """How base populations are told: the clock, each entity's population rule, and whose attributes are recorded."""

    clock: Clock
    populations: Mapping[str, Rule | None] = field(hash=False)
    recorded: tuple[Entity, ...] = ()


def select(*columns: exp.Expr) -> exp.Select:
    return exp.Select(expressions=list(columns))


def where(query: exp.Select, conditions: Iterable[exp.Expr]) -> exp.Select:
    found = list(conditions)
    return query.where(conjunction(found), copy=False) if found else query


def union_all(parts: Sequence[exp.Query]) -> exp.Query:
    """The rows of all parts, of which there is at least one."""
    query = parts[0]
    for part in parts[1:]:
        query = exp.Union(this=query, expression=part, distinct=False)
    return query


Q = TypeVar("Q", bound=exp.Query)


def with_ctes(query: Q, ctes: Iterable[tuple[str, exp.Query]]) -> Q:
    named = [exp.CTE(this=cte, alias=exp.TableAlias(this=identifier(name))) for name, cte in ctes]
    query.set("with_", exp.With(expressions=named))
    return query


def bare(model: str) -> str:
    """A table's name without its schema."""
    return model.rpartition(".")[2]


class Import:
    """The CTE that reads one table: the subject's key, and the columns that were asked for."""

    def __init__(self, name: str, clock: Clock, subject: str, key: str, *, joined: bool = False) -> None:
        self.name = name
        self.prefix = name if joined else None
        self.clock = clock
        self.namer = Namer(key)
        self.subject = aliased(column(subject), key)
        self.columns: dict[tuple[str, str, bool], tuple[str, exp.Expr]] = {}

    def value(self, attribute: Attribute, as_day: bool) -> exp.Column:
        """The imported column of an attribute, or of a timestamp's local day."""
        wanted = slug(attribute.name, "day") if as_day else attribute.name
        identity = (attribute.name, attribute.column, as_day)
        if identity not in self.columns:
            expression = known(attribute, column(attribute.column))
            expression = local_day(expression, self.clock) if as_day else expression
            self.columns[identity] = self.namer.name(wanted, repr(identity)), expression
        return column(self.columns[identity][0], self.prefix)

    def day(self, at: TimeColumn) -> exp.Column:
        """The imported column of a row's local day."""
        return self.value(Attribute(at.column, at.column, at.type), at.type is Type.TIMESTAMP)

    def time(self, at: TimeColumn, window: Window) -> exp.Column:
        """The imported column of a row's date, as the window looks at it."""
        if isinstance(window, DayWindow):
            return self.day(at)
        return self.moment(at)

    def moment(self, at: TimeColumn) -> exp.Column:
        """The imported column of a row's date as it stands in the table."""
        return self.value(Attribute(at.column, at.column, at.type), False)

    def instant(self, at: TimeColumn) -> exp.Column:
        """The imported column of a row's instant in UTC; a date stands for the beginning of its local day."""
        if at.type is Type.TIMESTAMP:
            return self.moment(at)
        identity = (at.column, at.column, True)
        if identity not in self.columns:
            name = self.namer.name(slug(at.column, "start"), repr(identity))
            self.columns[identity] = name, start_of_day(column(at.column), self.clock)
        return column(self.columns[identity][0], self.prefix)

    def select(self, source: str, conditions: Iterable[exp.Expr]) -> exp.Select:
        columns = (aliased(expression, name) for name, expression in self.columns.values())
        return where(select(self.subject.copy(), *columns).from_(model(source), copy=False), conditions)


def not_after(at: TimeColumn, clock: Clock) -> exp.Expr:
    """That a date is no later than the as-of day; instants are compared with its end, to convert none of them."""
    if at.type is Type.DATE:
        return compared(column(at.column), "<=", as_of())
    return compared(column(at.column), "<", end_of_day(clock))


def over_after(at: TimeColumn, clock: Clock) -> exp.Expr:
    """That a state which ends then still holds at the end of the as-of day."""
    if at.type is Type.DATE:
        return compared(column(at.column), ">", as_of())
    return compared(column(at.column), ">=", end_of_day(clock))


def seen(at: TimeColumn | None, clock: Clock) -> list[exp.Expr]:
    """That a row is not dated after the as-of day; rows without a date are seen."""
    return [either_of(not_after(at, clock), is_null(column(at.column)))] if at else []


def in_base(entity: Entity, bases: Bases) -> list[exp.Expr]:
    """That a row of the entity's table is the state, as of the day, of a subject of its base population."""
    clock = bases.clock
    found: list[exp.Expr] = []
    if entity.history and entity.has_versions:
        end = entity.history.valid_to
        still = either_of(is_null(column(end.column)), over_after(end, clock))
        found += [not_after(entity.history.valid_from, clock), still]
    if entity.since:
        found.append(not_after(entity.since, clock))
    population = bases.populations.get(entity.name)
    if population:
        found.append(row_truth(population, row_values(clock), clock).expression)
    return found
