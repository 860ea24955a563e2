"""The calls of one delivery, each remembered.

A call has an idempotency key, which is sent along as `Idempotency-Key` and is the same in every attempt at the same
delivery. What an answer says that later calls need is kept in the journal, so that after a crash a call that was
answered is not made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from orchestration.audiences.destinations.base import Journal
from orchestration.audiences.destinations.http import AT_ONCE, Answer, Api, Call
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.values import Json, canonical_json

WINDOW = 512
Said = TypeVar("Said")


@dataclass(frozen=True)
class Session:
    """The calls of one delivery. `delivery` is its key."""

    api: Api
    delivery: str
    journal: Journal

    def call(self, call: Call, read: Callable[[Answer], Json]) -> Json:
        """What `read` takes from the answer: from the journal, or by making the call and keeping it there.

        Raises DestinationError.
        """
        key = self.key_of(call)
        if kept := _kept(self.journal.answer(key)):
            return kept[0]
        return self._keep(key, self._read(call, read, self.api.send(call, key)))

    def each(
        self, calls: Iterable[Call], read: Callable[[Answer], Json], told: Callable[[int], None] = lambda _done: None
    ) -> list[Json]:
        """Like `call` for each, several at once, with the answers in the order of the calls.

        For calls whose order does not matter. `told` is told how many are done. Raises DestinationError, after all
        answers that came are kept.
        """
        left, answers = iter(calls), list[Json]()
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            while window := list(islice(left, WINDOW)):
                answers += self._window(pool, window, read)
                told(len(answers))
        return answers

    def ask(self, call: Call, read: Callable[[Answer], Said]) -> Said:
        """What `read` takes from the answer to a question that changes nothing and may be different each time.

        Raises DestinationError.
        """
        return self._read(call, read, self.api.send(call))

    def key_of(self, call: Call) -> str:
        """SHA-256 of the delivery's key, the operation and all that the call says."""
        if call.key:
            return call.key
        told: list[Json] = [self.delivery, call.operation, call.method, call.path, {**call.query}, call.body]
        return hashlib.sha256(canonical_json(told).encode()).hexdigest()

    def _window(self, pool: ThreadPoolExecutor, calls: list[Call], read: Callable[[Answer], Json]) -> list[Json]:
        keys = [self.key_of(call) for call in calls]
        kept = [_kept(self.journal.answer(key)) for key in keys]
        # Equal calls are one call.
        missing = {key: call for key, call, known in zip(keys, calls, kept, strict=True) if not known}
        made = {key: (call, pool.submit(self.api.send, call, key)) for key, call in missing.items()}
        errors: list[DestinationError] = []
        new: dict[str, Json] = {}
        for key, (call, future) in made.items():
            if errors:
                future.cancel()
            self._take(key, future, partial(self._read, call, read), new, errors)
        if errors:
            raise errors[0]
        return [known[0] if known else new[key] for key, known in zip(keys, kept, strict=True)]

    def _take(
        self,
        key: str,
        future: Future[Answer],
        read: Callable[[Answer], Json],
        new: dict[str, Json],
        errors: list[DestinationError],
    ) -> None:
        if future.cancelled():
            return
        try:
            new[key] = self._keep(key, read(future.result()))
        except DestinationError as error:
            errors.append(error)

    def _read(self, call: Call, read: Callable[[Answer], Said], answer: Answer) -> Said:
        try:
            return read(answer)
        except (LookupError, TypeError, AttributeError, ValueError):
            error = self.api.unreadable(call)
        # Raised outside of the handler: what it handled shows what was answered.
        raise error

    def _keep(self, key: str, said: Json) -> Json:
        # In a list, since a journal says null where it has no answer.
        self.journal.keep(key, [said])
        return said


def _kept(answer: Json) -> list[Json]:
    return answer if isinstance(answer, list) else []
