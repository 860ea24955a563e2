"""The rows that a gate looks at, as text: in memory, or as a query that the warehouse answers to nobody but the gate.

Their columns are the key, the identifiers as they were read, the first identifier that a subject has, identifiers in
the form in which they are sent where that is another, `consent`, and `held_back_by`, which is to be empty.
"""

from __future__ import annotations

import json
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.audiences.audience import CONSENT, HELD_BACK_BY, Audience
from orchestration.audiences.delta import Delta
from orchestration.audiences.desired import Desired
from orchestration.audiences.proposal import Proposal
from orchestration.audiences.values import key_to_text
from orchestration.gates.result import key_hash
from orchestration.warehouse import Connector, quoted_name

if TYPE_CHECKING:
    import pandas as pd

MOVED = "subjects added or removed"
SUBJECT = "subject"
SENT = " as sent"
AS_THEY_ARE = "as_they_are"
# These services take two spellings of one address for one contact.
WITHOUT_CASE = frozenset({"intercom", "klaviyo", "sendgrid"})
# Only these: engines and languages differ in what they make of the others.
LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
JUDGED_BY_SQL = frozenset({"postgres"})


@dataclass(frozen=True)
class Candidates:
    """Who is to be sent: a frame whose index counts from 0, or a query with its connector and its column of hashes."""

    frame: Any = None
    keys: pa.ChunkedArray | None = None
    query: tuple[Connector, str, str] | None = field(default=None, repr=False)

    @property
    def judged_in(self) -> str:
        return "warehouse" if self.query else "memory"

    def hashes(self, examples: tuple[Any, ...]) -> tuple[str, ...]:
        """Examples as hashes of subjects' keys; a row without a key has none."""
        if self.keys is None:
            return tuple(str(each) for each in examples if each is not None)
        keys = (self.keys[each].as_py() for each in examples)
        return tuple(key_hash(key) for key in keys if key is not None)


def sent_as(audience: Audience, name: str) -> str:
    """The column that holds an identifier in the form in which it is sent."""
    changed = name in audience.identify_by and (_is_normalised(audience) or _folds_case(audience, name))
    return f"{name}{SENT}" if changed else name


def _is_normalised(audience: Audience) -> bool:
    return bool(audience.destination_settings.get("identifiers", AS_THEY_ARE) != AS_THEY_ARE)


def _folds_case(audience: Audience, name: str) -> bool:
    is_mail = name.rpartition("_")[2] == "email"
    return is_mail and audience.destination_settings.get("type") in WITHOUT_CASE


def counted(delta: Delta) -> pd.DataFrame:
    """A push's figures as a frame of one row."""
    import pandas as pd

    return pd.DataFrame({MOVED: [delta.moved]})


def in_memory(audience: Audience, desired: Desired) -> Candidates:
    """The rows of all members, in memory."""
    rows = _members_only(audience, desired)
    keys = _texts(rows.column(audience.key))
    columns = {audience.key: keys} | {name: _texts(rows.column(name)) for name in audience.identify_by}
    sent = _sent(audience, desired, keys)
    # What cannot be sent is not sent, so its form is nobody's concern.
    columns |= {name: pc.if_else(pc.is_valid(sent[name]), columns[name], None) for name in sent}
    columns[" or ".join(audience.identify_by)] = pc.coalesce(*(columns[name] for name in audience.identify_by))
    for name in audience.identify_by:
        if name in sent:
            columns[sent_as(audience, name)] = sent[name]
        elif _folds_case(audience, name):
            columns[sent_as(audience, name)] = _lowered(columns[name])
    frame = pa.table(columns).to_pandas()
    if audience.consent:
        # Unknown is no.
        frame[CONSENT] = pc.fill_null(pc.cast(rows.column(CONSENT), pa.bool_()), False).to_pandas()
    frame[HELD_BACK_BY] = _held_back(keys, desired).to_pandas()
    return Candidates(frame, keys)


def _members_only(audience: Audience, desired: Desired) -> pa.Table:
    """Some are held back after they were read."""
    if desired.rows.num_rows == len(desired.members):
        return desired.rows
    members = pa.array([member.key for member in desired.members], pa.string())
    return desired.rows.filter(pc.is_in(_texts(desired.rows.column(audience.key)), value_set=members))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type) or pa.types.is_integer(column.type):
        texts = pc.cast(column, pa.string())
    else:
        texts = pa.chunked_array([[key_to_text(value) for value in column.to_pylist()]], pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _lowered(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([[text and text.translate(LOWER) for text in texts.to_pylist()]], pa.string())


def _sent(audience: Audience, desired: Desired, keys: pa.ChunkedArray) -> dict[str, pa.ChunkedArray]:
    if not _is_normalised(audience):
        return {}
    told = {member.key: json.loads(member.identifiers) for member in desired.members}
    here = [told.get(key, {}) for key in keys.to_pylist()]
    return {
        name: pa.chunked_array([[each.get(name) or None for each in here]], pa.string())
        for name in audience.identify_by
    }


def _held_back(keys: pa.ChunkedArray, desired: Desired) -> pa.ChunkedArray:
    held = pa.array(sorted(desired.not_to_send), pa.string())
    return pc.if_else(pc.is_in(keys, value_set=held), "held back", pa.scalar(None, pa.string()))


def asked(proposal: Proposal) -> Candidates | None:
    """The rows of all members as a query, where the warehouse can judge them; otherwise null."""
    audience, desired, connector = proposal.audience, proposal.desired, proposal.warehouse.connector
    as_read = not _is_normalised(audience) and desired.rows.num_rows == len(desired.members)
    if connector is None or not as_read or proposal.warehouse.dialect not in JUDGED_BY_SQL:
        return None
    return Candidates(query=(connector, _query(audience), SUBJECT))


def _query(audience: Audience) -> str:
    """What `in_memory` makes, in PostgreSQL's words."""
    key, table = quoted_name(audience.key), quoted_name(audience.model)
    texts = {name: f"nullif(cast(d.{quoted_name(name)} as text), '')" for name in (audience.key, *audience.identify_by)}
    identifiers = ", ".join(texts[name] for name in audience.identify_by)
    columns = {**texts, " or ".join(audience.identify_by): f"coalesce({identifiers})"}
    columns |= {
        sent_as(audience, name): f"translate({texts[name]}, '{string.ascii_uppercase}', '{string.ascii_lowercase}')"
        for name in audience.identify_by
        if _folds_case(audience, name)
    }
    if audience.consent:
        columns[CONSENT] = f"coalesce(d.{quoted_name(CONSENT)}, false)"
    columns[HELD_BACK_BY] = "h.reason"
    columns[SUBJECT] = f"substr(encode(sha256(convert_to({texts[audience.key]}, 'UTF8')), 'hex'), 1, 12)"
    listed = ", ".join(f"{expression} as {quoted_name(name)}" for name, expression in columns.items())
    reason = quoted_name(HELD_BACK_BY)
    held = f"select {key} as key, min({reason}) as reason from {table} where {reason} is not null group by {key}"
    return f"select {listed} from {table} as d left join ({held}) as h on h.key = d.{key} where d.{reason} is null"
