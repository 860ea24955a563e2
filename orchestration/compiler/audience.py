"""Audiences: the select of who is wanted and who is held back, and the exposure that the push reads."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.compile import Compilation
from orchestration.compiler.imports import Import, bare, in_base, select, with_ctes
from orchestration.compiler.spec import AudienceSpec
from orchestration.compiler.sql import (
    aliased,
    as_of,
    column,
    compared,
    conjunction,
    either_of,
    model,
    negated,
    table,
    text,
)


def audience_select(compilation: Compilation, spec: AudienceSpec) -> exp.Select:
    """One row per member of the segment: identifiers, fields, and by what a member is held back."""
    entity = compilation.catalog.entities[compilation.segments[spec.segment.text].entity]
    base = bare(entity.model)
    reading = Import(base, compilation.bases.clock, entity.key, entity.key, joined=True)
    attributes = {**entity.attributes, entity.key: Attribute(entity.key, entity.key, Type.TEXT)}
    named = {each.text: each.text for each in spec.identify_by} | {
        field.name: field.value.text for field in spec.fields
    }
    key = column(entity.key, base)
    values = [
        aliased(reading.value(attributes[attribute], False), name)
        for name, attribute in named.items()
        if attribute != entity.key
    ]
    keys = [aliased(key.copy(), name) for name, attribute in named.items() if attribute == entity.key != name]
    consent = reading.value(attributes[spec.consent.text], False) if spec.consent else None
    consented = exp.Coalesce(this=consent, expressions=[exp.false()]) if consent else None
    columns = [key, *keys, *values, aliased(_held_back(spec, consented), "held_back_by")]
    if consented:
        columns.append(aliased(consented.copy(), "consent"))
    flags = f"{entity.name}_segments"
    query = select(*columns, aliased(as_of(), "as_of_date")).from_(table("flags"), copy=False)
    on = compared(column(entity.key, base), "=", column(entity.key, "flags"))
    query = query.join(table(base), on=on, join_type="inner", copy=False)
    query = query.where(column(spec.segment.text, "flags"), copy=False)
    flags_cte = select(exp.Star()).from_(model(flags), copy=False)
    people = reading.select(entity.as_of, in_base(entity, compilation.bases))
    return with_ctes(query, [("flags", flags_cte), (base, people)])


def _held_back(spec: AudienceSpec, consented: exp.Expr | None) -> exp.Expr:
    """The first reason to hold a member back, or null."""
    reasons: list[exp.If] = []
    if consented is not None:
        reasons.append(exp.If(this=negated(consented.copy()), true=text("consent")))
    if spec.exclude_segments:
        excluded = either_of(*(column(each.text, "flags") for each in spec.exclude_segments))
        reasons.append(exp.If(this=conjunction([excluded]), true=text("exclude_segments")))
    if not reasons:
        return exp.Cast(this=exp.Null(), to=exp.DataType.build("text"))
    return exp.Case(ifs=reasons)


def audience_exposure(compilation: Compilation, spec: AudienceSpec) -> dict[str, object]:
    """The audience as a dbt exposure; its meta is all that the push has to know."""
    entity = compilation.catalog.entities[compilation.segments[spec.segment.text].entity]
    destination = compilation.destinations[spec.destination.text]
    meta: dict[str, object] = {
        "audience": spec.key,
        "entity": entity.name,
        "key": entity.key,
        "segment": spec.segment.text,
        "model": f"audience_{spec.key}",
        "destination": destination.name,
        "send": spec.send,
        "identify_by": [each.text for each in spec.identify_by],
        "fields": {field.name: field.value.text for field in spec.fields},
        "consent": spec.consent.text if spec.consent else None,
        "exclude_segments": [each.text for each in spec.exclude_segments],
        "guard": {
            "max_change": None if spec.max_change is None else float(spec.max_change),
            "allow_empty": spec.allow_empty,
        },
        "schedule": spec.schedule,
        "timezone": compilation.catalog.timezone,
        "owner": spec.owner,
        "description": spec.description,
        "destination_settings": {"type": destination.type, **dict(destination.settings)},
    }
    return meta
