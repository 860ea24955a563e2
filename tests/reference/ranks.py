"""Ranks: `top`, `bottom` and `within`, a subject's place among the base population."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from tests.reference import values
from tests.reference.rules import Scope, modifier, operators_hold, unknown_of

SIDES = ("top", "bottom")
WORDS = (*SIDES, "within")

Measure = Callable[[Scope], Any]


@modifier(*SIDES)
def rank(scope: Scope, name: str, operators: dict[str, Any]) -> bool:
    """The attribute's value has one of the first places; other operators beside it hold as well."""
    if scope.fields[name].type not in ("integer", "number", "float", "date", "timestamp"):
        raise ValueError(f"{name} has no order")
    left = dict(operators)
    unknown = unknown_of(left)
    verdicts = taken(scope, lambda subject: subject.value(name), left, unknown)
    if left:
        verdicts.append(operators_hold(scope, name, {**left, "unknown": unknown}))
    return all(verdicts)


def asked(operators: dict[str, Any]) -> bool:
    """Tell whether a rank is among the operators."""
    return any(word in operators for word in WORDS)


def taken(scope: Scope, measure: Measure, operators: dict[str, Any], unknown: str | None) -> list[bool]:
    """Take the ranks out of the operators and judge them."""
    within = operators.pop("within", None)
    sides = [side for side in SIDES if side in operators]
    if within is not None and (not sides or scope.fields[within].type == "list"):
        raise ValueError(f"nothing is ranked within {within!r}")
    found = [has_place(scope, measure, side, operators.pop(side), within) for side in sides]
    return [values.decided(verdict, "rank", unknown) for verdict in found]


def has_place(scope: Scope, measure: Measure, side: str, operand: Any, within: str | None) -> bool | None:
    """Tell whether the subject is among the first; None when it is not ranked."""
    if scope.entity is None:
        raise ValueError("only subjects are ranked")
    order = places(scope, measure, side, within)
    return order.index(scope.key) + 1 <= number_of_places(operand, len(order)) if scope.key in order else None


def places(scope: Scope, measure: Measure, side: str, within: str | None) -> list[Any]:
    """Return the keys of the subject's group in order: by value, equal ones by key; unknown ones are left out."""
    base = scope.world.base(scope.entity or "")
    group = [
        other
        for other in base.values()
        if within is None or (other.value(within) is not None and other.value(within) == scope.value(within))
    ]
    known = {other.key: value for other in group if (value := measure(other)) is not None}
    return sorted(sorted(known), key=lambda key: known[key], reverse=side == "top")


def number_of_places(operand: Any, size: int) -> int:
    """Return how many places there are: a share is rounded up to whole subjects."""
    if isinstance(operand, str) and operand.endswith("%"):
        share = Fraction(operand[:-1])
        if not 0 < share <= 100:
            raise ValueError(f"no share: {operand!r}")
        return math.ceil(share / 100 * size)
    if isinstance(operand, int) and not isinstance(operand, bool) and operand >= 1:
        return operand
    raise ValueError(f"no number of places: {operand!r}")
