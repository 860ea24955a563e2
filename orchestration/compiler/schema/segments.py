"""A segment's file, as JSON Schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestration.compiler.catalog import Catalog, Entity
from orchestration.compiler.resolve import EVENTS
from orchestration.compiler.schema.operands import common_definitions
from orchestration.compiler.schema.pieces import (
    BOOLEAN,
    KEY,
    TEXT,
    WORD,
    Schema,
    choice,
    either,
    labelled,
    listed,
    mapping,
    one_or_more,
    ref,
)
from orchestration.compiler.schema.rules import Names, attached_definitions, entity_definitions
from orchestration.compiler.schema.spectests import test_definitions
from orchestration.compiler.segment import Status
from orchestration.compiler.source import Mapping, Node, Scalar, Sequence
from orchestration.compiler.spec import SegmentSpec


def segment_schema(catalog: Catalog, specs: list[SegmentSpec], lists: Iterable[str]) -> Schema:
    """A segment's file: its fields, and the rule by its entity."""
    names = _names(catalog, specs)
    definitions = common_definitions()
    for entity in catalog.entities.values():
        definitions |= entity_definitions(catalog, entity, names) | attached_definitions(entity)
        definitions |= test_definitions(catalog, entity)
    by_entity = [_of_entity(entity) for entity in catalog.entities.values()]
    return {
        "title": "A segment",
        **mapping(_segment_fields(catalog, lists), "entity"),
        "oneOf": [{"required": ["where"]}, {"required": ["members"]}],
        "allOf": by_entity,
        "definitions": definitions,
    }


def _of_entity(entity: Entity) -> Schema:
    """What is offered only to an entity's segments."""
    name = entity.name
    fields: dict[str, Schema] = {"where": ref(f"{name}:rule"), "tests": listed(ref(f"{name}:test"), 0)}
    if entity.events:
        fields["active_by"] = one_or_more(ref(f"{name}:events:names"))
    else:
        fields["active_by"] = choice(())
    return {
        "if": {"properties": {"entity": {"const": name}}, "required": ["entity"]},
        "then": {"properties": fields},
    }


def _segment_fields(catalog: Catalog, lists: Iterable[str]) -> dict[str, Schema]:
    return {
        **head_fields(),
        "entity": {
            "description": "Who is segmented.",
            **choice(catalog.entities, (each.description for each in catalog.entities.values())),
        },
        "labels": labelled(one_or_more(WORD), "Words to find it by."),
        "status": {
            "description": "`paused` keeps its members as last judged, `archived` closes its stays.",
            **choice((each.value for each in Status), ("", "Kept, not judged.", "Its stays are closed.")),
        },
        "hidden": {"description": "Left out of the catalogue page's default view.", **BOOLEAN},
        "daily": {"description": "False: its daily membership is not kept, but served from its stays.", **BOOLEAN},
        "formerly": labelled(one_or_more(KEY), "The key it had before the file was renamed."),
        "where": {"description": "The rule."},
        "members": {"description": "A fixed list instead of a rule.", **either(choice(lists), TEXT)},
        "active_by": {
            "description": "The events by which retention sees that somebody was active, or `any`.",
            **one_or_more(WORD),
        },
        "tests": {"description": "Made-up subjects, and whether the rule takes them."},
    }


def head_fields() -> dict[str, Schema]:
    """What segments and audiences have in common."""
    return {
        "name": {"description": "What people call it; by default what the file's name says.", **WORD},
        "description": {"description": "What it is for, in a sentence.", **WORD},
        "owner": {"description": "Who answers for it.", **WORD},
    }


def _names(catalog: Catalog, specs: list[SegmentSpec]) -> Names:
    segments: dict[str, dict[str, str]] = {name: {} for name in catalog.entities}
    for spec in sorted(specs, key=lambda spec: spec.key):
        if spec.status is not Status.ARCHIVED:
            segments.setdefault(spec.entity, {})[spec.key] = spec.description or spec.name
    return Names(segments, {name: _event_names(each, specs) for name, each in catalog.entities.items()})


def _event_names(entity: Entity, specs: list[SegmentSpec]) -> dict[str, str]:
    """The events that the catalog lists, with what it says of them, and those that other rules name."""
    used = {name for spec in specs if spec.entity == entity.name and spec.where for name in performed_in(spec.where)}
    listed_ = entity.events.names if entity.events else {}
    return {**dict.fromkeys(sorted(used - {"any"}), ""), **listed_}


def performed_in(node: Node) -> Iterator[str]:
    """Every event's name that a rule mentions."""
    match node:
        case Sequence(items):
            for item in items:
                yield from performed_in(item)
        case Mapping(entries):
            for entry in entries:
                if entry.name in EVENTS and entry.name != "sequence":
                    yield from _texts(entry.value)
                else:
                    yield from performed_in(entry.value)
        case Scalar():
            return


def _texts(node: Node) -> Iterator[str]:
    match node:
        case Scalar(value, text) if value is not None:
            yield text
        case Sequence(items):
            yield from (item.text for item in items if isinstance(item, Scalar))
        case _:
            return
