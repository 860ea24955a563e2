"""Batches by count and by bytes."""

from __future__ import annotations

import random

import pytest

from orchestration.audiences.destinations.batches import batched, json_size
from orchestration.audiences.values import Json, canonical_json


def test_batches_are_cut_by_count() -> None:
    assert batched("abcde", len, most=2, most_bytes=99).within == (("a", "b"), ("c", "d"), ("e",))


def test_batches_are_cut_by_bytes_commas_included() -> None:
    assert batched(["aa", "bb", "cc"], len, most=9, most_bytes=5).within == (("aa", "bb"), ("cc",))
    assert batched(["aa", "bb", "cc"], len, most=9, most_bytes=4).within == (("aa",), ("bb",), ("cc",))


def test_what_is_too_large_alone_is_set_apart() -> None:
    made = batched(["aa", "bbbbbb", "cc"], len, most=9, most_bytes=7, around=2)
    assert (made.within, made.too_large) == ((("aa", "cc"),), ("bbbbbb",))
    made = batched(["aa", "bbb"], len, most=9, most_bytes=99, most_each=2)
    assert (made.within, made.too_large) == ((("aa",),), ("bbb",))


def test_nothing_makes_no_batch() -> None:
    assert batched([], len, most=1, most_bytes=1).within == ()


@pytest.mark.parametrize("seed", range(20))
def test_real_calls_stay_within_their_bytes_and_are_as_full_as_can_be(seed: int) -> None:
    chance = random.Random(seed)
    items: list[Json] = [{"email": "é" * chance.randrange(40)} for _ in range(200)]
    most, most_bytes = chance.randrange(1, 40), chance.randrange(120, 900)
    made = batched(items, json_size, most=most, most_bytes=most_bytes, around=json_size({"contacts": []}))
    assert [item for batch in made.within for item in batch] == items
    calls = [len(canonical_json({"contacts": [*batch]}).encode()) for batch in made.within]
    assert all(size <= most_bytes for size in calls)
    for size, batch, after in zip(calls, made.within, made.within[1:], strict=False):
        assert len(batch) == most or size + 1 + json_size(after[0]) > most_bytes
