"""A comparison in pieces that people read: the same words for a terminal, for a pull request and in JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import assert_never

from orchestration.comparing.audiences import AudienceChange
from orchestration.comparing.changes import Kind
from orchestration.comparing.comparison import Comparison
from orchestration.comparing.movement import Moves
from orchestration.comparing.segments import SegmentChange
from orchestration.comparing.sending import Sent
from orchestration.comparing.written import Difference
from orchestration.gates.result import key_hash
from orchestration.warehouse import Cost

SETTINGS = 12
MARKS = {
    Kind.ADDED: "+",
    Kind.REMOVED: "-",
    Kind.RENAMED: "→",
    Kind.CHANGED: "~",
    Kind.REACHED: "·",
    Kind.REWORDED: "=",
}


@dataclass(frozen=True)
class Telling:
    """A comparison, and whether subjects' keys are shown: those of personal entities are hashed otherwise."""

    comparison: Comparison
    show_keys: bool = False

    def headline(self) -> str:
        """What it is about, in one line."""
        found = self.comparison
        where = f"{found.ref} ({found.commit[:10]})"
        return f"Against {where}, as of {found.as_of}: {self._counted()}"

    def _counted(self) -> str:
        kinds = [each.change.kind for each in self.comparison.segments]
        counted = [f"{kinds.count(kind)} {kind.value}" for kind in Kind if kind in kinds]
        if not counted and not self.comparison.audiences:
            return "no segment and no audience changes" if self.comparison.settings else "nothing changes"
        segments = f"segments: {', '.join(counted)}" if counted else "no segment changes"
        stopped = sum(bool(stops(each)) for each in self.comparison.audiences)
        halted = f", of which {stopped} would be stopped" if stopped else ""
        return f"{segments}; audiences touched: {len(self.comparison.audiences)}{halted}"

    def shared(self) -> Iterator[str]:
        """What the files that all share say differently, and base populations that differ."""
        yield from settings(self.comparison.settings)
        bases = {
            each.change.segment.entity: (each.movement.base_before, each.movement.base_after)
            for each in self.comparison.segments
            if each.movement and each.change.kind not in (Kind.ADDED, Kind.REMOVED)
        }
        for entity, (before, after) in bases.items():
            if before != after:
                yield f"base population of {entity}: {before:,} → {after:,}"

    def keys(self, entity: str, keys: tuple[str, ...]) -> list[str]:
        """Keys as they may be shown."""
        return [key_hash(key) if self.hides(entity) else key for key in keys]

    def hides(self, entity: str) -> bool:
        return entity in self.comparison.personal and not self.show_keys

    def as_json(self) -> dict[str, object]:
        found = self.comparison
        return {
            "base": found.ref,
            "commit": found.commit,
            "as_of": found.as_of,
            "settings": [asdict(each) for each in found.settings],
            "segments": [self._segment(each) for each in found.segments],
            "audiences": [_audience(each) for each in found.audiences],
        }

    def _segment(self, told: SegmentChange) -> dict[str, object]:
        change, movement = told.change, told.movement
        return {
            "segment": change.key,
            "kind": change.kind.value,
            "formerly": change.before.key if change.before and change.before.key != change.key else None,
            "entity": change.segment.entity,
            "file": change.segment.path,
            "fields": list(change.fields),
            "because": list(change.because),
            "rule": {"before": told.rule_before, "after": told.rule_after},
            "sql": list(told.sql),
            "members": {"before": movement.before, "after": movement.after} if movement else None,
            "base_population": {"before": movement.base_before, "after": movement.base_after} if movement else None,
            "enter": self._moves(told, movement.entering, movement.base_after) if movement else None,
            "leave": self._moves(told, movement.leaving, movement.base_before) if movement else None,
            "decided_by_unknown": {"in": movement.in_by_unknown, "out": movement.out_by_unknown} if movement else None,
            "untold": told.untold or None,
            "overlap": [asdict(each) for each in told.overlaps],
            "cost": {"before": _cost(told.cost_before), "after": _cost(told.cost_after)},
        }

    def _moves(self, told: SegmentChange, moves: Moves, base: int) -> dict[str, object]:
        entity = told.change.segment.entity
        return {
            "subjects": moves.subjects,
            "share": moves.subjects / base if base else None,
            "through": [asdict(each) for each in moves.through],
            "hashes" if self.hides(entity) else "keys": self.keys(entity, moves.examples),
        }


def _cost(cost: Cost | None) -> dict[str, object] | None:
    return asdict(cost) if cost else None


def _audience(told: AudienceChange) -> dict[str, object]:
    return {
        "audience": told.audience,
        "entity": told.entity,
        "destination": told.destination,
        "because": list(told.because),
        "settings": [asdict(each) for each in told.settings],
        "before": _sent(told.before),
        "after": _sent(told.after),
    }


def _sent(sent: Sent | str | None) -> dict[str, object] | None:
    match sent:
        case None:
            return None
        case str():
            return {"unknown": sent}
        case Sent():
            return asdict(sent)
        case _:
            assert_never(sent)


def sizes(told: SegmentChange) -> str:
    """Members before and after, with their share of the base population."""
    movement = told.movement
    if told.untold:
        return f"cannot be told: {told.untold}"
    if movement is None:
        return "same members"
    before, after = f"{movement.before:,}", f"{movement.after:,}"
    old, new = share(movement.before, movement.base_before), share(movement.after, movement.base_after)
    match told.change.kind:
        case Kind.ADDED:
            return f"{after} ({new})"
        case Kind.REMOVED:
            return f"{before} ({old}) → gone"
        case _ if movement.before == movement.after:
            return f"{after} ({new})"
        case _:
            return f"{before} → {after} ({old} → {new})"


def share(part: int, whole: int) -> str:
    """A part of a whole in percent, with a digit more where it is small."""
    if not whole:
        return "of nobody"
    percent = 100 * part / whole
    return f"{percent:.1f}%" if percent >= 1 or not part else f"{percent:.2g}%" if percent >= 0.01 else "< 0.01%"


def why(told: SegmentChange) -> str:
    """How the change reaches the segment."""
    change = told.change
    said = [change.kind.value]
    if change.before and change.kind is Kind.RENAMED:
        said.append(f"formerly {change.before.key}")
    said += change.fields if change.kind is not Kind.REACHED else ()
    said += change.because
    return ", ".join(said)


def rules(told: SegmentChange) -> Iterator[tuple[str, str]]:
    """The rule in words: once where it says the same, else before and after."""
    if told.rule_before == told.rule_after:
        yield "rule", told.rule_after
        return
    if told.rule_before:
        yield "before", told.rule_before
    if told.rule_after:
        yield "after", told.rule_after


def settings(found: Sequence[Difference]) -> Iterator[str]:
    """Each setting before and after, the first of many."""
    for each in found[:SETTINGS]:
        yield f"{each.setting}: {each.before or 'not given'} → {each.after or 'not given'}"
    if len(found) > SETTINGS:
        yield f"and {len(found) - SETTINGS:,} more settings"


def moved(told: SegmentChange) -> Iterator[tuple[str, Moves]]:
    """Who moves, as in "119 enter (2.4%)": a share of all there are, for those who leave of all there were.

    Nothing is said where nobody moves.
    """
    if movement := told.movement:
        sides = (("enter", movement.entering, movement.base_after), ("leave", movement.leaving, movement.base_before))
        for word, moves, base in sides:
            if moves.subjects:
                yield f"{moves.subjects:,} {word} ({share(moves.subjects, base)})", moves


def through(moves: Moves) -> Iterator[str]:
    """For each condition, how many it moves."""
    for each in moves.through:
        alone = f", {each.alone:,} by it alone" if each.alone and len(moves.through) > 1 else ""
        yield f"{each.condition}: {each.how} by {each.subjects:,}{alone}"


def unknowns(told: SegmentChange) -> str:
    """How many an unknown value decided, empty where it did so for nobody."""
    movement = told.movement
    if movement is None or not (movement.in_by_unknown or movement.out_by_unknown):
        return ""
    return f"{movement.in_by_unknown:,} are in and {movement.out_by_unknown:,} are out by an unknown value"


def in_common(told: SegmentChange) -> Iterator[tuple[str, str]]:
    """The segments that overlap most, and how much."""
    for each in told.overlaps:
        sides = [each.after] if told.change.kind is Kind.ADDED else [each.before, each.after]
        yield each.segment, f"{' → '.join(f'{both:,}' for both in sides)} in both, Jaccard {each.jaccard:.2f}"


def costs(told: SegmentChange) -> str:
    """What it takes to judge the segment alone."""
    sides = [each for each in (told.cost_before, told.cost_after) if each]
    if not sides:
        return ""
    seconds = " → ".join(f"{each.seconds:.2g}" for each in sides)
    rows = " → ".join(f"{each.rows_scanned:,}" for each in sides)
    return f"{seconds} s of work, {rows} rows scanned"


def sendings(told: AudienceChange) -> str:
    """What the audience would send next, before and after."""
    before, after = _sending(told.before), _sending(told.after)
    match told.before, told.after:
        case None, _:
            return after
        case _, None:
            return f"{before} → nothing more: the audience is gone and its members stay at {told.destination}"
        case _:
            said = after if before == after else f"{before} → {after}"
            return f"{said}; its members stay at {told.left}" if told.left else said


def _sending(sent: Sent | str | None) -> str:
    match sent:
        case Sent(added=added, changed=changed, removed=removed):
            more = f", change {changed:,}" if changed else ""
            return f"add {added:,}{more}, remove {removed:,}"
        case str():
            return f"cannot be told: {sent}"
        case None:
            return "nothing"
        case _:
            assert_never(sent)


def stops(told: AudienceChange) -> tuple[str, ...]:
    """What would stop the next delivery after the change."""
    return told.after.stops if isinstance(told.after, Sent) else ()
