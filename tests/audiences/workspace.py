"""A small project whose desired set is written by hand, and a receiver that believes only what it is sent."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.audiences.audience import Audience, Guard, Send
from orchestration.audiences.destinations import Surroundings
from orchestration.audiences.export import Outcome, export
from orchestration.audiences.proposal import Proposal
from orchestration.audiences.secret import Secret
from orchestration.gates.result import Finding, GateResult
from orchestration.warehouse import DuckDB

# key → (email, plan, held back by)
People = Mapping[str, tuple[str | None, str | None] | tuple[str | None, str | None, str]]

WINBACK = Audience(
    name="winback",
    entity="person",
    key="person_id",
    segment="at_risk",
    model="audience_winback",
    destination="drop",
    send=Send.CHANGES,
    identify_by=("email",),
    fields={"plan": "plan"},
    consent="accepts_marketing",
    destination_settings={"type": "folder", "path": "drop"},
)
DAYS = [date(2017, 11, day) for day in range(1, 31)]


def surroundings(state: Path, **secrets: str) -> Surroundings:
    """Surroundings with these secrets, and no others."""
    return Surroundings(state=state, secret=lambda variable: Secret(secrets[variable]))


def open_gate(proposal: Proposal) -> GateResult:
    """A gate that lets everything through, without the seconds that the real one takes to import."""
    return GateResult(proposal.audience.name, (Finding("expect_nothing", None, True, 0, 0),))


def sends(send: Send, **guard: Any) -> Audience:
    return replace(WINBACK, send=send, guard=Guard(**guard))


@dataclass(frozen=True)
class Project:
    """A project in a folder; `secrets` are its environment variables, `plan` names the column that holds the plan."""

    folder: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    plan: str = "plan"

    @property
    def state(self) -> Path:
        return self.folder / ".muster"

    @property
    def drop(self) -> Path:
        return self.state / "drop" / "winback"

    def open(self) -> DuckDB:
        return DuckDB(self.state / "warehouse.duckdb")

    def desire(self, people: People) -> None:
        """Write the table that a day's run would leave."""
        rows = [(key, *values, None)[:4] for key, values in people.items()]
        with self.open() as warehouse:
            warehouse.execute(
                "create or replace table audience_winback "
                f"(person_id varchar, email varchar, {self.plan} varchar, held_back_by varchar, consent boolean)"
            )
            for row in rows:
                warehouse.execute(
                    "insert into audience_winback values (?, ?, ?, ?, ?)", [*row, None if row[3] == "consent" else True]
                )

    def export(self, audience: Audience, day: date) -> Outcome:
        with self.open() as warehouse:
            return export(warehouse, audience, day, surroundings(self.state, **self.secrets), gate=open_gate)

    def push(self, audience: Audience, day: date, people: People) -> Outcome:
        self.desire(people)
        return self.export(audience, day)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with self.open() as warehouse:
            return warehouse.rows(sql)

    def files(self) -> dict[str, bytes]:
        """Every file below the drop, hidden ones included."""
        root = self.state / "drop"
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}

    def manifests(self) -> list[dict[str, Any]]:
        found = [json.loads(path.read_text()) for path in self.drop.glob("*.manifest.json")]
        return sorted(found, key=lambda manifest: int(manifest["number"]))

    def lines(self, number: int) -> list[str]:
        """The lines of one delivery's file, without its header."""
        manifest = self.manifests()[number - 1]
        path = self.drop / str(manifest["file"])
        return path.read_text().splitlines()[1:]

    def picture(self) -> tuple[dict[str, bytes], object, object, object]:
        """Everything an export leaves, except for wall-clock times."""
        with self.open() as warehouse:
            return (
                self.files(),
                warehouse.rows("select * exclude (planned_at, acknowledged_at) from ledger.deliveries order by number"),
                warehouse.rows("select * from ledger.members order by audience, destination, subject_key"),
                warehouse.rows("select * from ledger.outbox"),
            )


class Receiver:
    """Applies complete deliveries in order, each once, to `by_key` and to a mailing list `by_mail`.

    Enrolling somebody twice, dropping or changing somebody unknown, and a manifest that lies are errors.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.by_key: dict[str, tuple[str, str]] = {}
        self.by_mail: dict[str, tuple[str, str]] = {}

    def receive(self, project: Project) -> None:
        for manifest in project.manifests():
            if manifest["idempotency_key"] in self.seen:
                continue
            assert manifest["number"] == len(self.seen) + 1
            assert manifest["follows"] == (self.seen[-1] if self.seen else None)
            self._apply(manifest, (project.drop / manifest["file"]).read_bytes())
            self.seen.append(manifest["idempotency_key"])

    def _apply(self, manifest: Mapping[str, Any], content: bytes) -> None:
        assert manifest["schema_version"] == 1
        assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
        assert len(content) == manifest["bytes"]
        rows = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        assert [*rows[0]] == manifest["columns"]
        operations = [row["operation"] for row in rows]
        assert {name: operations.count(name) for name in set(operations)} == manifest["counts"]
        for row in rows:
            self._apply_row(row)
        assert len(self.by_key) == manifest["members"]

    def _apply_row(self, row: Mapping[str, str]) -> None:
        key, mail, plan = row["person_id"], row["email"], row["plan"]
        match row["operation"]:
            case "remove":
                assert self.by_key.pop(key)[0] == mail
                assert self.by_mail.pop(mail)[0] == key
                return
            case "add":
                assert key not in self.by_key
                assert mail not in self.by_mail
            case "change":
                assert self.by_key[key][0] == mail
            case operation:
                assert operation == "set"
        self.by_key[key] = (mail, plan)
        self.by_mail[mail] = (key, plan)


def desired_of(people: People) -> dict[str, tuple[str, str]]:
    """What a receiver should hold of a desired set, as the cells of a file."""
    return {key: (row[0] or "", row[1] or "") for key, row in people.items() if len(row) == 2}


def people_of(keys: Sequence[str], plan: str = "pro") -> dict[str, tuple[str, str]]:
    return {key: (f"{key}@example.com", plan) for key in keys}
