"""Schemas made small enough to commit: what is defined twice is defined once, what nothing needs is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator

from orchestration.compiler.schema.pieces import Schema

POINTER = "#/definitions/"


def compacted(schema: Schema) -> Schema:
    """The same schema; of equal definitions the first one stands for all."""
    definitions = _definitions(schema)
    rest = {name: value for name, value in schema.items() if name != "definitions"}
    while doubles := _doubles(definitions):
        definitions = {name: _renamed(each, doubles) for name, each in definitions.items() if name not in doubles}
        rest = _renamed(rest, doubles)
    needed = _needed(rest, definitions)
    return {**rest, "definitions": {name: each for name, each in definitions.items() if name in needed}}


def schema_to_text(schema: Schema) -> str:
    """One definition or field a line, so that a change of the catalog is a short difference."""
    lines = [f'"{name}": {json.dumps(value, ensure_ascii=False)}' for name, value in schema.items()]
    if definitions := _definitions(schema):
        inner = (f'  "{name}": {_lines(value)}' for name, value in definitions.items())
        lines[-1] = '"definitions": {\n' + ",\n".join(inner) + "\n}"
    return "{" + ",\n".join(lines) + "}\n"


def _lines(schema: Schema) -> str:
    """A definition on one line, or a choice of named things with a line for each."""
    match schema:
        case {"anyOf": [{"const": _}, *_] as named}:
            inner = (f"    {json.dumps(each, ensure_ascii=False)}" for each in named)
            return '{"anyOf": [\n' + ",\n".join(inner) + "\n  ]}"
        case _:
            return json.dumps(schema, ensure_ascii=False)


def _definitions(schema: Schema) -> dict[str, Schema]:
    found = schema.get("definitions", {})
    assert isinstance(found, dict), "definitions are by name"
    return found


def _doubles(definitions: dict[str, Schema]) -> dict[str, str]:
    """The name that stands for another, by the other."""
    first: dict[str, str] = {}
    found: dict[str, str] = {}
    for name, each in definitions.items():
        kept = first.setdefault(json.dumps(each, sort_keys=True), name)
        if kept != name:
            found[name] = kept
    return found


def _renamed(value: Schema, names: dict[str, str]) -> Schema:
    found = _walked(value, names)
    assert isinstance(found, dict), "a mapping stays one"
    return found


def _walked(value: object, names: dict[str, str]) -> object:
    match value:
        case {"$ref": str(target)}:
            name = target.removeprefix(POINTER)
            return {"$ref": POINTER + names.get(name, name)}
        case dict():
            return {key: _walked(each, names) for key, each in value.items()}
        case list():
            return [_walked(each, names) for each in value]
        case _:
            return value


def _needed(rest: Schema, definitions: dict[str, Schema]) -> set[str]:
    found: set[str] = set()
    waiting = list(_targets(rest))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_targets(definitions[name]))
    return found


def _targets(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(target)}:
            yield target.removeprefix(POINTER)
        case dict():
            for each in value.values():
                yield from _targets(each)
        case list():
            for each in value:
                yield from _targets(each)
