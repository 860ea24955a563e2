"""Deliveries one after the other to one destination, with the acknowledged state in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.audiences.audience import Audience, Send
from orchestration.audiences.delivery import Delivery, delta_to_delivery
from orchestration.audiences.delta import Acknowledged, Operation, desired_to_delta
from orchestration.audiences.desired import Desired, Member
from orchestration.audiences.destinations import Destination, Receipt
from orchestration.audiences.destinations.waiting import Tempo, Waiting
from orchestration.audiences.values import Json, canonical_json
from orchestration.calls import Patience
from tests.audiences.workspace import WINBACK

NOWHERE = Path("/nonexistent")
IDENTIFIED = replace(WINBACK, identify_by=("external_id", "email"))
QUICK = Tempo(
    rates=(),
    patience=Patience(attempts=12, total=20.0, first_wait=0.002, longest_wait=0.01, jitter=0.002),
    job=Waiting(first=0.001, longest=0.004, total=5.0),
    search=Waiting(first=0.001, longest=0.02, total=1.0),
)

PATIENT = replace(QUICK, job=replace(QUICK.job, total=30.0), search=replace(QUICK.search, total=30.0))


def member(key: str, identifiers: Mapping[str, Json], variant: str = "", **fields: Json) -> Member:
    return Member(key, canonical_json({**identifiers}), canonical_json({**fields}), variant)


def by_mail(keys: Iterable[str], **fields: Json) -> list[Member]:
    """People with an external id and an address, who all have these fields."""
    known = {key: canonical_json({"external_id": key, "email": f"{key}@example.com"}) for key in keys}
    return [Member(key, identifiers, canonical_json({**fields})) for key, identifiers in known.items()]


@dataclass
class Remembered:
    """A journal in memory, without the ledger."""

    answers: dict[str, Json] = field(default_factory=dict)

    def answer(self, call: str) -> Json:
        return self.answers.get(call)

    def keep(self, call: str, answer: Json) -> None:
        assert json.loads(canonical_json(answer)) == answer
        self.answers[call] = answer


@dataclass
class Line:
    """An audience's deliveries to `destination`."""

    destination: Destination
    audience: Audience = IDENTIFIED
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    number: int = 0

    def plan(self, members: Iterable[Member], send: Send = Send.CHANGES) -> Delivery:
        """The delivery that leads to `members`."""
        desired = Desired(tuple(members), (), frozenset(), pa.table({}))
        delta = desired_to_delta(desired, self.acknowledged, send)
        return delta_to_delivery(
            self.audience, date(2017, 11, 1), delta, number=self.number + 1, follows=str(self.number)
        )

    def push(self, members: Iterable[Member], send: Send = Send.CHANGES, journal: Remembered | None = None) -> Receipt:
        """Deliver, and take over what was acknowledged."""
        delivery = self.plan(members, send)
        receipt = self.destination.deliver(delivery, journal or Remembered())
        self.acknowledge(delivery, receipt)
        return receipt

    def acknowledge(self, delivery: Delivery, receipt: Receipt) -> None:
        self.number += 1
        refused = {refusal.key for refusal in receipt.refused}
        for row in delivery.rows:
            if row.key not in refused:
                inside = row.operation is not Operation.REMOVE
                self.acknowledged[row.key] = Acknowledged(row.identifiers, row.fields, inside, row.variant)


def settings(kind: str, endpoint: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "endpoint": endpoint, "api_key": {"env": "THE_KEY"}, **more}
