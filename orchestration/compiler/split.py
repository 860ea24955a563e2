"""An audience's split: shares of a line from 0 to 1 on which every subject has a place of its own, forever.

A subject's place is the first eight hexadecimal digits of MD5 over `salt:key`, which every engine computes alike. The
variants take their shares of the line in the order in which they are written, so that a share that grows or shrinks
moves its edges only. Whoever lies beyond the last share is in no variant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from orchestration.compiler.fields import as_entries, as_text, error
from orchestration.compiler.source import Entry, Node

HOLDOUT = "holdout"
WHOLE = Decimal(100)
PLACES = 2**32
NAME = re.compile(r"[a-z][a-z0-9_]{0,29}\Z")
HELP = "as in `split: {holdout: 10, a: 45, b: 45}`: per cent, 100 together at most"


class Share(NamedTuple):
    """A variant and its share in per cent."""

    variant: str
    percent: Decimal


def node_to_split(node: Node) -> tuple[Share, ...]:
    """The shares as written. Raises Problems."""
    shares = tuple(map(_share, as_entries(node)))
    if sum(share.percent for share in shares) > WHOLE:
        raise error("bad-split", "the shares are more than 100 per cent together", node.span, HELP)
    if not any(share.variant != HOLDOUT for share in shares):
        raise error("bad-split", "nobody is left to send to", node.span, HELP)
    return shares


def _share(entry: Entry) -> Share:
    if not NAME.match(entry.name):
        help_ = "use small letters, digits and _, beginning with a letter, at most 30"
        raise error("bad-split", f"`{entry.name}` cannot be the name of a variant", entry.key.span, help_)
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)\s*%?", as_text(entry.value))
    if not found:
        raise error("bad-split", f"`{as_text(entry.value)}` is not a share", entry.value.span, HELP)
    return Share(entry.name, Decimal(found[1]))


def split_to_ends(split: tuple[Share, ...]) -> Iterator[tuple[str, str | None]]:
    """Each variant with the place at which its share ends, as eight digits; null where it goes on to the end."""
    total = Decimal(0)
    for share in split:
        total += share.percent
        end = int((total * PLACES / WHOLE).to_integral_value(ROUND_CEILING))
        yield share.variant, None if end >= PLACES else f"{end:08x}"
