"""Conditions on how many events or related rows there are, and on their numbers taken together."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.reference import ranks, values
from tests.reference.days import WINDOW_WORDS
from tests.reference.occurrences import COUNT_WORDS, Occurrence, choose, events, is_window
from tests.reference.rules import Rule, Scope, alone, condition, unknown_of

AGGREGATES = ("sum", "average", "minimum", "maximum", "distinct")
BESIDE = ("where", "unknown", *AGGREGATES, *COUNT_WORDS, *ranks.WORDS, *WINDOW_WORDS)

Pick = Callable[[Scope], list[Occurrence]]
Count = Callable[[list[Occurrence]], int]


@condition
def performed(scope: Scope, rule: Rule) -> bool:
    """At least one event, unless `times`, `on_days` or an aggregate asks for something else."""
    alone(rule, "performed", "times", "on_days", *BESIDE)

    def pick(subject: Scope) -> list[Occurrence]:
        return choose(subject, events(subject, rule["performed"]), rule)

    return enough(scope, pick, rule, {"times": len, "on_days": number_of_days})


@condition
def not_performed(scope: Scope, rule: Rule) -> bool:
    """No such event in the window."""
    alone(rule, "not_performed", "where", *WINDOW_WORDS)
    return not choose(scope, events(scope, rule["not_performed"]), rule)


def number_of_days(chosen: list[Occurrence]) -> int:
    """Count the distinct local days."""
    return len({one.scope.world.clock.day_of(one.at) for one in chosen if one.at is not None})


def enough(scope: Scope, pick: Pick, rule: dict[str, Any], counts: dict[str, Count]) -> bool:
    """All of the asked counts and aggregates hold; nothing asked means at least one."""
    chosen = pick(scope)
    asked = [count_holds(scope, pick, counts[word], rule[word]) for word in counts if word in rule]
    operators = {word: rule[word] for word in rule if word in COUNT_WORDS and not is_window(rule, word)}
    operators |= {word: rule[word] for word in rule if word in ranks.WORDS}
    kinds = [word for word in AGGREGATES if word in rule]
    if len(kinds) != bool(operators):
        raise ValueError("one aggregate has one number condition")
    operators |= {word: rule[word] for word in rule if word == "unknown"}
    asked += [aggregate_holds(scope, pick, kind, rule[kind], operators) for kind in kinds]
    return all(asked) if asked else bool(chosen)


def count_holds(scope: Scope, pick: Pick, count: Count, body: Any) -> bool:
    """Judge a count: a bare number equals, several operators all hold."""
    return measure_holds(scope, lambda subject: count(pick(subject)), count_operators(body))


def count_operators(body: Any) -> dict[str, Any]:
    """Write the short form out: a bare number equals."""
    return body if isinstance(body, dict) else {"equals": body}


def aggregate_holds(scope: Scope, pick: Pick, kind: str, name: str, operators: dict[str, Any]) -> bool:
    """Judge an aggregate of the chosen rows' values."""
    if kind == "average" and ranks.asked(operators):
        raise ValueError("averages are not ranked")
    return measure_holds(scope, lambda subject: aggregate(kind, values_of(pick(subject), name)), operators)


def values_of(chosen: list[Occurrence], name: str) -> list[Any]:
    """Return the known values under a name."""
    if any(one.scope.fields[name].type == "list" for one in chosen):
        raise ValueError(f"{name} is a list")
    found = [one.scope.value(name) for one in chosen]
    return [value for value in found if value is not None]


def measure_holds(scope: Scope, measure: Callable[[Scope], values.Number | None], operators: dict[str, Any]) -> bool:
    """Judge a number of the subject: number operators by itself, ranks among the base population."""
    left = dict(operators)
    unknown = unknown_of(left)
    verdicts = ranks.taken(scope, measure, left, unknown)
    found = measure(scope)
    verdicts += [number_holds(scope, found, word, left[word], unknown) for word in left]
    return all(verdicts)


def number_holds(scope: Scope, found: values.Number | None, word: str, operand: Any, unknown: str | None) -> bool:
    """Judge a number operator, or `exactly`; the right side may name an attribute of the subject."""
    word = "equals" if word == "exactly" else word
    verdict = None if found is None else values.number(word, found, operand, scope.value)
    return values.decided(verdict, word, unknown)


def aggregate(kind: str, found: list[Any]) -> values.Number | None:
    """Aggregate known values; over none of them a sum and a distinct count are 0, the others unknown."""
    if kind == "distinct":
        return len(set(found))
    exact = [value if isinstance(value, float) else Fraction(value) for value in found]
    functions: dict[str, Callable[[list[Any]], values.Number]] = {
        "sum": sum,
        "average": lambda items: sum(items) / len(items),
        "minimum": min,
        "maximum": max,
    }
    return functions[kind](exact) if exact or kind == "sum" else None
