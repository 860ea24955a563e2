"""What every destination promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from orchestration.audiences.file import AudienceFile


@dataclass(frozen=True)
class Receipt:
    """A destination's word that it has a delivery. `path` is relative to the destination, `location` is for people.

    `repeated` is true when everything was there before.
    """

    delivery_id: str
    path: str
    location: str
    sha256: str
    bytes: int
    repeated: bool


class Destination(Protocol):
    """Somewhere audiences go."""

    def deliver(self, file: AudienceFile) -> Receipt:
        """Take a file whole and for good, or raise DestinationError. Taking it twice has the effect of once."""
        ...
