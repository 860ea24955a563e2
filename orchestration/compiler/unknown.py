"""What a rule says whatever the unknown values may be: who is in for certain, and who might be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from orchestration.compiler.segment import (
    Aggregate,
    All,
    AnyOf,
    AttributeCondition,
    EndCondition,
    EventCondition,
    Everyone,
    IsKnown,
    MoveCondition,
    Not,
    Number,
    Rank,
    RegularCondition,
    RelationCondition,
    Rule,
    SegmentCondition,
    SequenceCondition,
    StaticMembers,
)

_UNKNOWN_OVER_NOTHING = (Aggregate.AVERAGE, Aggregate.MINIMUM, Aggregate.MAXIMUM)


@dataclass(frozen=True)
class Bounds:
    """A rule between two others: `least` with every unknown against membership, `most` with every unknown for it.

    Whoever is in `least` is in the rule, and whoever is in the rule is in `most`; who is in `most` and not in `least`
    was decided by an unknown value.
    """

    least: Rule
    most: Rule

    @property
    def differ(self) -> bool:
        """Whether an unknown value can decide at all."""
        return self.least != self.most


def rule_to_bounds(rule: Rule) -> Bounds:
    """The rule with each condition's answer for an unknown value turned against membership, and for it.

    This is Kleene's three-valued logic ("On notation for ordinal numbers", 1938): an unknown decides unless the known
    conditions of its group already do. Unknown are an attribute without a value, either side of a comparison with
    another attribute, a subject without a place in a rank, an average, minimum or maximum over no values, and the first
    or last row where there is none, or of that row what `having` asks of. Known are the answers of `is_unknown` and
    `has_any_value`, of counts and sums, of references to segments and of fixed lists; and of `where` inside of an event
    or a relation (so of `company.plan: pro` too), which chooses rows and not subjects. Days before an attribute's
    history begins count as days on which the condition did not hold.
    """
    return Bounds(_answered(rule, False), _answered(rule, True))


def _answered(rule: Rule, answer: bool) -> Rule:
    """The rule where an unknown value makes for this answer of the whole, so for the other one under a negation."""
    match rule:
        case All(rules):
            return All(tuple(_answered(each, answer) for each in rules))
        case AnyOf(rules):
            return AnyOf(tuple(_answered(each, answer) for each in rules))
        case Not(inner):
            return Not(_answered(inner, not answer))
        case AttributeCondition(test=IsKnown()):
            return rule
        case AttributeCondition():
            return replace(rule, unknown=answer)
        case EventCondition() | RelationCondition():
            return replace(rule, number=_number(rule.number, answer))
        case EndCondition(having=having):
            return replace(rule, unknown=answer, having=having and _answered(having, answer))
        case Everyone() | RegularCondition() | SequenceCondition() | SegmentCondition() | MoveCondition():
            return rule
        case StaticMembers():
            return rule
        case _:
            assert_never(rule)


def _number(number: Number, answer: bool) -> Number:
    """A number that is always known keeps its answer."""
    has_groups = any(isinstance(test, Rank) and test.within for test in number.tests)
    can_be_unknown = number.aggregate in _UNKNOWN_OVER_NOTHING or has_groups
    return replace(number, unknown=answer) if can_be_unknown else number
