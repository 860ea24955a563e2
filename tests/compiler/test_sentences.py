"""Every rule in words: a golden file of sentences, each of which means one rule only."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestration.compiler.canonical import canonical
from orchestration.compiler.compile import compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.segment import Segment, StaticMembers
from orchestration.compiler.sentence import plural, segment_to_sentence
from tests.behaviour.cases import cases
from tests.project import REPOSITORY
from tests.reference.judging import compiled

GOLDEN = REPOSITORY / "tests" / "golden" / "sentences.txt"


def known_segments() -> Iterator[tuple[str, Segment]]:
    """The shipped segments, and those of all cases of behaviour."""
    for key, segment in compile_sources(read_sources(REPOSITORY)).segments.items():
        yield key, segment
    for case in cases():
        for key, segment in compiled(case.catalog, case.specs, case.static).segments.items():
            yield f"{case.name} ({key})", segment


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[str, Segment]]:
    return {name: (segment_to_sentence(segment), segment) for name, segment in known_segments()}


def test_sentences_are_the_golden_ones(said: dict[str, tuple[str, Segment]]) -> None:
    text = "".join(f"{name}\n    {sentence}\n" for name, (sentence, _) in said.items())
    if os.environ.get("MUSTER_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text("utf-8")


def test_two_rules_never_have_the_same_sentence(said: dict[str, tuple[str, Segment]]) -> None:
    rules: dict[str, str] = {}
    for name, (sentence, segment) in said.items():
        if isinstance(segment.rule, StaticMembers):
            continue  # one path, another list in each case
        rule = canonical(segment.rule)
        assert rules.setdefault(sentence, rule) == rule, name


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("person", "people"), ("company", "companies"), ("household", "households"), ("box", "boxes"), ("day", "days")],
)
def test_plurals(noun: str, expected: str) -> None:
    assert plural(noun) == expected
