"""The catalog's file, as JSON Schema."""

from __future__ import annotations

from orchestration.compiler.catalog import MESSAGE, TIME_TYPES, WEEKDAYS, Catalog, Type
from orchestration.compiler.schema.operands import AMOUNT, DAYS
from orchestration.compiler.schema.pieces import (
    BOOLEAN,
    NAME,
    WORD,
    Schema,
    chain,
    choice,
    either,
    has,
    labelled,
    listed,
    mapping,
    one_or_more,
    pattern,
    ref,
)

NAMES: Schema = {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,62}$"}
MODEL: Schema = {"description": "The dbt model, or without a dbt project the warehouse's table.", **NAME}
SUBJECT: Schema = {"description": "The column with the subject's key.", **NAME}
KINDS = {
    Type.TEXT: "Text.",
    Type.INTEGER: "A whole number.",
    Type.NUMBER: "An exact decimal: amounts of money, for example.",
    Type.FLOAT: "A double: never exact, so no good for thresholds.",
    Type.BOOLEAN: "True or false.",
    Type.DATE: "A local day.",
    Type.TIMESTAMP: "An instant; without a zone it means UTC.",
    Type.LIST: "A list of texts, such as tags.",
}
RETENTION = pattern(AMOUNT + DAYS, "400 days", "2 years")


def catalog_schema(catalog: Catalog) -> Schema:
    fields: dict[str, Schema] = {
        "timezone": {"description": "Whose local days are judged, as in `Europe/Dublin`; UTC by default.", **WORD},
        "week_starts_on": {
            "description": "For weeks of the calendar; monday by default.",
            **choice(WEEKDAYS),
        },
        "tags": {"description": "A table of every tag there is.", **mapping({"model": MODEL, "name": NAME}, "model")},
        "entities": {"description": "Who is segmented.", **_named(_entity())},
    }
    return {"title": "The catalog", **mapping(fields, "entities"), "definitions": _definitions(catalog)}


def _named(content: Schema) -> Schema:
    return {"type": "object", "minProperties": 1, "propertyNames": NAMES, "additionalProperties": content}


def _definitions(catalog: Catalog) -> dict[str, Schema]:
    kind = choice(KINDS, KINDS.values())
    attribute = mapping(
        {
            "type": kind,
            "column": {"description": "The column, where it is called otherwise.", **NAME},
            "values": {"description": "The values it takes; another one in a rule is a warning.", **listed(WORD, 0)},
            "personal": {"description": "Whether it tells who somebody is.", **BOOLEAN},
            "description": {"description": "What editors and the catalogue show.", **WORD},
        },
        "type",
    )
    texts: Schema = {"properties": {"values": listed({"type": "string"}, 0)}}
    numbers: Schema = {"properties": {"values": listed({"type": "number"}, 0)}}
    named = {**has("type"), "properties": {"type": {"enum": ["text", "list"]}}}
    counted = {**has("type"), "properties": {"type": {"enum": [each.value for each in Type if each.numeric]}}}
    attribute["allOf"] = [chain([(named, texts), (counted, numbers)], {})]
    return {
        "attribute": either(kind, attribute),
        "attributes": {"type": "object", "propertyNames": NAMES, "additionalProperties": ref("attribute")},
        "time": either(NAME, mapping({"column": NAME, "type": choice(TIME_TYPES)}, "column")),
        "link": _link(catalog),
        "rows": _rows(),
    }


def _entity() -> Schema:
    history = mapping({"valid_from": NAME, "valid_to": NAME, "type": choice(TIME_TYPES)})
    fields: dict[str, Schema] = {
        "description": {"description": "What it is.", **WORD},
        "model": MODEL,
        "key": {"description": "The column of its key.", **NAME},
        "since": labelled(ref("time"), "When a subject begins to exist: nobody is judged before."),
        "population": {"description": "A rule: who counts at all.", "type": ["object", "array"]},
        "history": {
            "description": "The columns that say from when until when a row held, or `recorded`.",
            **either(choice(["recorded"]), history),
        },
        "suppressed_by": {"description": "Segments whose members no audience is sent.", **one_or_more(WORD)},
        "attributes": labelled(ref("attributes"), "What is known of a subject."),
        "metrics": {
            "description": "Numeric attributes to follow day by day, or `all` numbers that rules look at; "
            "by default the numeric attributes that rules mention, unless personal.",
            **either(choice(["all"]), listed(WORD, 0)),
        },
        "events": {"description": "What subjects do: rows with a name and a time.", **_events()},
        "relations": {
            "description": "Rows about a subject (orders), or subjects of another entity (its company).",
            **_named(chain([(has("entity"), ref("link"))], ref("rows"))),
        },
    }
    return mapping(fields, "model", "key")


def _events() -> Schema:
    fields: dict[str, Schema] = {
        "model": MODEL,
        "subject": SUBJECT,
        "name": {"description": "The column with the event's name.", **NAME},
        "at": labelled(ref("time"), "The column that says when."),
        "properties": labelled(ref("attributes"), "What is known of an event."),
        "keeps": {"description": "How long events are kept, as in `400 days`.", **RETENTION},
        "names": {
            "description": "The events there are, as a list or each with a description; others are a warning.",
            **either(listed(WORD), {"type": "object", "additionalProperties": WORD}),
        },
        "active_by": {
            "description": "Those by which retention sees that a subject was active, or `any`.",
            **one_or_more(WORD),
        },
    }
    return mapping(fields, "model", "subject", "name", "at")


def _rows() -> Schema:
    fields: dict[str, Schema] = {
        "model": MODEL,
        "subject": SUBJECT,
        "at": labelled(ref("time"), "The column that says when; without it there are no windows."),
        "attributes": labelled(ref("attributes"), "What is known of a row."),
        "keeps": {"description": "How long rows are kept, as in `2 years`.", **RETENTION},
        **{word: labelled(ref("time"), f"The column that says when a message was {word}.") for word in MESSAGE},
    }
    return mapping(fields, "model", "subject")


def _link(catalog: Catalog) -> Schema:
    fields: dict[str, Schema] = {
        "entity": {"description": "The entity it leads to.", **choice(catalog.entities)},
        "through": {"description": "The table of pairs.", **NAME},
        "subject": SUBJECT,
        "related": {"description": "The column with the other's key.", **NAME},
    }
    return mapping(fields, "entity", "through", "subject", "related")
