"""A comparison for a terminal or a pipe."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.comparing.audiences import AudienceChange
from orchestration.comparing.movement import Moves
from orchestration.comparing.segments import SegmentChange
from orchestration.comparing.telling import (
    MARKS,
    Telling,
    costs,
    in_common,
    rules,
    sendings,
    settings,
    sizes,
    stops,
    through,
    unknowns,
    why,
)


def telling_to_text(telling: Telling) -> Iterator[str]:
    """The lines of a plan: a break in a value ends none."""
    return ("\\n".join(line.splitlines()) for line in _lines(telling))


def _lines(telling: Telling) -> Iterator[str]:
    yield telling.headline()
    yield from (f"  {said}" for said in telling.shared())
    for each in telling.comparison.segments:
        yield ""
        yield from _segment(telling, each)
    if telling.comparison.audiences:
        yield ""
        yield "audiences, and what their next delivery would say:"
    for audience in telling.comparison.audiences:
        yield from _audience(audience)
    yield ""
    yield "nothing was written"


def _segment(telling: Telling, told: SegmentChange) -> Iterator[str]:
    change = told.change
    yield f"{MARKS[change.kind]} {change.key} ({change.segment.entity}; {why(told)}): {sizes(told)}"
    yield from (f"  {side}: {rule}" for side, rule in rules(told))
    yield from (f"    {line}" for line in told.sql if told.rule_before and told.rule_after)
    if told.movement:
        yield from _moves(telling, told, "enter", told.movement.entering)
        yield from _moves(telling, told, "leave", told.movement.leaving)
    if said := unknowns(told):
        yield f"  {said}"
    yield from (f"  overlaps with {segment}: {said}" for segment, said in in_common(told))
    if said := costs(told):
        yield f"  cost: {said}"


def _moves(telling: Telling, told: SegmentChange, word: str, moves: Moves) -> Iterator[str]:
    if not moves.subjects:
        return
    yield f"  {moves.subjects:,} {word}"
    yield from (f"    {said}" for said in through(moves))
    entity = told.change.segment.entity
    if keys := telling.keys(entity, moves.examples):
        yield f"    such as {', '.join(keys)}{' (hashes of keys)' if telling.hides(entity) else ''}"


def _audience(told: AudienceChange) -> Iterator[str]:
    yield f"  {told.audience} → {told.destination} ({', '.join(told.because)}): {sendings(told)}"
    yield from (f"    {said}" for said in settings(told.settings))
    yield from (f"    would be stopped: {reason}" for reason in stops(told))
