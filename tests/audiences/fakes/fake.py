"""A stateful fake in a process of its own: whoever calls it may be killed, what it was sent stays."""

from __future__ import annotations

import multiprocessing
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol

from tests.audiences.fakes.serving import Request, ResetError, Response, serving
from tests.audiences.fakes.troubles import Fate, Plan, Trouble

SETTLED_WITHIN = 10.0


class Brain(Protocol):
    """What a fake knows and does. It is only ever asked by one thread at a time, and must pickle."""

    def answer(self, request: Request) -> Response: ...

    def state(self) -> Any:
        """All that it keeps, to be compared."""
        ...


@dataclass(frozen=True)
class Logged:
    """One request that a fake saw, and whether it had its effect there."""

    method: str
    path: str
    key: str
    content: bytes
    took_effect: bool

    @property
    def call(self) -> tuple[str, str, str, bytes]:
        return self.method, self.path, self.key, self.content


def once_each(log: list[Logged]) -> list[tuple[str, str, str, bytes]]:
    """The calls that had an effect, without the repeats of an idempotency key."""
    seen = dict[str, tuple[str, str, str, bytes]]()
    for entry in log:
        if entry.took_effect:
            assert entry.key, f"{entry.method} {entry.path} has no idempotency key"
            first = seen.setdefault(entry.key, entry.call)
            assert first == entry.call, f"one key, two calls: {entry.method} {entry.path}"
    return [*seen.values()]


@dataclass
class _Troubled:
    """The service around a brain: lets things go wrong, and writes down what came."""

    brain: Brain
    fate: Fate = field(default_factory=lambda: Fate(Plan()))
    log: list[Logged] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: int = 0
    broken: list[str] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.waiting += 1
        try:
            with self.lock:
                return self._answer(request)
        except (AssertionError, KeyError, ValueError):
            self.broken.append(traceback.format_exc())
            raise
        finally:
            self.waiting -= 1

    def _answer(self, request: Request) -> Response:
        trouble = self.fate.next()
        done = trouble is None or trouble.takes_effect
        response = self.brain.answer(request) if done else Response(500)
        took = done and response.status < 500 and response.status != 429 and response.changes
        self.log.append(Logged(request.method, request.path, request.key, request.content, took))
        match trouble:
            case None:
                return response
            case Trouble.BUSY:
                return Response(429, {"errors": [{"code": "rate_limit_exceeded"}]}, {"Retry-After": "0"})
            case Trouble.FAILED_BEFORE | Trouble.FAILED_AFTER:
                return Response(500)
            case _:
                raise ResetError


def _run(pipe: Connection, brain: Brain) -> None:
    service = _Troubled(brain)
    with serving(service) as address:
        pipe.send(address)
        while True:
            match pipe.recv():
                case ("be", new, plan):
                    with service.lock:
                        service.brain, service.fate = new, Fate(plan)
                        service.log, service.broken = [], []
                    pipe.send(None)
                case "tell":
                    with service.lock:
                        pipe.send((service.brain, service.log, service.waiting, service.broken))
                case _:
                    return


@dataclass(frozen=True)
class Told:
    """A fake's brain as it is now, and its log."""

    brain: Brain
    log: list[Logged]

    @property
    def state(self) -> Any:
        return self.brain.state()


@dataclass(frozen=True)
class Fake:
    """The other end of a fake."""

    address: str
    pipe: Connection

    def be(self, brain: Brain, plan: Plan | None = None) -> None:
        """Start anew as this brain, with these troubles."""
        self.pipe.send(("be", brain, plan or Plan()))
        self.pipe.recv()

    def tell(self) -> Told:
        """What it holds, once nothing is under way any more. Fails if it was sent what it could not take."""
        for _ in range(int(SETTLED_WITHIN / 0.01)):
            self.pipe.send("tell")
            brain, log, waiting, broken = self.pipe.recv()
            assert not broken, broken[0]
            if not waiting:
                return Told(brain, log)
            time.sleep(0.01)
        raise AssertionError("the fake does not settle")


@contextmanager
def faked(brain: Brain) -> Iterator[Fake]:
    """A fake in a process of its own while the block runs."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(theirs, brain), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Fake(ours.recv(), ours)
    finally:
        ours.send("stop")
        process.join(5)
        process.kill()
