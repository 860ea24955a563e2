"""Conditions on related rows and attached entities."""

from __future__ import annotations

from tests.reference.counts import AGGREGATES, BESIDE, enough
from tests.reference.ends import end_holds
from tests.reference.occurrences import Occurrence, choose, rows
from tests.reference.rules import Rule, Scope, alone, condition, holds, unknown_of

QUANTIFIERS = ("any", "every", "none")
ENDS = ("first", "last")


@condition
def related(scope: Scope, rule: Rule) -> bool:
    """At least one row, unless a count, an aggregate, an end or a quantifier asks for something else."""
    alone(rule, "related", "count", "or_none", *QUANTIFIERS, *ENDS, *BESIDE)

    def pick(subject: Scope) -> list[Occurrence]:
        return choose(subject, rows(subject, rule["related"]), rule)

    asked = [word for word in (*QUANTIFIERS, *ENDS) if word in rule]
    if not asked:
        return enough(scope, pick, rule, {"count": len})
    if len(asked) > 1 or any(word in rule for word in ("count", *AGGREGATES)):
        raise ValueError(f"one thing is asked of rows at a time: {rule!r}")
    if asked[0] in ENDS:
        return end_holds(scope, pick(scope), asked[0], rule[asked[0]], None, unknown_of(dict(rule)))
    return quantified(pick(scope), asked[0], rule)


def quantified(chosen: list[Occurrence], word: str, rule: Rule) -> bool:
    """Judge the rule under a quantifier on each row; `every` over no rows is false unless `or_none`."""
    if "unknown" in rule or ("or_none" in rule and word != "every"):
        raise ValueError(f"nothing to decide beside {word}")
    verdicts = [holds(one.scope, rule[word]) for one in chosen]
    match word:
        case "any":
            return any(verdicts)
        case "none":
            return not any(verdicts)
        case _:
            return all(verdicts) if verdicts else rule.get("or_none", False) is True
