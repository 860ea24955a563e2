"""Patterns of `matches`: what RE2 takes and every other engine reads in the same way."""

from __future__ import annotations

import re
from typing import NamedTuple

from orchestration.compiler.engines.patterns import UnsharedPattern, read_pattern

MAX_LENGTH = 1_000
_NOT_SHARED = re.compile(r"\(\?(?!:)|\\[1-9bBAzZGkpPQECXRKuU]|[*+?}]\+|\[\[[:.=]|&&")
_PLAIN = "plain parts are shared by all engines: `^`, `$`, `.`, `[0-9]`, `(a|b)`, `*`, `+`, `?`, `{2,5}`"
_RE2 = {
    "missing ): ": "a `(` is not closed",
    "unexpected ): ": "a `)` closes nothing",
    "missing ]: ": "a `[` is not closed",
    "bad repetition operator: ": "a repetition is repeated",
    "no argument for repetition operator: ": "a repetition repeats nothing",
    "invalid escape sequence: ": "a backslash before a sign that has no meaning of its own",
    "invalid character class range: ": "a range runs backwards",
    "trailing \\": "a backslash ends it",
}


class Fault(NamedTuple):
    """Why a pattern cannot be used, and what to do."""

    message: str
    help: str


def pattern_fault(pattern: str) -> Fault | None:
    """What is wrong with a pattern, if anything."""
    if len(pattern) > MAX_LENGTH:
        return Fault(f"the pattern is longer than {MAX_LENGTH:,} characters", "ask in several conditions")
    unshared = _NOT_SHARED.search(pattern)
    if unshared:
        return Fault(f"`{unshared[0]}` does not mean the same on every engine", _PLAIN)
    refused = _refused(pattern)
    if refused is None:
        return _unread(pattern)
    if refused.startswith(("invalid repetition", "pattern too large")):
        return Fault("the pattern repeats more than 1,000 times", "repeat fewer times")
    said = next((words for start, words in _RE2.items() if refused.startswith(start)), refused)
    return Fault(f"not a pattern: {said}", "a backslash before a sign takes its meaning away, as in `\\(` or `\\.`")


def _unread(pattern: str) -> Fault | None:
    """What keeps a pattern that RE2 takes from being written for every engine."""
    try:
        read_pattern(pattern)
    except UnsharedPattern as problem:
        return Fault(str(problem), "")
    return None


def _refused(pattern: str) -> str | None:
    """What RE2 has against a pattern. It reads every pattern in linear time and refuses those that grow too large."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as wrong:
        return str(wrong).removeprefix("Invalid regular expression: ")
    return None
