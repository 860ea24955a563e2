"""Traits: one row per subject with every attribute and every total that rules mention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlglot import exp

from orchestration.compiler.catalog import EventRows, Link, Rows
from orchestration.compiler.imports import Bases, Import, bare, in_base, seen, select, where, with_ctes
from orchestration.compiler.measures import named_any_of
from orchestration.compiler.plan import (
    AttributeTrait,
    ListTrait,
    Measure,
    MeasureTrait,
    Plan,
    RowsTrait,
    Total,
    Trait,
    trait_to_words,
)
from orchestration.compiler.predicates import row_truth
from orchestration.compiler.sql import (
    Clock,
    aliased,
    cast,
    column,
    compared,
    conjunction,
    in_window,
    is_known,
    model,
    number,
    table,
    text,
)
from orchestration.compiler.words import Namer, comment, slug

MEASURED = {
    Total.COUNT: "events",
    Total.DAYS: "day",
    Total.KNOWN: "known_values",
    Total.SUM: "total",
    Total.MINIMUM: "minimum",
    Total.MAXIMUM: "maximum",
}
T = TypeVar("T", bound=Trait)
K = TypeVar("K")


@dataclass
class _Traits:
    """The select while it is put together: CTEs in order, output columns, and a left join per aggregate."""

    plan: Plan
    bases: Bases
    namer: Namer = field(default_factory=Namer)
    ctes: list[tuple[str, exp.Query]] = field(default_factory=list)
    columns: list[exp.Expr] = field(default_factory=list)
    joins: list[tuple[str, exp.Expr]] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.plan.entity.key

    @property
    def base(self) -> str:
        return self.ctes[0][0]

    def of_kind(self, kind: type[T]) -> list[T]:
        return [trait for trait in self.plan.traits if isinstance(trait, kind)]

    def join(self, name: str, cte: exp.Query, on: exp.Expr | None = None) -> None:
        self.ctes.append((name, cte))
        self.joins.append((name, on or compared(column(self.key, name), "=", column(self.key, self.base))))

    def add_total(self, trait: MeasureTrait | RowsTrait, cte: str) -> None:
        name = self.plan.traits[trait]
        value: exp.Expr = column(name, cte)
        if trait.total.zero_when_empty:
            value = exp.Coalesce(this=value, expressions=[number(0)])
        self.columns.append(_explained(aliased(value, name), trait_to_words(trait), name))


def traits_select(plan: Plan, bases: Bases) -> exp.Select:
    """One row per subject of the base population."""
    building = _Traits(plan, bases)
    _add_attributes(building)
    for measure, measured in _grouped(building.of_kind(MeasureTrait), lambda trait: trait.measure):
        _add_measure(building, measure, measured)
    for source, rows in _grouped(building.of_kind(RowsTrait), lambda trait: trait.source):
        _add_rows(building, source, rows)
    for trait in building.of_kind(ListTrait):
        _add_list(building, trait)
    query = select(*building.columns).from_(table(building.base), copy=False)
    for name, condition in building.joins:
        query = query.join(table(name), on=condition, join_type="left", copy=False)
    return with_ctes(query, building.ctes)


def _grouped(traits: list[T], key: Callable[[T], K]) -> list[tuple[K, list[T]]]:
    groups: dict[K, list[T]] = {}
    for trait in traits:
        groups.setdefault(key(trait), []).append(trait)
    return list(groups.items())


def _add_attributes(building: _Traits) -> None:
    entity = building.plan.entity
    name = building.namer.name(bare(entity.model), "base")
    reading = Import(name, building.bases.clock, entity.key, entity.key, joined=True)
    building.columns.append(column(entity.key, reading.name))
    for trait in building.of_kind(AttributeTrait):
        value = reading.value(trait.attribute, trait.as_day)
        building.columns.append(aliased(value, building.plan.traits[trait]))
    building.ctes.append((reading.name, reading.select(entity.model, in_base(entity, building.bases))))


def _add_measure(building: _Traits, measure: Measure, traits: list[MeasureTrait]) -> None:
    name = building.plan.measures[measure]
    cte = building.namer.name(name, f"measure {name}")
    totals = [aliased(_measured(trait, building.bases.clock), building.plan.traits[trait]) for trait in traits]
    slice_ = select(column(building.key), *totals).from_(model(f"{building.plan.entity.name}_measures"), copy=False)
    slice_ = where(slice_, [compared(column("measure"), "=", text(name))])
    building.join(cte, slice_.group_by(column(building.key), copy=False))
    for trait in traits:
        building.add_total(trait, cte)


def _explained(named: exp.Expr, words: str, name: str) -> exp.Expr:
    """A column whose name had to be cut gets its whole meaning as a comment."""
    if name != slug(words):
        named.add_comments([comment(words)])
    return named


def _measured(trait: MeasureTrait, clock: Clock) -> exp.Expr:
    inside = [condition for window in trait.windows for condition in in_window(column("day"), window, clock)]
    value = _when(inside, column(MEASURED[trait.total]))
    match trait.total:
        case Total.DAYS:
            return exp.Count(this=value)
        case Total.MINIMUM:
            return exp.Min(this=value)
        case Total.MAXIMUM:
            return exp.Max(this=value)
        case _:
            return exp.Sum(this=value)


def _when(conditions: list[exp.Expr], value: exp.Expr) -> exp.Expr:
    if not conditions:
        return value
    return exp.Case(ifs=[exp.If(this=conjunction(conditions), true=value)])


def _add_rows(building: _Traits, source: Rows | Link, traits: list[RowsTrait]) -> None:
    """One aggregate per source of rows: `orders` are read once, whatever is asked about them."""
    aggregate = _of_rows(building, source, traits) if isinstance(source, Rows) else _of_link(building, source, traits)
    cte = building.namer.name(slug(source.name, "by", building.plan.entity.name), f"rows {source.name}")
    building.join(cte, aggregate)
    for trait in traits:
        building.add_total(trait, cte)


def _of_rows(building: _Traits, rows: Rows, traits: list[RowsTrait]) -> exp.Select:
    clock = building.bases.clock
    reading = Import(building.namer.name(bare(rows.model), f"rows {rows.name}"), clock, rows.subject, building.key)
    totals = _row_totals(building, traits, reading, rows)
    building.ctes.append((reading.name, reading.select(rows.model, seen(rows.at, clock))))
    query = select(column(building.key), *totals).from_(table(reading.name), copy=False)
    return query.group_by(column(building.key), copy=False)


def _of_link(building: _Traits, link: Link, traits: list[RowsTrait]) -> exp.Select:
    """Attached subjects count while they are in their own base population; every row of the link counts."""
    related = traits[0].related
    assert related, "a link leads to an entity"
    name = building.namer.name(bare(related.model), f"related {related.name}")
    reading = Import(name, building.bases.clock, related.key, related.key, joined=True)
    totals = _row_totals(building, traits, reading, link)
    building.ctes.append((name, reading.select(related.model, in_base(related, building.bases))))
    pairs = building.namer.name(bare(link.model), f"link {link.name}")
    both = select(column(link.subject), column(link.related)).from_(model(link.model), copy=False)
    building.ctes.append((pairs, both))
    key = aliased(column(link.subject, pairs), building.key)
    query = select(key, *totals).from_(table(pairs), copy=False)
    on = compared(column(related.key, name), "=", column(link.related, pairs))
    query = query.join(table(name), on=on, join_type="inner", copy=False)
    return query.group_by(column(link.subject, pairs), copy=False)


def _row_totals(building: _Traits, traits: list[RowsTrait], reading: Import, source: Rows | Link) -> list[exp.Expr]:
    return [aliased(_row_total(trait, reading, source), building.plan.traits[trait]) for trait in traits]


def _row_total(trait: RowsTrait, reading: Import, source: Rows | Link) -> exp.Expr:
    conditions = _row_conditions(trait, reading, source)
    if trait.total is Total.COUNT:
        return exp.Count(this=_when(conditions, number(1)) if conditions else exp.Star())
    value = _when(conditions, _row_value(trait, reading, source))
    match trait.total:
        case Total.DAYS:
            return exp.Count(this=exp.Distinct(expressions=[value]))
        case Total.KNOWN:
            return exp.Count(this=value)
        case Total.MINIMUM:
            return exp.Min(this=value)
        case Total.MAXIMUM:
            return exp.Max(this=value)
        case _:
            return exp.Sum(this=value)


def _row_value(trait: RowsTrait, reading: Import, source: Rows | Link) -> exp.Expr:
    if trait.attribute:
        return reading.value(trait.attribute, False)
    assert isinstance(source, Rows) and source.at, "days are counted on dated rows"
    return reading.day(source.at)


def _row_conditions(trait: RowsTrait, reading: Import, source: Rows | Link) -> list[exp.Expr]:
    found: list[exp.Expr] = []
    if trait.names is not None and isinstance(source, EventRows):
        found += named_any_of(reading.value(source.named, False), trait.names)
    if trait.where:
        found.append(row_truth(trait.where, reading.value, reading.clock).expression)
    if isinstance(source, Rows) and source.at:
        for window in trait.windows:
            found += in_window(reading.time(source.at, window), window, reading.clock)
    return found


def _add_list(building: _Traits, trait: ListTrait) -> None:
    """Keys of a list are texts; a subject's key is compared as one."""
    name = building.namer.name(f"keys_of_{list_model(trait.path)}", "list")
    key = cast(column(building.key, building.base), "text")
    members = select(column("member")).from_(model(list_model(trait.path)), copy=False)
    building.join(name, members, compared(column("member", name), "=", key))
    is_member = is_known(column("member", name))
    building.columns.append(aliased(is_member, building.plan.traits[trait]))


def list_model(path: str) -> str:
    """The name of the table that holds a fixed list."""
    return slug(path.removesuffix(".csv").replace("/", " "))
