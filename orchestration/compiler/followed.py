"""Which numbers of an entity are followed day by day, as its catalog entry says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Literal, TypeAlias

from orchestration.compiler.fields import Report, as_text, error
from orchestration.compiler.problem import nearest
from orchestration.compiler.source import Node, Scalar, Sequence

# attributes by name; `all` is every number that rules look at, None the numeric attributes among those
Metrics: TypeAlias = tuple[str, ...] | Literal["all"] | None


def node_to_metrics(node: Node, is_number: Mapping[str, bool], report: Report) -> Metrics:
    """The attributes named, or `all`; `is_number` tells of each attribute whether it is one."""
    if isinstance(node, Scalar):
        if node.text == "all":
            return "all"
        raise error("not-a-list", "expected a list of attributes", node.span, "write `[a, b]`, or `all`")
    items = node.items if isinstance(node, Sequence) else (node,)
    found = (report.attempt(partial(_metric, item, is_number)) for item in items)
    return tuple(dict.fromkeys(name for name in found if name))


def _metric(node: Node, is_number: Mapping[str, bool]) -> str:
    name = as_text(node)
    if name not in is_number:
        known = nearest(name, [each for each, numeric in is_number.items() if numeric])
        raise error("unknown-attribute", f"there is no attribute `{name}` to follow", node.span, known)
    if not is_number[name]:
        help_ = "name attributes of type integer, number or float"
        raise error("not-a-number", f"`{name}` is no number", node.span, help_)
    return name
