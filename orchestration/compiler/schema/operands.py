"""What may stand to the right of an operator: lengths of time, dates, numbers, shares; the same in every project."""

from __future__ import annotations

from typing import get_args

from orchestration.compiler.catalog import Type
from orchestration.compiler.dates import ABSOLUTE, OFFSETS, SPANS, WINDOW_WORDS
from orchestration.compiler.operators import COMPARISONS, RANK_WORDS, TEXT_WORDS
from orchestration.compiler.schema.pieces import (
    NUMBER,
    TEXT,
    Schema,
    choice,
    described,
    either,
    listed,
    mapping,
    one_or_more,
    pattern,
    ref,
)
from orchestration.compiler.window import PeriodUnit

DAYS = "(days?|weeks?|months?|years?)"
ELAPSED = "(hours?|days?|weeks?)"
AMOUNT = "\\d{1,6}\\s+"
DATE = "\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])"
INSTANT = f"{DATE}[T ]\\d.*"
SHARE = "\\d{1,6}(\\.\\d{1,6})?\\s*%"
LENGTHS = ("7 days", "30 days", "4 weeks", "3 months", "1 year")
BOTH_WAYS = ("more_than", "exactly", "less_than")
LISTS = ("in", "not_in")
COUNT_WORDS = (*COMPARISONS, "exactly", "not_equals", "between", *LISTS)
SHARED = tuple(word for word in COUNT_WORDS if word in WINDOW_WORDS)
PERIODS = tuple(f"{which} {unit}" for unit in get_args(PeriodUnit) for which in ("this", "last", "next"))

LENGTH = pattern(AMOUNT + DAYS, *LENGTHS)
ELAPSED_LENGTH = pattern(AMOUNT + ELAPSED, "1 hour", "24 hours", "7 days")
PERCENT_OR_COUNT = either({"type": "integer", "minimum": 1}, pattern(SHARE, "10%"))
ANNIVERSARY = either(
    choice(["today"]),
    mapping({word: described(LENGTH, word) for word in SPANS}, minProperties=1, maxProperties=1),
)


def common_definitions() -> dict[str, Schema]:
    """The words whose operands are the same for every attribute of a type."""
    found = {f"day-{word}": _window(word, hours=False) for word in WINDOW_WORDS}
    found |= {f"instant-{word}": _window(word, hours=True) for word in WINDOW_WORDS}
    found |= {f"count-{word}": described(_count(word), word) for word in COUNT_WORDS}
    found |= {f"text-{word}": described(one_or_more(TEXT) if word in LISTS else TEXT, word) for word in TEXT_WORDS}
    for kind, family in ((Type.DATE, "day"), (Type.TIMESTAMP, "instant")):
        both = {word: either(ref(f"count-{word}"), ref(f"{family}-{word}")) for word in SHARED}
        found |= {f"number-or-{kind}-{word}": schema for word, schema in both.items()}
    found["-anniversary"] = described(ANNIVERSARY, "anniversary")
    found["-unknown"] = described(choice(["include", "exclude"]), "unknown")
    found["-for_at_least"] = described(LENGTH, "for_at_least")
    return found | {f"-{word}": described(PERCENT_OR_COUNT, word) for word in RANK_WORDS}


def windows(kind: Type) -> dict[str, Schema]:
    """The window words over a column of this type."""
    family = "instant" if kind is Type.TIMESTAMP else "day"
    return {word: ref(f"{family}-{word}") for word in WINDOW_WORDS}


def counted() -> dict[str, Schema]:
    """The number words over a count or an aggregate."""
    return {word: ref(f"count-{word}") for word in COUNT_WORDS}


def _count(word: str) -> Schema:
    match word:
        case "between":
            return listed(NUMBER, 2, 2)
        case "in" | "not_in":
            return listed(NUMBER)
        case _:
            return NUMBER


def _window(word: str, *, hours: bool) -> Schema:
    units = "(hours?|days?|weeks?|months?|years?)" if hours else DAYS
    if word in SPANS:
        return described(pattern(AMOUNT + units, *LENGTHS, *(("24 hours",) if hours else ())), word)
    if word in OFFSETS:
        direction = "(ago|from now)" if word in BOTH_WAYS else "ago"
        said = word if word == "more_than" else f"{word}_ago"
        units = DAYS if word == "exactly" else units
        return described(pattern(f"{AMOUNT}{units}\\s+{direction}", *(f"{each} ago" for each in LENGTHS)), said)
    if word == "during":
        return described(choice(["yesterday", "today", "tomorrow", *PERIODS]), word)
    assert word in ABSOLUTE, "the window words are these"
    moment = pattern(f"({DATE}|{INSTANT})" if hours else DATE, "2026-01-31")
    if word == "between":
        return described(listed(moment, 2, 2), "between_dates")
    return described(pattern(DATE, "2026-01-31") if word == "on" else moment, word)
