"""Patterns of `matches`: what RE2 takes and every other engine reads in the same way."""

from __future__ import annotations

import re

MAX_LENGTH = 1_000
_NOT_SHARED = re.compile(r"\(\?(?!:)|\\[1-9bBAzZGkpPQECXRKuU]|[*+?}]\+|\[\[[:.=]|&&")


def pattern_fault(pattern: str) -> str | None:
    """Why a pattern cannot be used, or None when it can."""
    if len(pattern) > MAX_LENGTH:
        return f"the pattern is longer than {MAX_LENGTH:,} characters"
    unshared = _NOT_SHARED.search(pattern)
    if unshared:
        return f"`{unshared[0]}` does not mean the same on every engine"
    refused = _refused(pattern)
    return f"not a pattern: {refused}" if refused else None


def _refused(pattern: str) -> str | None:
    """What RE2 has against a pattern. It reads every pattern in linear time and refuses those that grow too large."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as wrong:
        return str(wrong).removeprefix("Invalid regular expression: ")
    return None
