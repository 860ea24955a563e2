"""Numbers, shares and days as the pages say them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

NOTHING = "–"


def number(value: int | None) -> str:
    """A whole number, as in `12,345`."""
    return NOTHING if value is None else f"{value:,}"


def signed(value: int | None) -> str:
    """A change, as in `+12` or `−3`."""
    if value is None:
        return NOTHING
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{abs(value):,}"


def share(value: Decimal | float | None) -> str:
    """A share of one in percent, as in `12.5 %`."""
    return NOTHING if value is None else f"{100 * value:.1f} %"


def points(value: Decimal | None) -> str:
    """A difference of shares in percentage points, as in `+1.2 points`."""
    if value is None:
        return NOTHING
    return f"{'−' if value < 0 else '+'}{abs(100 * value):.1f} points"


def day(value: date) -> str:
    """A day, as in `31 December 2017`."""
    return f"{value.day} {value:%B %Y}"


def count(value: int, noun: str, nouns: str = "") -> str:
    """How many of what, as in `1 day` or `1,200 days`."""
    return f"{value:,} {noun if value == 1 else nouns or f'{noun}s'}"


def listed(words: list[str]) -> str:
    """Words with commas, and `and` before the last."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
