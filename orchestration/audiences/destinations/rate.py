"""Rates that a service allows, kept by waiting."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """At most `calls` within any `seconds`."""

    calls: int
    seconds: float


class Pace:
    """Keeps all of several rates, for the calls of one process; threads may share it."""

    def __init__(
        self,
        rates: Sequence[Rate],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._made = [(rate, deque[float](maxlen=rate.calls)) for rate in rates]
        self._clock, self._sleep, self._lock = clock, sleep, threading.Lock()

    def wait(self) -> None:
        """Return as soon as one more call is allowed, and count it."""
        with self._lock:
            # Whoever waits holds the lock, so that those behind do not overtake.
            if (ahead := self._ahead()) > 0:
                self._sleep(ahead)
            now = self._clock()
            for _, made in self._made:
                made.append(now)

    def _ahead(self) -> float:
        now = self._clock()
        full = [made[0] + rate.seconds - now for rate, made in self._made if len(made) == rate.calls]
        return max(full, default=0.0)
