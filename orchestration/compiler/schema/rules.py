"""Rules about the subjects of one entity, as JSON Schema: its attributes, events, relations and segments by name."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.compiler.activity import ANY
from orchestration.compiler.catalog import Catalog, Entity, Link, Rows, Type
from orchestration.compiler.resolve import EVENTS, GROUPS, MOVES
from orchestration.compiler.schema.behaviour import (
    Rowset,
    counts_definitions,
    event_definitions,
    relation_definitions,
)
from orchestration.compiler.schema.operands import windows
from orchestration.compiler.schema.operators import (
    Place,
    place_definitions,
)
from orchestration.compiler.schema.pieces import (
    TEXT,
    WORD,
    Schema,
    chain,
    choice,
    described,
    either,
    has,
    listed,
    mapping,
    one_or_more,
    option,
    ref,
)
from orchestration.compiler.schema.said import SAID

MEMBERSHIP = ("in_segment", "not_in_segment")


@dataclass(frozen=True)
class Names:
    """What rules may mention beside the catalog: segments by entity with their descriptions, event names likewise."""

    segments: dict[str, dict[str, str]]
    events: dict[str, dict[str, str]]


def entity_definitions(catalog: Catalog, entity: Entity, names: Names) -> dict[str, Schema]:
    """The definitions `<entity>` (one condition of a segment's own rule) and `<entity>:rule`, and all they need."""
    place = Place(entity.name, entity.attributes, ranked=True, held=entity.history is not None)
    found = place_definitions(place) | counts_definitions(place)
    found[f"{place.name}:segments"] = segment_names(names.segments.get(entity.name, {}))
    subjects: dict[str, Schema] = {"attribute": ref(f"{place.name}:attribute")}
    if entity.events:
        events = Rowset(f"{place.name}:events", entity.events.attributes, _kind(entity.events), ranked=place)
        found |= row_definitions(Place(events.name, events.attributes))
        found[f"{events.name}:names"] = event_names(names.events.get(entity.name, {}))
        found |= event_definitions(events)
        subjects |= {word: ref(f"{events.name}:{word}") for word in EVENTS}
    for relation in entity.relations.values():
        found |= relation_definitions(_rowset(catalog, relation, place), relation.name)
        if isinstance(relation, Rows):
            found |= row_definitions(Place(f"{place.name}:rows:{relation.name}", relation.attributes))
    if entity.relations:
        subjects["related"] = related(place, entity)
    subjects |= {word: _membership(place, word) for word in MEMBERSHIP}
    subjects |= {word: _move(place, word) for word in MOVES}
    found |= condition_definitions(place, subjects, dotted(catalog, entity))
    return found


def attached_definitions(entity: Entity) -> dict[str, Schema]:
    """The definitions `<entity>:attached`: conditions on a subject that a link leads to."""
    place = attached(entity)
    subjects = {"attribute": ref(f"{place.name}:attribute")} | {
        word: mapping({word: described(one_or_more(ref(f"{entity.name}:segments")), word)}, word) for word in MEMBERSHIP
    }
    definitions = place_definitions(place)
    return {**definitions, **condition_definitions(place, subjects, {})}


def attached(entity: Entity) -> Place:
    return Place(f"{entity.name}:attached", entity.attributes, held=entity.history is not None)


def row_definitions(place: Place) -> dict[str, Schema]:
    """The definitions of conditions on rows, under the place's name."""
    definitions = place_definitions(place)
    return {**definitions, **condition_definitions(place, {"attribute": ref(f"{place.name}:attribute")}, {})}


def condition_definitions(place: Place, subjects: dict[str, Schema], more: dict[str, Schema]) -> dict[str, Schema]:
    """One condition, and a rule of several, of this place."""
    rule = ref(f"{place.name}:rule")
    groups = {word: described(rule, word) for word in GROUPS}
    groups["everyone"] = described({"const": True}, "everyone")
    own = {name: ref(f"{place.name}.{name}") for name in place.attributes if name not in subjects}
    offered: dict[str, Schema] = {word: {"description": SAID[word]} for word in subjects}
    plain = mapping({**own, **more, **groups, **offered}, minProperties=1, maxProperties=1)
    condition = chain([(has(word), schema) for word, schema in subjects.items()], plain)
    one = ref(place.name)
    return {
        f"{place.name}:attribute": by_attribute(place),
        place.name: {"type": "object", **condition},
        f"{place.name}:rule": either(one, listed(one)),
    }


def by_attribute(place: Place) -> Schema:
    """`attribute: NAME` with the operators beside it."""
    branches: list[tuple[Schema, Schema]] = []
    for kind in place.types:
        known = choice(each.name for each in place.attributes.values() if each.type is kind)
        branches.append(({**has("attribute"), "properties": {"attribute": known}}, ref(f"{place.name}:named:{kind}")))
    anything = mapping({"attribute": described(choice(place.attributes), "attribute")}, "attribute")
    return chain(branches, anything)


def dotted(catalog: Catalog, entity: Entity) -> dict[str, Schema]:
    """The short forms `company.plan: …` and `company.in_segment: …`."""
    found: dict[str, Schema] = {}
    for relation in entity.relations.values():
        target = attached(catalog.entities[relation.entity]) if isinstance(relation, Link) else None
        names = target.attributes if target else _rows(relation).attributes
        home = target.name if target else f"{entity.name}:rows:{relation.name}"
        found |= {f"{relation.name}.{name}": ref(f"{home}.{name}") for name in names}
        if isinstance(relation, Link):
            keys = one_or_more(ref(f"{relation.entity}:segments"))
            found |= {f"{relation.name}.{word}": described(keys, word) for word in MEMBERSHIP}
    return found


def related(place: Place, entity: Entity) -> Schema:
    """`related: NAME`, by the relation that is named."""
    named = described(choice(entity.relations), "related")
    branches = [
        ({**has("related"), "properties": {"related": {"const": name}}}, ref(f"{place.name}:related:{name}"))
        for name in entity.relations
    ]
    return {"type": "object", "properties": {"related": named}, "allOf": [chain(branches, {})]}


def segment_names(known: dict[str, str]) -> Schema:
    """A segment's key; those there are now are offered, a new one is possible."""
    return either(*(option(key, said) for key, said in known.items()), TEXT)


def event_names(known: dict[str, str]) -> Schema:
    """An event's name; those that the catalog or some rule knows are offered."""
    return either(choice([*known, ANY], [*known.values(), "Any event."]), WORD)


def _membership(place: Place, word: str) -> Schema:
    return mapping({word: described(one_or_more(ref(f"{place.name}:segments")), word)}, word)


def _move(place: Place, word: str) -> Schema:
    days = windows(Type.DATE)
    found = mapping({word: described(one_or_more(ref(f"{place.name}:segments")), word), **days}, word)
    return {**found, "minProperties": 2, "maxProperties": 2} if word == "was_in_segment" else found


def _kind(rows: Rows) -> Type | None:
    return rows.at.type if rows.at else None


def _rows(relation: Link | Rows) -> Rows:
    assert isinstance(relation, Rows), "a relation is a link or rows"
    return relation


def _rowset(catalog: Catalog, relation: Link | Rows, ranked: Place) -> Rowset:
    name = f"{ranked.name}:related:{relation.name}"
    if isinstance(relation, Link):
        target = attached(catalog.entities[relation.entity])
        return Rowset(name, target.attributes, None, ranked, where=target.name)
    return Rowset(name, relation.attributes, _kind(relation), ranked, where=f"{ranked.name}:rows:{relation.name}")
