"""Klaviyo: profiles are imported in bulk and put on a list of theirs; whoever leaves is taken off that list.

An import is a job that Klaviyo does in its own time: it is watched to its end, and the errors it then tells are the
subjects refused. Profiles are taken off by Klaviyo's own ids, which are looked up by identifier. Everything repeated
has the effect of once, though Klaviyo knows no idempotency keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qs, quote, urlsplit

from orchestration.audiences.audience import Audience
from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.destinations.base import Journal, Receipt, Refusal, Surroundings
from orchestration.audiences.destinations.batches import Batches, batched, json_size
from orchestration.audiences.destinations.complaints import complaint
from orchestration.audiences.destinations.http import AGAIN, Api, Call, Signing, checked_endpoint, secret_of
from orchestration.audiences.destinations.rate import Rate
from orchestration.audiences.destinations.session import Session
from orchestration.audiences.destinations.waiting import Tempo, Waiting
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.values import Json, json_to_cell
from orchestration.calls import Patience

ENDPOINT = "https://a.klaviyo.com"
REVISION = "2026-07-15"
JSON_API = "application/vnd.api+json"
IDENTIFIERS = ("external_id", "email", "phone_number")
TEXTS = frozenset({*IDENTIFIERS, "first_name", "last_name", "organization", "locale", "title", "image"})
PLACE = frozenset(
    {"address1", "address2", "city", "country", "latitude", "longitude", "region", "zip", "timezone"}
)  # fmt: skip
MOST_PROFILES, MOST_BYTES, MOST_PROFILE_BYTES = 10_000, 5_000_000, 100_000
MOST_REMOVED = 1_000
MOST_FOUND, MOST_FILTER_BYTES = 100, 4_000
MOST_A_PAGE = 100
NO_CONTENT, NOT_FOUND = HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND
JOBS = "/api/profile-bulk-import-jobs"
TOO_LARGE = "its profile is larger than the 100 KB that Klaviyo takes"
POINTER = re.compile(r"profiles/data/(\d+)\b")
Shown = TypeVar("Shown")
TEMPO = Tempo(
    rates=(Rate(10, 1.0), Rate(150, 60.0)),
    patience=Patience(),
    job=Waiting(first=1.0, longest=15.0, total=3600.0),
    search=Waiting(first=1.0, longest=8.0, total=30.0),
)


@dataclass(frozen=True)
class Klaviyo:
    """One of Klaviyo's lists, by the id `into`."""

    name: str
    endpoint: str
    signing: Signing
    into: str
    surroundings: Surroundings
    tempo: Tempo

    def deliver(self, delivery: Delivery, journal: Journal) -> Receipt:
        """Take whoever left off the list, then import all others. Raises DestinationError."""
        headers = {"revision": REVISION, "Accept": JSON_API}
        tempo = self.tempo
        with Api(
            self.name, self.endpoint, self.signing, headers=headers, rates=tempo.rates, patience=tempo.patience
        ) as api:
            refused = _Push(self, delivery, Session(api, delivery.key, journal)).refused()
        return Receipt(delivery_id=delivery.key, location=f"list {self.into} of {self.endpoint}", refused=refused)


def klaviyo_destination(audience: Audience, surroundings: Surroundings) -> Klaviyo:
    """The list that the audience's `into` names. Raises DestinationError."""
    name, settings = audience.destination, audience.destination_settings
    into = audience.into.get("list")
    if not isinstance(into, str) or not into.strip():
        raise _wrong(audience, "names no list of Klaviyo", "write `into: {list: …}` with the id that Klaviyo shows")
    if unknown := [each for each in audience.identify_by if each not in (*IDENTIFIERS, audience.key)]:
        known = ", ".join((*IDENTIFIERS, audience.key))
        raise _wrong(audience, f"identifies by {unknown[0]}, which Klaviyo does not know", f"identify by {known}")
    secret, variable = secret_of(settings, "api_key", surroundings)
    signing = Signing(variable, lambda _key, _content: {"Authorization": f"Klaviyo-API-Key {secret.reveal()}"})
    endpoint = checked_endpoint(name, settings.get("endpoint") or ENDPOINT)
    return Klaviyo(name, endpoint, signing, into, surroundings, TEMPO)


def _wrong(audience: Audience, problem: str, remedy: str) -> DestinationError:
    return DestinationError(f"destination {audience.destination}: audience {audience.name} {problem}", remedy)


@dataclass(frozen=True)
class _Job:
    """An import under way: the idempotency key of the call that began it, Klaviyo's id, the rows it brings."""

    key: str
    id: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class _Push:
    """One delivery on its way."""

    klaviyo: Klaviyo
    delivery: Delivery
    session: Session

    def refused(self) -> tuple[Refusal, ...]:
        """Deliver, and say whom Klaviyo did not take."""
        rows = self.delivery.rows
        removals = [row for row in rows if row.operation is Operation.REMOVE]
        self._remove(removals)
        return self._import([row for row in rows if row.operation is not Operation.REMOVE], len(removals))

    def _told(self, done: int) -> None:
        self.klaviyo.surroundings.progress(done, len(self.delivery.rows))

    @cached_property
    def _list(self) -> str:
        return f"/api/lists/{quote(self.klaviyo.into, safe='')}/relationships/profiles"

    def _remove(self, removals: Sequence[Row]) -> None:
        parts = [removals[start : start + MOST_REMOVED] for start in range(0, len(removals), MOST_REMOVED)]
        keys = [self._removal_key(part) for part in parts]
        left = [(key, part) for key, part in zip(keys, parts, strict=True) if self.session.journal.answer(key) is None]
        ids = self._ids([row for _, part in left for row in part])
        for number, (key, part) in enumerate(left, start=1):
            told: list[Json] = [{"type": "profile", "id": ids[row.key]} for row in part if row.key in ids]
            if told:
                call = Call(
                    "take profiles off the list", "DELETE", self._list, {"data": told}, media_type=JSON_API, key=key
                )
                self.session.call(call, _is_done)
            self._told(min((len(parts) - len(left) + number) * MOST_REMOVED, len(removals)))

    def _removal_key(self, rows: Sequence[Row]) -> str:
        # It names the subjects, not the ids that are found: found again they may be fewer.
        return self.session.key_of(Call("take profiles off the list", "DELETE", self._list, [row.key for row in rows]))

    def _ids(self, rows: Sequence[Row]) -> dict[str, str]:
        """Klaviyo's ids of these subjects, by key; whoever is not found after a while is not there."""
        found: dict[str, str] = {}

        def all_found() -> bool | None:
            for name in IDENTIFIERS:
                found.update(self._found(name, [row for row in rows if row.key not in found]))
            return True if len(found) == len(rows) else None

        self.klaviyo.tempo.search.until(all_found)
        return found

    def _found(self, name: str, rows: Iterable[Row]) -> Iterator[tuple[str, str]]:
        by_value = {value: row for row in rows if (value := self._known(row).get(name))}
        spelled = batched(
            by_value, lambda value: len(quote(json.dumps(value))), most=MOST_FOUND, most_bytes=MOST_FILTER_BYTES
        )
        for values in spelled.within:
            query = {
                "filter": f"any({name},{json.dumps(values, ensure_ascii=False)})",
                "fields[profile]": ",".join(IDENTIFIERS),
                "page[size]": str(MOST_A_PAGE),
            }
            for held, number in self._pages("look profiles up", "/api/profiles", query, _profile_shown):
                row = by_value.get(held.get(name, ""))
                if row is not None and _agree(held, self._known(row)):
                    yield row.key, number

    def _pages(
        self, operation: str, path: str, query: Mapping[str, str], read: Callable[[Any], Shown]
    ) -> Iterator[Shown]:
        def page(answer: Any) -> tuple[list[Shown], str | None]:
            following = (answer.body.get("links") or {}).get("next")
            cursor = parse_qs(urlsplit(following).query)["page[cursor]"][0] if following else None
            return [read(each) for each in answer.body["data"]], cursor

        shown, cursor = self.session.ask(Call(operation, "GET", path, query=query), page)
        yield from shown
        while cursor:
            further = Call(operation, "GET", path, query={**query, "page[cursor]": cursor})
            shown, cursor = self.session.ask(further, page)
            yield from shown

    def _import(self, rows: Sequence[Row], done: int) -> tuple[Refusal, ...]:
        unknown = [row for row in rows if not self._known(row)]
        known = [row for row in rows if self._known(row)]
        refused = [Refusal(row.key, "it has no identifier") for row in unknown]
        # Whoever is only changed may have left the list by hand, and is not put on it again.
        entering = [row for row in known if row.operation is not Operation.CHANGE]
        changing = [row for row in known if row.operation is Operation.CHANGE]
        jobs: list[_Job] = []
        for group, enrol in ((entering, True), (changing, False)):
            batches = self._batches(group, enrol)
            refused += [Refusal(row.key, TOO_LARGE) for row in batches.too_large]
            jobs += [self._begin(batch, enrol) for batch in batches.within]
        for job in jobs:
            refused += self._ended(job)
            done += len(job.rows)
            self._told(done)
        return tuple({refusal.key: refusal for refusal in refused}.values())

    def _batches(self, rows: Iterable[Row], enrol: bool) -> Batches[Row]:
        around = json_size(self._job([], enrol))
        return batched(
            rows, self._size, most=MOST_PROFILES, most_bytes=MOST_BYTES, most_each=MOST_PROFILE_BYTES, around=around
        )

    def _known(self, row: Row) -> dict[str, str]:
        """The known identifiers of a row; the entity's key is an external id unless the row has one of its own."""
        told: Mapping[str, Any] = json.loads(row.identifiers)
        return _identifiers({"external_id": told.get(self.delivery.layout.key), **told})

    def _size(self, row: Row) -> int:
        return json_size(self._profile(row))

    def _begin(self, rows: tuple[Row, ...], enrol: bool) -> _Job:
        body = self._job([self._profile(row) for row in rows], enrol)
        call = Call("import profiles", "POST", JOBS, body, media_type=JSON_API)
        key = self.session.key_of(call)
        return _Job(key, str(self.session.call(replace(call, key=key), _job_id)), rows)

    def _job(self, profiles: list[Json], enrol: bool) -> Json:
        data: dict[str, Json] = {"type": "profile-bulk-import-job", "attributes": {"profiles": {"data": profiles}}}
        if enrol:
            data["relationships"] = {"lists": {"data": [{"type": "list", "id": self.klaviyo.into}]}}
        return {"data": data}

    def _profile(self, row: Row) -> Json:
        attributes = fields_to_attributes(json.loads(row.fields))
        if row.variant:
            properties = attributes.setdefault("properties", {})
            assert isinstance(properties, dict)
            properties[f"muster_{self.delivery.audience}"] = row.variant
        return {"type": "profile", "attributes": {**attributes, **self._known(row)}}

    def _ended(self, job: _Job) -> Iterator[Refusal]:
        """Watch an import to its end, and say whom it did not take."""
        path = f"{JOBS}/{quote(job.id, safe='')}"
        status = self.klaviyo.tempo.job.until(lambda: self._status(path))
        if status is None:
            raise self._error("the import is still going on", AGAIN)
        if status != "complete":
            self.session.journal.keep(job.key, None)
            raise self._error(f"the import was {status}", "export again: it is begun anew")
        asked = {"page[size]": str(MOST_A_PAGE)}
        for error in self._pages("read import errors", f"{path}/import-errors", asked, _error_shown):
            yield self._refusal(error, job.rows)

    def _status(self, path: str) -> str | None:
        status = self.session.ask(Call("watch the import", "GET", path, accepts=frozenset({404})), _job_status)
        return None if status in ("queued", "processing") else status

    def _refusal(self, error: Mapping[str, Any], rows: Sequence[Row]) -> Refusal:
        pointer = str((error.get("source") or {}).get("pointer") or "")
        row = self._row_of(pointer, error.get("original_payload"), rows)
        said: list[Json] = [self._profile(row)] if row else []
        told = complaint({"errors": [{**error}]}, said)
        if row is None:
            raise self._error(f"an import error names nobody who was imported ({told})", "ask Klaviyo's support")
        return Refusal(row.key, f"Klaviyo's import says: {told}")

    def _row_of(self, pointer: str, payload: Any, rows: Sequence[Row]) -> Row | None:
        if (placed := POINTER.search(pointer)) and int(placed[1]) < len(rows):
            return rows[int(placed[1])]
        attributes = payload.get("attributes", payload) if isinstance(payload, Mapping) else None
        told = _identifiers(attributes) if isinstance(attributes, Mapping) else {}
        return next((row for row in rows if told.items() & self._known(row).items()), None)

    def _error(self, problem: str, remedy: str) -> DestinationError:
        return DestinationError(f"destination {self.klaviyo.name}: {problem}", remedy)


def _identifiers(told: Mapping[str, Any]) -> dict[str, str]:
    """Identifiers as Klaviyo spells them: e-mail addresses in lower case."""
    known = {name: json_to_cell(told.get(name)).strip() for name in IDENTIFIERS}
    return {name: value.lower() if name == "email" else value for name, value in known.items() if value}


def fields_to_attributes(fields: Mapping[str, Json]) -> dict[str, Json]:
    """Fields as attributes of a profile: Klaviyo's own by their names, all others as custom properties."""
    texts = {name: _text(value) for name, value in fields.items() if name in TEXTS}
    place: dict[str, Json] = {name: _text(value) for name, value in fields.items() if name in PLACE}
    properties: dict[str, Json] = {name: value for name, value in fields.items() if name not in TEXTS | PLACE}
    found: dict[str, Json] = {**texts}
    return found | ({"location": place} if place else {}) | ({"properties": properties} if properties else {})


def _text(value: Json) -> str | None:
    return None if value is None else json_to_cell(value)


def _agree(held: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    """Whether a profile is who was asked for: an address may have passed to somebody else."""
    name = "external_id"
    return name not in held or name not in asked or held[name] == asked[name]


def _is_done(answer: Any) -> Json:
    if answer.status != NO_CONTENT:
        raise ValueError
    return True


def _profile_shown(told: Any) -> tuple[dict[str, str], str]:
    """The identifiers of a profile and Klaviyo's id."""
    return _identifiers(told["attributes"]), str(told["id"])


def _error_shown(told: Any) -> Mapping[str, Any]:
    return {**told["attributes"]}


def _job_status(answer: Any) -> str:
    return "lost" if answer.status == NOT_FOUND else str(answer.body["data"]["attributes"]["status"])


def _job_id(answer: Any) -> Json:
    found: Json = answer.body["data"]["id"]
    return found
