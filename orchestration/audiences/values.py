"""Warehouse values as text that is the same on every run and every engine."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def value_to_json(value: object) -> Json:
    """A warehouse value as JSON. NaN is unknown; exact decimals stay exact as text; timestamps are UTC with a Z."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return int(value)
        case float():
            return _number(value)
        case Decimal():
            return None if value.is_nan() else format(value, "f")
        case datetime():
            return _instant(value)
        case date() | time():
            return value.isoformat()
        case UUID():
            return str(value)
        case list() | tuple():
            return [value_to_json(item) for item in value]
        case Mapping():
            return {str(name): value_to_json(item) for name, item in value.items()}
        case _:
            raise TypeError(f"a value of type {type(value).__name__} has no text form")


def canonical_json(value: Json) -> str:
    """One spelling per value: sorted names, no spaces, no escapes that UTF-8 does not need."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def json_to_cell(value: Json) -> str:
    """A value as it stands in a CSV cell: unknown is empty, booleans are true and false, lists are JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return canonical_json(value)


def key_to_text(value: object) -> str:
    """A subject's key as text, as the ledger keeps it."""
    return json_to_cell(value_to_json(value))


def key_order(key: str) -> tuple[int, int, str]:
    """Sorts keys: whole numbers by value, then all other text by code point, whatever the engine's collation."""
    if re.fullmatch(r"-?[0-9]{1,18}", key):
        return 0, int(key), key
    return 1, 0, key


def _number(value: float) -> Json:
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def _instant(value: datetime) -> str:
    utc = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")
