"""What goes wrong at a service, at random or as told."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Trouble(StrEnum):
    """How one request goes wrong, before or after it had its effect."""

    BUSY = "429, nothing done"
    FAILED_BEFORE = "500, nothing done"
    FAILED_AFTER = "500, but done"
    RESET_BEFORE = "connection reset, nothing done"
    RESET_AFTER = "connection reset, but done"

    @property
    def takes_effect(self) -> bool:
        return self in {Trouble.FAILED_AFTER, Trouble.RESET_AFTER}


@dataclass(frozen=True)
class Plan:
    """First `script`, then trouble in `share` of the requests, by chance from `seed`, at most `most` in a row."""

    share: float = 0.0
    seed: int = 0
    most: int = 3
    kinds: tuple[Trouble, ...] = tuple(Trouble)
    script: Sequence[Trouble | None] = ()


class Fate:
    """What befalls one request after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.chance, self.in_a_row = plan, random.Random(plan.seed), 0
        self.script = [*plan.script]

    def next(self) -> Trouble | None:
        if self.script:
            return self.script.pop(0)
        troubled = self.chance.random() < self.plan.share and self.in_a_row < self.plan.most
        self.in_a_row = self.in_a_row + 1 if troubled else 0
        return self.chance.choice(self.plan.kinds) if troubled else None
