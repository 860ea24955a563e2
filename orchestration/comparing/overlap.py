"""How much of a changed segment other segments of its entity hold too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.comparing.judging import Judged, Side
from orchestration.comparing.movement import Seen, member, membership
from orchestration.compiler.segment import Segment


@dataclass(frozen=True)
class Overlap:
    """Another segment: subjects in both before and after, and both as a share of either after (Jaccard's index)."""

    segment: str
    before: int
    after: int
    jaccard: float


def overlaps(
    table: Judged, seen: Seen, others: Sequence[tuple[Segment | None, Segment]], most: int
) -> tuple[Overlap, ...]:
    """The segments that overlap most with a changed one; `others` are segments before and after."""
    pairs = [(old, new) for old, new in others if new.key != seen.change.key]
    counted = table.counts([each for pair in pairs for each in _conditions(seen, *pair)])
    found = []
    for place, (_, new) in enumerate(pairs):
        before, both, either = counted[3 * place : 3 * place + 3]
        found.append(Overlap(new.key, before, both, both / either if either else 0.0))
    overlapping = [each for each in found if each.before or each.after]
    return tuple(sorted(overlapping, key=lambda each: (-each.jaccard, -each.before, each.segment))[:most])


def _conditions(seen: Seen, old: Segment | None, new: Segment) -> tuple[str, str, str]:
    other_before, other_after = membership(_asked(seen.before, old), old), membership(seen.after, new)
    if old is not None and _asked(seen.before, old) is None:
        # What no change reaches is before as it is after.
        other_before = other_after
    return (
        f"{seen.member_before} and {other_before}",
        f"{seen.member_after} and {other_after}",
        f"({seen.member_after} or {other_after})",
    )


def _asked(side: Side | None, segment: Segment | None) -> Side | None:
    """The side, if it judges the segment."""
    return side if side and segment and side.judges(member(segment)) else None
