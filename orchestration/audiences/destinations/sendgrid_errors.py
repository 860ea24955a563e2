"""Whom SendGrid complains of: in an answer by place, in a job's file of errors by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from orchestration.audiences.delta import Row
from orchestration.audiences.destinations.complaints import complaint
from orchestration.audiences.values import Json
from orchestration.calls import TIMEOUT, is_loopback

UNNAMED = "SendGrid's job did not take it: see the job's errors there"
PLACE = re.compile(r"contacts(?:\[|\.)(\d+)")
BETWEEN = re.compile(r"[\s,;|\"'<>(){}\[\]]+")


def places_in(answer: Any, contacts: Sequence[Json]) -> dict[int, str]:
    """Which of the contacts that were sent, by place, an answer objects to, and why; empty where it names none."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    found: dict[int, str] = {}
    for error in errors if isinstance(errors, list) else ():
        placed = PLACE.search(str(error.get("field") or "")) or PLACE.search(str(error.get("message") or ""))
        if placed is None or int(placed[1]) >= len(contacts):
            # An error that is nobody's own is not mended by leaving somebody out.
            return {}
        place = int(placed[1])
        found[place] = complaint({"errors": [error]}, contacts[place]) or "no reason given"
    return found


def named_in(url: str, called: Mapping[str, Row], count: int) -> Sequence[Row]:
    """The rows that a job's file of errors names; empty unless it names as many as there were errors.

    `called` are rows by identifier. SendGrid says where the file is, not what it looks like: whoever's identifier
    stands in it alone is named.
    """
    words = set(BETWEEN.split(_fetched(url).lower()))
    found = [row for name, row in called.items() if name.lower() in words]
    return found if len(found) == count else ()


def _fetched(url: str) -> str:
    """A file's text, empty if it is not to be had. It lies at another address, which gets no secret."""
    try:
        place = httpx.URL(url)
        if place.scheme != "https" and not is_loopback(place.host):
            return ""
        with httpx.Client(timeout=TIMEOUT, trust_env=not is_loopback(place.host)) as client:
            answer = client.get(place)
        return answer.text if answer.is_success else ""
    except (httpx.HTTPError, httpx.InvalidURL):
        return ""
