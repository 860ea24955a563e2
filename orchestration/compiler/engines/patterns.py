"""The patterns that all engines share: a part of RE2's syntax, understood once and spelled for each engine.

Engines differ in what `.` and `$` do at a line's end, in what `\\w` and `\\s` hold, and in how sets and escapes are
written. So a pattern is read into sets of characters, repetitions and alternatives, and written anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

LAST = 0x10FFFF
MOST = 255
MOST_NESTED = 1000
DEEPEST = 50
_NAMED = {
    "d": ((0x30, 0x39),),
    "w": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
    "s": ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20)),
}
_CONTROLS = {"a": 0x07, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09, "v": 0x0B}
_WRITTEN = {0x09: r"\t", 0x0A: r"\n", 0x0C: r"\f", 0x0D: r"\r"}
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_TWO_DIGITS = re.compile("[0-9A-Fa-f]{2}")
_SPECIAL = frozenset("\\^$.|?*+()[]{}")
_SPECIAL_IN_SET = frozenset("\\^[]-&")


class UnsharedPattern(ValueError):
    """A pattern that is none, or that engines would read differently."""


@dataclass(frozen=True)
class Chars:
    """One character out of ranges of code points, both ends in, in order and apart from each other."""

    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Edge:
    """The very start or the very end of the text."""

    start: bool


@dataclass(frozen=True)
class Group:
    """One of several runs of items."""

    branches: tuple[tuple[Item, ...], ...]


@dataclass(frozen=True)
class Repeat:
    """From `least` to `most` times; None is without end."""

    item: Chars | Group
    least: int
    most: int | None


Item: TypeAlias = Chars | Edge | Group | Repeat


def ranges_of(*ranges: tuple[int, int]) -> Chars:
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return Chars(tuple(merged))


def outside(chars: Chars) -> Chars:
    """Every other character."""
    starts = [0, *(high + 1 for _, high in chars.ranges)]
    ends = [*(low - 1 for low, _ in chars.ranges), LAST]
    return Chars(tuple((start, end) for start, end in zip(starts, ends, strict=True) if start <= end))


ANY = outside(ranges_of((0x0A, 0x0A)))


def read_pattern(pattern: str) -> Group:
    """The pattern as understood. Raises UnsharedPattern."""
    reader = _Reader(pattern)
    found = reader.group(0)
    if reader.left:
        raise UnsharedPattern("`)` closes nothing")
    _check_repeats(found, 1)
    _check_edges(found, True, True)
    return found


@dataclass
class _Reader:
    text: str
    at: int = 0

    @property
    def left(self) -> str:
        return self.text[self.at :]

    def take(self, start: str) -> bool:
        found = self.text.startswith(start, self.at)
        self.at += len(start) if found else 0
        return found

    def next(self) -> str:
        if not self.left:
            raise UnsharedPattern("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def group(self, depth: int) -> Group:
        if depth > DEEPEST:
            raise UnsharedPattern(f"groups nest more than {DEEPEST} deep")
        branches: list[list[Item]] = [[]]
        while self.left and not self.left.startswith(")"):
            if self.take("|"):
                branches.append([])
            else:
                branches[-1].append(self.repeated(self.item(depth)))
        return Group(tuple(map(tuple, branches)))

    def item(self, depth: int) -> Chars | Edge | Group:
        char = self.next()
        match char:
            case "^" | "$":
                return Edge(start=char == "^")
            case ".":
                return ANY
            case "[":
                return self.set()
            case "\\":
                return self.escape()
            case "(":
                return self.parentheses(depth)
            case "*" | "+" | "?":
                raise UnsharedPattern(f"`{char}` repeats nothing")
            case _:
                return _char(ord(char))

    def parentheses(self, depth: int) -> Group:
        if self.left.startswith("?") and not self.take("?:"):
            raise UnsharedPattern(f"`({self.left[:2]}` does not mean the same on every engine")
        found = self.group(depth + 1)
        if not self.take(")"):
            raise UnsharedPattern("`(` is not closed")
        if found.branches == ((),):
            raise UnsharedPattern("a group without anything in it does not mean the same on every engine")
        return found

    def repeated(self, item: Chars | Edge | Group) -> Item:
        counts = self.counts()
        if counts is None:
            return item
        self.take("?")  # which of several matches is found makes no difference to whether there is one
        if self.counts() is not None or self.left.startswith("+"):
            raise UnsharedPattern("a repetition of a repetition does not mean the same on every engine")
        if isinstance(item, Edge):
            raise UnsharedPattern("`^` and `$` cannot be repeated")
        return Repeat(item, *counts)

    def counts(self) -> tuple[int, int | None] | None:
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return counts
        found = _COUNT.match(self.text, self.at)
        if not found:
            return None
        least, comma, most = found.groups()
        if not least:
            raise UnsharedPattern(f"`{found[0]}` does not mean the same on every engine")
        self.at = found.end()
        last = int(most) if most else None if comma else int(least)
        if max(int(least), last or 0) > MOST or (last is not None and last < int(least)):
            raise UnsharedPattern(f"`{found[0]}` counts wrongly, or beyond {MOST}")
        return int(least), last

    def escape(self) -> Chars:
        char = self.next()
        if char.lower() in _NAMED and char.isascii():
            found = Chars(_NAMED[char.lower()])
            return outside(found) if char.isupper() else found
        if char in _CONTROLS:
            return _char(_CONTROLS[char])
        if char == "x":
            digits = _TWO_DIGITS.match(self.text, self.at)
            if not digits:
                raise UnsharedPattern("`\\x` takes two hexadecimal digits")
            self.at = digits.end()
            return _char(int(digits[0], 16))
        if not char.isascii() or char.isalnum() or char == "_" or not char.isprintable():
            raise UnsharedPattern(f"`\\{char}` does not mean the same on every engine")
        return _char(ord(char))

    def set(self) -> Chars:
        """What stands between brackets, the first one taken already."""
        negated = self.take("^")
        found: list[tuple[int, int]] = []
        start = self.at
        while not self.left.startswith("]") or self.at == start:
            found += self.member().ranges
        self.at += 1
        chars = outside(ranges_of(*found)) if negated else ranges_of(*found)
        if not chars.ranges:
            raise UnsharedPattern("a set without a character matches nothing")
        return chars

    def member(self) -> Chars:
        if self.left.startswith(("[:", "[.", "[=", "&&")):
            raise UnsharedPattern(f"`{self.left[:2]}` in a set does not mean the same on every engine")
        low = self.escape() if self.take("\\") else _char(ord(self.next()))
        if not self.left.startswith("-") or self.left.startswith("-]"):
            return low
        self.at += 1
        high = self.escape() if self.take("\\") else _char(ord(self.next()))
        if not _single(low) or not _single(high) or low.ranges > high.ranges:
            raise UnsharedPattern("a set's range runs from one character to a later one")
        return Chars(((low.ranges[0][0], high.ranges[0][0]),))


def _char(point: int) -> Chars:
    if point == 0:
        raise UnsharedPattern("no text holds the character NUL on every engine")
    return Chars(((point, point),))


def _single(chars: Chars) -> bool:
    return len(chars.ranges) == 1 and chars.ranges[0][0] == chars.ranges[0][1]


def _check_repeats(item: Item, times: int) -> None:
    """Counts multiply where repetitions nest, and RE2 has an end."""
    match item:
        case Group(branches):
            for each in (each for branch in branches for each in branch):
                _check_repeats(each, times)
        case Repeat(inner, least, most):
            times *= max(most if most is not None else least, 1)
            if times > MOST_NESTED:
                raise UnsharedPattern(f"repetitions multiply to more than {MOST_NESTED}")
            _check_repeats(inner, times)


def _check_edges(group: Group, at_start: bool, at_end: bool) -> None:
    """`^` with something before it, or `$` with something behind, never holds; not every engine knows it."""
    for branch in group.branches:
        for place, item in enumerate(branch):
            first, last = at_start and place == 0, at_end and place == len(branch) - 1
            match item:
                case Edge(start) if not (first if start else last):
                    where = "`^` stands at the start" if start else "`$` stands at the end"
                    raise UnsharedPattern(f"{where} of a pattern only")
                case Group():
                    _check_edges(item, first, last)
                case Repeat(Group() as repeated, _, _):
                    _check_edges(repeated, False, False)


def spell_pattern(pattern: Group, end: str) -> str:
    """The pattern in the syntax that engines share but for how they write the text's very `end`."""
    return _branches(pattern, end)


def _branches(group: Group, end: str) -> str:
    return "|".join("".join(_item(item, end) for item in branch) for branch in group.branches)


def _item(item: Item, end: str) -> str:
    match item:
        case Edge(start):
            return "^" if start else end
        case Chars():
            return _chars(item)
        case Group():
            return f"({_branches(item, end)})"
        case Repeat(inner, least, most):
            return _item(inner, end) + _count(least, most)


def _count(least: int, most: int | None) -> str:
    known = {(0, None): "*", (1, None): "+", (0, 1): "?"}
    if (least, most) in known:
        return known[least, most]
    if least == most:
        return f"{{{least}}}"
    return f"{{{least},{'' if most is None else most}}}"


def _chars(chars: Chars) -> str:
    if _single(chars):
        return _escaped(chars.ranges[0][0], _SPECIAL)
    if chars.ranges == ((0, LAST),):
        return r"(\n|[^\n])"
    everything_but = chars.ranges[-1][1] == LAST
    ranges = outside(chars).ranges if everything_but else chars.ranges
    return f"[{'^' if everything_but else ''}{''.join(_range(max(low, 1), high) for low, high in ranges)}]"


def _range(low: int, high: int) -> str:
    first, last = _escaped(low, _SPECIAL_IN_SET), _escaped(high, _SPECIAL_IN_SET)
    return first if low == high else f"{first}{last}" if high == low + 1 else f"{first}-{last}"


def _escaped(point: int, special: frozenset[str]) -> str:
    if point in _WRITTEN:
        return _WRITTEN[point]
    return f"\\{chr(point)}" if chr(point) in special else chr(point)
