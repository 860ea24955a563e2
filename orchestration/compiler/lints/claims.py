"""Lints about what a rule says: never or always true, conditions that change nothing, negatives joined by `any`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from orchestration.compiler.lints.calendar import is_empty
from orchestration.compiler.lints.placed import Placed, entity_of, leaves, rows_rules
from orchestration.compiler.lints.truth import Judge, Scope
from orchestration.compiler.problem import Problem, Span
from orchestration.compiler.segment import (
    Aggregate,
    All,
    AnyOf,
    AttributeCondition,
    Compare,
    EventCondition,
    Everyone,
    IsKnown,
    MoveCondition,
    Not,
    RelationCondition,
    Rule,
    SegmentCondition,
    SequenceCondition,
    Within,
    conditions,
)
from orchestration.compiler.words import rule_to_words

DECIDED = ("never-true", "always-true")


@dataclass(frozen=True)
class Part:
    """One of the rules that a group joins: as they all have to hold, and as it is written; `of` is its direct part."""

    asked: Rule
    written: Rule
    span: Span
    of: int


def claims(placed: Placed, scope: Scope, *, whole: bool = True) -> Iterator[Problem]:
    """What is to be said of a rule and of the rules inside it; `whole` is a segment's own rule."""
    judge = Judge(scope)
    found = list(dict.fromkeys((*_of_tree(placed, judge), *_of_rows(placed, scope))))
    verdict = judge.verdict(placed.rule)
    if verdict is None or isinstance(placed.rule, Everyone):
        yield from found
        return
    if not any(each.code in DECIDED for each in found):
        found.append(_decided(placed.rule, placed.span, verdict, judge))
    first = next(number for number, each in enumerate(found) if each.code in DECIDED)
    if whole:
        found[first] = _with_effect(found[first], verdict)
    yield from found


def _of_rows(placed: Placed, scope: Scope) -> Iterator[Problem]:
    for leaf in leaves(placed):
        for condition, inner in rows_rules(leaf):
            yield from claims(inner, scope.about(entity_of(condition)), whole=False)


def _of_tree(placed: Placed, judge: Judge, *, denied: bool = False) -> Iterator[Problem]:
    for part in placed.parts:
        yield from _of_tree(part, judge, denied=isinstance(placed.rule, Not))
    if placed.is_leaf:
        verdict = None if isinstance(placed.rule, Everyone) else judge.verdict(placed.rule)
        if verdict is not None and not _is_said_inside(placed, judge):
            yield _decided(placed.rule, placed.span, verdict, judge)
    elif isinstance(placed.rule, All | AnyOf):
        yield from _of_group(placed, judge)
        if not denied and judge.verdict(placed.rule) is None:
            yield from _negatives(placed)


def _is_said_inside(placed: Placed, judge: Judge) -> bool:
    """Whether the rule of its rows is what decides a condition."""
    return any(
        Judge(judge.scope.about(entity_of(condition))).verdict(inner.rule) is False
        for condition, inner in rows_rules(placed)
    )


def _of_group(placed: Placed, judge: Judge) -> Iterator[Problem]:
    """Parts that exclude each other, and parts that change nothing."""
    parts = [part for number, each in enumerate(placed.parts) for part in _flat(each, number, placed.rule)]
    undecided = [part for part in parts if judge.verdict(part.asked) is None]
    if len(undecided) < len(parts):
        yield from _idle_everyone(placed)
    for group in judge.families([part.asked for part in undecided]):
        members = [part for part in undecided if part.asked in group]
        conflict = _conflict(members, judge)
        if conflict:
            yield _excluding(conflict, placed.rule)
        else:
            yield from _idle(members, judge, placed.rule)


def _flat(placed: Placed, number: int, group: Rule) -> Iterator[Part]:
    """The rules that a part of a group adds to it: those of a group of the same kind one by one.

    That any of some rules holds is the opposite of all of their opposites holding.
    """
    opposite = isinstance(group, AnyOf)
    match placed.rule:
        case All() if not opposite and placed.parts:
            yield from (each for part in placed.parts for each in _flat(part, number, group))
        case AnyOf() if opposite and placed.parts:
            yield from (each for part in placed.parts for each in _flat(part, number, group))
        case Not(AnyOf()) if not opposite and placed.parts:
            for part in placed.parts[0].parts:
                yield Part(Not(part.rule), Not(part.rule), part.span, number)
        case _:
            asked = Not(placed.rule) if opposite else placed.rule
            yield Part(asked, placed.rule, placed.span, number)


def _conflict(parts: Sequence[Part], judge: Judge) -> Sequence[Part]:
    """Two parts of different conditions that cannot both hold, or more that cannot hold together."""
    for first, second in combinations(parts, 2):
        if first.of != second.of and judge.never(first.asked, second.asked):
            return first, second
    several = len(parts) > 2 and len({part.of for part in parts}) > 1
    return parts if several and judge.never(*(part.asked for part in parts)) else ()


def _idle(parts: Sequence[Part], judge: Judge, group: Rule) -> Iterator[Problem]:
    """Parts that follow from another one; of two that mean the same, the later one."""
    idle: set[int] = set()
    for first, second in combinations(range(len(parts)), 2):
        if {first, second} & idle or parts[first].of == parts[second].of:
            continue
        if judge.never(parts[first].asked, Not(parts[second].asked)):
            idle.add(second)
            yield _repeated(parts[second], parts[first], judge, group)
        elif judge.never(parts[second].asked, Not(parts[first].asked)):
            idle.add(first)
            yield _repeated(parts[first], parts[second], judge, group)


def _said(part: Part, beside: Span) -> str:
    line = f" (line {part.span.line})" if part.span.line != beside.line else ""
    return f"`{rule_to_words(part.written)}`{line}"


def _excluding(parts: Sequence[Part], group: Rule) -> Problem:
    last = parts[-1].span
    if isinstance(group, AnyOf):
        message = f"{' or '.join(_said(part, last) for part in parts)} is true for everyone"
        denied = all(_is_negative(part.written) for part in parts)
        help_ = "negatives are joined by `all`, or by `none` of what they deny" if denied else "leave the group out"
        return Problem("always-true", message, last, help_, "warning")
    message = f"{' and '.join(_said(part, last) for part in parts)} exclude each other"
    help_ = "`between` takes the smaller value first" if _is_reversed(parts) else "use `any` where one is enough"
    return Problem("never-true", message, last, help_, "warning")


def _is_reversed(parts: Sequence[Part]) -> bool:
    """Whether the two parts are the ends of one `between`."""
    match [part.written for part in parts]:
        case [AttributeCondition(_, Compare(">=")), AttributeCondition(_, Compare("<="))]:
            return parts[0].span == parts[1].span
        case _:
            return False


def _repeated(part: Part, other: Part, judge: Judge, group: Rule) -> Problem:
    same = judge.never(other.asked, Not(part.asked)) and judge.never(part.asked, Not(other.asked))
    if rule_to_words(part.written) == rule_to_words(other.written):
        message = f"{_said(part, part.span)} stands in this group twice"
    elif same:
        message = f"{_said(part, part.span)} means the same as {_said(other, part.span)}"
    elif isinstance(group, AnyOf):
        message = f"{_said(part, part.span)} is part of {_said(other, part.span)}, so it adds nobody"
    else:
        message = f"{_said(part, part.span)} follows from {_said(other, part.span)}, so it changes nothing"
    return Problem("repeated-condition", message, part.span, "take one of them out", "warning")


def _idle_everyone(placed: Placed) -> Iterator[Problem]:
    for part in placed.parts:
        if isinstance(part.rule, Everyone) and isinstance(placed.rule, All) and len(placed.parts) > 1:
            message = "`everyone` changes nothing beside other conditions"
            yield Problem("repeated-condition", message, part.span, "take it out", "warning")
        elif isinstance(part.rule, Everyone) and isinstance(placed.rule, AnyOf):
            message = "`everyone` makes this group true for everyone"
            yield Problem("always-true", message, part.span, "leave the group out", "warning")


def _decided(rule: Rule, span: Span, verdict: bool, judge: Judge) -> Problem:
    whom = "everyone" if verdict else "nobody"
    if Judge(judge.scope.about(None)).verdict(rule) is None:
        whom += " in the base population, by what the catalog says of it"
    message = f"`{rule_to_words(rule)}` is true for {whom}"
    return Problem("always-true" if verdict else "never-true", message, span, _why(rule, judge), "warning")


def _why(rule: Rule, judge: Judge) -> str:
    """What makes a single condition always or never true, where it is easily said."""
    for condition in conditions(rule):
        match condition:
            case (
                EventCondition(windows=windows)
                | RelationCondition(windows=windows)
                | SequenceCondition(windows=windows)
                | MoveCondition(windows=windows)
            ) if is_empty(tuple(windows), judge.scope.catalog.week_starts_on):
                return "nothing that is dated after the as-of day is seen, so no day lies in its windows"
            case AttributeCondition(_, Within()):
                return "its window ends before it begins, or is never seen"
            case EventCondition(number=number) | RelationCondition(number=number) if number.aggregate in (
                Aggregate.COUNT,
                Aggregate.DAYS,
                Aggregate.DISTINCT,
            ):
                return "a count is a whole number from 0"
            case _:
                pass
    return "correct it, or take it out"


def _with_effect(problem: Problem, verdict: bool) -> Problem:
    effect = "the whole base population is in the segment" if verdict else "nobody is ever in the segment"
    return replace(problem, message=f"{problem.message}, so {effect}")


def _negatives(placed: Placed) -> Iterator[Problem]:
    """Negatives that `any` joins: whoever misses one of them is in."""
    if not isinstance(placed.rule, AnyOf):
        return
    denied = [part for part in placed.parts if _is_negative(part.rule)]
    if len(denied) > 1:
        message = f"`any` joins {len(denied)} negatives, so one of them is enough"
        help_ = "if none may hold write `none:` of what they deny; if one is meant to be enough, `not: {all: […]}`"
        yield Problem("negatives-in-any", message, placed.span, help_, "warning")


def _is_negative(rule: Rule) -> bool:
    match rule:
        case AttributeCondition(_, test, negated):
            return negated and not isinstance(test, IsKnown)
        case Not(SegmentCondition()):
            return True
        case _:
            return False
