"""Whom Intercom would find: its search, written from the description of its API, and from nothing of ours.

The description is silent on three things, which are decided here as docs/intercom.md says: `!=`, `NIN` and `!~` are the
complements of `=`, `IN` and `~`; `=` compares texts exactly; `~`, `!~`, `^` and `$` ignore case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tests.intercom.contacts import Contact, local_day

NEGATIVE = {"!=": "=", "NIN": "IN", "!~": "~"}
MEMBERS_OF = {"5f01": "vip", "5f02": "silent"}


def finds(query: Mapping[str, Any], contact: Contact, zone: str) -> bool:
    if "field" not in query:
        found = (finds(part, contact, zone) for part in query["value"])
        return all(found) if query["operator"] == "AND" else any(found)
    operator, value = query["operator"], query["value"]
    if operator in NEGATIVE:
        return not finds({**query, "operator": NEGATIVE[operator]}, contact, zone)
    if operator == "IN":
        return any(finds({**query, "operator": "=", "value": each}, contact, zone) for each in value)
    return _matches(query["field"], operator, value, contact, zone)


def _matches(field: str, operator: str, value: Any, contact: Contact, zone: str) -> bool:
    match field:
        case "tag_id":
            return value in contact.tags if value is not None else not contact.tags
        case "company_id":
            return any(_compares(company, operator, value) for company in contact.companies)
        case "segment_id":
            return _is_member(MEMBERS_OF[value], contact)
        case "email_domain":
            email = contact.known["email"]
            return isinstance(email, str) and "@" in email and email.rpartition("@")[2].lower() == value.lower()
    known = contact.known[field]
    if known is None or value is None:
        return known is None and value is None
    if field.endswith(("_at", "_on")):
        day = known if isinstance(known, date) else local_day(int(str(known)), zone)
        return _compares(day, operator, local_day(int(value), zone))
    if isinstance(known, Decimal):
        return _compares(known, operator, Decimal(str(value)))
    return _compares(known, operator, value)


def _is_member(segment: str, contact: Contact) -> bool:
    spend = contact.known["custom_attributes.spend"]
    if segment == "vip":
        return isinstance(spend, Decimal) and spend >= 100
    return contact.known["last_seen_at"] is None


def _compares(known: Any, operator: str, value: Any) -> bool:
    match operator:
        case "=":
            return bool(known == value)
        case "<":
            return bool(known < value)
        case ">":
            return bool(known > value)
        case "<=":
            return bool(known <= value)
        case ">=":
            return bool(known >= value)
        case "~":
            return str(value).lower() in str(known).lower()
        case "^":
            return str(known).lower().startswith(str(value).lower())
        case "$":
            return str(known).lower().endswith(str(value).lower())
        case _:
            raise ValueError(f"no operator {operator}")
