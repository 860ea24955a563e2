"""What the catalog offers and nothing uses, and where an entry of the catalog stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.compiler.aim import Aim
from orchestration.compiler.catalog import Attribute, Catalog, Entity, Link, Rows
from orchestration.compiler.compile import Compilation
from orchestration.compiler.lints.mentions import Owner, mentions
from orchestration.compiler.problem import Problem, Span
from orchestration.compiler.segment import (
    AttributeCondition,
    Compare,
    Condition,
    EndCondition,
    EventCondition,
    Number,
    Rank,
    RegularCondition,
    RelationCondition,
    Rule,
    SequenceCondition,
    Share,
    conditions,
)
from orchestration.compiler.source import Mapping, Node


@dataclass(frozen=True)
class Entry:
    """One entry of the catalog: the path to it, it in words, and what rules name when they use it."""

    path: tuple[str, ...]
    said: str
    stands_for: object


def entries(catalog: Catalog) -> Iterator[Entry]:
    """Every attribute, property, relation and kind of events that rules could name."""
    for name, entity in catalog.entities.items():
        at = ("entities", name)
        yield from _attributes(entity, entity.attributes, (*at, "attributes"), f"of {name}")
        if entity.events:
            yield Entry((*at, "events"), f"the events of {name}", entity.events)
            yield from _attributes(
                entity.events, entity.events.attributes, (*at, "events", "properties"), f"of events of {name}"
            )
        for relation in entity.relations.values():
            here = (*at, "relations", relation.name)
            yield Entry(here, f"the relation `{relation.name}` of {name}", relation)
            if isinstance(relation, Rows):
                said = f"of {relation.name} of {name}"
                yield from _attributes(relation, relation.attributes, (*here, "attributes"), said)


def _attributes(owner: Owner, known: dict[str, Attribute], at: tuple[str, ...], said: str) -> Iterator[Entry]:
    for name in known:
        yield Entry((*at, name), f"`{name}` {said}", (owner, name))


def span_of(catalog: Node, path: tuple[str, ...]) -> Span | None:
    """Where an entry stands; None for what no one wrote, as a relation that is another one backwards."""
    span: Span | None = None
    node = catalog
    for step in path:
        entry = next((each for each in node.entries if each.name == step), None) if isinstance(node, Mapping) else None
        if entry is None:
            return None
        span, node = entry.key.span, entry.value
    return span


def unused(compilation: Compilation, catalog: Node) -> list[Problem]:
    """A warning for each entry that no rule, no audience and no population names."""
    used = set(_used(compilation))
    found: list[Problem] = []
    idle: list[tuple[str, ...]] = []
    for entry in entries(compilation.catalog):
        span = span_of(catalog, entry.path)
        if span and entry.stands_for not in used and not any(entry.path[: len(each)] == each for each in idle):
            idle.append(entry.path)
            message = f"no rule and no audience uses {entry.said}"
            found.append(Problem("unused", message, span, "take it out, or leave it for rules to come", "warning"))
    return found


def _used(compilation: Compilation) -> Iterator[object]:
    for mention in mentions(compilation):
        yield from _named(mention.placed.rule, mention.owner)
    for segment in compilation.segments.values():
        if segment.active_by:
            yield compilation.catalog.entities[segment.entity].events
    for name, rule in compilation.bases.populations.items():
        yield from _named(rule, compilation.catalog.entities[name]) if rule else ()
    for entity in compilation.catalog.entities.values():
        since = entity.since.column if entity.since else None
        yield from ((entity, each.name) for each in entity.attributes.values() if each.column == since)
    for audience in compilation.audiences.values():
        entity = compilation.catalog.entities[compilation.segments[audience.segment.text].entity]
        consent = (audience.consent,) if audience.consent else ()
        for scalar in (*audience.identify_by, *(value for *_, value in audience.fields), *consent):
            yield entity, scalar.text
        yield from _aimed(compilation.aims[audience.key], entity)


def _aimed(aim: Aim, entity: Entity) -> Iterator[object]:
    """What an audience's goal and messages name, and what is told of its messages."""
    if aim.goal and entity.events:
        yield entity.events
        yield from _named(aim.goal.measure.where, entity.events) if aim.goal.measure.where else ()
    if aim.messages:
        relation, where = aim.messages.relation, aim.messages.where
        yield relation
        yield from _named(where, relation) if where else ()
        told = {at.column for at in relation.told.values()}
        yield from ((relation, each.name) for each in relation.attributes.values() if each.column in told)


def _named(rule: Rule, owner: Owner) -> Iterator[object]:
    for condition in conditions(rule):
        yield from _by_condition(condition, owner)


def _by_condition(condition: Condition, owner: Owner) -> Iterator[object]:
    match condition:
        case AttributeCondition(attribute, test):
            yield owner, attribute.name
            yield from _beside(test, owner)
        case EventCondition(source, number=number) | RelationCondition(Rows() as source, number=number):
            yield source
            yield from _numbered(number, source, owner)
        case RelationCondition(Link() as link, related, number=number):
            yield link
            yield from _numbered(number, related, owner) if related else ()
        case EndCondition(source) | RegularCondition(source) | SequenceCondition(source):
            yield source
        case _:
            return


def _numbered(number: Number, source: Owner, owner: Owner) -> Iterator[object]:
    if number.attribute:
        yield source, number.attribute.name
    for test in number.tests:
        yield from _beside(test, owner)


def _beside(test: object, owner: Owner) -> Iterator[object]:
    """The attributes that a test compares with."""
    match test:
        case Compare(_, Share(_, attribute)):
            yield owner, attribute.name
        case Rank(within=Attribute() as within):
            yield owner, within.name
        case _:
            return
