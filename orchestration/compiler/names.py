"""Names and comments made of words: for columns and models, and beside them in SQL."""

from __future__ import annotations

import re
from hashlib import sha256

MAX_NAME = 55


def slug(*phrases: str) -> str:
    """Phrases as one name of small letters, digits and _; a name that would be too long ends in a digest of itself."""
    said = "_".join(phrases).lower()
    name = re.sub(r"[^a-z0-9]+", "_", said).strip("_") or "value"
    lossless = re.fullmatch(r"[a-z0-9_ ]*", said) is not None
    if len(name) <= MAX_NAME and lossless:
        return name
    return f"{name[: MAX_NAME - 7].rstrip('_')}_{digest(said)}"


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

    def name(self, wanted: str, meaning: str) -> str:
        """The wanted name, if it is free; engines do not tell small letters from capitals."""
        chosen = wanted
        if chosen.lower() in self.taken:
            chosen = f"{wanted[: MAX_NAME - 7]}_{digest(meaning)}"
        while chosen.lower() in self.taken:
            chosen += "_"
        self.taken.add(chosen.lower())
        return chosen
