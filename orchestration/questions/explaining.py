"""Why a subject is or is not a member: a rule's tree, with what was true of the subject and what was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from sqlglot import exp

from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import NOTHING_RECORDED, Recorded
from orchestration.compiler.segment import All, AnyOf, Everyone, Not, Rule, SegmentCondition, Status
from orchestration.compiler.unknown import rule_to_bounds
from orchestration.compiler.words import rule_to_words
from orchestration.questions.question import Locate, Question, only, rules_to_question
from orchestration.questions.values import PERSONAL, shown_values

Ask = Callable[[exp.Select], Sequence[tuple[object, ...]]]
NO_MARKS: Mapping[int, str] = {}
Kind: TypeAlias = Literal["all", "any", "none", "not all", "condition"]


@dataclass(frozen=True)
class Finding:
    """A rule in words, whether it holds, the value it looked at, and what was found of its parts.

    `kind` says how the parts make the whole; a condition has none, or for segments of which one does not follow from
    the parts' answers. `values` are those looked at by name. `unknown` says of a condition, and of the whole, that
    unknown values leave the answer open.
    """

    said: str
    holds: bool
    looked_at: str
    parts: tuple[Finding, ...] = ()
    kind: Kind = "condition"
    values: tuple[tuple[str, object], ...] = ()
    unknown: bool = False


@dataclass(frozen=True)
class Branch:
    """A part of a rule that will be asked about."""

    said: str
    rule: Rule
    parts: tuple[Branch, ...] = ()
    kind: Kind = "condition"

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
    asked = Asked(rule_to_branch(rule, compilation), compilation, entity, day, locate, recorded)
    rows = ask(only(asked.question, [key]))
    return asked.finding(rows[0]) if rows else None


class Asked:
    """A rule's tree as a question, and how its rows are read: `finding` of each. Others' rules may stand before it."""

    def __init__(
        self, tree: Branch, compilation: Compilation, entity: str, day: date, locate: Locate, recorded: Recorded
    ) -> None:
        self.tree = tree
        found = tuple(dict.fromkeys(tree.rules()))
        groups = (All, AnyOf, Not, Everyone, SegmentCondition)
        conditions = [each for each in found if not isinstance(each, groups)]
        bounds = {each: rule_to_bounds(each) for each in (tree.rule, *conditions)}
        self.bounds = {each: found for each, found in bounds.items() if found.differ}
        ends = (end for each in self.bounds.values() for end in (each.least, each.most))
        self.rules = tuple(dict.fromkeys((*found, *ends)))
        self.question: Question = rules_to_question(
            compilation, entity, self.rules, day, locate, looked_at=conditions, recorded=recorded
        )

    def finding(self, row: tuple[object, ...], *, with_personal: bool = True) -> Finding:
        """What a row of the question tells; values of personal attributes only when they are asked for."""
        return self._finding(self.tree, row, with_personal)

    def _finding(self, tree: Branch, row: tuple[object, ...], with_personal: bool) -> Finding:
        places = self.question.values.get(tree.rule, ())
        hidden = frozenset() if with_personal else self.question.personal
        values = [PERSONAL if place in hidden and row[place] is not None else row[place] for place in places]
        return Finding(
            said=tree.said,
            holds=self._holds(tree.rule, row),
            looked_at=shown_values(tree.rule, values),
            parts=tuple(self._finding(part, row, with_personal) for part in tree.parts),
            kind=tree.kind,
            values=tuple(zip((self.question.names[place] for place in places), values, strict=True)),
            unknown=self._is_open(tree.rule, row),
        )

    def _holds(self, rule: Rule, row: tuple[object, ...]) -> bool:
        return row[1 + self.rules.index(rule)] is True

    def _is_open(self, rule: Rule, row: tuple[object, ...]) -> bool:
        bounds = self.bounds.get(rule)
        return bounds is not None and self._holds(bounds.most, row) and not self._holds(bounds.least, row)


def rule_to_branch(rule: Rule, compilation: Compilation) -> Branch:
    """The tree that a rule is told by; segments that it refers to are followed into their own rules, each once."""
    return _branch(rule, compilation, set())


def _branch(rule: Rule, compilation: Compilation, followed: set[str]) -> Branch:
    match rule:
        case All((only_one,)) | AnyOf((only_one,)):
            return _branch(only_one, compilation, followed)
        case All(rules):
            return Branch("all of", rule, _branches(rules, compilation, followed), "all")
        case AnyOf(rules):
            return Branch("any of", rule, _branches(rules, compilation, followed), "any")
        case Not(All((inner,)) | AnyOf((inner,))):
            return Branch("not", rule, _branches((inner,), compilation, followed), "none")
        case Not(AnyOf(rules)):
            return Branch("none of", rule, _branches(rules, compilation, followed), "none")
        case Not(All(rules)):
            return Branch("not all of", rule, _branches(rules, compilation, followed), "not all")
        case Not(inner):
            return Branch("not", rule, _branches((inner,), compilation, followed), "none")
        case SegmentCondition(keys):
            parts = tuple(_segments(keys, compilation, followed))
            return Branch(rule_to_words(rule), rule, parts, "any" if len(parts) == len(keys) else "condition")
        case _:
            return Branch(rule_to_words(rule), rule)


def _branches(rules: tuple[Rule, ...], compilation: Compilation, followed: set[str]) -> tuple[Branch, ...]:
    return tuple(_branch(rule, compilation, followed) for rule in rules)


def _segments(keys: tuple[str, ...], compilation: Compilation, followed: set[str]) -> Iterator[Branch]:
    """The rules of the segments that are referred to, each told once."""
    for key in keys:
        segment = compilation.segments[key]
        if key in followed or segment.status is not Status.ACTIVE:
            continue
        followed.add(key)
        inner = _branch(segment.rule, compilation, followed)
        yield inner if len(keys) == 1 else Branch(key, SegmentCondition((key,)), (inner,), "any")


def finding_to_lines(finding: Finding, marks: Mapping[int, str] = NO_MARKS) -> tuple[str, ...]:
    """The tree as aligned lines: what was asked, whether it holds, the value looked at; `marks` by a finding's id."""
    told = list(_told(finding, 0))
    width = max(len(said) for said, _ in told)
    beside = max(map(len, marks.values()), default=0)
    return tuple(
        f"{said:<{width}}  {'true' if each.holds else 'false':<5}   {marks.get(id(each), ''):<{beside}}"
        f"{'  ' if marks else ''}{f'({each.looked_at})' if each.looked_at else ''}".rstrip()
        for said, each in told
    )


def _told(finding: Finding, depth: int) -> Iterator[tuple[str, Finding]]:
    yield f"{'  ' * depth}{finding.said}", finding
    for part in finding.parts:
        yield from _told(part, depth + 1)
