"""A receiver of webhooks: believes only what is signed, and takes each event once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from typing import Any

from tests.audiences.fakes.serving import Request, Response

TOLERANCE = 300


@dataclass
class Receiver:
    """`inside` are the members by key. Whoever is in `refuses` is answered with 422."""

    secret: str
    refuses: frozenset[str] = frozenset()
    seen: list[str] = field(default_factory=list)
    inside: dict[str, Any] = field(default_factory=dict)
    repeats: int = 0

    def state(self) -> object:
        return self.seen, self.inside

    def answer(self, request: Request) -> Response:
        if request.method != "POST" or not self._is_signed(request):
            return Response(401)
        told = request.json
        events = told["events"] if told["type"] == "audience.events" else [told]
        if any(event["data"]["key"] in self.refuses for event in events):
            return Response(422, {"error": f"unknown member {events[0]['data']['identifiers']}"})
        for event in events:
            self._take(event)
        return Response(204)

    def _is_signed(self, request: Request) -> bool:
        at = request.headers["webhook-timestamp"]
        signed = ".".join([request.headers["webhook-id"], at, request.content.decode()])
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(at)) < TOLERANCE
        return fresh and f"v1,{expected}" in request.headers["webhook-signature"].split()

    def _take(self, event: dict[str, Any]) -> None:
        if event["id"] in self.seen:
            self.repeats += 1
            return
        self.seen.append(event["id"])
        key, data = event["data"]["key"], event["data"]
        match event["type"]:
            case "audience.left":
                assert self.inside.pop(key)["identifiers"] == data["identifiers"]
            case "audience.entered":
                assert key not in self.inside
                self.inside[key] = data
            case "audience.changed":
                assert self.inside[key]["identifiers"] == data["identifiers"]
                self.inside[key] = data
            case kind:
                assert kind == "audience.member"
                self.inside[key] = data
