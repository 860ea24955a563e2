"""JSON that is read strictly: keys once, numbers exact and finite, no endless nesting."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from orchestration.compiler.problem import Problems, SourceFile
from orchestration.compiler.source import refuse_odd_characters
from orchestration.intercom.fault import Fault, Faults, Told

Json: TypeAlias = "str | Decimal | bool | list[Json] | dict[str, Json] | None"

MAX_DEPTH = 24
MAX_DIGITS = 400
_NAME = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)


class _Pairs(NamedTuple):
    """An object as written, with keys that may come twice."""

    pairs: list[tuple[str, object]]


class _Odd(NamedTuple):
    """A number that is none."""

    text: str


def text_to_json(text: str, told: Told) -> Json:
    """The document; what is odd about it is told, with null in its place. Raises Faults for what is no JSON."""
    try:
        found = json.loads(text, object_pairs_hook=_Pairs, parse_float=_number, parse_int=_number, parse_constant=_Odd)
    except json.JSONDecodeError as wrong:
        reason = f"not JSON: {wrong.msg.lower()} at line {wrong.lineno}, column {wrong.colno}"
        raise Faults([Fault("$", reason, "hand over a search query as Intercom's API takes it")]) from None
    except RecursionError:
        raise Faults([_too_deep("$")]) from None
    return _json(found, "$", 0, told)


def _number(text: str) -> Decimal | _Odd:
    number = Decimal(text) if len(text) <= MAX_DIGITS else None
    return _Odd(text) if number is None or abs(number.adjusted()) > MAX_DIGITS else number


def _too_deep(path: str) -> Fault:
    return Fault(path, f"nested more than {MAX_DEPTH} levels deep", "flatten the query, or split it up")


def _json(value: object, path: str, depth: int, told: Told) -> Json:
    if depth > MAX_DEPTH and isinstance(value, _Pairs | list):
        raise Faults([*told.faults, _too_deep(path)])
    match value:
        case _Pairs(pairs):
            return _object(pairs, path, depth, told)
        case list():
            return [_json(item, f"{path}[{number}]", depth + 1, told) for number, item in enumerate(value)]
        case _Odd(text):
            told.fault(path, f"`{text}` is no number that can be compared with", "write a number of at most 18 digits")
            return None
        case str():
            return _text(value, path, told)
        case Decimal() | bool() | None:
            return value
        case _:
            raise TypeError(f"JSON has no {type(value).__name__}")


def _text(text: str, path: str, told: Told) -> str:
    """A text that a file can hold."""
    try:
        refuse_odd_characters(SourceFile("", text))
    except Problems as found:
        told.fault(path, found.problems[0].message, "delete it")
        return ""
    return text


def _object(pairs: list[tuple[str, object]], path: str, depth: int, told: Told) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for name, value in pairs:
        if name in found:
            told.fault(below(path, name), f"`{name}` is given twice", "keep one of the two")
        else:
            found[name] = _json(value, below(path, name), depth + 1, told)
    return found


def below(path: str, name: str) -> str:
    """The path of a field."""
    return f"{path}.{name}" if _NAME.match(name) else f"{path}[{json.dumps(name)}]"


def found_instead(value: Json) -> str:
    """What stands there, in words."""
    match value:
        case None:
            return "this is null"
        case bool():
            return f"this is {str(value).lower()}"
        case Decimal():
            return f"this is the number {value}"
        case str():
            return f"this is the text `{value}`"
        case list():
            return "this is an array"
        case _:
            return "this is an object"
