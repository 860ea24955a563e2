"""Batches that keep a receiver's limits, by count and by bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from orchestration.audiences.values import Json, canonical_json

T = TypeVar("T")
SEPARATOR = 1


@dataclass(frozen=True)
class Batches(Generic[T]):
    """`within` are the batches in order; each of `too_large` is more than a call may hold, even alone."""

    within: tuple[tuple[T, ...], ...]
    too_large: tuple[T, ...]


def batched(
    items: Iterable[T], size: Callable[[T], int], *, most: int, most_bytes: int, around: int = 0, most_each: int = 0
) -> Batches[T]:
    """Items in batches of at most `most`, each of at most `most_bytes` as JSON, in their order and as full as can be.

    `size` gives an item's bytes, a comma between two is counted, `around` is what surrounds a batch; `most_each` limits
    one item, 0 for no limit of its own. The same items always give the same batches.
    """
    within: list[tuple[T, ...]] = []
    too_large: list[T] = []
    batch: list[T] = []
    filled = around
    alone = min(most_bytes - around, most_each or most_bytes)
    for item in items:
        needed = size(item)
        if needed > alone:
            too_large.append(item)
            continue
        if batch and (len(batch) == most or filled + SEPARATOR + needed > most_bytes):
            within.append(tuple(batch))
            batch, filled = [], around
        filled += needed + (SEPARATOR if batch else 0)
        batch.append(item)
    return Batches((*within, tuple(batch)) if batch else tuple(within), tuple(too_large))


def json_size(value: Json) -> int:
    """The bytes of a value as `canonical_json` spells it, which is how calls are sent."""
    return len(canonical_json(value).encode())
