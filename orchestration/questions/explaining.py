"""Why a subject is or is not a member: a rule's tree, with what was true of the subject and what was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import NOTHING_RECORDED, Recorded
from orchestration.compiler.segment import All, AnyOf, Everyone, Not, Rule, SegmentCondition, Status
from orchestration.compiler.words import rule_to_words
from orchestration.questions.question import Locate, Question, only, rules_to_question

Ask = Callable[[exp.Select], Sequence[tuple[object, ...]]]


@dataclass(frozen=True)
class Finding:
    """A rule in words, whether it holds, the value it looked at, and what was found of its parts."""

    said: str
    holds: bool
    looked_at: str
    parts: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class _Branch:
    """A part of the rule that will be asked about."""

    said: str
    rule: Rule
    parts: tuple[_Branch, ...] = ()

    def rules(self) -> Iterator[Rule]:
        yield self.rule
        for part in self.parts:
            yield from part.rules()


def explain(
    compilation: Compilation,
    entity: str,
    rule: Rule,
    key: object,
    day: date,
    ask: Ask,
    locate: Locate,
    recorded: Recorded = NOTHING_RECORDED,
) -> Finding | None:
    """What is true of a subject, condition by condition, by one query; None outside of the base population.

    Segments that the rule refers to are followed into their own rules.
    """
    tree = _branch(rule, compilation, set())
    rules = tuple(dict.fromkeys(tree.rules()))
    conditions = [each for each in rules if not isinstance(each, All | AnyOf | Not | Everyone | SegmentCondition)]
    question = rules_to_question(compilation, entity, rules, day, locate, looked_at=conditions, recorded=recorded)
    rows = ask(only(question, [key]))
    return _finding(tree, _Answer(rows[0], rules, question)) if rows else None


def _branch(rule: Rule, compilation: Compilation, followed: set[str]) -> _Branch:
    match rule:
        case All((only_one,)) | AnyOf((only_one,)):
            return _branch(only_one, compilation, followed)
        case All(rules):
            return _Branch("all of", rule, _branches(rules, compilation, followed))
        case AnyOf(rules):
            return _Branch("any of", rule, _branches(rules, compilation, followed))
        case Not(All((inner,)) | AnyOf((inner,))):
            return _Branch("not", rule, _branches((inner,), compilation, followed))
        case Not(AnyOf(rules)):
            return _Branch("none of", rule, _branches(rules, compilation, followed))
        case Not(All(rules)):
            return _Branch("not all of", rule, _branches(rules, compilation, followed))
        case Not(inner):
            return _Branch("not", rule, _branches((inner,), compilation, followed))
        case SegmentCondition(keys):
            return _Branch(rule_to_words(rule), rule, tuple(_segments(keys, compilation, followed)))
        case _:
            return _Branch(rule_to_words(rule), rule)


def _branches(rules: tuple[Rule, ...], compilation: Compilation, followed: set[str]) -> tuple[_Branch, ...]:
    return tuple(_branch(rule, compilation, followed) for rule in rules)


def _segments(keys: tuple[str, ...], compilation: Compilation, followed: set[str]) -> Iterator[_Branch]:
    """The rules of the segments that are referred to, each told once."""
    for key in keys:
        segment = compilation.segments[key]
        if key in followed or segment.status is not Status.ACTIVE:
            continue
        followed.add(key)
        inner = _branch(segment.rule, compilation, followed)
        yield inner if len(keys) == 1 else _Branch(key, SegmentCondition((key,)), (inner,))


@dataclass(frozen=True)
class _Answer:
    row: tuple[object, ...]
    rules: tuple[Rule, ...]
    question: Question

    def holds(self, rule: Rule) -> bool:
        return self.row[1 + self.rules.index(rule)] is True

    def looked_at(self, rule: Rule) -> str:
        values = [_shown(self.row[place]) for place in self.question.values.get(rule, ())]
        return (" of " if len(values) == 2 else ", ").join(values)


def _finding(tree: _Branch, answer: _Answer) -> Finding:
    parts = tuple(_finding(part, answer) for part in tree.parts)
    return Finding(tree.said, answer.holds(tree.rule), answer.looked_at(tree.rule), parts)


def _shown(value: object) -> str:
    match value:
        case None:
            return "unknown"
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return f"{value.isoformat(sep=' ')} UTC"
        case date():
            return value.isoformat()
        case list():
            return ", ".join(map(_shown, value))
        case "":
            return "an empty text"
        case _:
            return str(value)


def finding_to_lines(finding: Finding) -> tuple[str, ...]:
    """The tree as aligned lines: what was asked, whether it holds, the value looked at."""
    told = list(_told(finding, 0))
    width = max(len(said) for said, _ in told)
    return tuple(
        f"{said:<{width}}  {'true' if each.holds else 'false':<5}   "
        f"{f'({each.looked_at})' if each.looked_at else ''}".rstrip()
        for said, each in told
    )


def _told(finding: Finding, depth: int) -> Iterator[tuple[str, Finding]]:
    yield f"{'  ' * depth}{finding.said}", finding
    for part in finding.parts:
        yield from _told(part, depth + 1)
