"""The desired set: who should be in an audience, read from the warehouse's table of the last judged day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from orchestration.audiences.audience import (
    CONSENT,
    ERASED,
    EXIT,
    HELD_BACK_BY,
    HELD_BACK_FOR,
    HOLDOUT,
    VARIANT,
    WITHDRAWN,
    Audience,
)
from orchestration.audiences.errors import DesiredSetError
from orchestration.audiences.naming import IDENTIFIER, Named, rows_to_named
from orchestration.audiences.tombstones import erased_among
from orchestration.audiences.values import key_order, key_to_text
from orchestration.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Member:
    """A desired subject: its key as text, its identifiers and its fields as canonical JSON, its variant or nothing."""

    key: str
    identifiers: str
    fields: str
    variant: str = ""


@dataclass(frozen=True)
class Held:
    """A member of the segment that is not sent: by what it is held back, and for which other audience."""

    key: str
    by: str
    held_for: str = ""

    @property
    def reason(self) -> str:
        return f"{self.by} ({self.held_for})" if self.held_for else self.by


@dataclass(frozen=True)
class Desired:
    """`members` in key order, `held` in key order too. `withdrawn` are the keys of all who may not be contacted.

    `rows` are the members for the gate, as `Named` has them.
    """

    members: tuple[Member, ...]
    held: tuple[Held, ...]
    withdrawn: frozenset[str]
    rows: pa.Table

    @property
    def held_back(self) -> Mapping[str, int]:
        """Members of the segment that are not sent, counted by reason."""
        return dict(sorted(Counter(each.reason for each in self.held).items()))

    @property
    def held_out(self) -> tuple[str, ...]:
        """The keys of those who are held out, to compare the others with."""
        return tuple(each.key for each in self.held if each.by == HOLDOUT)

    @property
    def exited(self) -> frozenset[str]:
        """The keys of those who met `exit_when` in the stay that they are in."""
        return frozenset(each.key for each in self.held if each.by == EXIT)

    @property
    def not_to_send(self) -> frozenset[str]:
        """The keys of all who are held back, in the segment or not."""
        return self.withdrawn | {each.key for each in self.held}

    def frame(self) -> pd.DataFrame:
        """The members as a pandas frame: key, identifiers, fields and, where the audience asks for it, consent."""
        frame: pd.DataFrame = self.rows.to_pandas()
        return frame


def read_desired(warehouse: Warehouse, audience: Audience) -> Desired:
    """The desired set as it stands in the table `audience.model`. Raises DesiredSetError."""
    columns = (*audience.columns, *((CONSENT,) if audience.consent else ()), *((VARIANT,) if audience.split else ()))
    present = _check_columns(warehouse, audience, (*columns, HELD_BACK_BY))
    reason = exp.column(HELD_BACK_BY, quoted=True)
    named, unsendable = _sendable(warehouse, audience, columns, reason.is_(exp.null()))
    if HOLDOUT in audience.split:
        # Whoever could not have been sent anyway is nobody to compare with.
        unsendable |= _sendable(warehouse, audience, columns, reason.eq(HOLDOUT))[1]
    held = {each.key: each for each in _held(warehouse, audience, present)} | unsendable
    return Desired(
        members=_members(audience, named),
        # Who left the segment and may not be contacted any more is no member that is held back.
        held=_in_order(each for each in held.values() if each.by != "withdrawn"),
        withdrawn=frozenset(each.key for each in held.values() if each.by in WITHDRAWN),
        rows=named.rows,
    )


def _sendable(
    warehouse: Warehouse, audience: Audience, columns: Sequence[str], where: exp.Condition
) -> tuple[Named, dict[str, Held]]:
    """Of the rows that meet a condition those who can be sent, and all others with what is in the way."""
    rows, erased = _without_erased(warehouse, audience, _read(warehouse, audience, columns, where))
    named = rows_to_named(audience, rows)
    reasons = {**dict.fromkeys(named.unnamed, IDENTIFIER), **dict.fromkeys(erased, ERASED)}
    return named, {key: Held(key, by) for key, by in reasons.items()}


def _without_erased(warehouse: Warehouse, audience: Audience, rows: pa.Table) -> tuple[pa.Table, frozenset[str]]:
    """The rows of all who were not erased, and the keys of those who were and are still in the warehouse."""
    keys = [key_to_text(key) for key in rows.column(audience.key).to_pylist()]
    erased = erased_among(warehouse, audience.entity, keys)
    return rows.filter(pa.array([key not in erased for key in keys], pa.bool_())) if erased else rows, erased


def _held(warehouse: Warehouse, audience: Audience, present: Sequence[str]) -> list[Held]:
    columns = [audience.key, HELD_BACK_BY, *(name for name in present if name == HELD_BACK_FOR)]
    found = _read(warehouse, audience, columns, exp.column(HELD_BACK_BY, quoted=True).is_(exp.null()).not_())
    told = zip(*(found.column(number).to_pylist() for number in range(len(columns))), strict=True)
    return [Held(key_to_text(key), str(by), *(each or "" for each in more)) for key, by, *more in told]


def _in_order(held: Iterable[Held]) -> tuple[Held, ...]:
    return tuple(sorted(held, key=lambda each: key_order(each.key)))


def _check_columns(warehouse: Warehouse, audience: Audience, columns: Iterable[str]) -> Sequence[str]:
    found = warehouse.tables().get(audience.model)
    if found is None:
        raise DesiredSetError(
            f"audience {audience.name}: the warehouse has no table {audience.model}",
            "judge a day first with `muster run --as-of D`",
        )
    _, present = found
    if missing := [column for column in columns if column not in present]:
        raise DesiredSetError(
            f"audience {audience.name}: table {audience.model} lacks {', '.join(missing)}",
            "it was built from another version of the spec: run `muster compile`, then `muster run --as-of D`",
        )
    return present


def _read(warehouse: Warehouse, audience: Audience, columns: Sequence[str], where: exp.Condition) -> pa.Table:
    listed = [exp.column(column, quoted=True) for column in columns]
    query = exp.select(*listed).from_(exp.to_identifier(audience.model, quoted=True)).where(where)
    batches = list(warehouse.batches(query.sql(dialect=warehouse.dialect)))
    if batches:
        return pa.Table.from_batches(batches)
    return pa.table({column: pa.array([], pa.string()) for column in columns})


def _members(audience: Audience, named: Named) -> tuple[Member, ...]:
    _check_keys(audience, named.keys)
    variants = map(str, named.rows.column(VARIANT).to_pylist()) if audience.split else [""] * len(named.keys)
    members = [Member(*each) for each in zip(named.keys, named.identifiers, named.fields, variants, strict=True)]
    return tuple(sorted(members, key=lambda member: key_order(member.key)))


def _check_keys(audience: Audience, keys: Sequence[str]) -> None:
    unknown = sum(1 for key in keys if not key)
    twice = len(keys) - len(set(keys))
    if unknown or twice:
        raise DesiredSetError(
            f"audience {audience.name}: {unknown} rows of {audience.model} have no {audience.key}, {twice} repeat one",
            f"make {audience.key} unique in the entity's model",
        )
