"""Which audiences a change reaches, and what their next deliveries would say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from orchestration.comparing.changes import Change
from orchestration.comparing.judging import Judged
from orchestration.comparing.sending import Sent, audience_to_segments, sent
from orchestration.comparing.sides import Both, Touched, audiences_of
from orchestration.comparing.written import Difference, differences
from orchestration.compiler.audience import audience_exposure, audience_select
from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.compile import Compilation


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


def touched_audiences(both: Both, changes: Sequence[Change]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The audiences that a change reaches, with what reaches them."""
    moved = {each.key for change in changes if change.moves for each in (change.before, change.after) if each}
    for key in sorted({*both.before.audiences, *both.after.audiences}):
        heir = both.audience_now(key)
        old, new = both.before.audiences.get(both.former_audience(heir)), both.after.audiences.get(heir)
        reasons = ["it is new"] if old is None else ["it was removed"] if new is None else []
        if old and new:
            reasons += _edits(both, old, new)
        segments = [
            segment
            for compilation, spec in ((both.before, old), (both.after, new))
            if spec
            for segment in audience_to_segments(compilation, spec)
        ]
        reasons += (f"it looks at {segment}" for segment in dict.fromkeys(segments) if segment in moved)
        if reasons:
            yield key, tuple(reasons)


def _edits(both: Both, old: AudienceSpec, new: AudienceSpec) -> Iterator[str]:
    """What is otherwise about an audience by its own file, or by what the catalog and the destinations say."""
    if old.key != new.key:
        yield f"it was renamed, formerly {old.key}"
    if differences(old.source, new.source):
        yield "its file was changed"
    elif not both.has_same_surroundings and _sending_of(both.before, old) != _sending_of(both.after, new):
        yield "the catalog or its destination was changed"


def _sending_of(compilation: Compilation, spec: AudienceSpec) -> tuple[object, ...]:
    """All that decides whom an audience sends and where to, but who is in its segments."""
    return audience_exposure(compilation, spec), audience_select(compilation, spec)


def joined(audiences: Iterable[AudienceChange]) -> Iterable[AudienceChange]:
    """An audience that goes over to another entity is one: what it said there, and what it says here."""
    found: dict[str, AudienceChange] = {}
    for each in audiences:
        other = found.get(each.audience, each)
        now = other if each.after is None else each
        found[each.audience] = replace(now, before=each.before if other.before is None else other.before)
    return found.values()


def audience_changes(both: Both, table: Judged, entity: str, touched: Touched) -> Iterator[AudienceChange]:
    found: dict[str, dict[str, Sent | str]] = {"before": {}, "after": {}}
    specs: dict[str, AudienceSpec] = {}
    compilations = {"before": both.before, "after": both.after}
    for side in table.sides:
        compilation = compilations[side.name]
        mine = audiences_of(compilation, entity, touched)
        named = {spec.key: both.audience_now(spec.key) if side.name == "before" else spec.key for spec in mine}
        specs |= {named[spec.key]: spec for spec in mine}
        told = sent(table, side, compilation.catalog.entities[entity], mine, both.day)
        found[side.name] = {named[key]: each for key, each in told.items()}
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


def untold_audiences(both: Both, entity: str, touched: Touched, why: str) -> list[AudienceChange]:
    """An entity's audiences where it cannot be told what they would send."""
    specs = {both.audience_now(spec.key): spec for spec in audiences_of(both.before, entity, touched)}
    specs |= {spec.key: spec for spec in audiences_of(both.after, entity, touched)}
    return [AudienceChange(key, entity, spec.destination.text, touched[key], why, why) for key, spec in specs.items()]
