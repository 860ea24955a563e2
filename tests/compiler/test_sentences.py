"""Every rule in words: a golden file of sentences, each of which means one rule only."""

from __future__ import annotations

import os

import pytest

from orchestration.compiler.canonical import canonical
from orchestration.compiler.catalog import Catalog
from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.segment import StaticMembers
from orchestration.compiler.sentence import plural, segment_to_sentence
from tests.behaviour.cases import cases
from tests.project import REPOSITORY
from tests.reference.judging import compiled

GOLDEN = REPOSITORY / "tests" / "golden" / "sentences.txt"


@pytest.fixture(scope="module")
def compilations() -> dict[str, Compilation]:
    """The shipped segments, and those of all cases of behaviour, by case."""
    found = {"": compile_sources(read_sources(REPOSITORY))}
    return found | {f"{case.name} / ": compiled(case.world(next(iter(case.days)))) for case in cases()}


def test_sentences_are_the_golden_ones(compilations: dict[str, Compilation]) -> None:
    said = [
        f"{case}{key}\n    {segment_to_sentence(segment)}\n"
        for case, compilation in compilations.items()
        for key, segment in compilation.segments.items()
    ]
    if os.environ.get("MUSTER_WRITE_GOLDEN"):
        GOLDEN.write_text("".join(said), encoding="utf-8")
    assert "".join(said) == GOLDEN.read_text("utf-8")


def test_two_rules_of_one_catalog_never_have_the_same_sentence(compilations: dict[str, Compilation]) -> None:
    rules: dict[tuple[str, str], str] = {}
    for case, compilation in compilations.items():
        for key, segment in compilation.segments.items():
            if isinstance(segment.rule, StaticMembers):
                continue  # one path, another list in each case
            rule = canonical(segment.rule)
            identity = (_all_of(compilation.catalog), segment_to_sentence(segment))
            assert rules.setdefault(identity, rule) == rule, f"{case}{key}"


def _all_of(catalog: Catalog) -> str:
    return repr([(entity, entity.attributes, entity.relations) for entity in catalog.entities.values()])


@pytest.mark.parametrize(
    ("noun", "expected"),
    [("person", "people"), ("company", "companies"), ("household", "households"), ("box", "boxes"), ("day", "days")],
)
def test_plurals(noun: str, expected: str) -> None:
    assert plural(noun) == expected
