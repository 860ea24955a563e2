"""What a change does to segments: in words, in SQL, in subjects, at what cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import unified_diff

from orchestration.comparing.changes import Change, Kind, is_judged
from orchestration.comparing.judging import Judged
from orchestration.comparing.movement import Movement, Seen, movements, with_examples
from orchestration.comparing.overlap import Other, Overlap, overlaps, sizes
from orchestration.comparing.sides import Both
from orchestration.compiler.compile import Compilation
from orchestration.compiler.flags import segment_to_flag
from orchestration.compiler.plan import Plan
from orchestration.compiler.render import to_text
from orchestration.compiler.segment import Segment
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.compiler.sql import AS_OF, Clock
from orchestration.questions import Questions
from orchestration.warehouse import Cost

EXAMPLES = 5
OVERLAPS = 3
DETAILED = 20


@dataclass(frozen=True)
class SegmentChange:
    """One segment of a comparison. `movement` is null where the change moves nobody by its kind, or cannot be told.

    `sql` is the difference of the segment's flag, line by line as in a unified diff. Costs are those of judging this
    segment alone. Of more than `DETAILED` segments of an entity, those that move most are told with conditions,
    unknowns, examples, overlaps and costs. `untold` says why the movement cannot be told.
    """

    change: Change
    rule_before: str
    rule_after: str
    sql: tuple[str, ...]
    movement: Movement | None
    overlaps: tuple[Overlap, ...] = ()
    cost_before: Cost | None = None
    cost_after: Cost | None = None
    untold: str = ""


def segment_changes(both: Both, table: Judged, moving: Sequence[Change], *, in_full: bool) -> list[SegmentChange]:
    """An entity's changes, those first that move most; `in_full` where the table has all that is asked of them."""
    sides = {side.name: side for side in table.sides}
    seen = [Seen(change, sides.get("before"), sides.get("after"), in_full) for change in moving]
    pairs = zip(seen, movements(table, seen), strict=True)
    told = [(each, segment_change(both, each.change, table.warehouse.dialect, found)) for each, found in pairs]
    if in_full and told:
        others = _others(both, moving[0].segment.entity)
        sized = sizes(table, sides.get("after"), others)
        told = [(each, _in_full(both, table, each, change, others, sized)) for each, change in told]
    return sorted((change for _, change in told), key=weight)


def segment_change(both: Both, change: Change, dialect: str, movement: Movement | None) -> SegmentChange:
    clocks = both.before.bases.clock, both.after.bases.clock
    old = _flag(both.flags_before, change.before, clocks[0], dialect)
    new = _flag(both.flags_after, change.after, clocks[1], dialect)
    return SegmentChange(
        change=change,
        rule_before=segment_to_sentence(change.before) if change.before else "",
        rule_after=segment_to_sentence(change.after) if change.after else "",
        sql=tuple(unified_diff(old, new, lineterm="", n=len(old) + len(new)))[3:],
        movement=movement,
    )


def _flag(plans: Mapping[str, Plan], segment: Segment | None, clock: Clock, dialect: str) -> list[str]:
    """The segment's flag in the generated SQL, by lines."""
    if segment is None or segment.key not in plans:
        return []
    return to_text(segment_to_flag(plans[segment.key], segment, clock), dialect, {AS_OF: "{{ as_of() }}"}).splitlines()


def _others(both: Both, entity: str) -> list[Other]:
    """The segments of an entity with which a change may overlap, before and after."""
    shown = [each for each in both.after.segments.values() if each.entity == entity and not each.hidden]
    return [(_former(both.before, each), each) for each in shown if is_judged(each)]


def _in_full(
    both: Both, table: Judged, seen: Seen, told: SegmentChange, others: Sequence[Other], sized: Sequence[int]
) -> SegmentChange:
    has_members = is_judged(seen.change.after)
    return replace(
        told,
        overlaps=overlaps(table, seen, others, sized, OVERLAPS) if has_members else (),
        movement=told.movement and with_examples(table, seen, told.movement, EXAMPLES),
        cost_before=_cost(both.asked_before, seen.change.before, both.day),
        cost_after=_cost(both.asked_after, seen.change.after, both.day),
    )


def _former(before: Compilation, segment: Segment) -> Segment | None:
    """The segment as it was, under the key it had."""
    return next((before.segments[key] for key in (segment.key, *segment.formerly) if key in before.segments), None)


def _cost(questions: Questions, segment: Segment | None, day: date) -> Cost | None:
    if segment is None or not is_judged(segment):
        return None
    return questions.cost(segment.key, day)


def weight(each: SegmentChange) -> tuple[int, int, str]:
    """What was written differently comes before what that reaches, and what moves more before what moves less."""
    order = list(Kind).index(Kind.REACHED)
    kind = list(Kind).index(each.change.kind)
    moved = each.movement.entering.subjects + each.movement.leaving.subjects if each.movement else 0
    return (max(kind - order + 1, 0), -moved, each.change.key)
