"""What a service complains of, in words that hold nothing of what it was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from orchestration.audiences.values import Json, json_to_cell

HIDDEN = "…"
LONGEST = 300
ADDRESS = re.compile(r"\S+@\S+")
MANY_DIGITS = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){4,}")


def complaint(answer: Json, said: Json) -> str:
    """The error codes, titles and messages of an answer, empty where it has none.

    Reads the forms that JSON:API, Intercom and SendGrid use. Every value that the call said is cut out of it, and so is
    whatever looks like an e-mail address or a longer number.
    """
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    told = errors if isinstance(errors, list) else [answer.get("error", answer)]
    words = [_words(error) for error in told if isinstance(error, dict | str)]
    unique = dict.fromkeys(text for text in words if text)
    return _without("; ".join(unique), said)[:LONGEST]


def _words(error: Mapping[str, Json] | str) -> str:
    if isinstance(error, str):
        return error
    told = [error.get(name) for name in ("code", "title", "message", "detail", "field", "error_id")]
    source = error.get("source")
    pointer = source.get("pointer") if isinstance(source, Mapping) else None
    return ", ".join(dict.fromkeys(str(value) for value in (*told, pointer) if isinstance(value, str | int) and value))


def _without(text: str, said: Json) -> str:
    folded = text.casefold()
    held = {value for value in _values(said) if value.strip() and value.casefold() in folded}
    for value in sorted(held, key=len, reverse=True):
        # Short values are cut only where they stand alone: the word "a" is not the letter a.
        edges = (r"(?<!\w)", r"(?!\w)") if len(value) < 4 else ("", "")
        text = re.sub(edges[0] + re.escape(value) + edges[1], HIDDEN, text, flags=re.IGNORECASE)
    return MANY_DIGITS.sub(HIDDEN, ADDRESS.sub(HIDDEN, text))


def _values(said: Json) -> Iterator[str]:
    match said:
        case dict():
            for value in said.values():
                yield from _values(value)
        case list():
            for value in said:
                yield from _values(value)
        case None | bool():
            return
        case _:
            yield json_to_cell(said)
