"""The tests of a segment, as JSON Schema: made-up subjects of its entity, their events, rows and earlier versions."""

from __future__ import annotations

from orchestration.compiler.catalog import Attribute, Catalog, Entity, EventRows, Link, Rows, Type
from orchestration.compiler.reading_tests import MAX_TIMES
from orchestration.compiler.schema.operands import DATE, INSTANT
from orchestration.compiler.schema.pieces import (
    BOOLEAN,
    WORD,
    Schema,
    choice,
    either,
    labelled,
    listed,
    mapping,
    pattern,
    ref,
)

NOTHING: Schema = {"type": "null"}
KEY_VALUE: Schema = {"type": ["string", "integer"]}
DAY = pattern(DATE, "2026-06-01")
MOMENT = either(pattern(f"({DATE}|{INSTANT})", "2026-06-01", "2026-06-01 09:00:00"), NOTHING)
TIMES: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_TIMES}
GIVEN: dict[Type, Schema] = {
    Type.TEXT: {"type": ["string", "null"]},
    Type.INTEGER: {"type": ["integer", "null"]},
    Type.NUMBER: {"type": ["number", "null"]},
    Type.FLOAT: {"type": ["number", "null"]},
    Type.BOOLEAN: {"type": ["boolean", "null"]},
    Type.DATE: either(DAY, NOTHING),
    Type.TIMESTAMP: MOMENT,
    Type.LIST: either(listed({"type": ["string", "null"]}, 0), NOTHING),
}


def test_definitions(catalog: Catalog, entity: Entity) -> dict[str, Schema]:
    """The definitions `<entity>:test`, one test, and `<entity>:given`, a subject that stands beside the tested one."""
    name = entity.name
    values = {entity.key: KEY_VALUE, **_values(entity.attributes)}
    beside = _beside(catalog, entity)
    rows = {f"{name}:given:{each.name}": _row(each) for each in entity.relations.values() if isinstance(each, Rows)}
    if entity.events:
        rows[f"{name}:given events"] = _row(entity.events)
    return {
        f"{name}:given": mapping({**beside, **values}),
        f"{name}:test": _test(entity, values, beside),
        **rows,
    }


def _test(entity: Entity, values: dict[str, Schema], beside: dict[str, Schema]) -> Schema:
    stay = mapping({"from": DAY, "until": either(DAY, NOTHING)}, "from")
    stays: Schema = {"type": "object", "additionalProperties": listed(stay, 0)}
    fields = {
        "name": labelled(WORD, "What is tested, for the report."),
        "as_of": labelled(DAY, "The day to judge."),
        "subject": labelled(mapping(values), "Its attributes; those that are not said are unknown."),
        **beside,
        "others": labelled(listed(ref(f"{entity.name}:given"), 0), "Further subjects, for rules that look at all."),
        "stays": labelled(stays, "Recorded stays in segments: `pros: [{from: 2026-05-01, until: 2026-05-20}]`."),
        "member": labelled(BOOLEAN, "Whether the rule takes the subject."),
    }
    return {"title": "A test", **mapping(fields, "as_of", "member")}


def _beside(catalog: Catalog, entity: Entity) -> dict[str, Schema]:
    """What stands beside a subject's attributes."""
    found: dict[str, Schema] = {}
    if entity.events:
        found["events"] = labelled(listed(ref(f"{entity.name}:given events"), 0), "What it did.")
    related = {name: listed(_related(catalog, entity, name), 0) for name in entity.relations}
    if related:
        found["related"] = labelled(mapping(related), "Its rows, and the subjects it is attached to.")
    if entity.history:
        version = mapping({"until": DAY, **_values(entity.attributes)}, "until")
        said = "Earlier versions, like the subject but for what they mention; each until the end of the day before."
        found["before"] = labelled(listed(version, 0), said)
    return found


def _related(catalog: Catalog, entity: Entity, name: str) -> Schema:
    relation = entity.relations[name]
    if isinstance(relation, Link):
        return ref(f"{catalog.entities[relation.entity].name}:given")
    return ref(f"{entity.name}:given:{name}")


def _row(rows: Rows) -> Schema:
    """An event or a row; what is called like a word of tests is given under a field of its own."""
    is_event = isinstance(rows, EventRows)
    values = _values(rows.attributes)
    words: dict[str, Schema] = {"times": labelled(TIMES, "How many of them."), **({"name": WORD} if is_event else {})}
    if rows.at:
        words["at"] = labelled(DAY if rows.at.type is Type.DATE else MOMENT, "When.")
    inner = "properties" if is_event else "attributes"
    return mapping({inner: mapping(values), **values, **words}, *(("name", "at") if is_event else ()))


def _values(attributes: dict[str, Attribute]) -> dict[str, Schema]:
    return {name: _value(attribute) for name, attribute in attributes.items()}


def _value(attribute: Attribute) -> Schema:
    found = GIVEN[attribute.type]
    if attribute.values and attribute.type is not Type.LIST:
        found = either(choice(attribute.values), found)
    return labelled(found, attribute.description) if attribute.description else found
