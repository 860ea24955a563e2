"""Intercom: members carry a tag, `TAG` or `TAG (VARIANT)`, and their fields are kept up to date.

Contacts are found by search, never made: whom Intercom does not know, or not yet (a new contact is searchable only
after minutes), is refused with the reason and tried again next time. Fields are written before the tag, because a tag
may start a campaign that speaks of them. Tagging goes by fifties; untagging one by one, since Intercom offers no more.
A removal of somebody who is not known or not tagged there is done. Companies are not supported, only contacts.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote

from orchestration.audiences.audience import Audience
from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.destinations.base import Journal, Receipt, Refusal, Surroundings
from orchestration.audiences.destinations.batches import batched
from orchestration.audiences.destinations.http import Answer, Api, Call, Signing, bearer, checked_endpoint, secret_of
from orchestration.audiences.destinations.intercom_contacts import Address, Found, addressing, find
from orchestration.audiences.destinations.rate import Rate
from orchestration.audiences.destinations.session import Session
from orchestration.audiences.values import Json, json_to_cell
from orchestration.calls import PATIENCE, Patience

VERSION = "2.14"
ENDPOINTS = {"us": "https://api.intercom.io", "eu": "https://api.eu.intercom.io", "au": "https://api.au.intercom.io"}
# 10,000 a minute, which Intercom counts in windows of 10 seconds.
RATES = (Rate(1_666, 10.0),)
TAGGED_AT_ONCE = 50
MOST_BYTES = 1_000_000
STANDARD = frozenset({"name", "phone", "avatar", "unsubscribed_from_emails"})
UNKNOWN = "Intercom knows no contact with its identifiers, or not yet"
SHARED = "Intercom has several contacts with its e-mail address"
SAME = "Intercom has one contact for it and for another subject"
NOT_TAKEN = frozenset({400, 404, 409, 422})
GONE = frozenset({404})

Told = Callable[[int], None]


@dataclass(frozen=True)
class Intercom:
    """One Intercom workspace; members of the audience carry `tag` there."""

    name: str
    endpoint: str
    signing: Signing
    tag: str
    progress: Callable[[int, int], None]
    patience: Patience = PATIENCE

    def deliver(self, delivery: Delivery, journal: Journal) -> Receipt:
        """Untag whoever left, then update and tag all others. Raises DestinationError."""
        addresses = addressing(self.name, delivery)
        headers = {"Intercom-Version": VERSION, "Accept": "application/json"}
        api = Api(self.name, self.endpoint, self.signing, headers=headers, rates=RATES, patience=self.patience)
        with api:
            push = _Push(self, Session(api, delivery.key, journal), addresses)
            refused = push.all(delivery.rows)
        return Receipt(delivery_id=delivery.key, location=f"{self.name}: tag {self.tag}", refused=refused)

    def tag_of(self, variant: str) -> str:
        """The tag of a variant, or of the audience where it is not split."""
        return f"{self.tag} ({variant})" if variant else self.tag


def intercom_destination(audience: Audience, surroundings: Surroundings) -> Intercom:
    """The workspace that an audience's settings describe. Raises DestinationError."""
    settings = audience.destination_settings
    secret, variable = secret_of(settings, "token", surroundings)
    return Intercom(
        name=audience.destination,
        endpoint=checked_endpoint(
            audience.destination, settings.get("endpoint") or ENDPOINTS[settings.get("region") or "us"]
        ),
        signing=bearer(secret, variable),
        tag=str(audience.into.get("tag") or audience.name),
        progress=surroundings.progress,
    )


@dataclass(frozen=True)
class _Push:
    workspace: Intercom
    session: Session
    addresses: tuple[Address, ...]

    def all(self, rows: Sequence[Row]) -> tuple[Refusal, ...]:
        left = [row for row in rows if row.operation is Operation.REMOVE]
        here = [row for row in rows if row.operation is not Operation.REMOVE]
        self._untag(left, self._told(0, len(left), len(rows)))
        refused = self._enrol(here, self._told(len(left), len(here), len(rows)))
        self.workspace.progress(len(rows), len(rows))
        return tuple(Refusal(row.key, refused[row.key]) for row in here if row.key in refused)

    def _told(self, before: int, here: int, of: int) -> Told:
        return lambda done: self.workspace.progress(before + min(done, here), of)

    def _untag(self, rows: list[Row], told: Told) -> None:
        numbers = self._tags() if rows else {}
        worn = [row for row in rows if self._wanted(row) in numbers]
        found = find(self.session, self.addresses, worn)
        calls = [_untag(contact, numbers[self._wanted(row)]) for row in worn for contact in found[row].all]
        self.session.each(calls, _reason, told)

    def _tags(self) -> dict[str, str]:
        """Intercom's numbers of the tags, by name in small letters: it does not tell capitals apart."""
        kept = self.session.call(Call("read the tags", "GET", "/tags"), self._ours)
        return {str(name): str(number) for name, number in kept.items()} if isinstance(kept, dict) else {}

    def _ours(self, answer: Answer) -> Json:
        said: Any = answer.body
        mine = self.workspace.tag.casefold()
        names = {str(tag["name"]).casefold(): str(tag["id"]) for tag in said["data"]}
        return {name: number for name, number in names.items() if name.startswith(mine)}

    def _wanted(self, row: Row) -> str:
        return self.workspace.tag_of(row.variant).casefold()

    def _enrol(self, rows: list[Row], told: Told) -> dict[str, str]:
        found = find(self.session, self.addresses, rows)
        refused = _unclear(rows, found)
        clear = [row for row in rows if row.key not in refused]
        contacts = {row.key: found[row].best[0] for row in clear}
        refused |= self._update(clear, contacts, told)
        tagged = [row for row in clear if row.key not in refused and row.operation is not Operation.CHANGE]
        by_tag = defaultdict[str, list[Row]](list)
        for row in tagged:
            by_tag[self.workspace.tag_of(row.variant)].append(row)
        for tag in sorted(by_tag):
            refused |= self._tag(tag, by_tag[tag], contacts)
        return refused

    def _update(self, rows: list[Row], contacts: Mapping[str, str], told: Told) -> dict[str, str]:
        changed = [row for row in rows if json.loads(row.fields)]
        calls = [_update(contacts[row.key], json.loads(row.fields)) for row in changed]
        answers = self.session.each(calls, _reason, told)
        return {row.key: str(reason) for row, reason in zip(changed, answers, strict=True) if reason}

    def _tag(self, tag: str, rows: list[Row], contacts: Mapping[str, str]) -> dict[str, str]:
        cut = batched(rows, lambda _row: 64, most=TAGGED_AT_ONCE, most_bytes=MOST_BYTES).within
        calls = [_tag(tag, [contacts[row.key] for row in batch]) for batch in cut]
        answers = self.session.each(calls, _reason)
        # One contact that is gone fails the call for all of it.
        unsure = [*chain.from_iterable(batch for batch, reason in zip(cut, answers, strict=True) if reason)]
        alone = self.session.each([_tag(tag, [contacts[row.key]]) for row in unsure], _reason)
        return {row.key: str(reason) for row, reason in zip(unsure, alone, strict=True) if reason}


def _unclear(rows: Iterable[Row], found: Mapping[Row, Found]) -> dict[str, str]:
    taken: set[str] = set()
    refused: dict[str, str] = {}
    for row in rows:
        match found[row].best:
            case ():
                refused[row.key] = UNKNOWN
            case (only,) if only in taken:
                refused[row.key] = SAME
            case (only,):
                taken.add(only)
            case _:
                refused[row.key] = SHARED
    return refused


def _untag(contact: str, tag: str) -> Call:
    path = f"/contacts/{quote(contact, safe='')}/tags/{quote(tag, safe='')}"
    return Call("untag a contact", "DELETE", path, accepts=GONE)


def _update(contact: str, fields: Mapping[str, Json]) -> Call:
    told: dict[str, Json] = {name: value for name, value in fields.items() if name in STANDARD}
    custom: dict[str, Json] = {name: _attribute(value) for name, value in fields.items() if name not in STANDARD}
    body: dict[str, Json] = {**told, "custom_attributes": custom} if custom else told
    return Call("update a contact", "PUT", f"/contacts/{quote(contact, safe='')}", body, accepts=NOT_TAKEN)


def _attribute(value: Json) -> Json:
    """Custom attributes are text, numbers and booleans: lists are told as JSON."""
    return json_to_cell(value) if isinstance(value, list | dict) else value


def _tag(tag: str, contacts: Sequence[str]) -> Call:
    users: list[Json] = [{"id": contact} for contact in contacts]
    return Call("tag contacts", "POST", "/tags", {"name": tag, "users": users}, accepts=GONE)


def _reason(answer: Answer) -> Json:
    """Why Intercom did not do it, null where it did."""
    said: Any = answer.body
    if answer.status < 400 and said["id"]:
        return None
    if answer.status in GONE:
        return "Intercom no longer has its contact"
    return f"Intercom did not take its fields: {answer.complaint}"
