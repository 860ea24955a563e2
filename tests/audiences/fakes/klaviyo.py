"""Klaviyo as its reference describes it: profiles, lists, and imports that are done in its own time.

An import takes effect a few requests after it was asked for, whether or not anybody watches it, and a profile can be
looked up a few requests after it came to be. Both are counted in requests so that tests need no clock.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.audiences.fakes.serving import Request, Response

API_KEY = "pk_secret"
REVISION = "2026-07-15"
MEDIA = "application/vnd.api+json"
POINTER = "/data/attributes/profiles/data/{number}/attributes/{name}"
IDENTIFIERS = ("external_id", "email", "phone_number")
WELL_FORMED = {"email": r"[^@\s]+@[^@\s]+\.[^@\s]+", "phone_number": r"\+[1-9]\d{6,14}", "external_id": r".+"}
FILTER = re.compile(r"any\((external_id|email|phone_number),(\[.*\])\)", re.DOTALL)


@dataclass
class Profile:
    id: str
    attributes: dict[str, Any]
    searchable_at: int


@dataclass
class Job:
    id: str
    profiles: list[Mapping[str, Any]]
    lists: list[str]
    due: int
    status: str = "queued"
    errors: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Klaviyo:
    """The service's state. `entries` counts how often each profile came onto a list: that starts flows."""

    takes: int = 3
    lag: int = 2
    lists: dict[str, set[str]] = field(default_factory=lambda: {"L1": set()})
    profiles: dict[str, Profile] = field(default_factory=dict)
    known: dict[tuple[str, str], str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    entries: Counter[tuple[str, str]] = field(default_factory=Counter)
    log: list[Request] = field(default_factory=list)
    cancel: bool = False

    def answer(self, request: Request) -> Response:
        self.log.append(request)
        self._advance()
        answer = self._objection(request) or self._route(request)
        return replace(answer, changes=request.method != "GET")

    def members(self, name: str = "L1") -> dict[str, dict[str, Any]]:
        """The attributes of the profiles on a list, by external id or e-mail address."""
        held = (self.profiles[each].attributes for each in self.lists[name])
        return {_name(attributes): attributes for attributes in held}

    def state(self) -> object:
        """All that an undisturbed run leaves, without Klaviyo's own ids."""
        self.finish()
        profiles = sorted(json.dumps(each.attributes, sort_keys=True) for each in self.profiles.values())
        lists = {
            name: sorted(_name(self.profiles[each].attributes) for each in ids) for name, ids in self.lists.items()
        }
        return profiles, lists, dict(self.entries)

    def finish(self) -> None:
        """Let all jobs end."""
        for job in self.jobs.values():
            job.due = 0
        self._advance()

    def _objection(self, request: Request) -> Response | None:
        if request.headers.get("authorization") != f"Klaviyo-API-Key {API_KEY}":
            return _error(401, "not_authenticated", "Authentication credentials were not provided.")
        if request.headers.get("revision") != REVISION:
            return _error(400, "invalid", "Invalid or missing revision.")
        if request.content and request.headers.get("content-type") != MEDIA:
            return _error(415, "unsupported_media_type", "Unsupported media type.")
        return None

    def _route(self, request: Request) -> Response:
        match request.method, request.parts:
            case "POST", ["api", "profile-bulk-import-jobs"]:
                return self._import(request)
            case "GET", ["api", "profile-bulk-import-jobs", job] if job in self.jobs:
                return Response(200, {"data": _job_told(self.jobs[job])})
            case "GET", ["api", "profile-bulk-import-jobs", job, "import-errors"] if job in self.jobs:
                return self._errors(self.jobs[job], request)
            case "GET", ["api", "profiles"]:
                return self._search(request)
            case "DELETE", ["api", "lists", name, "relationships", "profiles"] if name in self.lists:
                return self._take_off(name, request)
            case _:
                return _error(404, "not_found", "Not found.")

    def _import(self, request: Request) -> Response:
        data = request.json["data"]
        profiles = data["attributes"]["profiles"]["data"]
        lists = [each["id"] for each in data.get("relationships", {}).get("lists", {}).get("data", [])]
        sizes = [len(json.dumps(each, ensure_ascii=False, separators=(",", ":")).encode()) for each in profiles]
        if not 1 <= len(profiles) <= 10_000 or len(request.content) > 5_000_000 or max(sizes) > 100_000:
            return _error(413, "too_large", "Payload too large.")
        if missing := [each for each in lists if each not in self.lists]:
            return _error(404, "not_found", f"A list with id {missing[0]} does not exist.")
        job = Job(f"job{len(self.jobs) + 1}", profiles, lists, len(self.log) + self.takes)
        self.jobs[job.id] = job
        return Response(202, {"data": _job_told(job)})

    def _advance(self) -> None:
        for job in self.jobs.values():
            if job.status in ("queued", "processing"):
                job.status = "processing"
                if len(self.log) >= job.due:
                    self._apply(job)

    def _apply(self, job: Job) -> None:
        if self.cancel:
            self.cancel, job.status = False, "cancelled"
            return
        job.status = "complete"
        for number, profile in enumerate(job.profiles):
            if (error := self._upsert(profile["attributes"], job.lists)) is not None:
                code, title, name = error
                pointer = POINTER.format(number=number, name=name)
                detail = f"{profile['attributes'].get(name)} cannot be taken"
                told = {"code": code, "title": title, "detail": detail, "source": {"pointer": pointer}}
                attributes = told | {"original_payload": dict(profile["attributes"])}
                job.errors.append({"type": "import-error", "id": f"{job.id}-{number}", "attributes": attributes})

    def _upsert(self, told: Mapping[str, Any], lists: Iterable[str]) -> tuple[str, str, str] | None:
        known = {name: told[name] for name in IDENTIFIERS if told.get(name)}
        for name, value in known.items():
            if not re.fullmatch(WELL_FORMED[name], value):
                return "invalid", "Invalid input.", name
        matched = {self.known[told] for told in known.items() if told in self.known}
        if len(matched) > 1:
            return "duplicate_profile", "Conflict.", "email"
        profile = self.profiles[matched.pop()] if matched else self._new()
        for held in profile.attributes.items():
            if held[0] in IDENTIFIERS:
                self.known.pop(held, None)
        properties = profile.attributes.get("properties", {}) | (told.get("properties") or {})
        profile.attributes |= {**told, "properties": properties}
        self.known |= {
            (name, profile.attributes[name]): profile.id for name in IDENTIFIERS if name in profile.attributes
        }
        for name in lists:
            if profile.id not in self.lists[name]:
                self.lists[name].add(profile.id)
                self.entries[name, _name(profile.attributes)] += 1
        return None

    def _new(self) -> Profile:
        profile = Profile(f"01P{len(self.profiles)}", {}, len(self.log) + self.lag)
        self.profiles[profile.id] = profile
        return profile

    def _errors(self, job: Job, request: Request) -> Response:
        start, size = int(request.query.get("page[cursor]", "0")), int(request.query.get("page[size]", "20"))
        end = start + size
        following = f"https://a.klaviyo.com{request.path}?page%5Bcursor%5D={end}" if end < len(job.errors) else None
        return Response(200, {"data": job.errors[start:end], "links": {"next": following}})

    def _search(self, request: Request) -> Response:
        asked = FILTER.fullmatch(request.query.get("filter", ""))
        if asked is None or len(values := set(json.loads(asked[2]))) > 100:
            return _error(400, "invalid_filter", "Invalid filter.")
        visible = (each for each in self.profiles.values() if each.searchable_at <= len(self.log))
        found = [each for each in visible if each.attributes.get(asked[1]) in values]
        start, size = int(request.query.get("page[cursor]", "0")), int(request.query.get("page[size]", "20"))
        end = start + size
        following = f"https://a.klaviyo.com/api/profiles?page%5Bcursor%5D={end}" if end < len(found) else None
        told = [{"type": "profile", "id": each.id, "attributes": _named(each.attributes)} for each in found[start:end]]
        return Response(200, {"data": told, "links": {"next": following}})

    def _take_off(self, name: str, request: Request) -> Response:
        ids = [each["id"] for each in request.json["data"]]
        if not 1 <= len(ids) <= 1_000:
            return _error(400, "invalid", "Between 1 and 1000 profiles.")
        self.lists[name] -= set(ids)
        return Response(204)


def _named(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: attributes.get(name) for name in IDENTIFIERS}


def _name(attributes: Mapping[str, Any]) -> str:
    return str(attributes.get("external_id") or attributes.get("email") or attributes.get("phone_number"))


def _job_told(job: Job) -> dict[str, Any]:
    attributes = {"status": job.status, "total_count": len(job.profiles), "failed_count": len(job.errors)}
    return {"type": "profile-bulk-import-job", "id": job.id, "attributes": attributes}


def _error(status: int, code: str, detail: str) -> Response:
    return Response(status, {"errors": [{"status": status, "code": code, "title": detail, "detail": detail}]})
