"""How much of a changed segment other segments of its entity hold too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from orchestration.comparing.judging import Judged, Side
from orchestration.comparing.movement import Seen, member, membership
from orchestration.compiler.segment import Segment

Other: TypeAlias = tuple[Segment | None, Segment]


@dataclass(frozen=True)
class Overlap:
    """Another segment: subjects in both before and after, and both as a share of either after (Jaccard's index)."""

    segment: str
    before: int
    after: int
    jaccard: float


def sizes(table: Judged, after: Side | None, others: Sequence[Other]) -> list[int]:
    """How many members each of these segments has after."""
    return table.counts([membership(after, new) for _, new in others])


def overlaps(
    table: Judged, seen: Seen, others: Sequence[Other], sized: Sequence[int], most: int
) -> tuple[Overlap, ...]:
    """The segments that overlap most with a changed one; `others` are segments before and after, `sized` their sizes.

    Counting among the members alone takes a fraction of counting whether everybody is one of both.
    """
    before = table.counts([_before(seen, *pair) for pair in others], seen.member_before)
    own, *after = table.counts(["true", *(membership(seen.after, new) for _, new in others)], seen.member_after)
    found = []
    for (_, new), then, both, size in zip(others, before, after, sized, strict=True):
        either = own + size - both
        found.append(Overlap(new.key, then, both, both / either if either else 0.0))
    overlapping = [each for each in found if each.segment != seen.change.key and (each.before or each.after)]
    return tuple(sorted(overlapping, key=lambda each: (-each.jaccard, -each.before, each.segment))[:most])


def _before(seen: Seen, old: Segment | None, new: Segment) -> str:
    if old is not None and _asked(seen.before, old) is None:
        # What no change reaches is before as it is after.
        return membership(seen.after, new)
    return membership(_asked(seen.before, old), old)


def _asked(side: Side | None, segment: Segment | None) -> Side | None:
    """The side, if it judges the segment."""
    return side if side and segment and side.judges(member(segment)) else None
