"""Webhooks: an event for each subject that entered, left or changed, signed as Standard Webhooks say.

Events are sent one after the other in the order of the delivery: who left first, then all others by key. An event has
the same id and the same bytes in every attempt; its time stamp and its signature are those of the attempt. The format
and an example of a receiver stand in docs/webhooks.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from orchestration.audiences.audience import Audience
from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.destinations.base import Journal, Receipt, Refusal, Surroundings
from orchestration.audiences.destinations.batches import batched, json_size
from orchestration.audiences.destinations.http import Answer, Api, Call, Signing, checked_endpoint, secret_of
from orchestration.audiences.destinations.session import Session
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.secret import Secret
from orchestration.audiences.values import Json, canonical_json
from orchestration.calls import PATIENCE, Patience

SCHEMA_VERSION = 1
PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64
MOST_BYTES = 1_000_000
# The receiver looked at the event and will not have it; all other errors are about the receiver itself.
REFUSED = frozenset({400, 409, 413, 422})


@dataclass(frozen=True)
class Webhook:
    """A receiver at `url`, which takes up to `events_per_call` events in one call."""

    name: str
    url: str
    signing: Signing
    events_per_call: int
    progress: Callable[[int, int], None]
    patience: Patience = PATIENCE

    def deliver(self, delivery: Delivery, journal: Journal) -> Receipt:
        """Send an event for each row. Raises DestinationError."""
        refused: dict[str, Refusal] = {}
        told = 0
        with Api(self.name, self.url, self.signing, patience=self.patience) as api:
            session = Session(api, delivery.key, journal)
            for rows in self._batches(delivery):
                # Whoever still stands under the former identifiers cannot enter under the new ones.
                refused |= self._send(session, delivery, [row for row in rows if row.key not in refused])
                told += len(rows)
                self.progress(told, len(delivery.rows))
        return Receipt(
            delivery_id=delivery.key,
            location=self.name,
            refused=tuple(refused.values()),
        )

    def _batches(self, delivery: Delivery) -> Sequence[Sequence[Row]]:
        sizes = {row: json_size(_event(delivery, row)) for row in delivery.rows}
        around = json_size({"events": [], "type": "audience.events"})
        # An event that is too large for a call is for the receiver to refuse, not lost here.
        most_bytes = max(MOST_BYTES, around + max(sizes.values(), default=0))
        return batched(
            delivery.rows, sizes.__getitem__, most=self.events_per_call, most_bytes=most_bytes, around=around
        ).within

    def _send(self, session: Session, delivery: Delivery, rows: Sequence[Row]) -> dict[str, Refusal]:
        if not rows:
            return {}
        reason = session.call(self._call(delivery, rows), _reason)
        staying = {row.key for row in rows if row.operation is Operation.REMOVE}
        return {row.key: Refusal(row.key, str(reason), row.key in staying) for row in rows} if reason else {}

    def _call(self, delivery: Delivery, rows: Sequence[Row]) -> Call:
        events: list[Json] = [_event(delivery, row) for row in rows]
        # The slash that endpoints are kept without.
        path = "/" if self.url.endswith("/") else ""
        if self.events_per_call == 1:
            return Call("send an event", "POST", path, events[0], accepts=REFUSED, key=_event_id(delivery, rows[0]))
        return Call("send events", "POST", path, {"type": "audience.events", "events": events}, accepts=REFUSED)


def webhook_destination(audience: Audience, surroundings: Surroundings) -> Webhook:
    """The receiver that an audience's settings describe. Raises DestinationError."""
    settings = audience.destination_settings
    checked_endpoint(audience.destination, settings["url"])
    secret, variable = secret_of(settings, "secret", surroundings)
    _check_secret(audience.destination, secret, variable)
    return Webhook(
        name=audience.destination,
        url=settings["url"],
        signing=signing(secret, variable),
        events_per_call=int(settings.get("events_per_call") or 1),
        progress=surroundings.progress,
    )


def signing(secret: Secret, variable: str, clock: Callable[[], float] = time.time) -> Signing:
    """The three headers of Standard Webhooks, at the time of the attempt in seconds since 1970."""

    def headers(key: str, content: bytes) -> Mapping[str, str]:
        at = str(int(clock()))
        return {
            "webhook-id": key,
            "webhook-timestamp": at,
            "webhook-signature": signature(secret, key, at, content),
        }

    return Signing(variable, headers)


def signature(secret: Secret, key: str, at: str, content: bytes) -> str:
    """HMAC-SHA256 over id, time stamp and content, joined by full stops, in base64; one for each key of the secret.

    Source: the Standard Webhooks specification, scheme v1.
    """
    signed = f"{key}.{at}.".encode() + content
    made = (hmac.new(each, signed, hashlib.sha256).digest() for each in _keys_of(secret))
    return " ".join("v1," + base64.b64encode(each).decode() for each in made)


def _keys_of(secret: Secret) -> list[bytes]:
    """The keys of a secret, empty where it holds something else. There are two while one replaces the other."""
    written = secret.reveal().split()
    try:
        keys = [base64.b64decode(each.removeprefix(PREFIX), validate=True) for each in written]
    except (binascii.Error, ValueError):
        return []
    fit = all(SHORTEST <= len(key) <= LONGEST for key in keys) and all(each.startswith(PREFIX) for each in written)
    return keys if fit else []


def _check_secret(name: str, secret: Secret, variable: str) -> None:
    if not _keys_of(secret):
        raise DestinationError(
            f"destination {name}: {variable} does not hold a secret that webhooks are signed with",
            f"set it to {PREFIX} and the base64 of {SHORTEST} to {LONGEST} random bytes, such as "
            f"`echo {PREFIX}$(openssl rand -base64 32)` prints, and give the receiver the same",
        )


def _event(delivery: Delivery, row: Row) -> dict[str, Json]:
    return {
        "id": _event_id(delivery, row),
        "type": _type(row.operation),
        "schema_version": SCHEMA_VERSION,
        "data": {
            "audience": delivery.audience,
            "segment": delivery.layout.segment,
            "entity": delivery.layout.entity,
            "as_of": delivery.as_of.isoformat(),
            "delivery": delivery.number,
            "key": row.key,
            "identifiers": json.loads(row.identifiers),
            "fields": json.loads(row.fields),
            "variant": row.variant or None,
        },
    }


def _event_id(delivery: Delivery, row: Row) -> str:
    named = canonical_json([delivery.key, row.operation.value, row.key])
    return f"evt_{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _type(operation: Operation) -> str:
    match operation:
        case Operation.REMOVE:
            return "audience.left"
        case Operation.ADD:
            return "audience.entered"
        case Operation.CHANGE:
            return "audience.changed"
        case Operation.SET:
            return "audience.member"
        case _:
            assert_never(operation)


def _reason(answer: Answer) -> Any:
    """Why the receiver refused it, null where it did not."""
    return f"the receiver refused its event: {answer.complaint}" if answer.status in REFUSED else None
