"""The neutral tree's odd nodes: what engines spell so differently that each has to say how.

Rules are made of these and of sqlglot's plain nodes; `Engine.rewrites` turns them into what an engine understands.

| node | meaning |
|---|---|
| `ConvertTimezone` | an instant without a zone, told in UTC, told in a zone; or the other way |
| `DateAdd`, `DateSub` | a day moved by days, or by months and clamped at the month's end |
| `DateDiff` | how many days from a day, in, to another, out |
| `TimestampTrunc` | the first day of a day's week (from Monday), month, quarter or year |
| `TimestampAdd`, `TimestampSub` | an instant moved by elapsed hours |
| `ArrayCompact` | a list without its nulls |
| `Nullif` with an empty `Array` | null for an empty list |
| `Nullif` with NaN | null for NaN |
| `ArrayContains` | whether a list has an element; null for a null list |
| `ArrayAny` | whether an element of a list passes a lambda; null for a null list |
| `Lower` | a text in small letters, letter by letter, in no language (see `folded`) |
| `StrPosition`, `StartsWith`, `EndsWith` | on texts, byte by byte; the second one is a literal |
| `RegexpLike` | a pattern of the shared subset (see `patterns`) found anywhere in a text |
| `Collate` with `C` | a text in the order of its bytes |
| `GenerateDateArray` in `Unnest` | a row for each day, both ends in |
"""

from __future__ import annotations

from functools import cache

from sqlglot import exp

BINARY = "C"
ELEMENT = "element"
NAN = "NaN"
UTC = "UTC"
LIST = exp.DataType.build("array<text>")


def zoned(instant: exp.Expr, source: str, target: str) -> exp.Expr:
    """An instant told in one zone's local time, told in another's."""
    names = {"source_tz": exp.Literal.string(source), "target_tz": exp.Literal.string(target)}
    return exp.ConvertTimezone(**names, timestamp=instant)


def known_number(value: exp.Expr) -> exp.Expr:
    """A float with NaN as null."""
    return exp.Nullif(this=value, expression=exp.Cast(this=exp.Literal.string(NAN), to=exp.DataType.build("double")))


def known_elements(value: exp.Expr) -> exp.Expr:
    """A list's known elements; null when there are none."""
    return exp.Nullif(this=exp.ArrayCompact(this=value), expression=exp.Array(expressions=[]))


def any_element(value: exp.Expr, passing: exp.Expr) -> exp.Expr:
    """Whether an element of a list passes; null for a null list."""
    return exp.ArrayAny(this=value, expression=exp.Lambda(this=passing, expressions=[exp.to_identifier(ELEMENT)]))


def binary_order(value: exp.Expr, is_text: bool) -> exp.Expr:
    """A value to sort by: texts by their bytes, so that every engine has the same order."""
    return exp.Collate(this=value, expression=exp.to_identifier(BINARY, quoted=True)) if is_text else value


def descending(value: exp.Expr) -> exp.Ordered:
    """From the greatest value to the least, then unknown ones."""
    return exp.Ordered(this=value, desc=True, nulls_first=False)


def ascending(value: exp.Expr) -> exp.Ordered:
    """From the least value to the greatest, then unknown ones."""
    return exp.Ordered(this=value, nulls_first=False)


def day_series(first: exp.Expr, last: exp.Expr, name: str = "day") -> exp.Select:
    """One row per day, both ends in."""
    step = exp.Interval(this=exp.Literal.string("1"), unit=exp.var("DAY"))
    alias = exp.TableAlias(this=exp.to_identifier("days"), columns=[exp.to_identifier(name)])
    series = exp.GenerateDateArray(start=first.copy(), end=last.copy(), step=step)
    days = exp.Unnest(expressions=[series], alias=alias)
    return exp.Select(expressions=[exp.column(name)]).from_(days, copy=False)


@cache
def _fold(letter: str) -> str:
    if letter == "İ":  # Unicode's simple mapping; Python knows the one of two letters only
        return "i"
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


def folded(text: str) -> str:
    """Small letters, letter by letter as Unicode's simple mapping has them: no language, no letter that grows."""
    return "".join(map(_fold, text))


@cache
def capitals() -> dict[str, tuple[str, ...]]:
    """Each small letter's other letters beyond ASCII, which an engine may fold in its own way."""
    found: dict[str, tuple[str, ...]] = {}
    for letter in map(chr, (*range(0x80, 0xD800), *range(0xE000, 0x1F000))):
        if _fold(letter) != letter:
            found[_fold(letter)] = (*found.get(_fold(letter), ()), letter)
    return found
