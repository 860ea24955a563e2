"""Webhooks: events in order, signed as Standard Webhooks say, each with an id of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.audiences.audience import Send
from orchestration.audiences.destinations import Receipt
from orchestration.audiences.destinations.webhook import Webhook, signature, signing, webhook_destination
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.export import export
from orchestration.audiences.secret import Secret
from orchestration.calls import Patience
from orchestration.printing import outcome_words
from tests.audiences.fakes.receiver import Receiver
from tests.audiences.fakes.serving import Request, Response, serving
from tests.audiences.lines import NOWHERE, Line, Remembered, member
from tests.audiences.workspace import DAYS, WINBACK, Project, open_gate, people_of, surroundings

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0cy1hbG9uZQ=="
AUDIENCE = replace(WINBACK, destination="workflows")
QUICK = Patience(attempts=4, total=5.0, first_wait=0.01, longest_wait=0.05, jitter=0.01)


class Recorded(Receiver):
    """A receiver, and what it was sent."""

    log: list[Request]
    script: list[Response]

    def answer(self, request: Request) -> Response:
        self.log.append(request)
        return self.script.pop(0) if self.script else super().answer(request)


@pytest.fixture
def receiver() -> Recorded:
    made = Recorded(SECRET)
    made.log, made.script = [], []
    return made


def webhook(url: str, secret: str = SECRET, **more: Any) -> Webhook:
    given = {"type": "webhook", "url": url, "secret": {"env": "HOOK"}, **more}
    made = webhook_destination(replace(AUDIENCE, destination_settings=given), surroundings(NOWHERE, HOOK=secret))
    return replace(made, patience=QUICK)


@pytest.fixture
def line(receiver: Recorded) -> Iterator[Line]:
    with serving(receiver) as address:
        yield Line(webhook(f"{address}/hook"), AUDIENCE)


def people(keys: str, plan: str = "pro", **mails: str) -> list[Any]:
    return [member(key, {"email": mails.get(key, f"{key}@example.com")}, plan=plan) for key in keys]


def told(receiver: Recorded) -> list[tuple[str, str]]:
    return [(request.json["type"].removeprefix("audience."), request.json["data"]["key"]) for request in receiver.log]


def refusals(receipt: Receipt) -> dict[str, str]:
    return {refusal.key: refusal.reason for refusal in receipt.refused}


def test_the_published_test_vector() -> None:
    # From the test suites of the Standard Webhooks libraries.
    secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_members_enter_change_and_leave_in_order(receiver: Recorded, line: Line) -> None:
    line.push(people("cab"))
    line.push([*people("a", plan="free"), *people("b", b="new-b@example.com"), *people("d")])
    assert told(receiver) == [
        *[("entered", key) for key in "abc"],
        *[("left", "b"), ("left", "c"), ("changed", "a"), ("entered", "b"), ("entered", "d")],
    ]
    assert {key: data["identifiers"]["email"] for key, data in receiver.inside.items()} == {
        "a": "a@example.com",
        "b": "new-b@example.com",
        "d": "d@example.com",
    }


def test_a_full_delivery_tells_everybody(receiver: Recorded, line: Line) -> None:
    line.push(people("ab"), Send.FULL)
    line.push(people("bc"), Send.FULL)
    assert told(receiver)[2:] == [("left", "a"), ("member", "b"), ("member", "c")]
    assert {*receiver.inside} == {"b", "c"}


def test_an_event_keeps_its_id_and_its_bytes_but_not_its_time(receiver: Recorded, line: Line) -> None:
    receiver.script = [Response(500), Response(429, headers={"Retry-After": "1"})]
    line.push(people("a"))
    first, second, third = receiver.log
    assert len({request.content for request in receiver.log}) == 1
    assert {request.headers["webhook-id"] for request in receiver.log} == {first.json["id"]}
    assert {request.key for request in receiver.log} == {first.json["id"]}
    assert third.headers["webhook-timestamp"] > second.headers["webhook-timestamp"]
    assert third.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_a_delivery_again_sends_the_same_and_after_its_journal_nothing(receiver: Recorded, line: Line) -> None:
    delivery, journal = line.plan(people("ab")), Remembered()
    line.destination.deliver(delivery, journal)
    line.destination.deliver(delivery, journal)
    assert len(receiver.log) == 2
    line.destination.deliver(delivery, Remembered())
    assert [request.content for request in receiver.log[:2]] == [request.content for request in receiver.log[2:]]
    assert receiver.repeats == 2


def test_no_two_events_share_an_id(receiver: Recorded, line: Line) -> None:
    for members in (people("ab"), people("b"), people("ab"), people("ab", a="x@example.com")):
        line.push(members)
    assert len(receiver.seen) == len(receiver.log) == 6


def test_several_events_in_a_call(receiver: Recorded) -> None:
    with serving(receiver) as address:
        several = Line(webhook(address, events_per_call=2), AUDIENCE)
        several.push(people("abc"))
        several.push(people("c"))
    assert [len(request.json["events"]) for request in receiver.log] == [2, 1, 2]
    assert {*receiver.inside} == {"c"}
    assert len({request.headers["webhook-id"] for request in receiver.log}) == 3


def test_a_refused_event_is_nobodys_end(receiver: Recorded, line: Line) -> None:
    receiver.refuses = frozenset("b")
    receipt = line.push(people("abc"))
    (reason,) = refusals(receipt).values()
    assert reason == "the receiver refused its event: HTTP 422 (unknown member {'email': '…'})"
    assert {*receiver.inside} == {"a", "c"}
    receiver.refuses = frozenset()
    assert line.push(people("abc")).refused == ()
    assert {*receiver.inside} == {"a", "b", "c"}


def test_whose_removal_is_refused_does_not_enter_anew(receiver: Recorded, line: Line) -> None:
    line.push(people("ab"))
    receiver.refuses = frozenset("b")
    receiver.log.clear()
    line.push(people("ab", b="new-b@example.com"))
    assert told(receiver) == [("left", "b")]
    receiver.refuses = frozenset()
    line.push(people("ab", b="new-b@example.com"))
    assert receiver.inside["b"]["identifiers"] == {"email": "new-b@example.com"}


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(410, "gone for good"), (401, "environment variable HOOK"), (404, "check the endpoint"), (301, "check the end")],
)
def test_a_receiver_that_is_wrong_stops_the_push_and_loses_nothing(
    receiver: Recorded, line: Line, status: int, remedy: str
) -> None:
    delivery, journal = line.plan(people("abc")), Remembered()
    receiver.script = [Response(204), Response(status)]
    with pytest.raises(DestinationError, match=remedy):
        line.destination.deliver(delivery, journal)
    assert len(receiver.log) == 2
    line.destination.deliver(delivery, journal)
    assert {*receiver.inside} == {"b", "c"}


def test_two_secrets_sign_while_one_replaces_the_other(receiver: Recorded) -> None:
    other = "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3Rz"
    with serving(receiver) as address:
        Line(webhook(address, f"{other} {SECRET}"), AUDIENCE).push(people("a"))
    assert {*receiver.inside} == {"a"}
    assert len(receiver.log[0].headers["webhook-signature"].split()) == 2


@pytest.mark.parametrize("secret", ["short", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64!", SECRET[6:], "whsec_é"])
def test_secrets_that_would_not_protect_are_refused(secret: str) -> None:
    with pytest.raises(DestinationError, match="HOOK does not hold a secret") as caught:
        webhook("https://hooks.example.com", secret)
    assert secret == "whsec_" or secret not in str(caught.value)


def test_an_address_that_is_not_encrypted_is_refused() -> None:
    with pytest.raises(DestinationError, match="not encrypted"):
        webhook("http://hooks.example.com")


def test_the_address_is_called_as_it_is_written(receiver: Recorded) -> None:
    for path in ("", "/", "/hook", "/hook/", "/hook?tenant=7"):
        with serving(receiver) as address:
            Line(webhook(address + path), AUDIENCE).push(people("a"))
        receiver.inside.clear()
        receiver.seen.clear()
    assert [request.path for request in receiver.log] == ["/", "/", "/hook", "/hook/", "/hook"]
    assert receiver.log[-1].query == {"tenant": "7"}


def block(name: str, language: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found, name
    return found[1]


def test_the_page_shows_what_is_sent(receiver: Recorded, line: Line) -> None:
    line.push(people("a"))
    shown, sent = json.loads(block("example", "json")), receiver.log[0].json
    assert re.fullmatch(r"evt_[0-9a-f]{32}", shown["id"])
    assert shown | {"id": sent["id"]} == sent


@pytest.fixture
def verified() -> Callable[..., Any]:
    room: dict[str, Any] = {}
    exec(block("receiver", "python"), room)
    found: Callable[..., Any] = room["verified"]
    return found


def test_the_pages_example_takes_what_is_sent_and_nothing_else(
    receiver: Recorded, line: Line, verified: Callable[..., Any]
) -> None:
    line.push(people("a"))
    (call,) = receiver.log
    assert verified(call.headers, call.content, SECRET)["type"] == "audience.entered"
    now = int(call.headers["webhook-timestamp"])
    wrong: list[tuple[Any, ...]] = [
        (call.headers, call.content.replace(b"pro", b"max"), SECRET),
        (call.headers, call.content, "whsec_" + "YW5vdGhlci1zZWNyZXQtb2YtdGhlLXRlc3Rz"),
        ({**call.headers, "webhook-id": "evt_other"}, call.content, SECRET),
        ({**call.headers, "webhook-timestamp": str(now - 1)}, call.content, SECRET),
        (call.headers, call.content, SECRET, now + 301),
    ]
    for given in wrong:
        with pytest.raises(ValueError, match=r"signed|old"):
            verified(*given)


def test_the_headers_are_those_of_the_attempt() -> None:
    times = iter([100.9, 200.1])
    made = signing(Secret(SECRET), "HOOK", clock=lambda: next(times))
    first, second = made.headers("evt_1", b"{}"), made.headers("evt_1", b"{}")
    assert (first["webhook-id"], first["webhook-timestamp"]) == ("evt_1", "100")
    assert (second["webhook-id"], second["webhook-timestamp"]) == ("evt_1", "200")


def test_a_push_tells_how_many_were_refused_and_how_many_are_there(project: Project, receiver: Recorded) -> None:
    with serving(receiver) as address:
        given = {"type": "webhook", "url": f"{address}/hook", "secret": {"env": "HOOK"}}
        audience = replace(AUDIENCE, destination_settings=given)
        receiver.script = [Response(422)]
        project.desire(people_of("abc"))
        with project.open() as warehouse:
            outcome = export(warehouse, audience, DAYS[0], surroundings(project.state, HOOK=SECRET), gate=open_gate)
    assert (outcome.after, outcome.added) == (2, 3)
    assert outcome_words(outcome.as_json()).endswith(", of which the destination refused 1")
