"""What decided, and what would turn it, against trying every change of one condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, product

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.questions.deciding import Need, deciding, need_to_words, otherwise, turning
from orchestration.questions.explaining import Finding

CONDITION = st.booleans().map(lambda holds: Finding("", holds, ""))
KINDS = st.sampled_from(("all", "any", "none", "not all"))
TREES = st.recursive(
    CONDITION,
    lambda inner: st.builds(
        lambda kind, parts: Finding("", False, "", tuple(parts), kind), KINDS, st.lists(inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
).map(lambda tree: judged(numbered(tree, count())))


def numbered(tree: Finding, numbers: Iterator[int]) -> Finding:
    if tree.kind == "condition":
        return replace(tree, said=str(next(numbers)))
    return replace(tree, parts=tuple(numbered(part, numbers) for part in tree.parts))


def judged(tree: Finding) -> Finding:
    """The tree with the answers that follow from its conditions."""
    if tree.kind == "condition":
        return tree
    parts = tuple(map(judged, tree.parts))
    held = [part.holds for part in parts]
    holds = {"all": all(held), "any": any(held), "none": not any(held), "not all": not all(held)}[tree.kind]
    return replace(tree, parts=parts, holds=holds)


def conditions(tree: Finding) -> list[Finding]:
    return [tree] if tree.kind == "condition" else [each for part in tree.parts for each in conditions(part)]


def changed(tree: Finding, answers: dict[str, bool]) -> bool:
    """The whole's answer where conditions have these answers."""
    if tree.kind == "condition":
        return answers[tree.said]
    return judged(given_answers(tree, answers)).holds


def given_answers(tree: Finding, answers: dict[str, bool]) -> Finding:
    if tree.kind == "condition":
        return replace(tree, holds=answers[tree.said])
    return replace(tree, parts=tuple(given_answers(part, answers) for part in tree.parts))


def answers_of(tree: Finding) -> dict[str, bool]:
    return {each.said: each.holds for each in conditions(tree)}


@settings(max_examples=200, database=None)
@given(TREES)
def test_one_condition_turns_the_whole_exactly_where_turning_says_so(tree: Finding) -> None:
    answers = answers_of(tree)
    alone = {name for name in answers if changed(tree, answers | {name: not answers[name]}) is not tree.holds}
    assert {each.said for each in turning(tree)} == alone


@settings(max_examples=200, database=None)
@given(TREES)
def test_what_decided_is_enough(tree: Finding) -> None:
    kept = answers_of(tree)
    free = [name for name in kept if name not in {each.said for each in deciding(tree)}]
    for values in product((True, False), repeat=len(free)):
        assert changed(tree, kept | dict(zip(free, values, strict=True))) is tree.holds


@settings(max_examples=200, database=None)
@given(TREES)
def test_what_would_have_to_be_otherwise_turns_the_whole(tree: Finding) -> None:
    answers = answers_of(tree)
    needed = otherwise(tree)
    for values in product((True, False), repeat=len(answers)):
        tried = dict(zip(answers, values, strict=True))
        if met(needed, tried):
            after = {name: answers[name] for name in answers} | {
                name: tried[name] for name in answers if name in named(needed)
            }
            assert changed(tree, after) is not tree.holds


def met(need: Need, answers: dict[str, bool]) -> bool:
    if need.kind == "condition":
        return answers[need.said] is need.holds
    return {"all": all, "any": any}[need.kind](met(part, answers) for part in need.parts)


def named(need: Need) -> set[str]:
    return {need.said} if need.kind == "condition" else set().union(*map(named, need.parts))


def test_a_need_in_words() -> None:
    pro, gone = Need("condition", "plan is pro"), Need("condition", "left", False)
    both = Need("all", parts=(pro, gone))
    assert need_to_words(Need("any", parts=(both, pro))) == "(plan is pro and not (left)) or plan is pro"
