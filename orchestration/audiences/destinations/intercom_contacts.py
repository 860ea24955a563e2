"""Whom Intercom means by a subject's identifiers."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Row
from orchestration.audiences.destinations.batches import batched, json_size
from orchestration.audiences.destinations.http import Answer, Call
from orchestration.audiences.destinations.session import Session
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.values import Json, json_to_cell

SEARCHED_AT_ONCE = 50
PAGE = 150
MOST_BYTES = 100_000
EXTERNAL_ID, EMAIL = "external_id", "email"


@dataclass(frozen=True)
class Address:
    """An identifier of the audience and the field of a contact that holds it."""

    name: str
    field: str


@dataclass(frozen=True)
class Found:
    """The contacts that match a subject: `all` of them, and the `best`, which are the users where there are any."""

    all: tuple[str, ...] = ()
    best: tuple[str, ...] = ()


def addressing(name: str, delivery: Delivery) -> tuple[Address, ...]:
    """How contacts are found: by an external id, which the entity's key may be, or by e-mail address, first one first.

    Raises DestinationError.
    """
    layout = delivery.layout
    fields = {layout.key: EXTERNAL_ID, EXTERNAL_ID: EXTERNAL_ID, EMAIL: EMAIL}
    found = [Address(each, fields[each]) for each in layout.identify_by if each in fields]
    if not found:
        raise DestinationError(
            f"destination {name}: Intercom finds contacts by external_id, email or the entity's key, "
            f"not by {', '.join(layout.identify_by)}",
            f"name one of them in identify_by of audience {delivery.audience}",
        )
    # Whoever was tagged under an identifier that the audience no longer uses is untagged under that one.
    former = (Address(each, fields[each]) for each in (EXTERNAL_ID, layout.key, EMAIL))
    return tuple(dict.fromkeys((*found, *former)))


def find(session: Session, addresses: Sequence[Address], rows: Iterable[Row]) -> dict[Row, Found]:
    """The contacts of each row, by the first of its identifiers that finds any. Raises DestinationError."""
    found = dict.fromkeys(rows, Found())
    for address in addresses:
        missing = [(row, value) for row in found if not found[row].all and (value := _value(row, address))]
        cut = batched(missing, lambda each: json_size(each[1]), most=SEARCHED_AT_ONCE, most_bytes=MOST_BYTES)
        for batch in cut.within:
            found |= _search(session, address.field, batch)
    return found


def _search(session: Session, field: str, batch: Sequence[tuple[Row, str]]) -> dict[Row, Found]:
    values = [*dict.fromkeys(value for _, value in batch)]
    pages = [_Page.read(session.call(_page(field, values, ""), _reading(field, batch)))]
    while cursor := pages[-1].next:
        pages.append(_Page.read(session.call(_page(field, values, cursor), _reading(field, batch))))
    hits = [hit for page in pages for hit in page.hits]
    return {row: _found([hit for hit in hits if hit.place == place]) for place, (row, _) in enumerate(batch)}


@dataclass(frozen=True)
class _Hit:
    """A contact that matches the row at a place of the batch."""

    place: int
    contact: str
    user: bool


@dataclass(frozen=True)
class _Page:
    """One page of a search: nothing of a contact but its number is kept. `next` is empty on the last page."""

    hits: tuple[_Hit, ...]
    next: str

    def told(self) -> Json:
        hits: list[Json] = [[hit.place, hit.contact, hit.user] for hit in self.hits]
        return {"hits": hits, "next": self.next}

    @staticmethod
    def read(told: Any) -> _Page:
        return _Page(tuple(_Hit(*hit) for hit in told["hits"]), told["next"])


def _reading(field: str, batch: Sequence[tuple[Row, str]]) -> Callable[[Answer], Json]:
    def read(answer: Answer) -> Json:
        body: Any = answer.body
        by_value = defaultdict[str, list[Any]](list)
        for contact in body["data"]:
            by_value[_folded(field, str(contact.get(field)))].append(contact)
        hits = [
            _Hit(place, str(contact["id"]), contact.get("role") == "user")
            for place, (row, value) in enumerate(batch)
            for contact in by_value[_folded(field, value)]
            if field == EXTERNAL_ID or not _is_another(contact, row)
        ]
        following = (body.get("pages") or {}).get("next") or {}
        return _Page(tuple(hits), str(following.get("starting_after") or "")).told()

    return read


def _folded(field: str, value: str) -> str:
    """A value as Intercom tells it from others: capitals make a difference in external ids, in addresses none."""
    return value.casefold() if field == EMAIL else value


def _is_another(contact: Mapping[str, Any], row: Row) -> bool:
    """Whether a contact with this e-mail address is known by another external id than the row's."""
    theirs, ours = contact.get(EXTERNAL_ID), json.loads(row.identifiers).get(EXTERNAL_ID)
    return bool(theirs and ours is not None) and str(theirs) != json_to_cell(ours)


def _found(hits: Sequence[_Hit]) -> Found:
    everybody = tuple(dict.fromkeys(hit.contact for hit in hits))
    users = tuple(dict.fromkeys(hit.contact for hit in hits if hit.user))
    return Found(everybody, users or everybody)


def _page(field: str, values: Sequence[str], cursor: str) -> Call:
    paging: dict[str, Json] = {"per_page": PAGE, **({"starting_after": cursor} if cursor else {})}
    query: dict[str, Json] = {"field": field, "operator": "IN", "value": [*values]}
    return Call("search for contacts", "POST", "/contacts/search", {"query": query, "pagination": paging})


def _value(row: Row, address: Address) -> str:
    value = json.loads(row.identifiers).get(address.name)
    return "" if value is None else json_to_cell(value)
