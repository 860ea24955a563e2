"""The ledger: what was planned and what a destination acknowledged, kept in the warehouse's schema `ledger`.

A delivery is first planned with all its rows, in one transaction, and acknowledged in another after the destination
took it. A planned delivery that was never acknowledged may have reached the receiver, so it is finished, with the very
same rows, before anything new is planned; its rows are kept in `ledger.outbox` until then, and in `ledger.calls` what
an API answered so far. Whoever a destination refused stays as it was, in `ledger.refusals` with the reason. A push that
found nothing to say leaves its time in `ledger.checks`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast

from orchestration.audiences.audience import Send
from orchestration.audiences.delivery import Delivery, Layout, idempotency_key, json_to_layout, layout_to_json
from orchestration.audiences.delta import Acknowledged, Operation, Row, in_order
from orchestration.audiences.destinations.base import Receipt, Refusal
from orchestration.audiences.errors import LedgerError
from orchestration.audiences.values import Json, canonical_json
from orchestration.warehouse import Warehouse

TABLES = {
    "deliveries": """
        delivery_id varchar, audience varchar, destination varchar, number integer, follows varchar,
        as_of_date date, send varchar, added integer, changed integer, removed integer, members integer,
        file_name varchar, sha256 varchar, status varchar, planned_at timestamp, acknowledged_at timestamp,
        layout varchar, refused integer
    """,
    "members": """
        audience varchar, destination varchar, subject_key varchar, identifiers varchar, fields varchar,
        first_sent_on date, last_sent_on date, removed_on date, variant varchar, first_variant varchar, switched_on date
    """,
    "outbox": """
        delivery_id varchar, operation varchar, subject_key varchar, identifiers varchar, fields varchar,
        variant varchar
    """,
    "calls": """
        delivery_id varchar, call varchar, answer varchar, answered_at timestamp
    """,
    "refusals": """
        delivery_id varchar, subject_key varchar, reason varchar
    """,
    "holdouts": """
        audience varchar, destination varchar, subject_key varchar, first_held_out_on date, left_on date
    """,
    "checks": """
        audience varchar, destination varchar, as_of_date date, checked_at timestamp
    """,
}
ADDED_SINCE = (
    ("deliveries", "refused integer"),
    ("members", "variant varchar"),
    ("members", "first_variant varchar"),
    ("members", "switched_on date"),
    ("outbox", "variant varchar"),
)
HAS_DELIVERIES = "select 1 from ledger.deliveries where audience = ? and destination = ?"
# Who was enrolled before there was a split has no variant yet; rows of older versions know the last one only.
FIRST_VARIANT = "coalesce(nullif(m.first_variant, ''), nullif(m.variant, ''))"
ROWS_A_STATEMENT = 50_000


@dataclass(frozen=True)
class Entry:
    """One line of `ledger.deliveries`. The two times are UTC, by the clock of the machine that exported."""

    delivery_id: str
    audience: str
    destination: str
    number: int
    as_of: date
    send: str
    added: int
    changed: int
    removed: int
    members: int
    file_name: str
    sha256: str
    status: str
    planned_at: datetime
    acknowledged_at: datetime | None
    refused: int


def create_ledger(warehouse: Warehouse) -> None:
    """Create the ledger's schema, tables and columns where they are missing."""
    listed = warehouse.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'ledger'"
    )
    wanted = {(name, each.split()[0]) for name, columns in TABLES.items() for each in columns.split(",")}
    if wanted.issubset(listed):
        return
    warehouse.execute("create schema if not exists ledger")
    for name, columns in TABLES.items():
        warehouse.execute(f"create table if not exists ledger.{name} ({columns})")
    for name, column in ADDED_SINCE:
        warehouse.execute(f"alter table ledger.{name} add column if not exists {column}")


def has_ledger(warehouse: Warehouse) -> bool:
    """Whether anything was ever exported from this warehouse."""
    exists = "select 1 from information_schema.tables where table_schema = 'ledger' and table_name = 'deliveries'"
    return warehouse.rows(exists) != []


def deliveries(warehouse: Warehouse) -> list[Entry]:
    """All deliveries, by audience, destination and number; none when nothing was ever exported. Writes nothing."""
    if not has_ledger(warehouse):
        return []
    columns = "delivery_id, audience, destination, number, as_of_date, send, added, changed, removed, members"
    columns += ", file_name, sha256, status, planned_at, acknowledged_at"
    columns += ", coalesce(refused, 0)"
    found = warehouse.rows(f"select {columns} from ledger.deliveries order by audience, destination, number")
    return [Entry(*cast("tuple[Any, ...]", row)) for row in found]


@dataclass(frozen=True)
class Last:
    """The last acknowledged delivery: `number` is 0, `key` empty, `as_of` and `layout` null before the first."""

    number: int = 0
    key: str = ""
    as_of: date | None = None
    layout: Layout | None = None


@dataclass(frozen=True)
class Ledger:
    """The ledger of one audience at one destination."""

    warehouse: Warehouse
    audience: str
    destination: str

    def last(self) -> Last:
        """The last acknowledged delivery."""
        sql = "select number, delivery_id, as_of_date, layout from ledger.deliveries"
        sql += " where audience = ? and destination = ? and status = 'acknowledged' order by number desc limit 1"
        found = self.warehouse.rows(sql, self._mine)
        if not found:
            return Last()
        number, key, as_of, layout = cast("tuple[Any, ...]", found[0])
        return Last(number, key, as_of, json_to_layout(layout))

    def pending(self) -> Delivery | None:
        """The delivery that was planned and not acknowledged, as it was planned. Raises LedgerError."""
        sql = "select delivery_id, number, follows, as_of_date, send, layout, added, changed, removed, members"
        sql += " from ledger.deliveries where audience = ? and destination = ? and status = 'planned'"
        found = self.warehouse.rows(sql, self._mine)
        return self._delivery(*cast("tuple[Any, ...]", found[0])) if found else None

    def acknowledged(self) -> dict[str, Acknowledged]:
        """Every subject ever acknowledged, by key."""
        sql = "select subject_key, identifiers, fields, removed_on is null, coalesce(variant, '') from ledger.members"
        found = self.warehouse.rows(f"{sql} where audience = ? and destination = ?", self._mine)
        return {str(key): Acknowledged(*cast("tuple[Any, ...]", state)) for key, *state in found}

    def elsewhere(self) -> dict[str, int]:
        """Members that other destinations still have, by destination: the audience was once sent there."""
        sql = "select destination, count(*) from ledger.members where audience = ? and destination <> ?"
        found = self.warehouse.rows(f"{sql} and removed_on is null group by 1 order by 1", self._mine)
        return {str(name): int(str(count)) for name, count in found}

    def size(self) -> int:
        """How many subjects the destination has acknowledged and not been told to remove."""
        sql = "select count(*) from ledger.members where audience = ? and destination = ? and removed_on is null"
        return int(str(self.warehouse.rows(sql, self._mine)[0][0]))

    def files(self) -> list[str]:
        """The paths of the files of all acknowledged deliveries, in order."""
        sql = "select file_name from ledger.deliveries where audience = ? and destination = ? and file_name <> ''"
        return [str(path) for (path,) in self.warehouse.rows(f"{sql} order by number", self._mine)]

    def take_over(self, former: str) -> None:
        """Carry on as the audience that was called `former`, of which nothing may be pending. Raises LedgerError."""
        theirs = [former, self.destination]
        if self.warehouse.rows(f"{HAS_DELIVERIES} limit 1", theirs) == []:
            return
        if self.warehouse.rows(f"{HAS_DELIVERIES} limit 1", self._mine):
            raise LedgerError(
                f"audience {self.audience}: {self.destination} was sent deliveries under this name and under {former}",
                f"take `formerly: {former}` out of the audience's file: whom {former} enrolled stays enrolled there",
            )
        with self.warehouse.transaction():
            for table in ("deliveries", "members", "holdouts", "checks"):
                self.warehouse.execute(
                    f"update ledger.{table} set audience = ? where audience = ? and destination = ?",
                    [self.audience, *theirs],
                )

    def journal(self, delivery: Delivery) -> CallJournal:
        """The journal of a planned delivery's calls."""
        return CallJournal(self.warehouse, delivery.key)

    def plan(self, delivery: Delivery) -> None:
        """Write down a delivery and all its rows: from here on it will be delivered, whatever happens."""
        values = [
            delivery.key, *self._mine, delivery.number, delivery.follows, delivery.as_of, delivery.send.value,
            delivery.added, delivery.changed, delivery.removed, delivery.members, "", "",
            "planned", _now(), None, layout_to_json(delivery.layout), None,
        ]  # fmt: skip
        with self.warehouse.transaction():
            self.warehouse.execute(f"insert into ledger.deliveries values ({', '.join('?' * len(values))})", values)
            for start in range(0, len(delivery.rows), ROWS_A_STATEMENT):
                self._put(delivery.key, delivery.rows[start : start + ROWS_A_STATEMENT])

    def acknowledge(self, delivery: Delivery, receipt: Receipt) -> None:
        """Take over the rows of a delivery as the state that the destination confirmed."""
        with self.warehouse.transaction():
            self._refuse(delivery, receipt.refused)
            for sql, values in self._acknowledgement(delivery, receipt):
                self.warehouse.execute(sql, values)

    def hold_out(self, as_of: date, keys: Sequence[str]) -> None:
        """Keep who is held out, from the day they first were: they are whom the others are compared with."""
        mine, here = self._mine, "subject_key in (select unnest(?::varchar[]))"
        known = "select 1 from ledger.holdouts as h where h.audience = ? and h.destination = ? and h.subject_key = k"
        with self.warehouse.transaction():
            self.warehouse.execute(
                "update ledger.holdouts set left_on = ? "
                f"where audience = ? and destination = ? and left_on is null and not {here}",
                [as_of, *mine, [*keys]],
            )
            self.warehouse.execute(
                f"update ledger.holdouts set left_on = null where audience = ? and destination = ? and {here}",
                [*mine, [*keys]],
            )
            self.warehouse.execute(
                f"insert into ledger.holdouts select ?, ?, k, ?, null from unnest(?::varchar[]) as t(k) "
                f"where not exists ({known})",
                [*mine, as_of, [*keys], *mine],
            )

    def note_check(self, as_of: date) -> None:
        """Note that as of this day the destination already had all that there was to say; the last such day is kept."""
        with self.warehouse.transaction():
            self.warehouse.execute("delete from ledger.checks where audience = ? and destination = ?", self._mine)
            self.warehouse.execute("insert into ledger.checks values (?, ?, ?, ?)", [*self._mine, as_of, _now()])

    @property
    def _mine(self) -> tuple[str, str]:
        return self.audience, self.destination

    def _put(self, key: str, rows: Sequence[Row]) -> None:
        told = ((row.operation.value, row.key, row.identifiers, row.fields, row.variant) for row in rows)
        columns = zip(*told, strict=True)
        lists = ", ".join(["unnest(?::varchar[])"] * 5)
        self.warehouse.execute(f"insert into ledger.outbox select ?, {lists}", [key, *map(list, columns)])

    def _refuse(self, delivery: Delivery, refused: Sequence[Refusal]) -> None:
        """Leave those whom the destination did not take as they were, or removed where it took that much of them."""
        for start in range(0, len(refused), ROWS_A_STATEMENT):
            part = refused[start : start + ROWS_A_STATEMENT]
            keys = [each.key for each in part]
            self.warehouse.execute(
                "insert into ledger.refusals select ?, unnest(?::varchar[]), unnest(?::varchar[])",
                [delivery.key, keys, [each.reason for each in part]],
            )
            self.warehouse.execute(
                "delete from ledger.outbox where delivery_id = ? and (subject_key in (select unnest(?::varchar[])) "
                "or operation <> 'remove' and subject_key in (select unnest(?::varchar[])))",
                [delivery.key, [each.key for each in part if each.removal], keys],
            )

    def _delivery(
        self, key: str, number: int, follows: str, as_of: date, send: str, layout: str, *counts: int
    ) -> Delivery:
        added, changed, removed, members = counts
        delivery = Delivery(
            key=key,
            number=number,
            follows=follows,
            audience=self.audience,
            destination=self.destination,
            as_of=as_of,
            send=Send(send),
            layout=json_to_layout(layout),
            rows=self._outbox(key),
            added=added,
            changed=changed,
            removed=removed,
            members=members,
        )
        if idempotency_key(delivery) != key:
            raise LedgerError(
                f"audience {self.audience}: ledger.outbox does not hold what delivery {key[:12]} was planned with",
                "restore the schema ledger from a backup: somebody edited it",
            )
        return delivery

    def _outbox(self, key: str) -> tuple[Row, ...]:
        sql = "select operation, subject_key, identifiers, fields, coalesce(variant, '') from ledger.outbox"
        found = self.warehouse.rows(f"{sql} where delivery_id = ?", [key])
        return in_order(Row(Operation(str(operation)), *map(str, told)) for operation, *told in found)

    def _acknowledgement(self, delivery: Delivery, receipt: Receipt) -> Iterator[tuple[str, Sequence[object]]]:
        day, key, mine = delivery.as_of, delivery.key, self._mine
        # What identified somebody is forgotten on leaving: nothing needs it any more.
        yield (
            "update ledger.members set removed_on = ?, identifiers = '{}', fields = '{}' "
            "where audience = ? and destination = ? and subject_key in "
            "(select subject_key from ledger.outbox where delivery_id = ? and operation = 'remove')",
            [day, *mine, key],
        )
        yield (
            "update ledger.members as m "
            "set identifiers = o.identifiers, fields = o.fields, last_sent_on = ?, removed_on = null, "
            f"variant = o.variant, first_variant = coalesce({FIRST_VARIANT}, o.variant), "
            f"switched_on = coalesce(m.switched_on, case when o.variant <> {FIRST_VARIANT} then cast(? as date) end) "
            "from ledger.outbox as o where m.audience = ? and m.destination = ? "
            "and o.delivery_id = ? and o.operation <> 'remove' and o.subject_key = m.subject_key",
            [day, day, *mine, key],
        )
        yield (
            "insert into ledger.members "
            "select ?, ?, o.subject_key, o.identifiers, o.fields, ?, ?, null, o.variant, o.variant, null "
            "from ledger.outbox as o "
            "where o.delivery_id = ? and o.operation <> 'remove' and not exists (select 1 from ledger.members as m "
            "where m.audience = ? and m.destination = ? and m.subject_key = o.subject_key)",
            [*mine, day, day, key, *mine],
        )
        yield "delete from ledger.outbox where delivery_id = ?", [key]
        yield "delete from ledger.calls where delivery_id = ?", [key]
        yield (
            "update ledger.deliveries set status = 'acknowledged', acknowledged_at = ?, file_name = ?, sha256 = ?, "
            "refused = ?, members = (select count(*) from ledger.members as m "
            "where m.audience = ? and m.destination = ? and m.removed_on is null) where delivery_id = ?",
            [_now(), receipt.path, receipt.sha256, len(receipt.refused), *mine, key],
        )


@dataclass(frozen=True)
class CallJournal:
    """The journal of one delivery, in `ledger.calls`."""

    warehouse: Warehouse
    delivery_id: str

    def answer(self, call: str) -> Json:
        sql = "select answer from ledger.calls where delivery_id = ? and call = ?"
        found = self.warehouse.rows(sql, [self.delivery_id, call])
        answer: Json = json.loads(str(found[0][0])) if found else None
        return answer

    def keep(self, call: str, answer: Json) -> None:
        with self.warehouse.transaction():
            self.warehouse.execute(
                "delete from ledger.calls where delivery_id = ? and call = ?", [self.delivery_id, call]
            )
            values = [self.delivery_id, call, canonical_json(answer), _now()]
            self.warehouse.execute("insert into ledger.calls values (?, ?, ?, ?)", values)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
