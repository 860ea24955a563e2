"""What every destination promises, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

from orchestration.audiences.delivery import Delivery
from orchestration.audiences.secret import Secret
from orchestration.audiences.values import Json


@dataclass(frozen=True)
class Refusal:
    """A subject that the destination did not take, and its reason in words without personal data.

    `removal` is true where it did not even take the removal: the subject may still be there as it was. Otherwise a
    removal of the subject in the same delivery is done.
    """

    key: str
    reason: str
    removal: bool = False


@dataclass(frozen=True)
class Receipt:
    """A destination's word that it has a delivery. `location` is for people.

    A file has a `path`, relative to the destination, a digest and a size; calls of an API have none. `repeated` is true
    when everything was there before. Of whoever is in `refused` nothing but a removal is acknowledged, so the rest is
    sent again next time.
    """

    delivery_id: str
    location: str
    path: str = ""
    sha256: str = ""
    bytes: int = 0
    repeated: bool = False
    refused: tuple[Refusal, ...] = ()


class Journal(Protocol):
    """What the calls of one delivery were answered, kept from the moment of the answer until the acknowledgement.

    `call` is the idempotency key of a call: the same in every attempt at the same delivery. After a crash, calls with
    an answer need not be made again; one without may have had its effect, and is made again under the same key.
    """

    def answer(self, call: str) -> Json:
        """What a call was answered, null where no answer was kept."""
        ...

    def keep(self, call: str, answer: Json) -> None:
        """Keep an answer, at once and for good. It holds no secrets; personal data only where a later call needs it."""
        ...


Told: TypeAlias = Callable[[int, int], None]


def tell_nobody(_done: int, _of: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Surroundings:
    """What destinations take from outside. `state` is the project's folder of local files.

    `secret` gives the value of an environment variable, or raises DestinationError. `progress` is told how many rows of
    a delivery are done.
    """

    state: Path
    secret: Callable[[str], Secret]
    progress: Told = field(default=tell_nobody)


class Destination(Protocol):
    """Somewhere audiences go."""

    def deliver(self, delivery: Delivery, journal: Journal) -> Receipt:
        """Take a delivery for good, or raise DestinationError. Taking it twice has the effect of once."""
        ...
