"""Where audiences can go: one module each."""

from __future__ import annotations

from pathlib import Path

from orchestration.audiences.audience import Audience
from orchestration.audiences.destinations.base import Destination, Receipt
from orchestration.audiences.destinations.folder import folder_destination
from orchestration.audiences.errors import DestinationError

__all__ = ["Destination", "Receipt", "destination_of"]


def destination_of(audience: Audience, state: Path) -> Destination:
    """The destination of an audience. `state` is the project's folder of local files. Raises DestinationError."""
    match audience.destination_settings.get("type"):
        case "folder":
            return folder_destination(audience.destination, audience.destination_settings, state)
        case unknown:
            raise DestinationError(
                f"destination {audience.destination}: there is no type {unknown!r}",
                "write `type: folder` in segment_specs/destinations.yml",
            )
