"""The guard: how much one push may change before somebody has to look."""

from __future__ import annotations

from orchestration.audiences.audience import Audience, Guard
from orchestration.audiences.delta import Delta


def change_of(delta: Delta) -> float | None:
    """Subjects added or removed as a share of the last acknowledged size; null when there was nobody."""
    return delta.moved / delta.before if delta.before else None


def most_moved(guard: Guard, before: int) -> int | None:
    """How many subjects one push may add or remove where `before` are acknowledged; null for any number."""
    if guard.max_change is None or not before:
        return None
    return int(guard.max_change * before)


def guard_objection(audience: Audience, desired: int, delta: Delta) -> str | None:
    """Why the guard stops this push, null when it does not. `desired` is the size of the desired set."""
    guard = audience.guard
    if desired == 0 and not guard.allow_empty:
        return "the desired set is empty and guard.allow_empty is not set"
    most = most_moved(guard, delta.before)
    if guard.max_change is None or most is None or delta.moved <= most:
        return None
    return (
        f"{delta.moved} of {delta.before} acknowledged members would be added or removed "
        f"({delta.moved / delta.before:.1%}), guard.max_change is {guard.max_change:.1%}"
    )
