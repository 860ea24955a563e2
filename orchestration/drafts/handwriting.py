"""YAML in the handwriting of the specs: blocks outside, `{…}` and `[…]` for what is short and holds no conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias, assert_never

from orchestration.compiler import source
from orchestration.compiler.source import Node, resolve_scalar

Data: TypeAlias = "str | int | Decimal | bool | Sequence[Data] | Mapping[str, Data] | None"

WIDTH = 96
_PLAIN = re.compile(r"\w(?:[^:#]|:(?=[^\s,\[\]{}])|(?<=\S)#)*(?<=\S)\Z")
_OF_FLOW = re.compile(r"[,\[\]{}?]|:(?!\w)")
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\\": "\\\\", '"': '\\"'}


def mapping_to_yaml(content: Mapping[str, Data]) -> str:
    """The text of a file that holds these fields, in this order."""
    return "".join(f"{line}\n" for line in _block(content))


def node_to_data(node: Node) -> Data:
    """What was written, without places, comments and spelling."""
    match node:
        case source.Scalar():
            return node.value
        case source.Sequence():
            return [node_to_data(item) for item in node.items]
        case source.Mapping():
            return {entry.name: node_to_data(entry.value) for entry in node.entries}
        case _:
            assert_never(node)


def _block(value: Data) -> list[str]:
    """The lines of a value that stands below its name."""
    if isinstance(value, Mapping) and value:
        return [line for name, inner in value.items() for line in _entry(name, inner)]
    if isinstance(value, Sequence) and not isinstance(value, str) and value:
        return [line for item in value for line in _item(item)]
    return [_flow(value)]


def _entry(name: str, value: Data) -> list[str]:
    written = f"{_text(name, flow=False)}: {_flow(value) if _is_nested(value) else _scalar(value, flow=False)}"
    if not _is_nested(value) or (len(written) <= WIDTH and not _holds_conditions(value)):
        return [written]
    return [f"{_text(name, flow=False)}:", *(f"  {line}" for line in _block(value))]


def _item(value: Data) -> list[str]:
    if not _is_nested(value):
        return [f"- {_scalar(value, flow=False)}"]
    first, *others = _block(value)
    return [f"- {first}", *(f"  {line}" for line in others)]


def _is_nested(value: Data) -> bool:
    return isinstance(value, Mapping | Sequence) and not isinstance(value, str)


def _holds_conditions(value: Data) -> bool:
    """Whether a value is, or has in it, a list of mappings: conditions, steps, rows."""
    if isinstance(value, Mapping):
        return any(_holds_conditions(inner) for inner in value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(_is_nested(item) for item in value)
    return False


def _flow(value: Data) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        entries = (f"{_text(name, flow=True)}: {_flow(inner)}" for name, inner in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value, flow=True)


def _scalar(value: Data, *, flow: bool) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case str():
            return _text(value, flow=flow) if resolve_scalar(value) == value else _quoted(value)
        case _:
            raise TypeError(f"{type(value).__name__} is no scalar")


def _text(text: str, *, flow: bool) -> str:
    plain = _PLAIN.match(text) and text.isprintable() and not (flow and _OF_FLOW.search(text))
    return text if plain else _quoted(text)


def _quoted(text: str) -> str:
    if text.isprintable():
        doubled = text.replace("'", "''")
        return f"'{doubled}'"
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
