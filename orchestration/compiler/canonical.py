"""One text for everything that decides about members, the same in every version of Muster that understands it so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from hashlib import sha256


def digest_of(*values: object) -> str:
    """A digest of what values say; fields that are left at their default, or do not matter, say nothing."""
    return sha256("\n".join(canonical(value) for value in values).encode()).hexdigest()


def canonical(value: object) -> str:
    match value:
        case Enum():
            return repr(value.value)
        case tuple() | list():
            return f"({', '.join(map(canonical, value))})"
        case dict():
            return f"{{{', '.join(f'{key!r}: {canonical(each)}' for key, each in value.items())}}}"
        case Decimal():
            return repr(int(value)) if value == value.to_integral_value() else format(value.normalize(), "f")
        case _ if is_dataclass(value):
            return f"{type(value).__name__}({', '.join(_said(value, fields(value)))})"
        case _:
            return repr(value)


def _said(value: object, known: tuple[Field[object], ...]) -> Iterator[str]:
    for each in known:
        found = getattr(value, each.name)
        if each.repr and (each.default is MISSING or found != each.default):
            yield f"{each.name}={canonical(found)}"
