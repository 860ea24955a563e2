"""The client that all APIs share, against a real server on loopback."""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import re
import ssl
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orchestration.audiences.destinations.http import Answer, Api, Call, Signing, bearer, checked_endpoint
from orchestration.audiences.destinations.rate import Pace, Rate
from orchestration.audiences.destinations.session import Session
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.secret import Secret
from orchestration.audiences.values import Json
from orchestration.calls import Patience
from tests.audiences.fakes.serving import Request, ResetError, Response, serving

TOKEN = "tok-3f1c9a77"
SOMEBODY = "anna.b@example.com"
QUICK = Patience(attempts=4, total=5.0, first_wait=0.01, longest_wait=0.05, jitter=0.01)
TAG = Call("tag contacts", "POST", "/tags", {"name": "vip", "users": [{"id": SOMEBODY}]})


class Scripted:
    """Answers by a script, and after its end with 200."""

    def __init__(self, *script: Response | type[ResetError]) -> None:
        self.script = [*script]
        self.seen: list[Request] = []
        self.at: list[float] = []

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        self.at.append(time.monotonic())
        answer = self.script.pop(0) if self.script else Response(200, {"ok": True})
        if isinstance(answer, Response):
            return answer
        raise answer


class Memory:
    """A journal in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Json] = {}

    def answer(self, call: str) -> Json:
        return self.kept.get(call)

    def keep(self, call: str, answer: Json) -> None:
        self.kept[call] = answer


@contextmanager
def api(service: Scripted, patience: Patience = QUICK, *rates: Rate) -> Iterator[Api]:
    signing = bearer(Secret(TOKEN), "CRM_TOKEN")
    with serving(service) as address, Api("crm", address, signing, patience=patience, rates=rates) as made:
        yield made


def body(answer: Answer) -> Json:
    return answer.body


def test_a_call_says_who_is_calling_and_under_which_key() -> None:
    service = Scripted()
    with api(service) as made:
        assert Session(made, "delivery", Memory()).call(TAG, body) == {"ok": True}
    (seen,) = service.seen
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["content-type"] == "application/json"
    assert seen.json == TAG.body
    told = '["delivery","tag contacts","POST","/tags",{},{"name":"vip","users":[{"id":"anna.b@example.com"}]}]'
    assert seen.key == hashlib.sha256(told.encode()).hexdigest()


@pytest.mark.parametrize("trouble", [Response(429), Response(500), Response(503), Response(408), ResetError])
def test_what_may_pass_is_tried_again_under_the_same_key(trouble: Response | type[ResetError]) -> None:
    service = Scripted(trouble, trouble)
    with api(service) as made:
        assert made.send(TAG, "k1").status == 200
    assert [seen.key for seen in service.seen] == ["k1"] * 3
    assert len({seen.content for seen in service.seen}) == 1


def test_a_service_that_never_recovers_is_given_up() -> None:
    service = Scripted(*[Response(503)] * 9)
    with api(service) as made, pytest.raises(DestinationError, match="could not tag contacts: HTTP 503, after 4 att"):
        made.send(TAG)
    assert len(service.seen) == QUICK.attempts


def test_waits_grow_and_the_total_time_ends_them() -> None:
    service = Scripted(*[Response(503)] * 99)
    patience = Patience(attempts=99, total=0.5, first_wait=0.05, longest_wait=0.2, jitter=0.0)
    with api(service, patience) as made, pytest.raises(DestinationError):
        made.send(TAG)
    waits = [later - sooner for sooner, later in zip(service.at, service.at[1:], strict=False)]
    assert waits[0] < waits[1] < waits[2]
    assert all(wait < 0.4 for wait in waits)
    assert service.at[-1] - service.at[0] < 1.0


def in_a_while(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def test_retry_after_in_seconds_is_honoured() -> None:
    service = Scripted(Response(429, headers={"Retry-After": "1"}))
    with api(service) as made:
        made.send(TAG)
    assert service.at[1] - service.at[0] >= 1.0


def test_retry_after_as_a_date_is_honoured() -> None:
    service = Scripted()
    with api(service) as made:
        # A date has whole seconds, so the wait is one to two of them.
        service.script = [Response(503, headers={"Retry-After": in_a_while(2)})]
        made.send(TAG)
    assert 0.9 < service.at[1] - service.at[0] < 2.5


def test_a_reset_of_the_rate_limit_is_honoured_and_a_date_that_passed_is_no_wait() -> None:
    ahead = Response(429, headers={"X-RateLimit-Reset": str(int(time.time()) + 2)})
    service = Scripted(ahead, Response(429, headers={"Retry-After": in_a_while(-60)}))
    with api(service) as made:
        made.send(TAG)
    assert service.at[1] - service.at[0] > 0.5
    assert service.at[2] - service.at[1] < 0.5


def test_a_service_that_asks_for_too_long_a_wait_is_not_pressed() -> None:
    service = Scripted(Response(429, headers={"Retry-After": "3600"}))
    with api(service) as made, pytest.raises(DestinationError, match=r"asks to wait 3600 s.*export again"):
        made.send(TAG)
    assert len(service.seen) == 1


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "environment variable CRM_TOKEN"),
        (403, "environment variable CRM_TOKEN"),
        (404, "check the endpoint"),
        (302, "check the endpoint"),
        (422, "correct what it names"),
    ],
)
def test_refusals_are_not_tried_again_and_name_the_remedy(status: int, remedy: str) -> None:
    service = Scripted(Response(status, headers={"Location": "http://127.0.0.1:1/"}))
    with api(service) as made, pytest.raises(DestinationError, match=remedy):
        made.send(TAG)
    assert len(service.seen) == 1


def test_statuses_that_the_caller_reads_are_answers() -> None:
    service = Scripted(Response(404, {"errors": []}))
    with api(service) as made:
        call = Call("untag a contact", "DELETE", "/contacts/7/tags/3", accepts=frozenset({404}))
        assert made.send(call) == Answer(404, {"errors": []}, "HTTP 404")


COMPLAINTS = [
    {"type": "error.list", "errors": [{"code": "parameter_invalid", "message": f"no user {SOMEBODY.upper()} here"}]},
    {"errors": [{"code": "parameter_invalid", "title": "Bad", "detail": f"'{SOMEBODY}'", "source": {"pointer": "/d"}}]},
    {"errors": [{"message": f"parameter_invalid {SOMEBODY} of +353 87 123-4567", "field": "users", "error_id": "e"}]},
    {"error": f"parameter_invalid: {SOMEBODY}"},
    {"code": "parameter_invalid", "message": "cut Anna here"},
]


@pytest.mark.parametrize("said", COMPLAINTS)
def test_a_complaint_is_told_without_what_it_is_about(said: Json) -> None:
    service = Scripted(Response(400, said))
    call = Call("tag contacts", "POST", "/tags", {"users": [{"id": SOMEBODY, "name": "Anna"}]})
    with api(service) as made, pytest.raises(DestinationError) as caught:
        made.send(call)
    told = str(caught.value).casefold()
    assert "parameter_invalid" in told
    for secret in ("anna", "@example", "87 123", TOKEN):
        assert secret not in told


@pytest.mark.parametrize("trouble", [Response(500), Response(400), ResetError])
def test_nothing_personal_or_secret_is_logged_or_in_a_traceback(
    trouble: Response | type[ResetError], caplog: pytest.LogCaptureFixture
) -> None:
    call = Call("find a contact", "GET", f"/contacts/{SOMEBODY}", query={"email": SOMEBODY})
    service = Scripted(*[trouble] * 9)
    with caplog.at_level(logging.DEBUG), api(service) as made, pytest.raises(DestinationError) as caught:
        made.send(call)
    ours = caught.value.__traceback__
    assert ours is not None
    trace = traceback.TracebackException(DestinationError, caught.value, ours.tb_next, capture_locals=True)
    assert "attempts = " in "".join(trace.format())
    told = "".join(trace.format()) + caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    assert "could not find a contact" in told
    assert caught.value.__context__ is None
    for secret in (SOMEBODY, TOKEN):
        assert secret not in told


def test_a_retry_is_told_as_a_warning_and_never_on_standard_output(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with api(Scripted(Response(503))) as made:
        made.send(TAG)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert re.fullmatch(r"trying again in 0\.\d s: destination crm: could not tag contacts: HTTP 503", record.message)
    assert capsys.readouterr().out == ""


def test_an_answered_call_is_not_made_again() -> None:
    service, journal = Scripted(Response(200, None)), Memory()
    with api(service) as made:
        for _ in range(3):
            assert Session(made, "delivery", journal).call(TAG, lambda _: None) is None
        assert len(service.seen) == 1
        Session(made, "another", journal).call(TAG, lambda _: None)
    assert len({seen.key for seen in service.seen}) == 2


def untag(number: int) -> Call:
    return Call("untag a contact", "DELETE", f"/contacts/{number}/tags/3")


def test_calls_at_once_are_answered_in_order_and_each_is_kept() -> None:
    service, journal, told = Scripted(), Memory(), list[int]()
    with api(service) as made:
        session = Session(made, "delivery", journal)
        session.call(untag(3), lambda _: "before")
        numbers = [*range(6), 5]
        answers = session.each(map(untag, numbers), lambda _: "now", told.append)
    assert answers == ["now", "now", "now", "before", "now", "now", "now"]
    assert sorted(seen.path for seen in service.seen) == [untag(number).path for number in range(6)]
    assert len(journal.kept) == 6
    assert told == [7]


def test_calls_at_once_are_made_at_once() -> None:
    barrier = threading.Barrier(4, timeout=5)

    class Meeting(Scripted):
        def answer(self, request: Request) -> Response:
            barrier.wait()
            return super().answer(request)

    with api(Meeting()) as made:
        assert len(Session(made, "d", Memory()).each(map(untag, range(4)), body)) == 4


def test_of_calls_at_once_what_was_answered_is_kept_when_one_fails() -> None:
    class Choosy(Scripted):
        def answer(self, request: Request) -> Response:
            refused = request.path == untag(3).path and not self.script
            return Response(400) if refused else super().answer(request)

    service, journal = Choosy(), Memory()
    with api(service) as made:
        session = Session(made, "delivery", journal)
        with pytest.raises(DestinationError, match="HTTP 400"):
            session.each(map(untag, range(6)), body)
        assert {session.key_of(untag(number)) for number in range(3)} <= set(journal.kept)
        assert session.key_of(untag(3)) not in journal.kept
        made_before = len(journal.kept)
        service.script = [Response(200, {"ok": True})] * 9
        assert len(session.each(map(untag, range(6)), body)) == 6
    assert len(journal.kept) == 6 > made_before


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now, loopback = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
    plain, pem = serialization.NoEncryption(), serialization.Encoding.PEM
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + made.sign(key, hashes.SHA256()).public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once(tmp_path: Path) -> None:
    service = Scripted()
    with serving(service, self_signed(tmp_path)) as address:
        with Api("crm", address, bearer(Secret(TOKEN), "T")) as made, pytest.raises(DestinationError) as caught:
            made.send(TAG)
        assert "certificate cannot be verified" in str(caught.value)
        assert not service.seen
        # The same server is spoken to as soon as somebody vouches for it.
        context = ssl.create_default_context(cafile=tmp_path / "server.pem")
        assert httpx.get(address, verify=context, trust_env=False).status_code == 200


@pytest.mark.parametrize(
    "endpoint", ["http://10.0.0.1", "http://localhost.example.com", "ftp://crm", "crm", "", "https://me:pw@crm.example"]
)
def test_endpoints_that_could_be_overheard_are_refused(endpoint: str) -> None:
    with pytest.raises(DestinationError, match="its endpoint") as caught:
        checked_endpoint("crm", endpoint)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "endpoint", ["https://crm.example.com/", "http://127.0.0.1:8", "http://[::1]:8", "http://localhost:8"]
)
def test_endpoints_that_are_safe_are_taken(endpoint: str) -> None:
    assert checked_endpoint("crm", endpoint) == endpoint.rstrip("/")


def test_a_rate_is_kept_over_any_window() -> None:
    now, made = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace([Rate(3, 1.0), Rate(5, 10.0)], clock=lambda: now[0], sleep=sleep)
    for _ in range(12):
        pace.wait()
        made.append(now[0])
        now[0] += 0.1
    for calls, seconds in ((3, 1.0), (5, 10.0)):
        assert all(later - sooner >= seconds - 1e-9 for sooner, later in zip(made, made[calls:], strict=False))
    assert made[4] < 2.0  # and no slower than that


def test_a_rate_holds_for_real_calls() -> None:
    service = Scripted()
    with api(service, QUICK, Rate(2, 0.3)) as made:
        Session(made, "d", Memory()).each(map(untag, range(6)), body)
    assert 0.55 < max(service.at) - min(service.at) < 2.0


def test_a_signature_is_made_anew_for_each_attempt() -> None:
    asked: list[tuple[str, bytes]] = []

    def headers(key: str, content: bytes) -> dict[str, str]:
        asked.append((key, content))
        return {"X-Attempt": str(len(asked))}

    service = Scripted(Response(500))
    with serving(service) as address, Api("crm", address, Signing("S", headers), patience=QUICK) as made:
        made.send(TAG, "k")
    assert [seen.headers["x-attempt"] for seen in service.seen] == ["1", "2"]
    assert asked == [("k", TAG.content)] * 2
