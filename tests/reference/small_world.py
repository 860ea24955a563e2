"""A small fixed catalog and shorthands for direct cases of the reference evaluator."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from tests.reference.evaluator import members

AS_OF = dt.date(2017, 6, 15)

CATALOG: dict[str, Any] = {
    "timezone": "UTC",
    "week_starts_on": "monday",
    "entities": {
        "person": {
            "model": "people",
            "key": "id",
            "attributes": {
                "plan": "text",
                "seats": {"type": "integer", "column": "seat_count"},
                "limit": "integer",
                "spend": "number",
                "score": "float",
                "active": "boolean",
                "born": "date",
                "seen": "timestamp",
                "tags": "list",
            },
            "events": {
                "model": "person_events",
                "subject": "person",
                "name": "name",
                "at": "at",
                "properties": {"format": "text", "amount": "number", "size": "integer"},
            },
            "relations": {
                "orders": {
                    "model": "orders",
                    "subject": "person",
                    "at": "at",
                    "attributes": {"amount": "number", "status": "text"},
                },
                "notes": {"model": "notes", "subject": "person", "attributes": {"body": "text"}},
                "company": {"entity": "company", "through": "links", "subject": "person", "related": "company"},
            },
        },
        "company": {
            "model": "companies",
            "key": "id",
            "population": {"archived": False},
            "attributes": {"plan": "text", "size": "integer", "archived": "boolean", "id": "text"},
        },
    },
}
COLUMNS = ("plan", "seat_count", "limit", "spend", "score", "active", "born", "seen", "tags")


def catalog(timezone: str = "UTC", week_starts_on: str = "monday", **person: Any) -> dict[str, Any]:
    """Return the catalog with another zone, week or more entries for the person entity."""
    made = copy.deepcopy(CATALOG)
    made.update(timezone=timezone, week_starts_on=week_starts_on)
    made["entities"]["person"].update(person)
    return made


def person(key: int, **values: Any) -> dict[str, Any]:
    """Return a row of people, null where nothing is said."""
    return {"id": key, **dict.fromkeys(COLUMNS), **values}


def event(subject: int | None, at: dt.datetime | None, name: str = "buy", **properties: Any) -> dict[str, Any]:
    """Return a row of person_events."""
    return {"person": subject, "name": name, "at": at, "format": None, "amount": None, "size": None, **properties}


def company(key: str, **values: Any) -> dict[str, Any]:
    """Return a row of companies."""
    return {"id": key, "plan": None, "size": None, "archived": False, **values}


def order(subject: int, at: dt.datetime | None, amount: Any = None, status: str | None = None) -> dict[str, Any]:
    """Return a row of orders."""
    return {"person": subject, "at": at, "amount": amount, "status": status}


def link(subject: int | None, other: str | None) -> dict[str, Any]:
    """Return a row that attaches a person to a company."""
    return {"person": subject, "company": other}


def who(rule: Any, people: list[dict[str, Any]], as_of: dt.date = AS_OF, **more: Any) -> set[Any]:
    """Return who meets a rule; `more` has further tables, `catalog`, `specs` or `judged_from`."""
    tables = {"people": people, "companies": [], "person_events": [], "orders": [], "notes": [], "links": []}
    tables.update({name: more[name] for name in more if name in tables})
    specs = {"it": {"entity": "person", "where": rule}, **more.get("specs", {})}
    return members(more.get("catalog", CATALOG), tables, specs, "it", as_of, judged_from=more.get("judged_from"))


def meets(rule: Any, as_of: dt.date = AS_OF, more: dict[str, Any] | None = None, **values: Any) -> bool:
    """Tell whether one person with these attributes meets a rule."""
    return who(rule, [person(1, **values)], as_of, **(more or {})) == {1}


def performs(rule: Any, *events: dict[str, Any], as_of: dt.date = AS_OF, timezone: str = "UTC") -> bool:
    """Tell whether one person with these events meets a rule."""
    return who(rule, [person(1)], as_of, person_events=list(events), catalog=catalog(timezone)) == {1}
