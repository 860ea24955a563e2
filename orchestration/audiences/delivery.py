"""A delivery: a delta with its place in the line of deliveries and the name that is only ever its own."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from orchestration.audiences.audience import Audience, Send
from orchestration.audiences.delta import Delta, Operation, Row
from orchestration.audiences.values import Json, canonical_json


@dataclass(frozen=True)
class Layout:
    """The columns of a delivery's file and what it tells about the audience, as they were when it was planned.

    `into` is the place in the destination that the audience named then, `reaches` the system that the destination was.
    """

    entity: str
    segment: str
    key: str
    identify_by: tuple[str, ...]
    fields: tuple[str, ...]
    split: bool = False
    into: tuple[tuple[str, str], ...] = ()
    reaches: str = ""


@dataclass(frozen=True)
class Delivery:
    """One delivery, planned or acknowledged. `key` is its idempotency key.

    `number` counts the deliveries of an audience to a destination from 1; `follows` is the key of the one before,
    empty for the first. `members` is the destination's size afterwards.
    """

    key: str
    number: int
    follows: str
    audience: str
    destination: str
    as_of: date
    send: Send
    layout: Layout
    rows: tuple[Row, ...]
    added: int
    changed: int
    removed: int
    members: int

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows by operation; operations without rows are left out."""
        counted = Counter(row.operation for row in self.rows)
        return {operation.value: counted[operation] for operation in Operation if counted[operation]}


def delta_to_delivery(audience: Audience, as_of: date, delta: Delta, *, number: int, follows: str) -> Delivery:
    """The delivery that says `delta`, after the one whose key is `follows`."""
    layout = Layout(
        entity=audience.entity,
        segment=audience.segment,
        key=audience.key,
        identify_by=audience.identify_by,
        fields=audience.field_columns,
        split=bool(audience.split),
        into=tuple(sorted((name, str(value)) for name, value in audience.into.items())),
        reaches=audience.reaches,
    )
    planned = Delivery(
        key="",
        number=number,
        follows=follows,
        audience=audience.name,
        destination=audience.destination,
        as_of=as_of,
        send=audience.send,
        layout=layout,
        rows=delta.rows,
        added=delta.added,
        changed=delta.changed,
        removed=delta.removed,
        members=delta.after,
    )
    return replace(planned, key=idempotency_key(planned))


def idempotency_key(delivery: Delivery) -> str:
    """SHA-256 over all that makes a delivery what it is.

    The acknowledged state it builds on is named by the delivery that led there. A digest of that state would not do:
    a state may come back on the same day, and the same key would then name two deliveries.
    """
    # Which system takes it changes nothing of what is said.
    content = hashlib.sha256(layout_to_json(replace(delivery.layout, reaches="")).encode())
    for row in delivery.rows:
        told: list[Json] = [row.operation.value, row.key, row.identifiers, row.fields, row.variant]
        content.update(canonical_json(told).encode() + b"\n")
    named: list[Json] = [delivery.audience, delivery.destination, delivery.as_of.isoformat(), delivery.send.value]
    return hashlib.sha256(canonical_json([*named, delivery.follows, content.hexdigest()]).encode()).hexdigest()


def layout_to_json(layout: Layout) -> str:
    """The layout as the ledger keeps it."""
    return canonical_json(
        {
            "entity": layout.entity,
            "segment": layout.segment,
            "key": layout.key,
            "identify_by": [*layout.identify_by],
            "fields": [*layout.fields],
            "split": layout.split,
            "into": dict(layout.into),
            "reaches": layout.reaches,
        }
    )


def json_to_layout(text: str) -> Layout:
    """The inverse of `layout_to_json`."""
    kept = json.loads(text)
    return Layout(
        entity=kept["entity"],
        segment=kept["segment"],
        key=kept["key"],
        identify_by=tuple(kept["identify_by"]),
        fields=tuple(kept["fields"]),
        split=bool(kept.get("split")),
        into=tuple(kept.get("into", {}).items()),
        reaches=kept.get("reaches", ""),
    )
