"""The rows of a delivery as one table, whatever the format it is written in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.audiences.audience import OPERATION, VARIANT
from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.identifiers import Convention
from orchestration.audiences.values import Json, json_to_cell

Cells = dict[str, Json]


@dataclass(frozen=True)
class Table:
    """Columns in their order and rows in theirs; a cell that a row lacks is unknown. `text` columns hold only text."""

    columns: tuple[str, ...]
    rows: tuple[Cells, ...]
    text: frozenset[str]

    def column(self, name: str) -> list[Json]:
        """The cells of one column."""
        return [row.get(name) for row in self.rows]


def delivery_to_table(delivery: Delivery, convention: Convention) -> Table:
    """The table of a delivery: `operation`, the key, the identifiers, `variant` where there is one, the fields.

    Where identifiers are hashed, a key that is itself an address or a number is hashed like them.
    """
    rows = tuple(_cells(row, delivery.layout.key, convention) for row in delivery.rows)
    former = _former(rows)
    layout = delivery.layout
    planned = (OPERATION, layout.key, *layout.identify_by, *((VARIANT,) if layout.split else ()), *layout.fields)
    identifying = {OPERATION, VARIANT, layout.key, *layout.identify_by, *former}
    return Table(tuple(dict.fromkeys((*planned, *former))), rows, frozenset(identifying))


def _cells(row: Row, key: str, convention: Convention) -> Cells:
    identifiers: Cells = {name: _text(value) for name, value in json.loads(row.identifiers).items()}
    fields: Cells = json.loads(row.fields)
    variant: Cells = {VARIANT: row.variant} if row.variant else {}
    return {**fields, **identifiers, **variant, OPERATION: row.operation.value, key: _key(row, key, convention)}


def _text(value: Json) -> Json:
    return None if value is None else json_to_cell(value)


def _key(row: Row, key: str, convention: Convention) -> Json:
    return convention.hashed(key, convention.normalised(key, row.key))


def _former(rows: Iterable[Cells]) -> Sequence[str]:
    """Whoever was enrolled under an identifier that the audience no longer uses is removed under that one."""
    return sorted({name for row in rows if row[OPERATION] == Operation.REMOVE for name in row})
