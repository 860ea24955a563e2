"""Reading the values that a test gives: each of its attribute's type, nothing coerced."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.dates import text_to_date
from orchestration.compiler.fields import error
from orchestration.compiler.operators import as_number
from orchestration.compiler.problem import Problems
from orchestration.compiler.source import Node, Scalar, Sequence
from orchestration.compiler.spectest import Given

LONG_AGO = date(1900, 1, 1)
_AN = {Type.INTEGER: "an integer"}


def node_to_given(node: Node, attribute: Attribute, timezone: str) -> Given:
    """The value of an attribute; null is unknown. Raises Problems."""
    if isinstance(node, Scalar) and node.value is None:
        return None
    if attribute.type is Type.LIST:
        return _list(node, attribute)
    value = node.value if isinstance(node, Scalar) else None
    match attribute.type, value:
        case Type.TEXT, str():
            return value
        case Type.BOOLEAN, bool():
            return value
        case Type.INTEGER, int() if not isinstance(value, bool):
            return as_number(node)
        case ((Type.NUMBER | Type.FLOAT), int() | Decimal()) if not isinstance(value, bool):
            return as_number(node)
        case ((Type.DATE | Type.TIMESTAMP), str()):
            return node_to_moment(node, attribute.type, timezone)
        case _:
            raise _wrong(node, attribute)


def node_to_moment(node: Node, kind: Type, timezone: str) -> Given:
    """A day, or an instant in UTC: a date stands for noon of its local day. Null is unknown. Raises Problems."""
    if isinstance(node, Scalar) and node.value is None:
        return None
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        raise error("bad-date", "expected a date", node.span, "write `2026-01-31`")
    moment = text_to_date(node.value.strip(), node.span)
    if kind is Type.TIMESTAMP:
        return moment if isinstance(moment, datetime) else day_to_instant(moment, time(12), timezone)
    if isinstance(moment, datetime):
        raise error("bad-date", f"`{node.text}` is not a day", node.span, "leave out the time of day")
    return moment


def node_to_day(node: Node) -> date:
    """A day. Raises Problems."""
    moment = node_to_moment(node, Type.DATE, "UTC")
    if not isinstance(moment, date):
        raise error("bad-date", "expected a date", node.span, "write `2026-01-31`")
    return moment


def day_to_instant(day: date, local: time, timezone: str) -> datetime:
    """An instant in UTC, by its local day and time of day."""
    return datetime.combine(day, local, ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)


def _list(node: Node, attribute: Attribute) -> tuple[str | None, ...]:
    if not isinstance(node, Sequence):
        raise error("not-a-list", f"`{attribute.name}` is a list", node.span, "write `[a, b]`")
    element = Attribute(attribute.name, attribute.column, Type.TEXT)
    found = [node_to_given(item, element, "UTC") for item in node.items]
    return tuple(item for item in found if item is None or isinstance(item, str))


def _wrong(node: Node, attribute: Attribute) -> Problems:
    kind = _AN.get(attribute.type, f"a {attribute.type}")
    shown = f"`{node.text}` is not" if isinstance(node, Scalar) else "this is not"
    quoted = attribute.type is Type.TEXT and isinstance(node, Scalar)
    help_ = "write a value of that type, or `null` for unknown"
    if quoted and isinstance(node, Scalar):
        help_ = f'quote it to give the text: "{node.text}"'
    return error("wrong-value", f"`{attribute.name}` is {kind} and {shown}", node.span, help_)
