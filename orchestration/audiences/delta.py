"""Desired set minus the last acknowledged state: what a delivery has to say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from orchestration.audiences.audience import Send
from orchestration.audiences.desired import Desired, Member
from orchestration.audiences.values import key_order

NOTHING_KNOWN = "{}"


class Operation(StrEnum):
    """What the receiver does with a row: drop it, enrol it, update it, or take it as it now is (full resync)."""

    REMOVE = "remove"
    ADD = "add"
    CHANGE = "change"
    SET = "set"


@dataclass(frozen=True)
class Acknowledged:
    """What the destination last confirmed about a subject. `inside` is false once its removal was confirmed."""

    identifiers: str
    fields: str
    inside: bool
    variant: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a delivery. A removal names identifiers only: whoever left is owed no fields.

    `variant` is the branch of the audience's split to add to or to remove from, empty without a split.
    """

    operation: Operation
    key: str
    identifiers: str
    fields: str
    variant: str = ""


@dataclass(frozen=True)
class Delta:
    """The rows in the order they are to be applied, and the keys of the subjects behind them.

    `readdressed` are those whose identifiers or variant changed: removed under the old, added under the new. `updated`
    are those of whom only fields changed. `before` and `after` are the destination's sizes.
    """

    rows: tuple[Row, ...]
    entered: tuple[str, ...]
    updated: tuple[str, ...]
    readdressed: tuple[str, ...]
    left: tuple[str, ...]
    before: int

    @property
    def added(self) -> int:
        return len(self.entered)

    @property
    def changed(self) -> int:
        return len(self.updated) + len(self.readdressed)

    @property
    def removed(self) -> int:
        return len(self.left)

    @property
    def after(self) -> int:
        return self.before + self.added - self.removed

    @property
    def moved(self) -> int:
        """Subjects that are added or removed, under whichever identifier."""
        return self.added + self.removed + len(self.readdressed)

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)


def desired_to_delta(desired: Desired, acknowledged: Mapping[str, Acknowledged], send: Send) -> Delta:
    """What must be said so that the acknowledged state becomes the desired one.

    `entries_once` adds nobody a second time, and removes only members who may not be contacted any more or who met
    `exit_when`.
    """
    inside = {key: state for key, state in acknowledged.items() if state.inside}
    match send:
        case Send.CHANGES | Send.FULL:
            return _difference(desired.members, inside, whole=send is Send.FULL)
        case Send.ENTRIES_ONCE:
            return _entries(desired, acknowledged, inside)
        case _:
            assert_never(send)


def members_to_removal(acknowledged: Mapping[str, Acknowledged], keys: Collection[str] | None = None) -> Delta:
    """What must be said so that nobody is left, or none of `keys`."""
    inside = {key: state for key, state in acknowledged.items() if state.inside}
    gone = [key for key in inside if keys is None or key in keys]
    rows = in_order(_removals(gone, inside))
    return Delta(rows, entered=(), updated=(), readdressed=(), left=tuple(gone), before=len(inside))


def _difference(desired: tuple[Member, ...], inside: Mapping[str, Acknowledged], *, whole: bool) -> Delta:
    wanted = {member.key for member in desired}
    entered = [member for member in desired if member.key not in inside]
    left = [key for key in inside if key not in wanted]
    changed = [member for member in desired if member.key in inside and _differs(member, inside[member.key])]
    renamed = [member for member in changed if _address(member) != _address(inside[member.key])]
    updated = [member for member in changed if _address(member) == _address(inside[member.key])]
    removals = _removals([*left, *(member.key for member in renamed)], inside)
    if whole:
        rows = [*removals, *_rows(Operation.SET, desired)]
    else:
        rows = [*removals, *_rows(Operation.ADD, [*entered, *renamed]), *_rows(Operation.CHANGE, updated)]
    return Delta(
        rows=in_order(rows) if entered or left or changed else (),
        entered=_keys(entered),
        updated=_keys(updated),
        readdressed=_keys(renamed),
        left=tuple(left),
        before=len(inside),
    )


def _entries(desired: Desired, ever: Mapping[str, Acknowledged], inside: Mapping[str, Acknowledged]) -> Delta:
    entered = [member for member in desired.members if member.key not in ever]
    withdrawn = [key for key in inside if key in desired.withdrawn or key in desired.exited]
    rows = in_order([*_removals(withdrawn, inside), *_rows(Operation.ADD, entered)])
    return Delta(rows, _keys(entered), updated=(), readdressed=(), left=tuple(withdrawn), before=len(inside))


def _keys(members: Iterable[Member]) -> tuple[str, ...]:
    return tuple(member.key for member in members)


def _address(known: Member | Acknowledged) -> tuple[str, str]:
    return known.identifiers, known.variant


def _differs(member: Member, state: Acknowledged) -> bool:
    return (*_address(member), member.fields) != (*_address(state), state.fields)


def _removals(keys: Iterable[str], inside: Mapping[str, Acknowledged]) -> list[Row]:
    states = ((key, inside[key]) for key in keys)
    return [Row(Operation.REMOVE, key, state.identifiers, NOTHING_KNOWN, state.variant) for key, state in states]


def _rows(operation: Operation, members: Iterable[Member]) -> list[Row]:
    return [Row(operation, member.key, member.identifiers, member.fields, member.variant) for member in members]


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """All removals first: an identifier may pass from one subject to another, and a later removal would lose it."""
    return tuple(
        sorted(rows, key=lambda row: (row.operation is not Operation.REMOVE, *key_order(row.key), row.operation))
    )
