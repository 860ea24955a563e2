"""An audience's file and the destinations' file, as JSON Schema."""

from __future__ import annotations

from typing import assert_never

from orchestration.compiler.audience_spec import RESERVED, SENDS
from orchestration.compiler.catalog import Catalog, Entity
from orchestration.compiler.destination_spec import TYPES, DestinationSpec, DestinationType, Kind, Setting
from orchestration.compiler.schema.aims import GOAL, MESSAGES, aim_definitions, aim_fields
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
from orchestration.compiler.spec import SegmentSpec

CRON = "([\\d*/,-]+\\s+){4}[\\d*/,A-Za-z-]+"
ADDRESS = "(https://|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(?![^:/]))[^@/]*(/.*)?"
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
        "dependencies": {"split": ["salt"], "salt": ["split"], "group": ["priority"], "priority": ["group"]},
        "allOf": [chain(branches, either(*map(_named, entities)))],
        "definitions": {
            "segment": either(*(ref(f"{name}.segments") for name in known), KEY),
            **{f"{name}.segments": {"anyOf": options} for name, options in known.items()},
            **{f"{entity.name}.attribute": _attributes(entity) for entity in entities},
            **aim_definitions(catalog),
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
        "freshness": {
            "description": "Within which time the destination has to acknowledge it anew.",
            **pattern("\\d{1,4}\\s+(hour|day)s?", "26 hours"),
        },
        "group": {"description": "Audiences of one group share no subject.", **TEXT},
        "priority": {"description": "Of a group's audiences the smallest number has a subject.", "type": "integer"},
        "split": {"description": "Variants and their shares in per cent; `holdout` is not sent.", **_split()},
        "salt": {"description": "Decides who is in which variant; written once and never changed.", **TEXT},
        "exit_when": {
            "description": "A rule; who meets it is removed and does not come back in this stay.",
            "type": ["object", "array"],
        },
        "goal": {"description": GOAL},
        "messages": {"description": MESSAGES},
        "formerly": {"description": "The key that the file had before it was renamed.", **one_or_more(KEY)},
        "into": {"description": "Where in the destination: a tag, a list.", **_into()},
    }


def _split() -> Schema:
    share = either({"type": "number", "minimum": 0, "maximum": 100}, pattern("\\d{1,3}(\\.\\d{1,2})?\\s*%?", "45%"))
    names: Schema = {"pattern": "^[a-z][a-z0-9_]{0,29}$"}
    return {"type": "object", "minProperties": 1, "propertyNames": names, "additionalProperties": share}


def _into() -> Schema:
    return either(*(_settings(each.into) for each in TYPES.values() if each.into))


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
            **aim_fields(entity),
        }
    }


def _attributes(entity: Entity) -> Schema:
    said = {entity.key: "The key."} | {each.name: each.description for each in entity.attributes.values()}
    return choice(said, said.values())


def destinations_schema() -> Schema:
    """Where audiences can go, by name."""
    branches: list[tuple[Schema, Schema]] = [
        ({"properties": {"type": {"const": name}}, "required": ["type"]}, _destination(each))
        for name, each in TYPES.items()
    ]
    some: Schema = {"type": "object", "properties": {"type": _types()}, "required": ["type"]}
    return {"title": "Where audiences can go", "type": "object", "additionalProperties": chain(branches, some)}


def _types() -> Schema:
    return {"description": "What it is.", **choice(TYPES, [each.said for each in TYPES.values()])}


def _destination(known: DestinationType) -> Schema:
    found = _settings(known.settings, {"type": _types()})
    if known.one_of:
        found["oneOf"] = [{"required": [name]} for name in known.one_of]
    return found


def _settings(settings: tuple[Setting, ...], more: dict[str, Schema] | None = None) -> Schema:
    known = {each.name: {"description": each.said, **_setting(each)} for each in settings}
    return mapping({**(more or {}), **known}, *(each.name for each in settings if each.required))


def _setting(setting: Setting) -> Schema:
    match setting.kind:
        case Kind.TEXT:
            return WORD
        case Kind.COUNT:
            return {"type": "integer", "minimum": 1}
        case Kind.CHOICE:
            return choice(setting.choices)
        case Kind.ADDRESS:
            return pattern(ADDRESS, "https://example.com/muster")
        case Kind.HIDDEN:
            return mapping({"env": {"description": "The environment variable that holds it.", **TEXT}}, "env")
        case _:
            assert_never(setting.kind)
