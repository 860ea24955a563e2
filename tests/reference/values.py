"""The operators of DESIGN.md part 4 by type, on known values; who decides for an unknown one is said here as well."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.reference.days import WINDOW_WORDS, Clock, anniversary, window

NEGATIVE = frozenset({"is_not", "not_in", "not_contains", "not_matches", "not_equals", "has_none"})
NUMBER_WORDS = frozenset({"equals", "not_equals", "greater_than", "at_least", "less_than", "at_most", "between"})
NUMBER_TYPES = frozenset({"integer", "number", "float"})

Number = int | float | Decimal | Fraction
RightSide = Callable[[str], Number | None]

_SHARE = re.compile(r"(\d+(?:\.\d+)?)% of (\w+)")


def known(value: Any) -> Any:
    """Return the value, or None where it is unknown: null, NaN, a null or empty list (nulls inside are ignored)."""
    if isinstance(value, list):
        return [item for item in value if item is not None] or None
    if isinstance(value, float | Decimal) and value != value:
        return None
    return value


def decided(verdict: bool | None, word: str, unknown: str | None) -> bool:
    """Turn unknown into true or false: as `unknown:` says, else true for negative operators only."""
    if verdict is not None:
        return verdict
    return word in NEGATIVE if unknown is None else unknown == "include"


def fold(text: str) -> str:
    """Fold case character by character, by Unicode's simple mapping; İ is the one letter where Python's is longer."""
    return text.replace("İ", "i").translate({ord(c): c.lower() for c in text if len(c.lower()) == 1})


def text(word: str, value: str, operand: Any) -> bool:
    """Judge a text operator."""
    operands = operand if word in ("in", "not_in") else [operand]
    if not operands or not all(isinstance(item, str) for item in operands):
        raise ValueError(f"{word} of a text takes text, not {operand!r}")
    match word:
        case "is" | "in":
            return value in operands
        case "is_not" | "not_in":
            return value not in operands
        case "contains":
            return fold(operand) in fold(value)
        case "not_contains":
            return fold(operand) not in fold(value)
        case "starts_with":
            return fold(value).startswith(fold(operand))
        case "ends_with":
            return fold(value).endswith(fold(operand))
    return special_text(word, value, operand)


def special_text(word: str, value: str, operand: str) -> bool:
    """Judge the operators that see more in a text than its characters."""
    match word:
        case "domain":
            return domain(value, operand)
        case "matches":
            return matches(value, operand)
        case "not_matches":
            return not matches(value, operand)
    raise ValueError(f"no text operator: {word!r}")


def domain(value: str, operand: str) -> bool:
    """Tell whether what follows the last @ is the domain; without an @ there is none."""
    _, at, found = value.rpartition("@")
    return at == "@" and fold(found) == fold(operand.removeprefix("@"))


def matches(value: str, pattern: str) -> bool:
    """Search the pattern anywhere; as in RE2, classes are ASCII and `$` is the very end, after a final newline."""
    return re.search(re.sub(r"(?<!\\)\$(?=$|[|)])", r"\\Z", pattern), value, re.ASCII) is not None


def number(word: str, value: Number, operand: Any, right: RightSide) -> bool | None:
    """Judge a number operator; None where the right side is unknown."""
    if word not in NUMBER_WORDS:
        raise ValueError(f"no number operator: {word!r}")
    rights = [right_number(item, right) for item in (operand if word == "between" else [operand])]
    if any(item is None for item in rights):
        return None
    signs = [compare(value, item) for item in rights if item is not None]
    match word:
        case "equals":
            return signs[0] == 0
        case "not_equals":
            return signs[0] != 0
        case "greater_than":
            return signs[0] > 0
        case "at_least":
            return signs[0] >= 0
        case "less_than":
            return signs[0] < 0
        case "at_most":
            return signs[0] <= 0
        case _:
            return signs[0] >= 0 and signs[1] <= 0


def right_number(operand: Any, right: RightSide) -> Number | None:
    """Return a literal exactly as written, another attribute's value, or a share of one."""
    if isinstance(operand, bool) or not isinstance(operand, int | float | Decimal | str):
        raise ValueError(f"no number: {operand!r}")
    if not isinstance(operand, str):
        return Fraction(str(operand))
    share = _SHARE.fullmatch(operand)
    if share is None:
        return right(operand)
    whole = right(share[2])
    return None if whole is None else times(Fraction(share[1]) / 100, whole)


def times(share: Fraction, whole: Number) -> Number:
    """Multiply exactly, or in doubles when the attribute is one."""
    return float(share) * whole if isinstance(whole, float) else share * Fraction(whole)


def compare(left: Number, right: Number) -> int:
    """Return −1, 0 or 1; exact, unless one side is a float: then both are compared as doubles."""
    if isinstance(left, float) or isinstance(right, float):
        return sign(float(left), float(right))
    return sign(Fraction(left), Fraction(right))


def sign(left: float | Fraction, right: float | Fraction) -> int:
    """Return −1, 0 or 1."""
    return (left > right) - (left < right)


def boolean(word: str, value: bool, operand: Any) -> bool:
    """Judge `is` or `is_not` of a boolean."""
    if not isinstance(operand, bool) or word not in ("is", "is_not"):
        raise ValueError(f"no boolean condition: {word}: {operand!r}")
    return (value is operand) == (word == "is")


def elements(word: str, value: list[str], operand: Any) -> bool:
    """Judge a list operator over the known elements."""
    if word == "any_element":
        return any(element(item, operand) for item in value)
    wanted = [operand] if word == "has" else operand
    if not isinstance(wanted, list) or not wanted:
        raise ValueError(f"{word} takes at least one element, not {operand!r}")
    match word:
        case "has" | "has_any":
            return any(item in value for item in wanted)
        case "has_all":
            return all(item in value for item in wanted)
        case "has_none":
            return not any(item in value for item in wanted)
    raise ValueError(f"no list operator: {word!r}")


def element(item: str, operand: Any) -> bool:
    """Tell whether one element meets all of the text operators."""
    operators = operand if isinstance(operand, dict) else {"is": operand}
    return all(text(word, item, right) for word, right in operators.items())


def date(word: str, value: dt.date | dt.datetime, operand: Any, clock: Clock) -> bool:
    """Judge a date operator on a date or a timestamp."""
    if word == "anniversary":
        return anniversary(clock, clock.day_of(value), operand)
    if word not in WINDOW_WORDS:
        raise ValueError(f"no date operator: {word!r}")
    if "hour" in str(operand) and not isinstance(value, dt.datetime):
        raise ValueError("a date has no hours")
    return window(clock, word, operand).contains(clock.instant(value))
