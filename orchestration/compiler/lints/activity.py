"""What a segment takes for activity, or an audience for its goal, and the catalog does not list."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.compiler.activity import ANY
from orchestration.compiler.catalog import Entity
from orchestration.compiler.problem import Problem, nearest
from orchestration.compiler.source import Node, Scalar, Sequence


def of_activity(node: Node | None, entity: Entity) -> Iterator[Problem]:
    """A warning for each event, of `active_by:` or a goal, that the catalog does not list, where it lists any."""
    listed = entity.events.names if entity.events else {}
    items = node.items if isinstance(node, Sequence) else (node,)
    for item in items if listed else ():
        if isinstance(item, Scalar) and item.text not in (ANY, *listed):
            message = f"the catalog lists no event `{item.text}`"
            yield Problem("unknown-event", message, item.span, nearest(item.text, listed), "warning")
