"""A search query as it is written: filters, and groups of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from orchestration.intercom.document import Json, below, found_instead
from orchestration.intercom.fault import Told

MAX_PARTS = 15
MAX_NESTED = 2
WITHOUT_MEANING = ("pagination", "sort")
EXAMPLE = 'as in `{"field": "email", "operator": "~", "value": "example"}`'


@dataclass(frozen=True)
class Filter:
    field: str
    operator: str
    value: Json
    path: str


@dataclass(frozen=True)
class Group:
    """AND holds when all parts hold, OR when one does."""

    operator: Literal["AND", "OR"]
    parts: tuple[Query, ...]
    path: str


Query: TypeAlias = Filter | Group


def json_to_query(document: Json, told: Told) -> Query | None:
    """The query of a request's body, or a query as it stands; None where it has no form at all, which is told."""
    if not isinstance(document, dict) or "query" not in document:
        return _query(document, "$", 0, told)
    for name in document:
        if name in WITHOUT_MEANING:
            told.note(f"`{name}` was left out: it does not change who is found")
        elif name != "query":
            told.fault(below("$", name), f"nothing is known about `{name}`", "take it out, if it means nothing")
    return _query(document["query"], "$.query", 0, told)


def _query(node: Json, path: str, depth: int, told: Told) -> Query | None:
    if not isinstance(node, dict):
        told.fault(path, f"expected a filter or a group, and {found_instead(node)}", EXAMPLE)
        return None
    known = ("field", "operator", "value") if "field" in node else ("operator", "value")
    missing = [name for name in known if name not in node]
    for name in missing:
        told.fault(path, f"there is no `{name}`", EXAMPLE)
    for name in node.keys() - set(known):
        told.fault(below(path, name), f"a {'filter' if 'field' in node else 'group'} has no `{name}`", "take it out")
    if missing:
        return None
    return _filter(node, path, told) if "field" in node else _group(node, path, depth, told)


def _filter(node: dict[str, Json], path: str, told: Told) -> Filter | None:
    field, operator = node["field"], node["operator"]
    if isinstance(field, str) and isinstance(operator, str):
        return Filter(field, operator, node["value"], path)
    for name in ("field", "operator"):
        if not isinstance(node[name], str):
            told.fault(below(path, name), f"expected a text, and {found_instead(node[name])}", EXAMPLE)
    return None


def _group(node: dict[str, Json], path: str, depth: int, told: Told) -> Group | None:
    operator, value = node["operator"], node["value"]
    if operator not in ("AND", "OR"):
        said = f"`{operator}`" if isinstance(operator, str) else found_instead(operator)
        told.fault(below(path, "operator"), f"filters are joined by AND or OR, and {said} is neither", "write `AND`")
    if not isinstance(value, list):
        reason = f"expected an array of filters, and {found_instead(value)}"
        told.fault(below(path, "value"), reason, "a filter has a `field`, a group an array of filters")
        return None
    if not value:
        told.fault(below(path, "value"), "a group of no filters has no meaning", "take it out")
    if len(value) > MAX_PARTS:
        told.note(f"{path} has {len(value)} filters; Intercom itself takes {MAX_PARTS} in a group")
    if depth >= MAX_NESTED:
        told.note(f"{path} is nested deeper than Intercom itself takes")
    parts = tuple(_parts(value, path, depth, told))
    return Group("OR" if operator == "OR" else "AND", parts, path)


def _parts(value: list[Json], path: str, depth: int, told: Told) -> Iterator[Query]:
    for number, item in enumerate(value):
        part = _query(item, f"{path}.value[{number}]", depth + 1, told)
        if part:
            yield part
