"""Who would enter and leave a segment, and through which of its conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from orchestration.comparing.changes import Change, is_judged
from orchestration.comparing.judging import Judged, Side
from orchestration.compiler.segment import AnyOf, Rule, Segment, SegmentCondition, Status
from orchestration.compiler.unknown import rule_to_bounds
from orchestration.compiler.waterfall import rule_to_steps
from orchestration.compiler.words import rule_to_words

IN_BASE = "in the base population"
NOT_BEFORE, BEFORE, NOT_NOW, NOW = "not met before", "met before", "not met now", "met now"


@dataclass(frozen=True)
class Through:
    """A condition that moves subjects: in words, how (it was `not met before`, say), how many, how many it alone."""

    condition: str
    how: str
    subjects: int
    alone: int


@dataclass(frozen=True)
class Moves:
    """Subjects who would move in one direction; `through` names the conditions, the one that moves most first.

    Of enterers, those conditions kept them out before, or let them in now; of leavers, those keep them out now, or let
    them in before. `examples` are keys.
    """

    subjects: int
    through: tuple[Through, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Movement:
    """A segment before and after, in subjects.

    `base_before` and `base_after` are the base populations. `in_by_unknown` are members whom an unknown value lets in,
    `out_by_unknown` are others whom one keeps out, both by the rule as it is after.
    """

    before: int
    after: int
    base_before: int
    base_after: int
    entering: Moves
    leaving: Moves
    in_by_unknown: int
    out_by_unknown: int


@dataclass(frozen=True)
class _Told:
    """A condition as it is told, and where it moves somebody, as SQL."""

    said: str
    how: str
    where: str


@dataclass(frozen=True)
class Seen:
    """A changed segment in the table of both sides; `in_full` where its conditions and unknowns are there too."""

    change: Change
    before: Side | None
    after: Side | None
    in_full: bool = True

    @property
    def member_before(self) -> str:
        return membership(self.before, self.change.before)

    @property
    def member_after(self) -> str:
        return membership(self.after, self.change.after)

    @property
    def enters(self) -> str:
        return f"not {self.member_before} and {self.member_after}"

    @property
    def leaves(self) -> str:
        return f"{self.member_before} and not {self.member_after}"


_At: TypeAlias = tuple[Side | None, Segment | None, str]


def member(segment: Segment) -> Rule:
    """That a subject is in a segment."""
    return SegmentCondition((segment.key,))


def membership(side: Side | None, segment: Segment | None) -> str:
    """Whether a subject is in a segment on a side, as SQL; nobody is in one that is archived or not there."""
    if side is None or segment is None or not is_judged(segment):
        return "false"
    return side.holds(member(segment))


def segment_to_rules(segment: Segment) -> Iterator[Rule]:
    """The rules that have to be judged to tell how a segment moves."""
    if not is_judged(segment):
        return
    yield member(segment)
    if segment.status is Status.PAUSED:
        return
    yield from _steps(segment)
    bounds = rule_to_bounds(segment.rule)
    if bounds.differ:
        yield from (bounds.least, bounds.most)


def _steps(segment: Segment) -> tuple[Rule, ...]:
    """The parts of the rule of which one is enough to move somebody."""
    return _alternatives(segment) or rule_to_steps(segment.rule)


def _alternatives(segment: Segment) -> tuple[Rule, ...]:
    match rule_to_steps(segment.rule):
        case (AnyOf(rules),):
            return rules
        case _:
            return ()


def movements(table: Judged, seen: Sequence[Seen]) -> list[Movement]:
    """What becomes of changed segments, without examples."""
    told = [(each, _letting_in(each), _keeping_out(each)) for each in seen]
    conditions = [_conditions(*each) for each in told]
    counted = iter(table.counts([condition for each in conditions for condition in each]))
    return [
        _movement(letting_in, keeping_out, [*islice(counted, len(asked))])
        for (_, letting_in, keeping_out), asked in zip(told, conditions, strict=True)
    ]


def _conditions(seen: Seen, letting_in: Sequence[_Told], keeping_out: Sequence[_Told]) -> list[str]:
    return [
        seen.member_before,
        seen.member_after,
        seen.before.present if seen.before else "false",
        seen.after.present if seen.after else "false",
        seen.enters,
        seen.leaves,
        *_by_unknown(seen),
        *_told(letting_in, seen.enters),
        *_told(keeping_out, seen.leaves),
    ]


def _told(told: Sequence[_Told], moves: str) -> Iterator[str]:
    """For each condition, whom it moves, and whom it alone."""
    number = " + ".join(f"case when {each.where} then 1 else 0 end" for each in told)
    for each in told:
        yield f"{moves} and {each.where}"
        yield f"{moves} and {each.where} and {number} = 1"


def _by_unknown(seen: Seen) -> tuple[str, str]:
    side, segment = seen.after, seen.change.after
    if not seen.in_full or side is None or segment is None or not _is_ruled(segment):
        return "false", "false"
    bounds = rule_to_bounds(segment.rule)
    if not bounds.differ:
        return "false", "false"
    in_, least, most = seen.member_after, side.holds(bounds.least), side.holds(bounds.most)
    return f"{in_} and not {least}", f"not {in_} and {most}"


def _is_ruled(segment: Segment) -> bool:
    """Whether its own rule says who is in it, and not what was recorded last."""
    return segment.status is Status.ACTIVE


def _letting_in(seen: Seen) -> list[_Told]:
    """What lets somebody in who was not: a condition that kept them out before, or one that is enough now."""
    change = seen.change
    return _moving(seen, (seen.before, change.before, NOT_BEFORE), (seen.after, change.after, NOW))


def _keeping_out(seen: Seen) -> list[_Told]:
    """What keeps somebody out who was in: a condition that is not met now, or the one that was enough before."""
    change = seen.change
    return _moving(seen, (seen.after, change.after, NOT_NOW), (seen.before, change.before, BEFORE))


def _moving(seen: Seen, out: _At, in_: _At) -> list[_Told]:
    """Why somebody is out on one side and in on the other: an alternative of the other, or what this one misses."""
    (side_out, segment_out, how_out), (side_in, segment_in, how_in) = out, in_
    if not (seen.in_full and side_out and side_in and segment_out and segment_in):
        return []
    if not (_is_ruled(segment_out) and _is_ruled(segment_in)):
        return []
    told = [_Told(rule_to_words(each), how_in, side_in.holds(each)) for each in _alternatives(segment_in)] or [
        _Told(rule_to_words(each), how_out, _fails(side_out, each)) for each in _steps(segment_out)
    ]
    return [*told, _Told(IN_BASE, how_out, f"not coalesce({side_out.present}, false)")]


def _fails(side: Side, rule: Rule) -> str:
    """That a subject of the base population does not meet a condition."""
    return f"coalesce({side.present}, false) and not {side.holds(rule)}"


def _movement(letting_in: Sequence[_Told], keeping_out: Sequence[_Told], counted: Sequence[int]) -> Movement:
    before, after, base_before, base_after, entering, leaving, in_, out, *through = counted
    middle = 2 * len(letting_in)
    return Movement(
        before=before,
        after=after,
        base_before=base_before,
        base_after=base_after,
        entering=Moves(entering, _through(letting_in, through[:middle])),
        leaving=Moves(leaving, _through(keeping_out, through[middle:])),
        in_by_unknown=in_,
        out_by_unknown=out,
    )


def with_examples(table: Judged, seen: Seen, movement: Movement, most: int) -> Movement:
    """The same with a few keys of each who moves."""
    entering, leaving = movement.entering, movement.leaving
    return replace(
        movement,
        entering=replace(entering, examples=tuple(table.some(seen.enters, most)) if entering.subjects else ()),
        leaving=replace(leaving, examples=tuple(table.some(seen.leaves, most)) if leaving.subjects else ()),
    )


def _through(told: Sequence[_Told], counted: Sequence[int]) -> tuple[Through, ...]:
    pairs = zip(told, counted[::2], counted[1::2], strict=True)
    found = [Through(each.said, each.how, subjects, alone) for each, subjects, alone in pairs if subjects]
    return tuple(sorted(found, key=lambda each: -each.subjects))
