"""What an audience is for, its goal and its messages, as JSON Schema."""

from __future__ import annotations

from orchestration.compiler.catalog import Catalog, Entity, Rows
from orchestration.compiler.schema.operands import LENGTH, common_definitions
from orchestration.compiler.schema.operators import Place
from orchestration.compiler.schema.pieces import (
    Schema,
    chain,
    choice,
    described,
    has,
    labelled,
    mapping,
    one_or_more,
    ref,
)
from orchestration.compiler.schema.rules import event_names, row_definitions

GOAL = "What its subjects are to do, and in what time after the first delivery."
MESSAGES = "Which rows of a relation are its messages."


def aim_definitions(catalog: Catalog) -> dict[str, Schema]:
    """The rules about events and rows that goals and messages may have."""
    found = common_definitions()
    for entity in catalog.entities.values():
        if entity.events:
            found |= row_definitions(Place(f"{entity.name}:events", entity.events.attributes))
        for relation in _relations(entity):
            found |= row_definitions(Place(f"{entity.name}:rows:{relation.name}", relation.attributes))
    return found


def aim_fields(entity: Entity) -> dict[str, Schema]:
    """The fields `goal` and `messages` of an entity's audiences."""
    return {"goal": _goal(entity), "messages": _messages(entity)}


def _relations(entity: Entity) -> list[Rows]:
    """Those whose rows can be messages."""
    return [each for each in entity.relations.values() if isinstance(each, Rows) and each.at]


def _goal(entity: Entity) -> Schema:
    if entity.events is None:
        return choice(())
    fields: dict[str, Schema] = {
        "performed": described(one_or_more(event_names(entity.events.names)), "performed"),
        "where": described(ref(f"{entity.name}:events:rule"), "where"),
        "within": labelled(LENGTH, "On one of so many days after that of the first delivery."),
    }
    return mapping(fields, "performed", "within")


def _messages(entity: Entity) -> Schema:
    known = _relations(entity)
    named = described(choice(each.name for each in known), "related")
    branches: list[tuple[Schema, Schema]] = [
        (
            {**has("related"), "properties": {"related": {"const": each.name}}},
            mapping({"related": named, "where": described(ref(f"{entity.name}:rows:{each.name}:rule"), "where")}),
        )
        for each in known
    ]
    return {"type": "object", "required": ["related"], **chain(branches, {"properties": {"related": named}})}
