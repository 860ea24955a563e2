"""Small pieces of JSON Schema, draft-07: the draft that the editors' YAML language server knows best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from orchestration.compiler.schema.said import SAID

Schema: TypeAlias = dict[str, object]

WORD: Schema = {"type": ["string", "number"]}
TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
KEY: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,54}$"}
NAME: Schema = {"type": "string", "pattern": "^[^{}'\"\\\\;]+$"}


def ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def either(*schemas: Schema) -> Schema:
    return {"anyOf": list(schemas)} if len(schemas) > 1 else schemas[0]


def pattern(expression: str, *examples: str) -> Schema:
    """A text of this shape; editors offer the examples, and name the first one where another shape is written."""
    found: Schema = {"type": "string", "pattern": f"^\\s*{expression}\\s*$"}
    if not examples:
        return found
    return {**found, "examples": list(examples), "errorMessage": f"Write it as in `{examples[0]}`."}


def listed(items: Schema, least: int = 1, most: int | None = None) -> Schema:
    found: Schema = {"type": "array", "items": items, "minItems": least}
    return found if most is None else {**found, "maxItems": most}


def one_or_more(item: Schema) -> Schema:
    return either(item, listed(item))


def choice(names: Iterable[object], descriptions: Iterable[str] = ()) -> Schema:
    """One of these values; editors show the descriptions beside them, and refuse a choice of nothing."""
    found: Schema = {"enum": list(names)}
    if not found["enum"]:
        return {"not": {}}
    said = list(descriptions)
    return {**found, "enumDescriptions": said} if any(said) else found


def option(name: str, description: str) -> Schema:
    """One name among others, each on a line of its own in the file."""
    return {"const": name, "description": description}


def described(schema: Schema, word: str) -> Schema:
    """The schema with what is said about a word of the language."""
    return labelled(schema, SAID[word])


def labelled(schema: Schema, description: str) -> Schema:
    """The schema with a description; beside a reference nothing else would be read."""
    return {"description": description, **({"anyOf": [schema]} if "$ref" in schema else schema)}


def mapping(properties: dict[str, Schema], *required: str, **more: object) -> Schema:
    """A mapping with these fields and no others."""
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    return {**found, "required": list(required)} if required else found


def has(*words: str) -> Schema:
    """A mapping that has all of these fields."""
    return {"type": "object", "required": list(words)}


def has_any(words: Iterable[str]) -> Schema:
    return either(*(has(word) for word in words))


def more_than(words: Sequence[str]) -> Schema:
    """A mapping in which something stands beside these fields."""
    return {"not": {"propertyNames": {"enum": list(words)}}}


def excluding(alone: Iterable[str], others: Iterable[str]) -> Schema:
    """Dependencies by which none of `alone` stands beside another of them, or beside one of `others`."""
    singles, rest = list(alone), list(others)
    return {
        "dependencies": {
            word: {"not": has_any([other for other in (*singles, *rest) if other != word])} for word in singles
        }
    }


def chain(branches: Sequence[tuple[Schema, Schema]], otherwise: Schema) -> Schema:
    """The schema of the first branch whose test holds; errors are those of that branch alone."""
    found = otherwise
    for test, then in reversed(branches):
        found = {"if": test, "then": then, "else": found}
    return found
