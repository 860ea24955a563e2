"""Rows as SendGrid's contacts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.audiences.delta import Row
from orchestration.audiences.values import Json, json_to_cell

IDENTIFIERS = ("email", "external_id", "phone_number_id", "anonymous_id")
# SendGrid's own fields with the most characters they hold; 0 where it names no limit.
RESERVED = {
    "first_name": 50,
    "last_name": 50,
    "address_line_1": 100,
    "address_line_2": 100,
    "city": 60,
    "state_province_region": 50,
    "country": 50,
    "postal_code": 0,
}
LONGEST_IDENTIFIER = 254
CUSTOM = re.compile(r"[a-z]\d+(_[TND])?")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Contact:
    """A contact as a search shows it: SendGrid's id, the external id if it has one, the lists that it is on."""

    id: str
    external_id: str
    lists: frozenset[str]

    def may_be(self, asked: Mapping[str, str]) -> bool:
        """Whether this is who was asked for: an address may have passed to somebody else."""
        return not self.external_id or "external_id" not in asked or self.external_id == asked["external_id"]


def contact_shown(told: Mapping[str, Any]) -> Contact:
    """A contact as an answer tells it."""
    return Contact(str(told["id"]), str(told.get("external_id") or ""), frozenset(told["list_ids"]))


def identifiers_of(row: Row, key: str) -> dict[str, str]:
    """The known identifiers of a row as SendGrid spells them: e-mail addresses in lower case.

    The entity's key, whose column is `key`, is an external id unless the row has one of its own.
    """
    named: Mapping[str, Json] = json.loads(row.identifiers)
    told = {"external_id": named.get(key), **named}
    known = {name: json_to_cell(told.get(name)).strip() for name in IDENTIFIERS}
    return {name: value.lower() if name == "email" else value for name, value in known.items() if value}


def contact_of(row: Row, key: str, variant: str) -> Json:
    """The contact that SendGrid is to hold; a variant goes into the custom field of this id."""
    fields: Mapping[str, Json] = json.loads(row.fields)
    own: dict[str, Json] = {name: json_to_cell(value) for name, value in fields.items() if name in RESERVED}
    others = ((name, _custom(name, value)) for name, value in fields.items() if name not in RESERVED)
    custom: dict[str, Json] = {name: value for name, value in others if value is not None}
    if row.variant and variant:
        custom[variant] = row.variant
    contact: dict[str, Json] = {**own, **identifiers_of(row, key)}
    if custom:
        contact["custom_fields"] = custom
    return contact


def objection_to(row: Row, key: str) -> str:
    """Why SendGrid would not take a row, empty where it would: one such row spoils a whole call."""
    known = identifiers_of(row, key)
    if not known:
        return "it has no identifier"
    if "email" in known and not ADDRESS.fullmatch(known["email"]):
        return "its email is not an e-mail address"
    fields: Mapping[str, Json] = json.loads(row.fields)
    longest = RESERVED | dict.fromkeys(IDENTIFIERS, LONGEST_IDENTIFIER)
    for name, value in {**fields, **known}.items():
        if (most := longest.get(name, 0)) and len(json_to_cell(value)) > most:
            return f"its {name} is longer than the {most} characters that SendGrid takes"
    return ""


def _custom(name: str, value: Json) -> Json:
    """A custom field's value; null where nothing can be said: numbers and dates cannot be emptied at SendGrid."""
    if name.endswith("_N"):
        return _number(value)
    if name.endswith("_D"):
        return value
    return json_to_cell(value)


def _number(value: Json) -> Json:
    match value:
        case bool():
            return int(value)
        case str():
            try:
                exact = Decimal(value)
            except InvalidOperation:
                return value
            return int(exact) if exact == exact.to_integral_value() else float(exact)
        case _:
            return value
