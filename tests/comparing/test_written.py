"""What is written differently in a file of settings: every value, and nothing but values."""

from __future__ import annotations

from orchestration.comparing.written import LONGEST, Difference, differences, without_words
from orchestration.compiler.problem import SourceFile

BEFORE = """
segment: pro
split: {holdout: 10, a: 90}
consent: agreed
exclude_segments: [low, blocked]
exit_when: {performed: visit, in_last: 1 day}
"""
AFTER = """
# said anew
consent:   "agreed"
segment: pros
exclude_segments:
  - low
split:
  a: 80
  holdout: 20
exit_when: {any: [{performed: visit}, {low: 1}]}
"""


def source(text: str) -> SourceFile:
    return SourceFile("segment_specs/audiences/mail.yml", text)


def test_values_are_told_by_the_names_that_lead_to_them() -> None:
    assert differences(source(BEFORE), source(AFTER)) == (
        Difference("segment", "pro", "pros"),
        Difference("exclude_segments", "[low, blocked]", "[low]"),
        Difference("split.a", "90", "80"),
        Difference("split.holdout", "10", "20"),
        Difference("exit_when.any", "", "[{performed: visit}, {low: 1}]"),
        Difference("exit_when.performed", "visit", ""),
        Difference("exit_when.in_last", "1 day", ""),
    )


def test_comments_order_and_layout_are_no_difference() -> None:
    assert differences(source("a: 1\nb: [x, y]\n"), source("# so\nb:\n- x\n- y\na: 1\n")) == ()


def test_long_values_that_differ_at_their_end_differ() -> None:
    long = "x" * 100
    [found] = differences(source(f"a: {long}1\n"), source(f"a: {long}2\n"))
    assert len(found.before) == len(found.after) == LONGEST


def test_a_file_that_was_not_there() -> None:
    assert differences(None, source("a: 1\n")) == (Difference("a", "", "1"),)
    assert differences(None, None) == ()


def test_descriptions_change_nothing() -> None:
    found = differences(source("a: {description: x, type: text}\n"), source("a: {description: y, type: list}\n"))
    assert without_words(found) == (Difference("a.type", "text", "list"),)
