"""Traits: one row per subject with every attribute and every total that rules mention."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.engines.nodes import binary_order
from orchestration.compiler.held import add_held
from orchestration.compiler.imports import Bases, Import, bare, in_base, select, with_ctes
from orchestration.compiler.names import slug
from orchestration.compiler.past import add_past
from orchestration.compiler.plan import Plan
from orchestration.compiler.rows import add_ends, add_measures, add_periods, add_rows, when
from orchestration.compiler.sequences import add_sequences
from orchestration.compiler.sql import cast, column, compared, is_known, model, returns_in, table
from orchestration.compiler.trait import (
    AttributeTrait,
    ListTrait,
    MeasureTrait,
    PlacesTrait,
    PlaceTrait,
    ReturnTrait,
    RowsTrait,
)


def traits_select(plan: Plan, bases: Bases) -> exp.Select:
    """One row per subject of the base population."""
    building = Building(plan, bases)
    _add_attributes(building)
    add_held(building)
    add_measures(building)
    add_periods(building)
    add_rows(building)
    add_ends(building)
    add_sequences(building)
    add_past(building)
    _add_lists(building)
    _add_places(building)
    query = select(*building.columns()).from_(table(building.base), copy=False)
    for name, condition in building.joins:
        query = query.join(table(name), on=condition, join_type="left", copy=False)
    return with_ctes(query, building.finished())


def _add_attributes(building: Building) -> None:
    entity = building.plan.entity
    name = building.namer.name(bare(entity.model), "base")
    reading = Import(name, building.clock, entity.key, entity.key, joined=True)
    for trait in building.of_kind(AttributeTrait):
        building.values[trait] = reading.value(trait.attribute, trait.as_day)
    for returning in building.of_kind(ReturnTrait):
        value = reading.value(returning.attribute, returning.attribute.type is Type.TIMESTAMP)
        building.values[returning] = returns_in(value, returning.window, building.clock)
    building.ctes.append((name, lambda: reading.select(entity.as_of, in_base(entity, building.bases))))


def _add_lists(building: Building) -> None:
    """Keys of a list are texts; a subject's key is compared as one."""
    for trait in building.of_kind(ListTrait):
        members = select(column("member")).from_(model(list_model(trait.path)), copy=False)
        name = building.add(f"keys_of_{list_model(trait.path)}", members, "list")
        key = cast(column(building.key, building.base), "text")
        building.joins.append((name, compared(column("member", name), "=", key)))
        building.values[trait] = is_known(column("member", name))


def list_model(path: str) -> str:
    """The name of the table that holds a fixed list."""
    return slug(path.removesuffix(".csv").replace("/", " "))


def _add_places(building: Building) -> None:
    """Places by value among those whose value and group are known; equal values by key, so that the number is exact."""
    for places in building.of_kind(PlacesTrait):
        counted = exp.Count(this=building.values[places.of].copy())
        building.values[places] = exp.Window(this=counted, partition_by=_group(building, places.within))
    for trait in building.of_kind(PlaceTrait):
        value, group = building.values[trait.of], _group(building, trait.within)
        by_value = exp.Ordered(this=value.copy(), desc=trait.side == "top", nulls_first=False)
        by_key = exp.Ordered(this=binary_order(column(building.key, building.base), building.plan.entity.key_is_text))
        place = exp.Window(this=exp.RowNumber(), partition_by=group, order=exp.Order(expressions=[by_value, by_key]))
        always = isinstance(trait.of, MeasureTrait | RowsTrait) and trait.of.total.zero_when_empty
        known = [is_known(each.copy()) for each in (*(() if always else (value,)), *group)]
        building.values[trait] = when(known, place)


def _group(building: Building, within: Attribute | None) -> list[exp.Expr]:
    found = [trait for trait in building.of_kind(AttributeTrait) if trait.attribute == within and not trait.as_day]
    return [building.values[trait].copy() for trait in found]
