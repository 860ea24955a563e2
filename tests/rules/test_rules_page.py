"""docs/rules.md has every word of the rule language, and every example on it says the truth.

`MUSTER_WRITE_GOLDEN=1 make test` writes it anew.
"""

from __future__ import annotations

import pytest

from orchestration.compiler.operators import BARE, MODIFIERS, WORDS
from orchestration.compiler.problem import SourceFile, render_problem
from orchestration.compiler.resolve import BESIDE, GROUPS, SUBJECTS
from orchestration.compiler.schema.said import CHAPTERS, SAID, SPELLED
from orchestration.compiler.source import Mapping, parse
from orchestration.spectests.running import run_tests
from tests.compiler.test_rejected import written
from tests.project import REPOSITORY
from tests.rules.examples import CHAPTER_FILES, compiled, of_words, specs, words_in
from tests.rules.page import KINDS, page, spelled
from tests.rules.takes import takes

PAGE = REPOSITORY / "docs" / "rules.md"
EXAMPLES = [(word, text) for chapter in CHAPTER_FILES for word, text in of_words(chapter).items()]


def test_the_page_is_that_of_the_compiler() -> None:
    assert written(page(), PAGE), "MUSTER_WRITE_GOLDEN=1 make test"


def test_every_word_of_the_language_is_described() -> None:
    operators = {word for words in WORDS.values() for word in words}
    language = {*GROUPS, *SUBJECTS, *BESIDE, *operators, *BARE, *MODIFIERS}
    assert {spelled(word) for word in SAID} == language


def test_the_table_of_operators_has_every_type() -> None:
    assert {words for kind, words in WORDS.items() if kind in KINDS} == set(WORDS.values())


def test_two_words_are_not_described_alike() -> None:
    assert len(set(SAID.values())) == len(SAID)
    assert set(SPELLED) <= set(SAID)


def test_every_word_says_what_it_takes() -> None:
    assert [word for word, said in takes().items() if not said] == []


def test_every_word_has_its_example() -> None:
    assert {chapter: set(of_words(chapter)) for chapter in CHAPTERS} == {
        chapter: set(words) for chapter, words in CHAPTERS.items()
    }


@pytest.mark.parametrize(("word", "text"), EXAMPLES, ids=[word for word, _ in EXAMPLES])
def test_an_example_uses_its_word(word: str, text: str) -> None:
    root = parse(SourceFile("example.yml", text))
    assert isinstance(root, Mapping)
    rule = next(entry.value for entry in root.entries if entry.name == "where")
    assert spelled(word) in words_in(rule)


def test_every_example_shows_who_is_in_and_who_is_not() -> None:
    compilation = compiled()
    for key in specs():
        assert {test.member for test in compilation.segments[key].tests} == {True, False}, key


def test_every_example_says_the_truth() -> None:
    outcome = run_tests(compiled())
    assert [render_problem(failure) for failure in outcome.failures] == []
    assert outcome.count >= 2 * len(specs())
