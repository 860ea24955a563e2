"""Names and comments made of words: for columns and models, and beside them in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

MAX_NAME = 55


def slug(*phrases: str) -> str:
    """Phrases as one name of small letters, digits and _; a name that would be too long ends in a digest of itself."""
    said = "_".join(phrases).lower()
    name = uncut(said)
    lossless = re.fullmatch(r"[a-z0-9_ ]*", said) is not None
    if len(name) <= MAX_NAME and lossless:
        return name
    return f"{name[: MAX_NAME - 7].rstrip('_')}_{digest(said)}"


def uncut(said: str) -> str:
    """Words as one name, however long, and whatever they lose."""
    return re.sub(r"[^a-z0-9]+", "_", said.lower()).strip("_") or "value"


def comment(said: str) -> str:
    """Words that may stand in a comment of SQL inside a template: on one line, opening and closing nothing."""
    plain = "".join(char if char.isprintable() else " " for char in said).replace("{", "(").replace("}", ")")
    for mark in ("*/", "/*", "--"):
        plain = plain.replace(mark, " ".join(mark))
    return plain if len(plain) <= 160 else f"{plain[:159]}…"


def digest(said: str) -> str:
    return sha256(said.encode()).hexdigest()[:6]


class Namer:
    """Names for things, each its own: a name already taken by something else gets a digest of what it stands for."""

    def __init__(self, *taken: str) -> None:
        self.taken = {name.lower() for name in taken}

    def name(self, wanted: str, meaning: str, derived: Iterable[str] = ()) -> str:
        """The wanted name, if it is free and not too long; engines do not tell small letters from capitals.

        `derived` are patterns of further names that will be made of it, which have to be free as well.
        """
        patterns = ("{}", *derived)
        chosen = wanted
        if len(chosen) > MAX_NAME or self._is_taken(chosen, patterns):
            chosen = f"{wanted[: MAX_NAME - 7]}_{digest(meaning)}"
        while self._is_taken(chosen, patterns):
            chosen += "_"
        self.taken |= {pattern.format(chosen).lower() for pattern in patterns}
        return chosen

    def _is_taken(self, name: str, patterns: Iterable[str]) -> bool:
        return any(pattern.format(name).lower() in self.taken for pattern in patterns)
