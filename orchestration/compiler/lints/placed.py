"""Rules with their places: the tree of a rule beside the YAML it was read from.

Where the two differ in shape, as where one condition stands for several, everything below has the place of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.compiler.catalog import Entity
from orchestration.compiler.operators import MODIFIERS
from orchestration.compiler.problem import Span
from orchestration.compiler.resolve import GROUPS, QUANTIFIERS, SUBJECTS
from orchestration.compiler.segment import (
    All,
    AnyOf,
    AttributeCondition,
    Compare,
    Condition,
    EndCondition,
    EventCondition,
    Not,
    RegularCondition,
    RelationCondition,
    Rule,
    SequenceCondition,
    Test,
    conditions,
)
from orchestration.compiler.source import Entry, Mapping, Node, Sequence


@dataclass(frozen=True)
class Placed:
    """A rule, where it stands, the rules it is made of, and the mapping that a single condition is written as."""

    rule: Rule
    span: Span
    parts: tuple[Placed, ...] = ()
    node: Mapping | None = None

    @property
    def is_leaf(self) -> bool:
        return not self.parts


def place(node: Node, rule: Rule) -> Placed:
    """The rule with the places that the node gives it."""
    match node, rule:
        case Sequence(items), All(rules) if len(items) == len(rules):
            return Placed(rule, node.span, tuple(map(place, items, rules)))
        case Mapping((Entry() as only,)), _ if only.name in GROUPS and only.name != "everyone":
            return _group(only, rule) or leaf(rule, only.key.span)
        case Mapping(entries), _ if entries:
            subject = next((entry for entry in entries if entry.name in SUBJECTS), entries[0])
            return leaf(rule, subject.key.span, node)
        case _:
            return leaf(rule, node.span)


def leaf(rule: Rule, span: Span, node: Mapping | None = None) -> Placed:
    """One written condition; when it stands for several, each has the place of its operator, or of the whole."""
    if not isinstance(rule, All):
        return Placed(rule, span, (), node)
    spans = _operator_spans(rule, span, node)
    return Placed(rule, span, tuple(leaf(each, at, node) for each, at in zip(rule.rules, spans, strict=True)), node)


def _operator_spans(rule: All, span: Span, node: Mapping | None) -> list[Span]:
    """The places of the operators under an attribute's name, one for each condition they stand for."""
    found: list[Span] = []
    written = next((entry.value for entry in node.entries if entry.key.span == span), None) if node else None
    for entry in written.entries if isinstance(written, Mapping) else ():
        if entry.name not in MODIFIERS:
            both = entry.name == "between" and isinstance(_test(rule, len(found)), Compare)
            found += [entry.key.span] * (2 if both else 1)
    matches = len(found) == len(rule.rules) and all(isinstance(each, AttributeCondition) for each in rule.rules)
    return found if matches else [span] * len(rule.rules)


def _test(rule: All, number: int) -> Test | None:
    asked = rule.rules[number] if number < len(rule.rules) else None
    return asked.test if isinstance(asked, AttributeCondition) else None


def _group(entry: Entry, rule: Rule) -> Placed | None:
    span = entry.key.span
    items = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
    match entry.name, rule:
        case ("all", All(rules)) | ("any", AnyOf(rules)) if len(rules) == len(items):
            return Placed(rule, span, tuple(map(place, items, rules)))
        case ("none", Not(AnyOf(rules) as inner)) | ("not", Not(All(rules) as inner)) if len(rules) == len(items):
            return Placed(rule, span, (Placed(inner, span, tuple(map(place, items, rules))),))
        case _:
            return None


def leaves(placed: Placed) -> Iterator[Placed]:
    """The conditions as they are written, each once."""
    if placed.is_leaf or placed.node is not None:
        yield placed
        return
    for part in placed.parts:
        yield from leaves(part)


def rows_rules(placed: Placed) -> Iterator[tuple[Condition, Placed]]:
    """The rules about rows inside a leaf's conditions, each once, with the condition they belong to."""
    found: dict[Rule, tuple[Condition, Placed]] = {}
    for condition in conditions(placed.rule):
        for word, rule in _inner(condition):
            found.setdefault(rule, (condition, _within(placed, word, rule)))
    yield from found.values()


def _inner(condition: Condition) -> Iterator[tuple[str, Rule]]:
    match condition:
        case EventCondition(where=where) | RelationCondition(where=where) | RegularCondition(where=where):
            rules = [("where", where)]
        case EndCondition(where=where, having=having):
            rules = [("where", where), ("having", having)]
        case SequenceCondition(_, steps):
            rules = [("", step.where) for step in steps]
        case _:
            rules = []
    yield from ((word, rule) for word, rule in rules if rule is not None)


def _within(placed: Placed, word: str, rule: Rule) -> Placed:
    """The rule at the place of the field it was written in; at its condition's place where several fields made it."""
    entries = {entry.name: entry for entry in placed.node.entries} if placed.node else {}
    if word in entries and not set(QUANTIFIERS) & set(entries):
        return place(entries[word].value, rule)
    return leaf(rule, placed.span)


def entity_of(condition: Condition) -> Entity | None:
    """The entity whose subjects a condition's `where` is about; None for mere rows."""
    return condition.related if isinstance(condition, RelationCondition) else None
