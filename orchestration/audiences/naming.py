"""How members are named towards a destination: their identifiers and fields in the form that it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import compress

import pyarrow as pa

from orchestration.audiences.audience import Audience
from orchestration.audiences.errors import DesiredSetError
from orchestration.audiences.identifiers import Convention, settings_to_convention
from orchestration.audiences.values import Json, canonical_json, json_to_cell, key_to_text, value_to_json

IDENTIFIER = "identifier"
Columns = Mapping[str, list[Json]]


@dataclass(frozen=True)
class Named:
    """Subjects with their keys as text, their identifiers and fields as canonical JSON, all in the order of `rows`.

    `rows` are as the warehouse gave them; identifiers that are hashed stand there in the form that is hashed, in clear,
    so that whoever has the same as somebody else is found out. `unnamed` are the keys of those who are left out since
    they have no identifier that the destination could use.
    """

    rows: pa.Table
    keys: tuple[str, ...]
    identifiers: tuple[str, ...]
    fields: tuple[str, ...]
    unnamed: tuple[str, ...]


def rows_to_named(audience: Audience, rows: pa.Table) -> Named:
    """Name the rows of an audience's table. Raises DesiredSetError, DestinationError."""
    convention = settings_to_convention(audience.destination, audience.destination_settings)
    clear = {name: _normalised(audience, rows, name, convention) for name in audience.identify_by}
    keys = [key_to_text(key) for key in rows.column(audience.key).to_pylist()]
    named = [_is_named(values) for values in zip(*clear.values(), strict=True)]
    kept = rows.filter(pa.array(named, pa.bool_()))
    clear = {name: list(compress(values, named)) for name, values in clear.items()}
    sent = {name: [convention.hashed(name, value) for value in values] for name, values in clear.items()}
    return Named(
        rows=_judged(kept, clear, convention),
        keys=tuple(compress(keys, named)),
        identifiers=_payloads(sent, kept.num_rows),
        fields=_payloads(_fields(audience, kept, convention), kept.num_rows),
        unnamed=tuple(key for key, has_one in zip(keys, named, strict=True) if not has_one),
    )


def _normalised(audience: Audience, rows: pa.Table, name: str, convention: Convention) -> list[Json]:
    return [convention.normalised(name, value) for value in _column(audience, rows, name)]


def _is_named(values: Iterable[Json]) -> bool:
    return any(value not in (None, "") for value in values)


def _fields(audience: Audience, rows: pa.Table, convention: Convention) -> Columns:
    return {
        name: [convention.sent(name, value) for value in _column(audience, rows, name)]
        for name in audience.field_columns
    }


def _judged(rows: pa.Table, clear: Columns, convention: Convention) -> pa.Table:
    for name, values in clear.items():
        if convention.concerns(name):
            rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(map(_text, values), pa.string()))
    return rows


def _text(value: Json) -> str | None:
    return None if value is None else json_to_cell(value)


def _payloads(columns: Columns, rows: int) -> tuple[str, ...]:
    return tuple(canonical_json({name: values[row] for name, values in columns.items()}) for row in range(rows))


def _column(audience: Audience, rows: pa.Table, name: str) -> list[Json]:
    try:
        return [value_to_json(value) for value in rows.column(name).to_pylist()]
    except TypeError as error:
        raise DesiredSetError(
            f"audience {audience.name}: column {name}: {error}", "give the attribute one of the catalog's types"
        ) from error
