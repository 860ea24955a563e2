"""One audience out of the door: the steps in order, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Literal

from orchestration.audiences.audience import Audience
from orchestration.audiences.delivery import Delivery, delta_to_delivery
from orchestration.audiences.delta import Delta, desired_to_delta, members_to_removal
from orchestration.audiences.desired import Desired, read_desired
from orchestration.audiences.destinations import Destination, Receipt, Surroundings, destination_of
from orchestration.audiences.errors import DestinationError, EarlierDayError
from orchestration.audiences.guard import change_of, guard_objection
from orchestration.audiences.ledger import Last, Ledger, create_ledger
from orchestration.audiences.proposal import Proposal, check_place, check_system, place_left
from orchestration.gates.audience import audience_gate
from orchestration.gates.result import GateResult
from orchestration.warehouse import Warehouse

Gate = Callable[[Proposal], GateResult]


@dataclass(frozen=True)
class Outcome:
    """What one export came to. `reason` is one sentence for people.

    `desired` is the size of the desired set, `before` and `after` the sizes that the destination acknowledged; `change`
    is the share of `before` that is added or removed, null when there was nobody. `recovered` is the receipt of a
    delivery that an earlier run had planned and this one finished first.
    """

    audience: str
    destination: str
    as_of: date
    send: str
    status: Literal["delivered", "nothing", "stopped"]
    reason: str
    desired: int
    held_back: Mapping[str, int]
    before: int
    after: int
    added: int
    changed: int
    removed: int
    change: float | None
    rows: Mapping[str, int] = field(default_factory=dict)
    receipt: Receipt | None = None
    recovered: Receipt | None = None
    gate: GateResult | None = None

    @property
    def ok(self) -> bool:
        """False when a guard or the gate stopped the push."""
        return self.status != "stopped"

    def as_json(self) -> dict[str, object]:
        """The outcome for `--json` and for Dagster's metadata; no personal data."""
        told = asdict(self) | {"as_of": self.as_of.isoformat()}
        return told | {"gate": self.gate.as_json() if self.gate else None}


def export(
    warehouse: Warehouse, audience: Audience, as_of: date, surroundings: Surroundings, *, gate: Gate = audience_gate
) -> Outcome:
    """Bring an audience's destination to the desired set of the last judged day, which `as_of` names.

    Whatever a killed run left is finished first, so a run again ends where an undisturbed one does. A guard or gate
    that objects stops the push and keeps the state; the outcome says so. Raises AudienceError: EarlierDayError for a
    day before the last acknowledged one, DesiredSetError, DestinationError.
    """
    create_ledger(warehouse)
    ledger, recovered = take_up(warehouse, audience, surroundings)
    destination = destination_of(audience, surroundings)
    last = ledger.last()
    _check_day(audience, as_of, last)
    check_place(audience, last)
    desired = read_desired(warehouse, audience)
    delta = desired_to_delta(desired, ledger.acknowledged(), audience.send)
    step = _Step(audience, as_of, desired, delta, recovered)
    objection = guard_objection(audience, len(desired.members), delta)
    left = place_left(audience, last)
    if delta.is_empty and not objection and not left:
        ledger.hold_out(as_of, desired.held_out)
        ledger.note_check(as_of)
        return step.nothing()
    judged = gate(Proposal(warehouse, audience, as_of, desired, delta))
    if objection or not judged.passed:
        # No guard and no gate keeps anybody enrolled who may not be contacted any more.
        let_go = remove(ledger, left or audience, as_of, surroundings, desired.withdrawn)
        return step.stopped(objection or judged.summary(), judged, ledger.size(), let_go)
    ledger.hold_out(as_of, desired.held_out)
    if left:
        remove(ledger, left, as_of, surroundings)
        last, delta = ledger.last(), desired_to_delta(desired, ledger.acknowledged(), audience.send)
        step = replace(step, delta=delta)
    delivery = delta_to_delivery(audience, as_of, delta, number=last.number + 1, follows=last.key)
    ledger.plan(delivery)
    receipt = finish(ledger, destination, delivery)
    return step.delivered(delivery, receipt, judged, ledger.size())


def take_up(warehouse: Warehouse, audience: Audience, surroundings: Surroundings) -> tuple[Ledger, Receipt | None]:
    """The ledger of an audience that may have had other names, with nothing pending, and the receipt of what was.

    Raises LedgerError, DestinationError.
    """
    recovered = None
    for former in audience.formerly:
        recovered = recover(warehouse, replace(audience, name=former), surroundings) or recovered
    ledger = Ledger(warehouse, audience.name, audience.destination)
    for former in audience.formerly:
        ledger.take_over(former)
    return ledger, recover(warehouse, audience, surroundings) or recovered


def remove(
    ledger: Ledger, there: Audience, as_of: date, surroundings: Surroundings, keys: Collection[str] | None = None
) -> int:
    """Remove members, by default all, from where they are, and say how many. Raises DestinationError."""
    delta = members_to_removal(ledger.acknowledged(), keys)
    if delta.is_empty:
        return 0
    last = ledger.last()
    day = max(as_of, last.as_of) if last.as_of else as_of
    delivery = delta_to_delivery(there, day, delta, number=last.number + 1, follows=last.key)
    ledger.plan(delivery)
    receipt = finish(ledger, destination_of(there, surroundings), delivery)
    for refusal in receipt.refused:
        raise DestinationError(
            f"audience {there.name}: {there.destination} did not remove a member: {refusal.reason}",
            "remove it there by hand, and try again",
        )
    return delta.removed


def recover(warehouse: Warehouse, audience: Audience, surroundings: Surroundings) -> Receipt | None:
    """Finish the delivery that an earlier run planned and nobody acknowledged. Its receipt, null without one."""
    ledger = Ledger(warehouse, audience.name, audience.destination)
    pending = ledger.pending()
    if pending is None:
        return None
    check_system(audience, pending.layout)
    # Where it was going when it was planned, whatever the audience names now.
    planned = replace(audience, into=dict(pending.layout.into)) if pending.layout.into else audience
    return finish(ledger, destination_of(planned, surroundings), pending)


def finish(ledger: Ledger, destination: Destination, delivery: Delivery) -> Receipt:
    """Deliver what was planned, and take over what the destination acknowledges. Raises DestinationError."""
    receipt = destination.deliver(delivery, ledger.journal(delivery))
    ledger.acknowledge(delivery, receipt)
    return receipt


def _check_day(audience: Audience, as_of: date, last: Last) -> None:
    if last.as_of is not None and as_of < last.as_of:
        raise EarlierDayError(
            f"audience {audience.name}: {audience.destination} already acknowledged {last.as_of}, "
            f"{as_of} would send it back in time",
            f"export {last.as_of} or a later day",
        )


@dataclass(frozen=True)
class _Step:
    """All that an outcome tells whatever its status."""

    audience: Audience
    as_of: date
    desired: Desired
    delta: Delta
    recovered: Receipt | None

    def stopped(self, reason: str, gate: GateResult, after: int, let_go: int) -> Outcome:
        told = f"; {let_go} who may not be contacted any more were removed all the same" if let_go else ""
        return self._outcome("stopped", reason + told, after=after, gate=gate)

    def nothing(self) -> Outcome:
        return self._outcome("nothing", "nothing new to send", after=self.delta.after)

    def delivered(self, delivery: Delivery, receipt: Receipt, gate: GateResult, after: int) -> Outcome:
        reason = ", ".join(f"{count} {operation}" for operation, count in delivery.counts.items())
        return self._outcome("delivered", reason, after=after, gate=gate, receipt=receipt, rows=delivery.counts)

    def _outcome(
        self,
        status: Literal["delivered", "nothing", "stopped"],
        reason: str,
        *,
        after: int,
        gate: GateResult | None = None,
        receipt: Receipt | None = None,
        rows: Mapping[str, int] | None = None,
    ) -> Outcome:
        return Outcome(
            audience=self.audience.name,
            destination=self.audience.destination,
            as_of=self.as_of,
            send=self.audience.send.value,
            status=status,
            reason=reason,
            desired=len(self.desired.members),
            held_back=self.desired.held_back,
            before=self.delta.before,
            after=after,
            added=self.delta.added,
            changed=self.delta.changed,
            removed=self.delta.removed,
            change=change_of(self.delta),
            rows=rows or {},
            receipt=receipt,
            recovered=self.recovered,
            gate=gate,
        )
