"""Waiting for what a service does in its own time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from orchestration.audiences.destinations.rate import Rate
from orchestration.calls import Patience

T = TypeVar("T")


@dataclass(frozen=True)
class Waiting:
    """How long to wait, in seconds: the first pause, doubled each time up to `longest`, for `total` in all."""

    first: float
    longest: float
    total: float

    def until(self, ask: Callable[[], T | None]) -> T | None:
        """The first answer of `ask` that is not null; null when `total` has passed. It is asked at least once."""
        pause, ends = self.first, time.monotonic() + self.total
        while (said := ask()) is None:
            left = ends - time.monotonic()
            if left <= 0:
                return None
            time.sleep(min(pause, left))
            pause = min(2 * pause, self.longest)
        return said


@dataclass(frozen=True)
class Tempo:
    """The rates that a service allows, how often calls are tried, and how long it is waited for.

    `job` is for something it does in its own time to end, `search` for whoever was sent just before to be found.
    """

    rates: tuple[Rate, ...]
    patience: Patience
    job: Waiting
    search: Waiting
