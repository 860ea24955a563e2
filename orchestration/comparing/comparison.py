"""The whole comparison: what a change of the specs does to segments, and through them to audiences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import unified_diff
from functools import cached_property

from orchestration.comparing.base import Base
from orchestration.comparing.changes import Change, Kind, compilations_to_changes, is_judged
from orchestration.comparing.judging import Judged, Side, judged
from orchestration.comparing.movement import Movement, Seen, member, movements, segment_to_rules, with_examples
from orchestration.comparing.overlap import Overlap, overlaps
from orchestration.comparing.sending import Sent, audience_to_rules, audience_to_segments, sent
from orchestration.comparing.unedited import unedited
from orchestration.comparing.written import Difference, differences, without_words
from orchestration.compiler.audience import audience_select
from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.compile import Compilation
from orchestration.compiler.flags import segment_to_flag
from orchestration.compiler.plan import Plan
from orchestration.compiler.render import to_text
from orchestration.compiler.segment import Rule, Segment
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.compiler.sql import AS_OF, Clock
from orchestration.questions import Questions, ask
from orchestration.warehouse import Cost, Warehouse

EXAMPLES = 5
OVERLAPS = 3
DETAILED = 20
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class SegmentChange:
    """One segment of a comparison. `movement` is null where the change moves nobody by its kind.

    `sql` is the difference of the segment's flag, line by line as in a unified diff. Costs are those of judging this
    segment alone; they, overlaps and examples are told of the `DETAILED` segments of an entity that move most.
    """

    change: Change
    rule_before: str
    rule_after: str
    sql: tuple[str, ...]
    movement: Movement | None
    overlaps: tuple[Overlap, ...] = ()
    cost_before: Cost | None = None
    cost_after: Cost | None = None


@dataclass(frozen=True)
class AudienceChange:
    """One audience of a comparison: what the next delivery says before and after, or why that cannot be told.

    `left` is the destination before, where it is another one now: who is there stays there.
    """

    audience: str
    entity: str
    destination: str
    because: tuple[str, ...]
    before: Sent | str | None
    after: Sent | str | None
    settings: tuple[Difference, ...] = ()
    left: str | None = None


@dataclass(frozen=True)
class Comparison:
    """What a change of the specs does as of a day. `personal` are the entities whose keys are personal.

    `settings` are what the catalog and the destinations say differently, descriptions left out.
    """

    ref: str
    commit: str
    as_of: date
    segments: tuple[SegmentChange, ...]
    audiences: tuple[AudienceChange, ...]
    personal: frozenset[str]
    settings: tuple[Difference, ...] = ()


def compare(base: Base, after: Compilation, warehouse: Warehouse, day: date, progress: Progress) -> Comparison:
    """Judge both sides as of a day. Reads only. Raises QuestionError, WarehouseError."""
    before = base.compilation or replace(after, segments={}, audiences={}, aims={}, specs={})
    both = _Both(before, after, ask(before, warehouse), ask(after, warehouse), day)
    changes = compilations_to_changes(before, after)
    touched = dict(_touched(both, changes))
    still = [_told(both, change, warehouse.dialect, None) for change in changes if not change.moves]
    segments: list[SegmentChange] = []
    audiences: list[AudienceChange] = []
    entities = _entities(both, changes, touched)
    with unedited(warehouse, both.asked_before, changes, both.flags_after.values(), day) as edits:
        for place, entity in enumerate(entities):
            progress(f"judge {entity}", place, len(entities))
            moving = [change for change in changes if change.moves and change.segment.entity == entity]
            after_side = replace(both.after_side(entity, moving, touched), edits=edits)
            with judged(warehouse, entity, day, (both.before_side(entity, moving, touched), after_side)) as table:
                segments += _segments(both, table, moving)
                audiences += _audiences(both, table, entity, touched)
    return Comparison(
        ref=base.ref,
        commit=base.commit,
        as_of=day,
        segments=tuple(sorted([*segments, *still], key=_weight)),
        audiences=tuple(sorted(audiences, key=lambda each: each.audience)),
        personal=frozenset(
            entity.name for each in (before, after) for entity in each.catalog.entities.values() if entity.is_personal
        ),
        settings=tuple(_settings(before, after)),
    )


def _settings(before: Compilation, after: Compilation) -> Iterator[Difference]:
    """What is written differently in the files that all segments and audiences share."""
    old, new = before.sources, after.sources
    if old is None or new is None:
        return
    for found in without_words(differences(old.catalog, new.catalog)):
        yield replace(found, setting=found.setting.removeprefix("entities."))
    for found in without_words(differences(old.destinations, new.destinations)):
        yield replace(found, setting=f"destinations.{found.setting}")


Touched = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Both:
    """The two understandings of the specs, and whom to ask by each."""

    before: Compilation
    after: Compilation
    asked_before: Questions
    asked_after: Questions
    day: date

    @cached_property
    def flags_before(self) -> dict[str, Plan]:
        return _flags(self.before)

    @cached_property
    def flags_after(self) -> dict[str, Plan]:
        return _flags(self.after)

    def before_side(self, entity: str, moving: Sequence[Change], touched: Touched) -> Side:
        """What has to be judged of an entity by the specs before."""
        rules = [*_rules(each.before for each in moving), *_audience_rules(self.before, entity, touched)]
        return Side("before", self.asked_before, tuple(dict.fromkeys(rules)))

    def after_side(self, entity: str, moving: Sequence[Change], touched: Touched) -> Side:
        """What has to be judged by the specs after: also every other segment, to tell with whom a change overlaps."""
        others = [member(each) for each in self.after.segments.values() if each.entity == entity and is_judged(each)]
        rules = [*_rules(each.after for each in moving), *_audience_rules(self.after, entity, touched), *others]
        return Side("after", self.asked_after, tuple(dict.fromkeys(rules)))


def _rules(segments: Iterable[Segment | None]) -> Iterator[Rule]:
    for segment in segments:
        if segment:
            yield from segment_to_rules(segment)


def _audience_rules(compilation: Compilation, entity: str, touched: Touched) -> Iterator[Rule]:
    for spec in _of_entity(compilation, entity, touched):
        yield from audience_to_rules(compilation, spec)


def _of_entity(compilation: Compilation, entity: str, touched: Touched) -> list[AudienceSpec]:
    return [
        spec for key, spec in compilation.audiences.items() if key in touched and _sent_of(compilation, spec) == entity
    ]


def _sent_of(compilation: Compilation, spec: AudienceSpec) -> str:
    return compilation.segments[spec.segment.text].entity


def _touched(both: _Both, changes: Sequence[Change]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The audiences that a change reaches, with what reaches them."""
    moved = {each.key for change in changes if change.moves for each in (change.before, change.after) if each}
    for key in sorted({*both.before.audiences, *both.after.audiences}):
        old, new = both.before.audiences.get(key), both.after.audiences.get(key)
        reasons = ["it is new"] if old is None else ["it was removed"] if new is None else []
        if old and new:
            reasons += _written_otherwise(both, old, new)
        segments = [
            segment
            for compilation, spec in ((both.before, old), (both.after, new))
            if spec
            for segment in audience_to_segments(compilation, spec)
        ]
        reasons += (f"it looks at {segment}" for segment in dict.fromkeys(segments) if segment in moved)
        if reasons:
            yield key, tuple(reasons)


def _written_otherwise(both: _Both, old: AudienceSpec, new: AudienceSpec) -> Iterator[str]:
    if differences(old.source, new.source):
        yield "its file was changed"
    elif audience_select(both.before, old) != audience_select(both.after, new):
        yield "the catalog was changed"


def _entities(both: _Both, changes: Sequence[Change], touched: Touched) -> list[str]:
    found = {change.segment.entity for change in changes if change.moves}
    for compilation in (both.before, both.after):
        found |= {_sent_of(compilation, spec) for key, spec in compilation.audiences.items() if key in touched}
    return sorted(found)


def _segments(both: _Both, table: Judged, moving: Sequence[Change]) -> list[SegmentChange]:
    """An entity's changes, the first of them in full."""
    sides = {side.name: side for side in table.sides}
    seen = [Seen(change, sides.get("before"), sides.get("after")) for change in moving]
    found = movements(table, seen)
    told = [
        (each, _told(both, each.change, table.warehouse.dialect, movement))
        for each, movement in zip(seen, found, strict=True)
    ]
    told.sort(key=lambda pair: _weight(pair[1]))
    full = [_in_full(both, table, each, change) for each, change in told[:DETAILED]]
    return [*full, *(change for _, change in told[DETAILED:])]


def _told(both: _Both, change: Change, dialect: str, movement: Movement | None) -> SegmentChange:
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


def _flags(compilation: Compilation) -> dict[str, Plan]:
    """The plan that judges each segment."""
    return {segment.key: plan for plan in compilation.plans() for segment in plan.judged}


def _flag(plans: Mapping[str, Plan], segment: Segment | None, clock: Clock, dialect: str) -> list[str]:
    """The segment's flag in the generated SQL, by lines."""
    if segment is None or segment.key not in plans:
        return []
    return to_text(segment_to_flag(plans[segment.key], segment, clock), dialect, {AS_OF: "{{ as_of() }}"}).splitlines()


def _in_full(both: _Both, table: Judged, seen: Seen, told: SegmentChange) -> SegmentChange:
    entity = seen.change.segment.entity
    others = [
        (_former(both.before, each), each)
        for each in both.after.segments.values()
        if each.entity == entity and is_judged(each) and not each.hidden
    ]
    return replace(
        told,
        movement=told.movement and with_examples(table, seen, told.movement, EXAMPLES),
        overlaps=overlaps(table, seen, others, OVERLAPS) if is_judged(seen.change.after) else (),
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


def _weight(each: SegmentChange) -> tuple[int, int, str]:
    """What was written differently comes before what that reaches, and what moves more before what moves less."""
    order = list(Kind).index(Kind.REACHED)
    kind = list(Kind).index(each.change.kind)
    moved = each.movement.entering.subjects + each.movement.leaving.subjects if each.movement else 0
    return (max(kind - order + 1, 0), -moved, each.change.key)


def _audiences(both: _Both, table: Judged, entity: str, touched: Touched) -> Iterator[AudienceChange]:
    found: dict[str, dict[str, Sent | str]] = {"before": {}, "after": {}}
    specs: dict[str, AudienceSpec] = {}
    compilations = {"before": both.before, "after": both.after}
    for side in table.sides:
        compilation = compilations[side.name]
        mine = _of_entity(compilation, entity, touched)
        specs |= {spec.key: spec for spec in mine}
        found[side.name] = sent(table, side, compilation.catalog.entities[entity], mine, both.day)
    for key, spec in specs.items():
        old, new = both.before.audiences.get(key), both.after.audiences.get(key)
        moved = old and new and old.destination.text != new.destination.text
        yield AudienceChange(
            audience=key,
            entity=entity,
            destination=spec.destination.text,
            because=touched[key],
            before=found["before"].get(key),
            after=found["after"].get(key),
            settings=differences(old.source, new.source) if old and new else (),
            left=old.destination.text if old and moved else None,
        )
