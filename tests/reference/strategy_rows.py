"""The fixed shape of generated worlds, and Hypothesis-made rows for its tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from tests.reference.pools import Pen, instants

PERSON_COLUMNS = {
    "plan": "text",
    "email": "email",
    "order": "integer",
    "photo_limit": "integer",
    "spend": "number",
    "score": "float",
    "active": "boolean",
    "archived": "seldom",
    "born_on": "date",
    "signed_up_at": "timestamp",
    "last_seen_at": "timestamp",
    "tags": "list",
}
COMPANY_COLUMNS = {
    "tier": "text",
    "size": "integer",
    "revenue": "number",
    "rating": "float",
    "premium": "boolean",
    "archived": "seldom",
    "founded_on": "date",
    "renewed_at": "timestamp",
    "labels": "list",
}
EVENT_COLUMNS = {"format": "text", "amount": "number", "quantity": "integer"}
ORDER_COLUMNS = {"amount": "number", "status": "text"}
NOTE_COLUMNS = {"body": "text", "length": "integer"}
DEAL_COLUMNS = {"worth": "number", "stage": "text"}
EVENT_NAMES = ("login", "purchase", "sign up")
COMPANIES = ("acme", "Bolt", "c'est", "Ünion")

KINDS = {"email": "text", "seldom": "boolean"}
DUCKDB_TYPES = {
    "text": "VARCHAR",
    "email": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(18, 2)",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "seldom": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "list": "VARCHAR[]",
}
TABLES: dict[str, dict[str, str]] = {
    "people": {"person_id": "integer", **PERSON_COLUMNS, "valid_from": "timestamp", "valid_to": "timestamp"},
    "companies": {"company_id": "text", **COMPANY_COLUMNS},
    "person_events": {"person_id": "integer", "name": "text", "at": "timestamp", **EVENT_COLUMNS},
    "orders": {"person_id": "integer", "ordered_at": "timestamp", **ORDER_COLUMNS},
    "notes": {"person_id": "integer", **NOTE_COLUMNS},
    "deals": {"company_id": "text", "closed_at": "timestamp", **DEAL_COLUMNS},
    "company_people": {"person_id": "integer", "company_id": "text"},
}

Tables = dict[str, list[dict[str, Any]]]


def attributes(columns: dict[str, str]) -> dict[str, Any]:
    """Return the catalog's attributes for columns; the column `order` is called `seats`."""
    entries: dict[str, Any] = {name: KINDS.get(kind, kind) for name, kind in columns.items()}
    if "order" in entries:
        entries["seats"] = {"type": entries.pop("order"), "column": "order"}
    return entries


def catalog(pen: Pen, timezone: str, week_starts_on: str) -> dict[str, Any]:
    """Return the catalog: the shape is fixed; `since`, `population` and `history` come and go."""
    entities = {"person": person_entity(), "company": company_entity()}
    optional = {
        "person": {
            "since": pen.pick(None, None, "signed_up_at"),
            "population": pen.pick(None, {"archived": {"is_not": True}}, {"archived": False}),
            "history": pen.pick(None, {"valid_from": "valid_from", "valid_to": "valid_to"}),
        },
        "company": {
            "since": pen.pick(None, None, "founded_on"),
            "population": pen.pick(None, {"archived": {"is": False, "unknown": "include"}}),
        },
    }
    for name, entity in entities.items():
        entity.update({key: value for key, value in optional[name].items() if value is not None})
    return {"timezone": timezone, "week_starts_on": week_starts_on, "entities": entities}


def person_entity() -> dict[str, Any]:
    """Return the person entity, with everything that never changes."""
    return {
        "model": "people",
        "key": "person_id",
        "attributes": attributes(PERSON_COLUMNS),
        "events": {
            "model": "person_events",
            "subject": "person_id",
            "name": "name",
            "at": "at",
            "properties": attributes(EVENT_COLUMNS),
        },
        "relations": {
            "orders": {
                "model": "orders",
                "subject": "person_id",
                "at": "ordered_at",
                "attributes": attributes(ORDER_COLUMNS),
            },
            "notes": {"model": "notes", "subject": "person_id", "attributes": attributes(NOTE_COLUMNS)},
            "company": {
                "entity": "company",
                "through": "company_people",
                "subject": "person_id",
                "related": "company_id",
            },
        },
    }


def company_entity() -> dict[str, Any]:
    """Return the company entity, with everything that never changes."""
    return {
        "model": "companies",
        "key": "company_id",
        "attributes": attributes(COMPANY_COLUMNS),
        "relations": {
            "deals": {
                "model": "deals",
                "subject": "company_id",
                "at": "closed_at",
                "attributes": attributes(DEAL_COLUMNS),
            }
        },
    }


def tables(pen: Pen, made: dict[str, Any]) -> Tables:
    """Return rows for all tables; attachments may repeat, and may point at nobody."""
    keys = range(1, pen.pick(1, 2, 5, 5, 6, 6, 7, 7, 8, 9) + 1)
    companies = COMPANIES[: pen.pick(1, 2, 3, 3, 4, 4)]
    history = "history" in made["entities"]["person"]
    people = [row for key in keys for row in (versions(pen, key) if history else [plain_person(pen, key)])]
    someone, something = (*keys, *keys, *keys, None, 99), (*companies, *companies, *companies, None, "gone")
    return {
        "people": people,
        "companies": [{"company_id": key, **row(pen, COMPANY_COLUMNS)} for key in companies],
        "person_events": [event(pen, someone) for _ in range(pen.number(0, 20))],
        "orders": [dated(pen, someone, "person_id", "ordered_at", ORDER_COLUMNS) for _ in range(pen.number(0, 10))],
        "notes": [{"person_id": pen.pick(*someone), **row(pen, NOTE_COLUMNS)} for _ in range(pen.number(0, 6))],
        "deals": [dated(pen, something, "company_id", "closed_at", DEAL_COLUMNS) for _ in range(pen.number(0, 6))],
        "company_people": [
            {"person_id": pen.pick(*someone), "company_id": pen.pick(*something)} for _ in range(pen.number(0, 10))
        ],
    }


def row(pen: Pen, columns: dict[str, str]) -> dict[str, Any]:
    """Return one row's values."""
    return {name: pen.value(kind) for name, kind in columns.items()}


def event(pen: Pen, someone: Iterable[int | None]) -> dict[str, Any]:
    """Return an event of somebody."""
    name = pen.pick(*EVENT_NAMES)
    return {"name": name, **dated(pen, someone, "person_id", "at", EVENT_COLUMNS)}


def dated(pen: Pen, someone: Iterable[Any], subject: str, at: str, columns: dict[str, str]) -> dict[str, Any]:
    """Return a row of somebody with a time, now and then without one."""
    return {subject: pen.pick(*someone), at: pen.value("timestamp"), **row(pen, columns)}


def plain_person(pen: Pen, key: int) -> dict[str, Any]:
    """Return a person's only row, where the table has no history."""
    return {"person_id": key, **row(pen, PERSON_COLUMNS), "valid_from": None, "valid_to": None}


def versions(pen: Pen, key: int) -> list[dict[str, Any]]:
    """Return one to three versions of a person that follow each other; the last one may have ended too."""
    early = dt.datetime(2010, 1, 1)
    cuts = sorted({pen.pick(*instants(pen.clock)) for _ in range(pen.number(0, 2))})
    begins = [early, *cuts]
    ends = [*cuts, None if not pen.once_in(6) else max(cuts, default=early) + dt.timedelta(days=1)]
    return [
        {"person_id": key, **row(pen, PERSON_COLUMNS), "valid_from": begin, "valid_to": end}
        for begin, end in zip(begins, ends, strict=True)
    ]
