"""What may stand under each word of the rule language, in words, as the schema that editors check says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from orchestration.compiler.behaviour import AGGREGATES
from orchestration.compiler.compile import compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.schema.said import SAID
from orchestration.compiler.schema.segments import segment_schema
from tests.project import REPOSITORY

Schema = dict[str, Any]
NAMES = {
    ":rule": "a condition, or a list of them",
    ":names": "an event's name",
    ":segments": "a segment's key",
    ":number": "a number, another attribute, or a share of one",
    ":counts": "a number, a list of numbers, or number operators",
    "-counts": "a number, a list of numbers, or number operators",
}
ATTRIBUTES = (*AGGREGATES, "within", "attribute")
TYPES = {"string": "a text", "number": "a number", "boolean": "`true` or `false`"}
PLURALS = {"a text": "texts", "a number": "numbers"}
AS_IN = "as in "


@cache
def schema() -> Schema:
    """The schema of this repository's own segments."""
    return segment_schema(compile_sources(read_sources(REPOSITORY)).catalog, [], ())


@cache
def takes() -> dict[str, str]:
    """What each word takes, by its name in `SAID`."""
    found: dict[str, list[str]] = {word: [] for word in SAID}
    words = {said: word for word, said in SAID.items()}
    for place in _places(schema()):
        word = words.get(place["description"])
        if word:
            found[word].extend(_said(word, place))
    return {word: _joined(said) for word, said in found.items()}


def _joined(said: Iterable[str]) -> str:
    """Each thing once; of two that begin alike the longer one; all examples behind one `as in`."""
    each = list(dict.fromkeys(said))
    examples = [name for one in each if one.startswith(AS_IN) for name in one.removeprefix(AS_IN).split(", ")]
    plain = [one for one in each if not one.startswith(AS_IN)]
    kept = [one for one in plain if not any(other.startswith(f"{one},") for other in plain)]
    return " or ".join((*kept, *((AS_IN + ", ".join(dict.fromkeys(examples)),) if examples else ())))


def _places(node: object) -> Iterator[Schema]:
    """Every part of a schema that has a description."""
    match node:
        case dict():
            if isinstance(node.get("description"), str):
                yield node
            for each in node.values():
                yield from _places(each)
        case list():
            for each in node:
                yield from _places(each)


def _said(word: str, part: Schema) -> tuple[str, ...]:
    match part:
        case {"$ref": reference}:
            return _of_reference(word, reference)
        case {"anyOf": parts}:
            plain = [each for each in parts if "enum" not in each or {"type": "string"} not in parts]
            return tuple(said for each in plain for said in _said(word, each))
        case {"enum": _} if word in ATTRIBUTES:
            return ("an attribute's name",)
        case {"enum": _} | {"const": str()} if word == "related":
            return ("a relation's name",)
        case {"enum": values}:
            return (", ".join(f"`{value}`" for value in values),)
        case {"const": _}:
            return ("`true`",)
        case {"items": list()}:
            return ("a list of steps",)
        case {"items": item}:
            return (_of_list(part, _joined(_said(word, item))),)
        case _:
            return _plain(part)


def _plain(part: Schema) -> tuple[str, ...]:
    match part:
        case {"examples": [*examples]}:
            return (AS_IN + ", ".join(f"`{each}`" for each in examples),)
        case {"type": "integer"}:
            return ("a whole number",)
        case {"type": str() as kind} if kind in TYPES:
            return (TYPES[kind],)
        case {"properties": fields}:
            few = " or ".join(f"`{name}`" for name in fields) if len(fields) <= 3 else ""
            return (f"a mapping with {few}" if few else "a mapping of operators",)
        case _:
            return ()


def _of_list(part: Schema, item: str) -> str:
    if part.get("maxItems") == 2:
        return f"a list of two, each {item}"
    return f"a list of {PLURALS.get(item, 'them')}"


def _of_reference(word: str, reference: str) -> tuple[str, ...]:
    name = reference.removeprefix("#/definitions/")
    known = next((said for ending, said in NAMES.items() if name.endswith(ending)), None)
    return (known,) if known else _said(word, schema()["definitions"][name])
