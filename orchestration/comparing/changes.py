"""Which segments a change of the specs reaches, and how: by their own files, or by what they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from orchestration.compiler.canonical import digest_of
from orchestration.compiler.compile import Compilation
from orchestration.compiler.plan import references
from orchestration.compiler.segment import Segment, StaticMembers, Status

RULED = {"rule", "status"}
TOLD = ("name", "owner", "description", "labels", "hidden", "daily", "active_by")


class Kind(StrEnum):
    """How a segment is reached; `reworded` changes nothing about who is in it."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"
    REACHED = "reached"
    REWORDED = "reworded"


@dataclass(frozen=True)
class Change:
    """A segment before and after; one of the two is missing where it was added or removed.

    `fields` are those of its file that differ. `because` says what reaches a segment whose own file is as it was, or
    why a run would refuse the change.
    """

    kind: Kind
    before: Segment | None
    after: Segment | None
    fields: tuple[str, ...] = ()
    because: tuple[str, ...] = ()

    @property
    def segment(self) -> Segment:
        """The segment as it is, or as it last was."""
        found = self.after or self.before
        assert found is not None, "a change has a side"
        return found

    @property
    def key(self) -> str:
        return self.segment.key

    @property
    def moves(self) -> bool:
        """Whether it can change who is in the segment."""
        return self.kind is not Kind.REWORDED


def compilations_to_changes(before: Compilation, after: Compilation) -> tuple[Change, ...]:
    """Every segment that differs, by key: what was written differently first, then what that reaches."""
    old = before.segments
    heirs = {former: key for key, each in after.segments.items() for former in each.formerly if former in old}
    pairs = {key: old.get(key) for key in after.segments}
    pairs |= {key: old[former] for former, key in heirs.items() if former not in after.segments and key not in old}
    inherited = {each.key for each in pairs.values() if each}
    refused = {key: former for former, key in heirs.items() if former not in after.segments and key in old}
    found: list[Change] = []
    for key, former in pairs.items():
        if former and key in refused:
            segment, because = after.segments[key], _two_pasts(key, refused[key])
            found.append(Change(Kind.CHANGED, former, segment, tuple(_fields(former, segment)), (because,)))
        elif former is None:
            gone = [each for old_key, each in old.items() if old_key not in inherited]
            found.append(Change(Kind.ADDED, None, after.segments[key], because=_not_called(after.segments[key], gone)))
        else:
            found += _differs(before, former, after, after.segments[key])
    found += (Change(Kind.REMOVED, each, None) for key, each in old.items() if key not in inherited)
    return tuple(sorted(found, key=lambda change: (change.kind is Kind.REACHED, change.key)))


def _differs(before: Compilation, former: Segment, after: Compilation, segment: Segment) -> Iterator[Change]:
    fields = tuple(_fields(former, segment))
    is_other = before.definition(former.key) != after.definition(segment.key)
    is_edited = before.specs[former.key].source.text != after.specs[segment.key].source.text
    if former.entity != segment.entity:
        yield Change(Kind.REMOVED, former, None)
        yield Change(Kind.ADDED, None, segment, because=(_of_another_entity(former),))
    elif former.key != segment.key:
        yield Change(Kind.RENAMED, former, segment, fields)
    elif is_edited and RULED & set(fields):
        yield Change(Kind.CHANGED, former, segment, fields, _resting(segment))
    elif is_other:
        yield Change(Kind.REACHED, former, segment, fields, tuple(_reasons(before, former, after, segment)))
    elif fields:
        yield Change(Kind.REWORDED, former, segment, fields)


def _not_called(segment: Segment, gone: Iterable[Segment]) -> tuple[str, ...]:
    """What was perhaps forgotten: a removed segment with the same rule is most likely the same one, renamed."""
    same = (each for each in gone if each.entity == segment.entity and digest_of(each.rule) == digest_of(segment.rule))
    return tuple(
        f"{each.key} is removed and had the same rule: `formerly: {each.key}` keeps its history" for each in same
    )


def _resting(segment: Segment) -> tuple[str, ...]:
    """A paused segment keeps the members of the day before the one that is judged."""
    return ("paused with the members of the day before",) if segment.status is Status.PAUSED else ()


def _two_pasts(key: str, former: str) -> str:
    return f"a run refuses this where {key} and {former} were both judged: take `formerly: {former}` out of its file"


def _of_another_entity(former: Segment) -> str:
    return f"a run refuses this where {former.key} was judged as a segment of {former.entity}: give it another key"


def _fields(former: Segment, segment: Segment) -> Iterator[str]:
    """What is written differently, in the order of a spec."""
    if former.status is not segment.status:
        yield "status"
    if digest_of(former.rule) != digest_of(segment.rule):
        yield "rule"
    yield from (name for name in TOLD if getattr(former, name) != getattr(segment, name))


def _reasons(before: Compilation, former: Segment, after: Compilation, segment: Segment) -> Iterator[str]:
    """What reaches a segment: a list, those that it refers to, or else the catalog."""
    match former.rule, segment.rule:
        case StaticMembers(keys=old), StaticMembers(path, keys) if old != keys:
            yield f"{path} was changed"
            return
    changed = [key for key in references(segment) if before.definitions.get(key) != after.definition(key)]
    yield from (f"it refers to {key}" for key in changed)
    if not changed:
        yield "the catalog was changed"


def is_judged(segment: Segment | None) -> bool:
    """Whether somebody can be in the segment."""
    return segment is not None and segment.status is not Status.ARCHIVED
