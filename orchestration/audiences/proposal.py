"""What a push is about to say, before anything of it is written: for the gate to judge, and for people to look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from orchestration.audiences.audience import Audience, Send
from orchestration.audiences.delivery import Delivery, Layout
from orchestration.audiences.delta import Acknowledged, Delta, Operation, desired_to_delta, members_to_removal
from orchestration.audiences.desired import Desired, read_desired
from orchestration.audiences.errors import DefinitionError
from orchestration.audiences.ledger import Last, Ledger, has_ledger
from orchestration.warehouse import Warehouse


@dataclass(frozen=True)
class Known:
    """What a destination knows.

    `acknowledged` takes the rows of `pending`, a delivery that was planned and not acknowledged, for acknowledged: a
    push finishes it before it says anything else.
    """

    acknowledged: Mapping[str, Acknowledged] = field(default_factory=dict)
    last: Last = field(default_factory=Last)
    pending: Delivery | None = None
    elsewhere: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A desired set and what of it would be said. `warehouse` is where the desired set was read."""

    warehouse: Warehouse
    audience: Audience
    as_of: date
    desired: Desired
    delta: Delta
    knows: Known = field(default_factory=Known)


def propose(warehouse: Warehouse, audience: Audience, as_of: date) -> Proposal:
    """What a push would say now. Reads only. Raises DesiredSetError, LedgerError."""
    desired, knows = read_desired(warehouse, audience), known(warehouse, audience)
    delta = desired_to_delta(desired, knows.acknowledged, audience.send)
    check_place(audience, knows.last)
    if place_left(audience, knows.last):
        anew = desired_to_delta(desired, {}, audience.send)
        delta = replace(anew, left=members_to_removal(knows.acknowledged).left, before=delta.before)
    return Proposal(warehouse, audience, as_of, desired, delta, knows)


def known(warehouse: Warehouse, audience: Audience) -> Known:
    """What the audience's destination knows of it, under its name or a former one. Reads only. Raises LedgerError."""
    if not has_ledger(warehouse):
        return Known()
    for name in (audience.name, *audience.formerly):
        ledger = Ledger(warehouse, name, audience.destination)
        last, pending = ledger.last(), ledger.pending()
        if last.number or pending:
            return Known(_applied(ledger.acknowledged(), pending), last, pending, ledger.elsewhere())
    return Known(elsewhere=Ledger(warehouse, audience.name, audience.destination).elsewhere())


def _applied(state: Mapping[str, Acknowledged], pending: Delivery | None) -> dict[str, Acknowledged]:
    """The state once a pending delivery is acknowledged."""
    found = dict(state)
    for row in pending.rows if pending else ():
        inside = row.operation is not Operation.REMOVE
        found[row.key] = Acknowledged(row.identifiers, row.fields, inside, row.variant)
    return found


def place_left(audience: Audience, last: Last) -> Audience | None:
    """The audience in the place where its members still are, null where that is the one it names now."""
    if last.layout is None:
        return None
    former = dict(last.layout.into)
    moved = any(str(audience.into[name]) != value for name, value in former.items() if name in audience.into)
    return replace(audience, into=former) if moved else None


def check_place(audience: Audience, last: Last) -> None:
    """Refuse what would lose sight of members: another system, or another place for whoever is sent once, ever.

    Raises DefinitionError.
    """
    if last.layout is None:
        return
    check_system(audience, last.layout)
    if audience.send is Send.ENTRIES_ONCE and place_left(audience, last):
        raise DefinitionError(
            f"audience {audience.name}: its members were sent once, into {dict(last.layout.into)}, and stay there",
            "name that place again under `into`, or begin a new audience for the other place",
        )


def check_system(audience: Audience, layout: Layout) -> None:
    """Refuse another system under the name of the one that acknowledged the members. Raises DefinitionError."""
    if layout.reaches and layout.reaches != audience.reaches:
        raise DefinitionError(
            f"audience {audience.name}: {audience.destination} was {layout.reaches} and is now {audience.reaches}, "
            "which knows none of the members",
            "give the new one a name of its own in segment_specs/destinations.yml: it begins anew there",
        )
