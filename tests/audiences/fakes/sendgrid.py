"""SendGrid's marketing contacts as its reference describes them: jobs, lists, and searches that lag behind.

Jobs take effect a few requests after they were asked for, a later one maybe before an earlier one, and a contact can be
found a few requests after it came to be. Both are counted in requests so that tests need no clock.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.audiences.fakes.serving import Request, Response

API_KEY = "SG.secret"
LIST = "0f1e2d3c-0000-4000-8000-000000000001"
IDENTIFIERS = ("email", "external_id", "phone_number_id", "anonymous_id")
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass
class Contact:
    id: str
    told: dict[str, Any]
    searchable_at: int
    lists: set[str] = field(default_factory=set)


@dataclass
class Job:
    id: str
    kind: str
    contacts: list[dict[str, Any]]
    lists: list[str]
    due: int
    status: str = "pending"
    errors: list[str] = field(default_factory=list)


@dataclass
class SendGrid:
    """The service's state. `entries` counts how often each contact came onto a list: that starts automations.

    Addresses in `bad` are taken by the call and refused by the job; what is in `strict` is refused by the call. The
    file of a job's errors names nobody unless `named`. A removal takes `slow` requests longer than an upsert; its job
    cannot be watched if it `hides`, and a search tells of its effect too early if it `hurries`.
    """

    takes: int = 3
    lag: int = 4
    lists: frozenset[str] = frozenset({LIST})
    custom: frozenset[str] = frozenset({"e1_T", "e2_N", "e3_D"})
    contacts: dict[str, Contact] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    entries: Counter[str] = field(default_factory=Counter)
    bad: frozenset[str] = frozenset()
    strict: frozenset[str] = frozenset()
    named: bool = True
    fails: bool = False
    placed: bool = True
    slow: int = 0
    hides: bool = False
    hurries: bool = False
    log: list[Request] = field(default_factory=list)

    def state(self) -> object:
        """All that an undisturbed run leaves, without SendGrid's own ids."""
        for job in self.jobs.values():
            job.due = 0
        self._advance()
        contacts = [(each.told, sorted(each.lists)) for each in self.contacts.values()]
        return sorted(contacts, key=str), dict(self.entries)

    def members(self) -> dict[str, dict[str, Any]]:
        """What is held of the contacts on the list, by external id or address."""
        return {_name(each.told): each.told for each in self.contacts.values() if LIST in each.lists}

    def answer(self, request: Request) -> Response:
        self.log.append(request)
        self._advance()
        if request.parts[:1] == ["errors"]:
            # Another server in truth: it is signed into the address who may read.
            assert "authorization" not in request.headers
            return Response(200, self._file(self.jobs[request.parts[1]]))
        if request.headers.get("authorization") != f"Bearer {API_KEY}":
            return _error(401, "authorization required")
        if request.content and request.headers.get("content-type") != "application/json":
            return _error(415, "unsupported media type")
        if len(request.path) + sum(len(value) for value in request.query.values()) > 6_000:
            return _error(414, "address too long")
        return replace(self._route(request), changes=request.method in ("PUT", "DELETE"))

    def _route(self, request: Request) -> Response:
        match request.method, request.parts[2:]:
            case "PUT", ["contacts"]:
                return self._upsert(request)
            case "GET", ["contacts", "imports", job] if job in self.jobs and not self._hidden(self.jobs[job]):
                return Response(200, _job_told(self.jobs[job], request.headers["host"]))
            case "POST", ["contacts", "search", "identifiers", name] if name in IDENTIFIERS:
                return self._search(name, request.json["identifiers"])
            case "DELETE", ["lists", name, "contacts"] if name in self.lists:
                return self._take_off(name, request.query["contact_ids"].split(","))
        return _error(404, "not found")

    def _upsert(self, request: Request) -> Response:
        contacts, lists = request.json["contacts"], request.json.get("list_ids", [])
        if not 1 <= len(contacts) <= 30_000 or len(request.content) > 6_000_000:
            return _error(413, "too many contacts")
        if not self.lists.issuperset(lists):
            return _error(404, "list not found")
        unknown = {name for each in contacts for name in each.get("custom_fields", {})} - self.custom
        if unknown:
            return _error(400, f"invalid custom field ids supplied - {','.join(sorted(unknown))}")
        if wrong := [*self._wrong(contacts)]:
            return Response(400, {"errors": wrong})
        return self._begin("upsert", contacts, lists)

    def _wrong(self, contacts: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for number, contact in enumerate(contacts):
            address = contact.get("email", "a@example.com")
            if not ADDRESS.fullmatch(address) or address in self.strict:
                place = {"field": f"contacts[{number}].email"} if self.placed else {}
                yield {"message": f"{address} is not valid", "error_id": "", "parameter": "", **place}
            for name, value in contact.get("custom_fields", {}).items():
                if value is None or (name.endswith("_N") and not isinstance(value, int | float)):
                    yield {"message": f'custom field "{name}" cannot be {value}', "field": f"contacts[{number}]"}

    def _hidden(self, job: Job) -> bool:
        return self.hides and job.kind == "remove"

    def _shown(self, contact: Contact) -> dict[str, Any]:
        going = {
            name
            for job in self.jobs.values()
            for name in job.lists
            if self.hurries and job.kind == "remove" and job.status == "pending" and {"id": contact.id} in job.contacts
        }
        return {"id": contact.id, **contact.told, "list_ids": sorted(contact.lists - going), "segment_ids": []}

    def _begin(self, kind: str, contacts: list[dict[str, Any]], lists: list[str]) -> Response:
        job = Job(
            f"job-{len(self.jobs) + 1}",
            kind,
            contacts,
            lists,
            len(self.log) + self.takes + (self.slow if kind == "remove" else 0),
        )
        self.jobs[job.id] = job
        return Response(202, {"job_id": job.id})

    def _advance(self) -> None:
        for job in self.jobs.values():
            if job.status == "pending" and len(self.log) >= job.due:
                self._apply(job)

    def _apply(self, job: Job) -> None:
        if self.fails:
            self.fails, job.status = False, "failed"
            return
        if job.kind == "remove":
            for each in job.contacts:
                self.contacts[each["id"]].lists -= set(job.lists)
            job.status = "completed"
            return
        for told in job.contacts:
            if told.get("email") in self.bad:
                job.errors.append(told["email"])
            else:
                self._hold(told, job.lists)
        job.status = "completed" if not job.errors else "failed" if len(job.errors) == len(job.contacts) else "errored"

    def _hold(self, told: Mapping[str, Any], lists: list[str]) -> None:
        name = next(each for each in IDENTIFIERS if each in told)
        contact = next((each for each in self.contacts.values() if each.told.get(name) == told[name]), None)
        if contact is None:
            contact = Contact(f"{len(self.contacts):036d}", {}, len(self.log) + self.lag)
            self.contacts[contact.id] = contact
        custom = contact.told.get("custom_fields", {}) | told.get("custom_fields", {})
        contact.told |= {**told, **({"custom_fields": custom} if custom else {})}
        for each in set(lists) - contact.lists:
            contact.lists.add(each)
            self.entries[_name(contact.told)] += 1

    def _search(self, name: str, values: list[str]) -> Response:
        if not 1 <= len(values) <= 100 or (name == "email" and not all(map(ADDRESS.fullmatch, values))):
            return _error(400, "invalid identifiers")
        wanted = {value.lower() for value in values}
        found = {
            each.told[name]: {"contact": self._shown(each)}
            for each in self.contacts.values()
            if each.told.get(name, "").lower() in wanted and each.searchable_at <= len(self.log)
        }
        if not found:
            return _error(404, "no contacts found")
        lost = {value: {"error": "contact not found"} for value in values if value not in found}
        return Response(200, {"result": {**found, **lost}})

    def _take_off(self, name: str, ids: list[str]) -> Response:
        if not self.contacts.keys() >= set(ids):
            return _error(404, "one or more contact IDs do not exist")
        return self._begin("remove", [{"id": each} for each in ids], [name])

    def _file(self, job: Job) -> bytes:
        return "".join(f'"{each if self.named else "?"}",refused\r\n' for each in job.errors).encode()


def _name(told: Mapping[str, Any]) -> str:
    return str(told.get("external_id") or told.get("email"))


def _job_told(job: Job, host: str) -> dict[str, Any]:
    results: dict[str, Any] = {"requested_count": len(job.contacts), "errored_count": len(job.errors)}
    if job.errors:
        results["errors_url"] = f"http://{host}/errors/{job.id}"
    return {"id": job.id, "status": job.status, "job_type": job.kind, "results": results}


def _error(status: int, message: str) -> Response:
    return Response(status, {"errors": [{"message": message}]})
