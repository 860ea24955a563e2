"""An audience's file and the destinations' file, as JSON Schema."""

from __future__ import annotations

from orchestration.compiler.catalog import Catalog, Entity
from orchestration.compiler.schema.operands import SHARE
from orchestration.compiler.schema.pieces import (
    BOOLEAN,
    KEY,
    TEXT,
    WORD,
    Schema,
    chain,
    choice,
    either,
    labelled,
    mapping,
    one_or_more,
    option,
    pattern,
    ref,
)
from orchestration.compiler.schema.segments import head_fields
from orchestration.compiler.segment import Status
from orchestration.compiler.spec import RESERVED, SENDS, DestinationSpec, SegmentSpec

CRON = "([\\d*/,-]+\\s+){4}[\\d*/,A-Za-z-]+"
SENT = ("Everyone, every time.", "Who came, changed or left.", "Each subject at most once, ever.")


def audience_schema(catalog: Catalog, specs: list[SegmentSpec], destinations: dict[str, DestinationSpec]) -> Schema:
    """Identifiers, fields and consent are attributes of the segment's entity."""
    live = [spec for spec in specs if spec.status is not Status.ARCHIVED and spec.entity in catalog.entities]
    entities = list(catalog.entities.values())
    known: dict[str, list[Schema]] = {}
    for spec in live:
        known.setdefault(spec.entity, []).append(option(spec.key, spec.description or spec.name))
    branches: list[tuple[Schema, Schema]] = [
        ({"properties": {"segment": ref(f"{name}.segments")}, "required": ["segment"]}, _named(catalog.entities[name]))
        for name in known
    ]
    return {
        "title": "An audience",
        **mapping(_fields(destinations), "segment", "destination", "identify_by"),
        "allOf": [chain(branches, either(*map(_named, entities)))],
        "definitions": {
            "segment": either(*(ref(f"{name}.segments") for name in known), KEY),
            **{f"{name}.segments": {"anyOf": options} for name, options in known.items()},
            **{f"{entity.name}.attribute": _attributes(entity) for entity in entities},
        },
    }


def _fields(destinations: dict[str, DestinationSpec]) -> dict[str, Schema]:
    segment = ref("segment")
    return {
        **head_fields(),
        "segment": labelled(segment, "Whose members are sent."),
        "destination": {
            "description": "Where to: a name of destinations.yml.",
            **(choice(destinations) if destinations else TEXT),
        },
        "send": {"description": "What is sent; `changes` when nothing is said.", **choice(SENDS, SENT)},
        "identify_by": {"description": "By which attributes the destination knows them."},
        "fields": {"description": "What is sent about them: the field's name there, and the attribute."},
        "consent": {"description": "A boolean attribute; unknown is no."},
        "exclude_segments": labelled(one_or_more(segment), "Whose members are held back."),
        "guard": {"description": "When a push is stopped.", **_guard()},
        "schedule": {"description": "When it is sent, as cron's five fields.", **pattern(CRON, "0 7 * * *")},
    }


def _guard() -> Schema:
    return mapping(
        {
            "max_change": {
                "description": "More of the audience than this may not change at once.",
                **pattern(SHARE, "20%"),
            },
            "allow_empty": {"description": "Whether nobody at all may be sent.", **BOOLEAN},
        }
    )


def _named(entity: Entity) -> Schema:
    attribute = ref(f"{entity.name}.attribute")
    booleans = [each.name for each in entity.attributes.values() if each.type == "boolean"]
    names: Schema = {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,54}$", "not": {"enum": list(RESERVED)}}
    return {
        "properties": {
            "identify_by": one_or_more(attribute),
            "fields": {"type": "object", "propertyNames": names, "additionalProperties": attribute},
            "consent": choice(booleans),
        }
    }


def _attributes(entity: Entity) -> Schema:
    said = {entity.key: "The key."} | {each.name: each.description for each in entity.attributes.values()}
    return choice(said, said.values())


def destinations_schema() -> Schema:
    """Where audiences can go, by name."""
    folder = mapping(
        {
            "type": {"description": "A folder of files.", **choice(["folder"])},
            "path": {"description": "Relative to the project's .muster folder.", **WORD},
        },
        "path",
    )
    return {"title": "Where audiences can go", "type": "object", "additionalProperties": folder}
