"""The whole comparison: what a change of the specs does to segments, and through them to audiences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from orchestration.comparing.audiences import (
    AudienceChange,
    audience_changes,
    joined,
    touched_audiences,
    untold_audiences,
)
from orchestration.comparing.base import Base
from orchestration.comparing.changes import Change, compilations_to_changes
from orchestration.comparing.edited import unedited_moves
from orchestration.comparing.judging import judged
from orchestration.comparing.segments import DETAILED, SegmentChange, segment_change, segment_changes, weight
from orchestration.comparing.sides import Both, Touched, entity_of
from orchestration.comparing.written import Difference, differences, without_words
from orchestration.compiler.compile import Compilation
from orchestration.errors import MusterError
from orchestration.questions import QuestionError, ask
from orchestration.warehouse import Warehouse, WarehouseError

Progress = Callable[[str, int, int], None]


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
    changes = compilations_to_changes(before, after)
    asked_before, asked_after = ask(before, warehouse), ask(after, warehouse)
    with unedited_moves(asked_before, asked_after, changes, warehouse, day) as locate:
        both = Both(before, after, asked_before, asked_after, day, locate)
        return _compared(base, both, changes, warehouse, progress)


def _compared(
    base: Base, both: Both, changes: tuple[Change, ...], warehouse: Warehouse, progress: Progress
) -> Comparison:
    touched = dict(touched_audiences(both, changes))
    still = [segment_change(both, change, warehouse.dialect, None) for change in changes if not change.moves]
    segments: list[SegmentChange] = []
    audiences: list[AudienceChange] = []
    entities = _entities(both, changes, touched)
    failures: list[MusterError] = []
    for place, entity in enumerate(entities):
        progress(f"judge {entity}", place, len(entities))
        moving = [change for change in changes if change.moves and change.segment.entity == entity]
        try:
            found, sending = _of_entity(both, entity, moving, touched, warehouse)
        except (QuestionError, WarehouseError) as wrong:
            failures.append(wrong)
            found = [
                replace(segment_change(both, change, warehouse.dialect, None), untold=str(wrong)) for change in moving
            ]
            sending = untold_audiences(both, entity, touched, str(wrong))
        segments += found
        audiences += sending
    if failures and len(failures) == len(entities):
        raise failures[0]
    return Comparison(
        ref=base.ref,
        commit=base.commit,
        as_of=both.day,
        segments=tuple(sorted([*segments, *still], key=weight)),
        audiences=tuple(sorted(joined(audiences), key=lambda each: each.audience)),
        personal=frozenset(_personal(both.before)) | frozenset(_personal(both.after)),
        settings=tuple(_settings(both.before, both.after)),
    )


def _of_entity(
    both: Both, entity: str, moving: list[Change], touched: Touched, warehouse: Warehouse
) -> tuple[list[SegmentChange], list[AudienceChange]]:
    """What changes of an entity. Of very many segments only members are counted first, and then some told in full."""
    at_once = len(moving) <= DETAILED
    with judged(warehouse, entity, both.day, both.sides(entity, moving, touched, in_full=at_once)) as table:
        found = segment_changes(both, table, moving, in_full=at_once)
        audiences = list(audience_changes(both, table, entity, touched))
    if at_once:
        return found, audiences
    first = [each.change for each in found[:DETAILED]]
    with judged(warehouse, entity, both.day, both.sides(entity, first, {})) as table:
        return [*segment_changes(both, table, first, in_full=True), *found[DETAILED:]], audiences


def _personal(compilation: Compilation) -> Iterator[str]:
    return (entity.name for entity in compilation.catalog.entities.values() if entity.is_personal)


def _settings(before: Compilation, after: Compilation) -> Iterator[Difference]:
    """What is written differently in the files that all segments and audiences share."""
    old, new = before.sources, after.sources
    if old is None or new is None:
        return
    for found in without_words(differences(old.catalog, new.catalog)):
        yield replace(found, setting=found.setting.removeprefix("entities."))
    for found in without_words(differences(old.destinations, new.destinations)):
        yield replace(found, setting=f"destinations.{found.setting}")


def _entities(both: Both, changes: Sequence[Change], touched: Touched) -> list[str]:
    found = {change.segment.entity for change in changes if change.moves}
    for compilation in (both.before, both.after):
        found |= {entity_of(compilation, spec) for key, spec in compilation.audiences.items() if key in touched}
    return sorted(found)
