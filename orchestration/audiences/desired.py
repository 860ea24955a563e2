"""The desired set: who should be in an audience, read from the warehouse's table of the last judged day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlglot import exp

from orchestration.audiences.audience import CONSENT, HELD_BACK_BY, HOLDOUT, VARIANT, Audience
from orchestration.audiences.errors import DesiredSetError
from orchestration.audiences.naming import IDENTIFIER, Named, rows_to_named
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
class Desired:
    """`members` in key order, `held_back` counts by reason, `without_consent` the keys held back for want of consent.

    `held_out` are the keys of those who are held out to be compared with. `rows` are the members for the gate, as
    `Named` has them.
    """

    members: tuple[Member, ...]
    held_back: Mapping[str, int]
    without_consent: frozenset[str]
    held_out: tuple[str, ...]
    rows: pa.Table

    def frame(self) -> pd.DataFrame:
        """The members as a pandas frame: key, identifiers, fields and, where the audience asks for it, consent."""
        frame: pd.DataFrame = self.rows.to_pandas()
        return frame


def read_desired(warehouse: Warehouse, audience: Audience) -> Desired:
    """The desired set as it stands in the table `audience.model`. Raises DesiredSetError."""
    columns = (*audience.columns, *((CONSENT,) if audience.consent else ()), *((VARIANT,) if audience.split else ()))
    _check_columns(warehouse, audience, (*columns, HELD_BACK_BY))
    reason = exp.column(HELD_BACK_BY, quoted=True)
    named = rows_to_named(audience, _read(warehouse, audience, columns, reason.is_(exp.null())))
    held = _read(warehouse, audience, (audience.key, HELD_BACK_BY), reason.is_(exp.null()).not_())
    reasons = [str(reason) for reason in held.column(1).to_pylist()]
    keys = [key_to_text(key) for key in held.column(0).to_pylist()]
    return Desired(
        members=_members(audience, named),
        held_back=dict(sorted(Counter([*reasons, *[IDENTIFIER] * len(named.unnamed)]).items())),
        without_consent=frozenset(key for key, reason in zip(keys, reasons, strict=True) if reason == CONSENT),
        held_out=tuple(key for key, reason in zip(keys, reasons, strict=True) if reason == HOLDOUT),
        rows=named.rows,
    )


def _check_columns(warehouse: Warehouse, audience: Audience, columns: Iterable[str]) -> None:
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
