"""What counts as being active: the events by which retention sees that a subject came back."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.compiler.fields import as_texts, error
from orchestration.compiler.source import Node

ANY = "any"


@dataclass(frozen=True)
class Activity:
    """Events of these names, in order; None is any event."""

    names: tuple[str, ...] | None


def node_to_activity(node: Node) -> Activity:
    """What stands behind `active_by:`. Raises Problems."""
    return Activity(event_names(node))


def event_names(node: Node) -> tuple[str, ...] | None:
    """The names of the events that count; None is any. Raises Problems."""
    names = as_texts(node)
    if not names:
        raise error("empty-list", "an empty list names no event", node.span, "name at least one, or write `any`")
    return None if ANY in names else tuple(sorted(set(names)))
