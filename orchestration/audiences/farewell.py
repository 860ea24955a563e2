"""The last word on a subject who is erased: its removal, sent to every destination that still has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from orchestration.audiences.audience import Audience
from orchestration.audiences.destinations import Surroundings, destination_of
from orchestration.audiences.destinations.files import FileDestination
from orchestration.audiences.export import remove, take_up
from orchestration.audiences.ledger import Ledger
from orchestration.audiences.proposal import place_left
from orchestration.warehouse import Warehouse

# With the column that says when somebody left; a destination has nobody who is held out.
TABLES_WITH_SUBJECTS = {"members": "removed_on", "holdouts": "first_held_out_on"}


def bid_farewell(
    warehouse: Warehouse, audience: Audience, key: str, as_of: date, surroundings: Surroundings
) -> str | None:
    """Remove a subject from an audience's destination. The destination that was told, null where it has no such member.

    Neither guard nor gate is asked. A delivery that was not acknowledged is finished first. Raises AudienceError.
    """
    ledger, _ = take_up(warehouse, audience, surroundings)
    # The audience may name another place by now, to which nobody was moved yet.
    there = place_left(audience, ledger.last()) or audience
    return audience.destination if remove(ledger, there, as_of, surroundings, {key}) else None


def redact(warehouse: Warehouse, audience: Audience, key: str, surroundings: Surroundings) -> Iterator[str]:
    """Take a subject out of the files that were delivered. What remains to be done, in words. Raises DestinationError.

    The last file is left as it is: it may be the one that tells the receiver to remove the subject.
    """
    *before, last = Ledger(warehouse, audience.name, audience.destination).files() or [""]
    destination = destination_of(audience, surroundings) if last else None
    if not isinstance(destination, FileDestination):
        return
    destination.redact(before, audience.key, key)
    if destination.names(last, audience.key, key):
        yield (
            f"audience {audience.name}: {last} at {audience.destination} tells the receiver about the subject, and is "
            "the last file: erase again after the next delivery"
        )


def others_with(warehouse: Warehouse, audiences: Iterable[Audience], key: str) -> Iterator[str]:
    """Destinations that still have a subject for an audience which no longer goes there, in words."""
    told = {(audience.name, audience.destination) for audience in audiences}
    sql = "select distinct audience, destination from ledger.members where subject_key = ? and removed_on is null"
    for audience, destination in warehouse.rows(f"{sql} order by 1, 2", [key]):
        if (audience, destination) not in told:
            yield f"the former audience {audience} still has a subject of that key at {destination}: remove it there"


def forget(warehouse: Warehouse, audiences: Iterable[Audience], key: str) -> int:
    """Delete what the ledger keeps of a subject for these audiences, but where a former destination still has it."""
    gone = 0
    for audience in audiences:
        for table, left in TABLES_WITH_SUBJECTS.items():
            where = f"where audience = ? and subject_key = ? and (destination = ? or {left} is not null)"
            mine = [audience.name, key, audience.destination]
            found = warehouse.rows(f"select count(*) from ledger.{table} {where}", mine)
            gone += int(str(found[0][0]))
            warehouse.execute(f"delete from ledger.{table} {where}", mine)
        theirs = "delivery_id in (select delivery_id from ledger.deliveries where audience = ?)"
        warehouse.execute(f"delete from ledger.refusals where {theirs} and subject_key = ?", [audience.name, key])
    return gone
