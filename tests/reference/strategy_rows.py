"""The fixed shape of generated worlds, and made-up rows for its tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from tests.reference.days import TICK
from tests.reference.pools import Pen

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
EVENT_COLUMNS = {"format": "text", "amount": "number", "quantity": "integer", "ready_at": "timestamp"}
ORDER_COLUMNS = {"amount": "number", "status": "text", "due_on": "date"}
NOTE_COLUMNS = {"body": "text", "length": "integer"}
DEAL_COLUMNS = {"worth": "number", "stage": "text"}
EVENT_NAMES = ("login", "login", "purchase", "sign up")
COMPANIES = ("acme", "Bolt", "c'est", "Ünion")

KINDS = {"email": "text", "seldom": "boolean"}
TABLES: dict[str, dict[str, str]] = {
    "people": {"person_id": "integer", **PERSON_COLUMNS, "valid_from": "timestamp", "valid_to": "timestamp"},
    "companies": {"company_id": "text", **COMPANY_COLUMNS, "valid_from": "date", "valid_to": "date"},
    "person_events": {"person_id": "integer", "name": "text", "at": "timestamp", **EVENT_COLUMNS},
    "company_events": {"company_id": "text", "name": "text", "on_day": "date", **EVENT_COLUMNS},
    "orders": {"person_id": "integer", "ordered_at": "timestamp", **ORDER_COLUMNS},
    "notes": {"person_id": "integer", **NOTE_COLUMNS},
    "deals": {"company_id": "text", "closed_on": "date", **DEAL_COLUMNS},
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
            "history": pen.pick(None, {"type": "date"}),
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
    """Return the company entity, with everything that never changes; its rows are dated by whole days."""
    return {
        "model": "companies",
        "key": "company_id",
        "attributes": attributes(COMPANY_COLUMNS),
        "events": {
            "model": "company_events",
            "subject": "company_id",
            "name": "name",
            "at": {"column": "on_day", "type": "date"},
            "properties": attributes(EVENT_COLUMNS),
        },
        "relations": {
            "deals": {
                "model": "deals",
                "subject": "company_id",
                "at": {"column": "closed_on", "type": "date"},
                "attributes": attributes(DEAL_COLUMNS),
            }
        },
    }


def tables(pen: Pen, made: dict[str, Any]) -> Tables:
    """Return rows for all tables; attachments may repeat, and may point at nobody."""
    keys = range(1, pen.pick(1, 2, 5, 5, 6, 6, 7, 7, 8, 9) + 1)
    companies = COMPANIES[: pen.pick(1, 2, 3, 3, 4, 4)]
    busy = keys[: pen.pick(2, 3, 9)]
    someone, something = (*busy, *busy, *busy, *keys, None, 99), (*companies, *companies, *companies, None, "gone")
    links = [{"person_id": pen.pick(*someone), "company_id": pen.pick(*something)} for _ in range(pen.number(0, 10))]
    return {
        "people": subjects(pen, made["entities"]["person"], keys, PERSON_COLUMNS),
        "companies": subjects(pen, made["entities"]["company"], companies, COMPANY_COLUMNS),
        "person_events": events(pen, "person_events", someone, pen.number(0, 20)),
        "company_events": events(pen, "company_events", something, pen.number(0, 10)),
        "orders": [dated(pen, "orders", someone) for _ in range(pen.number(0, 10))],
        "notes": [{"person_id": pen.pick(*someone), **row(pen, NOTE_COLUMNS)} for _ in range(pen.number(0, 6))],
        "deals": [dated(pen, "deals", something) for _ in range(pen.number(0, 6))],
        "company_people": [*links, *links[:1]] if pen.once_in(3) else links,
    }


def row(pen: Pen, columns: dict[str, str]) -> dict[str, Any]:
    """Return one row's values."""
    return {name: pen.value(kind) for name, kind in columns.items()}


def events(pen: Pen, table: str, someone: tuple[Any, ...], most: int) -> list[dict[str, Any]]:
    """Return events; now and then one that follows the event before, or is nearly the same."""
    subject, _, at, *_others = TABLES[table]
    found: list[dict[str, Any]] = []
    for _ in range(most):
        made = {**dated(pen, table, someone), "name": pen.pick(*EVENT_NAMES)}
        if found and not pen.once_in(3):
            before = found[-1]
            copied = {name: before[name] for name in made if name != "name" and pen.once_in(3)}
            made |= {**copied, subject: before[subject], at: later(pen, before[at])}
        found.append(made)
    return found


def later(pen: Pen, before: dt.date | None) -> dt.date | None:
    """Return the same instant or day, or one that lies a border of sequences later."""
    if before is None:
        return None
    if not isinstance(before, dt.datetime):
        days: int = pen.pick(0, 1, 1, 2, 7)
        return before + dt.timedelta(days=days)
    hours: int = pen.pick(0, 0, 1, 24, 24, 48, 168)
    ticks: int = pen.pick(0, 0, 0, 1, -1)
    return before + dt.timedelta(hours=hours) + TICK * ticks


def dated(pen: Pen, table: str, someone: tuple[Any, ...]) -> dict[str, Any]:
    """Return a row of somebody with a date, now and then without one."""
    subject, *others = TABLES[table]
    return {subject: pen.pick(*someone), **{name: pen.value(TABLES[table][name]) for name in others}}


def subjects(pen: Pen, entity: dict[str, Any], keys: Iterable[Any], columns: dict[str, str]) -> list[dict[str, Any]]:
    """Return the rows of an entity: one for each key, or its versions where the table has history."""
    key, made = entity["key"], versions if "history" in entity else only_row
    by = TABLES[entity["model"]]["valid_from"]
    return [{key: one, **found} for one in keys for found in made(pen, columns, by)]


def only_row(pen: Pen, columns: dict[str, str], _: str) -> list[dict[str, Any]]:
    """Return a subject's only row, where the table has no history."""
    return [{**row(pen, columns), "valid_from": None, "valid_to": None}]


def versions(pen: Pen, columns: dict[str, str], by: str) -> list[dict[str, Any]]:
    """Return one to four versions by instants or days; most follow each other, and the last may have ended too."""
    early = dt.datetime(2010, 1, 1) if by == "timestamp" else dt.date(2010, 1, 1)
    cuts = sorted({cut for _ in range(pen.number(0, 3)) if (cut := border(pen, by)) is not None})
    begins = [early, *cuts]
    ends = [*cuts, None if not pen.once_in(6) else max(cuts, default=early) + dt.timedelta(days=1)]
    found: list[dict[str, Any]] = []
    for begin, end in zip(begins, ends, strict=True):
        values = row(pen, columns)
        kept = found[-1] if found and pen.once_in(2) else {}
        same = {name: kept[name] for name in columns if name in kept and not pen.once_in(4)}
        found.append({**values, **same, "valid_from": begin, "valid_to": end})
    return [one for number, one in enumerate(found) if number in (0, len(found) - 1) or not pen.once_in(4)]


def border(pen: Pen, by: str) -> Any:
    """Return when a version may begin, most often with one of the last days."""
    if pen.once_in(3):
        return pen.value(by)
    return pen.near_day() if by == "date" else pen.clock.start_of(pen.near_day())
