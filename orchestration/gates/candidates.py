"""The rows that a gate looks at, as text: in memory, or as a query that the warehouse answers to nobody but the gate.

Their columns are the key, the identifiers as they were read (or in the form that is hashed), the first that a subject
has, those of which the destination minds no case in lower case, `consent`, and `held_back_by`, which is to be empty.
"""

from __future__ import annotations

import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.audiences.audience import CONSENT, ERASED, HELD_BACK_BY, Audience
from orchestration.audiences.delta import Delta
from orchestration.audiences.desired import Desired
from orchestration.audiences.identifiers import Kind, kind_of, settings_to_convention
from orchestration.audiences.proposal import Proposal
from orchestration.audiences.values import key_to_text
from orchestration.gates.result import key_hash
from orchestration.warehouse import Connector, quoted_name

if TYPE_CHECKING:
    import pandas as pd

MOVED = "subjects added or removed"
SUBJECT = "subject"
SENT = " in lower case"
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
    """The column that holds an identifier as the destination tells it from others."""
    folded = audience.destination_settings.get("type") in WITHOUT_CASE and kind_of(name) is Kind.MAIL
    return f"{name}{SENT}" if folded else name


def counted(delta: Delta) -> pd.DataFrame:
    """A push's figures as a frame of one row."""
    import pandas as pd

    return pd.DataFrame({MOVED: [delta.moved]})


def in_memory(audience: Audience, desired: Desired) -> Candidates:
    """The rows of all members, in memory."""
    keys = _texts(desired.rows.column(audience.key))
    columns = {audience.key: keys} | {name: _texts(desired.rows.column(name)) for name in audience.identify_by}
    columns[" or ".join(audience.identify_by)] = pc.coalesce(*(columns[name] for name in audience.identify_by))
    for name in audience.identify_by:
        if sent_as(audience, name) != name:
            columns[sent_as(audience, name)] = _lowered(columns[name])
    frame = pa.table(columns).to_pandas()
    if audience.consent:
        # Unknown is no.
        consent = pc.cast(desired.rows.column(CONSENT), pa.bool_())
        frame[CONSENT] = pc.fill_null(consent, False).to_pandas()
    frame[HELD_BACK_BY] = _held_back(keys, desired).to_pandas()
    return Candidates(frame, keys)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type) or pa.types.is_integer(column.type):
        texts = pc.cast(column, pa.string())
    else:
        texts = pa.chunked_array([[key_to_text(value) for value in column.to_pylist()]], pa.string())
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _lowered(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([[text and text.translate(LOWER) for text in texts.to_pylist()]], pa.string())


def _held_back(keys: pa.ChunkedArray, desired: Desired) -> pa.ChunkedArray:
    held = pa.array(sorted(desired.not_to_send), pa.string())
    return pc.if_else(pc.is_in(keys, value_set=held), "held back", pa.scalar(None, pa.string()))


def asked(proposal: Proposal) -> Candidates | None:
    """The rows of all members as a query, where the warehouse can judge them; otherwise null."""
    audience, connector = proposal.audience, proposal.warehouse.connector
    # What is hashed was brought into another form outside of the warehouse, and who was erased was taken out there.
    hashes = settings_to_convention(audience.destination, audience.destination_settings).hashes
    erased = any(each.by == ERASED for each in proposal.desired.held)
    if connector is None or hashes or erased or proposal.warehouse.dialect not in JUDGED_BY_SQL:
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
        if sent_as(audience, name) != name
    }
    if audience.consent:
        columns[CONSENT] = f"coalesce(d.{quoted_name(CONSENT)}, false)"
    columns[HELD_BACK_BY] = "h.reason"
    columns[SUBJECT] = f"substr(encode(sha256(convert_to({texts[audience.key]}, 'UTF8')), 'hex'), 1, 12)"
    listed = ", ".join(f"{expression} as {quoted_name(name)}" for name, expression in columns.items())
    reason = quoted_name(HELD_BACK_BY)
    held = f"select {key} as key, min({reason}) as reason from {table} where {reason} is not null group by {key}"
    return f"select {listed} from {table} as d left join ({held}) as h on h.key = d.{key} where d.{reason} is null"
