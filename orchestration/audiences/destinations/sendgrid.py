"""SendGrid's marketing contacts: members are put on a list of theirs; whoever leaves is taken off it.

Contacts are upserted in bulk by a job that SendGrid does in its own time and that is watched to its end. They are taken
off by SendGrid's own ids, which are looked up by identifier, since a contact may not be found right after it came.
SendGrid knows no idempotency keys, but everything repeated has the effect of once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from orchestration.audiences.audience import Audience
from orchestration.audiences.delivery import Delivery
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.destinations.base import Journal, Receipt, Refusal, Surroundings
from orchestration.audiences.destinations.batches import batched, json_size
from orchestration.audiences.destinations.http import (
    AGAIN,
    Answer,
    Api,
    Call,
    Signing,
    bearer,
    checked_endpoint,
    secret_of,
)
from orchestration.audiences.destinations.rate import Rate
from orchestration.audiences.destinations.sendgrid_contacts import (
    CUSTOM,
    IDENTIFIERS,
    RESERVED,
    Contact,
    contact_of,
    contact_shown,
    identifiers_of,
    objection_to,
)
from orchestration.audiences.destinations.sendgrid_errors import UNNAMED, named_in, places_in
from orchestration.audiences.destinations.session import Session
from orchestration.audiences.destinations.waiting import Tempo, Waiting
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.values import Json
from orchestration.calls import Patience

ENDPOINTS = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
CONTACTS = "/v3/marketing/contacts"
MOST_CONTACTS, MOST_BYTES = 30_000, 6_000_000
MOST_FOUND = 100
# A hundred ids make an address of some 4,000 characters, which every server on the way still takes.
MOST_REMOVED = 100
TEMPO = Tempo(
    rates=(Rate(5, 1.0),),
    patience=Patience(),
    job=Waiting(first=1.0, longest=15.0, total=3600.0),
    search=Waiting(first=2.0, longest=15.0, total=120.0),
)


@dataclass(frozen=True)
class SendGrid:
    """One of SendGrid's lists, by the id `into`; variants go into the custom field with the id `variant`."""

    name: str
    endpoint: str
    signing: Signing
    into: str
    variant: str
    surroundings: Surroundings
    tempo: Tempo

    def deliver(self, delivery: Delivery, journal: Journal) -> Receipt:
        """Take whoever left off the list, then upsert all others. Raises DestinationError."""
        tempo = self.tempo
        with Api(self.name, self.endpoint, self.signing, rates=tempo.rates, patience=tempo.patience) as api:
            refused = _Push(self, delivery, Session(api, delivery.key, journal)).refused()
        return Receipt(delivery_id=delivery.key, location=f"list {self.into} of {self.endpoint}", refused=refused)


def sendgrid_destination(audience: Audience, surroundings: Surroundings) -> SendGrid:
    """The list that the audience's `into` names. Raises DestinationError."""
    name, settings, into = audience.destination, audience.destination_settings, audience.into
    if problem := _problem(audience):
        raise DestinationError(f"destination {name}: audience {audience.name} {problem[0]}", problem[1])
    secret, variable = secret_of(settings, "api_key", surroundings)
    endpoint = settings.get("endpoint") or ENDPOINTS[settings.get("region") or "global"]
    return SendGrid(
        name=name,
        endpoint=checked_endpoint(name, endpoint),
        signing=bearer(secret, variable),
        into=str(into["list"]),
        variant=str(into.get("variant") or ""),
        surroundings=surroundings,
        tempo=TEMPO,
    )


def _problem(audience: Audience) -> tuple[str, str] | None:
    """What SendGrid cannot do with an audience, and the remedy."""
    into = audience.into
    ids = "SendGrid tells the ids of custom fields at GET /v3/marketing/field_definitions"
    if not str(into.get("list") or "").strip():
        return "names no list of SendGrid", "write `into: {list: …}` with the id that SendGrid shows"
    if audience.split and not CUSTOM.fullmatch(str(into.get("variant") or "")):
        return "has a split, and no field for it", f"write `into: {{list: …, variant: e1_T}}`; {ids}"
    if unknown := [each for each in audience.identify_by if each not in (*IDENTIFIERS, audience.key)]:
        known = ", ".join((*IDENTIFIERS, audience.key))
        return f"identifies by {unknown[0]}, which SendGrid does not know", f"identify by {known}"
    for each in audience.field_columns:
        if each not in RESERVED and not CUSTOM.fullmatch(each):
            return (
                f"has a field {each}, which SendGrid does not know",
                f"name it by its id, as in `e1_T: {each}`; {ids}",
            )
    return None


@dataclass(frozen=True)
class _Job:
    """An upsert under way: the idempotency key of the call that began it, SendGrid's id, the rows it brings.

    `refused` are those to whom the call itself objected; where none were left there is no job.
    """

    key: str
    id: str
    rows: Sequence[Row]
    refused: Sequence[Refusal]


@dataclass(frozen=True)
class _Push:
    """One delivery on its way."""

    sendgrid: SendGrid
    delivery: Delivery
    session: Session

    def refused(self) -> tuple[Refusal, ...]:
        """Deliver, and say whom SendGrid did not take."""
        rows = self.delivery.rows
        removals = [row for row in rows if row.operation is Operation.REMOVE]
        self._remove(removals)
        self._told(len(removals))
        # Whoever is only changed may have left the list by hand, and is not put on it again.
        entering = [row for row in rows if row.operation in (Operation.ADD, Operation.SET)]
        changing = [row for row in rows if row.operation is Operation.CHANGE]
        refused = [*self._upsert(entering, enrol=True)]
        self._told(len(removals) + len(entering))
        refused += self._upsert(changing, enrol=False)
        self._told(len(rows))
        return tuple(refused)

    def _told(self, done: int) -> None:
        self.sendgrid.surroundings.progress(done, len(self.delivery.rows))

    def _remove(self, removals: Sequence[Row]) -> None:
        parts = [removals[start : start + MOST_REMOVED] for start in range(0, len(removals), MOST_REMOVED)]
        keys = [self._removal_key(part) for part in parts]
        left = [(key, part) for key, part in zip(keys, parts, strict=True) if self.session.journal.answer(key) is None]
        found = self._contacts([row for _, part in left for row in part])
        for key, part in left:
            if ids := [found[row.key].id for row in part if row.key in found]:
                query = {"contact_ids": ",".join(dict.fromkeys(ids))}
                self.session.call(
                    Call("take contacts off the list", "DELETE", self._list, query=query, key=key), _job_of
                )
        for key in keys:
            if kept := self.session.journal.answer(key):
                assert isinstance(kept, list)
                self._watched(str(kept[0]), missing="over")
        if staying := self._staying(removals):
            # Somebody may have put them back by hand.
            for key in keys:
                self.session.journal.keep(key, None)
            problem = f"{staying} contacts that were taken off the list are still on it"
            raise self._error(problem, "export again: they are taken off once more")

    @property
    def _list(self) -> str:
        return f"/v3/marketing/lists/{quote(self.sendgrid.into, safe='')}/contacts"

    def _removal_key(self, rows: Sequence[Row]) -> str:
        # It names the subjects, not the ids that are found: found again they may be fewer.
        return self.session.key_of(Call("take contacts off the list", "DELETE", self._list, [row.key for row in rows]))

    def _staying(self, removals: Sequence[Row]) -> int:
        """Wait until the removals show, lest one overtakes the same contact's return. How many never do."""
        staying = [*removals]

        def gone() -> bool | None:
            shown = self._look(staying)
            staying[:] = [row for row in staying if row.key in shown and self.sendgrid.into in shown[row.key].lists]
            return None if staying else True

        self.sendgrid.tempo.search.until(gone)
        return len(staying)

    def _contacts(self, rows: Sequence[Row]) -> dict[str, Contact]:
        """These subjects' contacts, by key; whoever is not found after a while is not there."""
        found: dict[str, Contact] = {}

        def all_found() -> bool | None:
            found.update(self._look([row for row in rows if row.key not in found]))
            return True if len(found) == len(rows) else None

        self.sendgrid.tempo.search.until(all_found)
        return found

    def _look(self, rows: Sequence[Row]) -> dict[str, Contact]:
        found: dict[str, Contact] = {}
        for name in IDENTIFIERS:
            by_value = {told[name]: row for row in rows if row.key not in found and name in (told := self._known(row))}
            values = [*by_value]
            for start in range(0, len(values), MOST_FOUND):
                for value, contact in self._search(name, values[start : start + MOST_FOUND]):
                    row = by_value.get(value)
                    if row is not None and contact.may_be(self._known(row)):
                        found[row.key] = contact
        return found

    def _search(self, name: str, values: Sequence[str]) -> Iterator[tuple[str, Contact]]:
        path = f"{CONTACTS}/search/identifiers/{name}"
        call = Call("look contacts up", "POST", path, {"identifiers": [*values]}, accepts=frozenset({400, 404}))
        status, found = self.session.ask(call, _contacts_shown)
        if status == 400 and len(values) > 1:
            # One value that SendGrid does not like spoils the search of all others.
            middle = len(values) // 2
            yield from self._search(name, values[:middle])
            yield from self._search(name, values[middle:])
        for value, contact in found.items():
            yield (value.lower() if name == "email" else value), contact

    def _upsert(self, rows: Sequence[Row], *, enrol: bool) -> Iterator[Refusal]:
        objections = {row.key: objection_to(row, self.delivery.layout.key) for row in rows}
        yield from (Refusal(key, objection) for key, objection in objections.items() if objection)
        good = [row for row in rows if not objections[row.key]]
        around = json_size(self._body([], enrol=enrol))
        batches = batched(good, self._size, most=MOST_CONTACTS, most_bytes=MOST_BYTES, around=around)
        yield from (Refusal(row.key, "its contact is larger than SendGrid takes") for row in batches.too_large)
        begun = [self._begin(batch, enrol=enrol) for batch in batches.within]
        for job in begun:
            yield from job.refused
            if job.rows:
                yield from self._ended(job, enrol=enrol)

    def _begin(self, rows: Sequence[Row], *, enrol: bool) -> _Job:
        """Have contacts upserted; a call is answered as a whole, so without those whom SendGrid objects to."""
        left, refused = [*rows], list[Refusal]()
        while True:
            contacts = [self._contact(row) for row in left]
            call = Call("upsert contacts", "PUT", CONTACTS, self._body(contacts, enrol=enrol), accepts=frozenset({400}))
            key = self.session.key_of(call)
            said: Any = self.session.call(replace(call, key=key), self._read_upsert(contacts))
            if "job" in said:
                return _Job(key, str(said["job"]), left, refused)
            wrong = {left[place].key: told for place, told in said["wrong"]}
            refused += [Refusal(key, f"SendGrid says: {told}") for key, told in wrong.items()]
            left = [row for row in left if row.key not in wrong]
            if not left:
                return _Job(key, "", left, refused)

    def _read_upsert(self, contacts: Sequence[Json]) -> Callable[[Answer], Json]:
        def read(answer: Answer) -> Json:
            if answer.status != 400:
                return {"job": _job_of(answer)}
            if places := places_in(answer.body, contacts):
                return {"wrong": [[place, told] for place, told in places.items()]}
            raise self._error(f"could not upsert contacts: {answer.complaint}", f"correct it; {AGAIN}")

        return read

    def _known(self, row: Row) -> dict[str, str]:
        return identifiers_of(row, self.delivery.layout.key)

    def _size(self, row: Row) -> int:
        return json_size(self._contact(row))

    def _contact(self, row: Row) -> Json:
        return contact_of(row, self.delivery.layout.key, self.sendgrid.variant)

    def _body(self, contacts: list[Json], *, enrol: bool) -> Json:
        lists: dict[str, Json] = {"list_ids": [self.sendgrid.into]} if enrol else {}
        return {**lists, "contacts": contacts}

    def _ended(self, job: _Job, *, enrol: bool) -> Iterable[Refusal]:
        """Watch an upsert to its end, and say whom it did not take."""
        results, rows = self._watched(job.id), job.rows
        count = int(results.get("errored_count") or 0)
        if results["status"] == "completed":
            return ()
        if results["status"] == "lost" or (results["status"] == "failed" and count < len(rows)):
            self.session.journal.keep(job.key, None)
            raise self._error("the upsert failed as a whole", "export again: it is begun anew")
        if count >= len(rows):
            wrong: Sequence[Row] = rows
        else:
            called = {next(iter(self._known(row).values())): row for row in rows}
            named = named_in(str(results.get("errors_url") or ""), called, count)
            wrong = named or self._unnamed(rows, count, enrol=enrol)
        return [Refusal(row.key, UNNAMED) for row in wrong]

    def _unnamed(self, rows: Sequence[Row], count: int, *, enrol: bool) -> Sequence[Row]:
        """Whom an upsert did not take, where it does not say: whoever is not on the list afterwards.

        Of those who were only changed nothing shows it, so all of them come again.
        """
        missing = [*rows]

        def only_they() -> bool | None:
            shown = self._look(missing)
            missing[:] = [
                row for row in missing if row.key not in shown or self.sendgrid.into not in shown[row.key].lists
            ]
            return True if len(missing) <= count else None

        if enrol:
            self.sendgrid.tempo.search.until(only_they)
        return missing

    def _watched(self, job: str, missing: str = "") -> Mapping[str, Any]:
        """The results of a job that has ended, with its status, which is `missing` if SendGrid does not know it.

        Without `missing` a job is waited for that SendGrid may not know yet, and is lost if it never does.
        """
        path = f"{CONTACTS}/imports/{quote(job, safe='')}"
        lost: list[bool] = []

        def ended() -> Mapping[str, Any] | None:
            told = self.session.ask(Call("watch a job", "GET", path, accepts=frozenset({404})), _job_told)
            lost.append(told is None)
            if told is None:
                return {"status": missing} if missing else None
            return None if told["status"] == "pending" else told

        results = self.sendgrid.tempo.job.until(ended)
        if results is not None:
            return results
        if lost[-1]:
            return {"status": "lost"}
        raise self._error("a job is still going on", AGAIN)

    def _error(self, problem: str, remedy: str) -> DestinationError:
        return DestinationError(f"destination {self.sendgrid.name}: {problem}", remedy)


def _contacts_shown(answer: Answer) -> tuple[int, Mapping[str, Contact]]:
    """The status, and the contacts by the identifier that was asked for."""
    said: Any = answer.body
    if answer.status >= 400:
        return answer.status, {}
    held = {value: told.get("contact") for value, told in said["result"].items()}
    return answer.status, {value: contact_shown(contact) for value, contact in held.items() if contact}


def _job_told(answer: Answer) -> Mapping[str, Any] | None:
    """A job's results with its status, null where SendGrid does not know it."""
    said: Any = answer.body
    return None if answer.status == 404 else {**(said.get("results") or {}), "status": said["status"]}


def _job_of(answer: Answer) -> Json:
    said: Any = answer.body
    found: Json = said["job_id"]
    return found
