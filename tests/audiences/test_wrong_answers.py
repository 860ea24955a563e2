"""Services that answer in a way nobody can read: nothing is taken for done, and nothing ends in a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import stamina

from orchestration.audiences.audience import Audience
from orchestration.audiences.errors import DestinationError
from tests.audiences.fakes.intercom import Contact, Intercom
from tests.audiences.fakes.serving import Request, Response, serving
from tests.audiences.workspace import DAYS, WINBACK, Project

LOGIN_PAGE = b"<html>Please log in to the network</html>"
TOKEN = "tok_live_5up3r-s3cret"


@dataclass
class Anything:
    """A service that gives one answer to everything."""

    response: Response

    def answer(self, _request: Request) -> Response:
        return self.response


class Behind(Intercom):
    """Intercom behind something that answers in its place."""

    instead: Response | None = None
    path = ""

    def answer(self, request: Request) -> Response:
        if self.instead and request.path.startswith(self.path):
            return self.instead
        return super().answer(request)


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


def audience_at(kind: str, endpoint: str, **more: Any) -> Audience:
    settings = {"type": kind, "token": {"env": "TOKEN"}, "api_key": {"env": "TOKEN"}, "endpoint": endpoint}
    into = {"list": "L1"} if kind != "intercom" else {"tag": "Autumn"}
    return replace(WINBACK, destination="crm", destination_settings=settings, into=into, fields={}, **more)


@pytest.fixture
def behind() -> Iterator[tuple[Behind, Audience]]:
    service = Behind([Contact(f"i-{key}", f"{key}@x.org", key) for key in "ab"])
    with serving(service) as endpoint:
        yield service, audience_at("intercom", endpoint)


@pytest.mark.parametrize("path", ["/tags", "/contacts/search", "/contacts/i-a/tags"])
@pytest.mark.parametrize("body", [LOGIN_PAGE, b"", b"[]", b"{}"])
def test_a_removal_that_intercom_did_not_answer_is_not_done(
    tmp_path: Path, behind: tuple[Behind, Audience], path: str, body: bytes
) -> None:
    service, audience = behind
    project = Project(tmp_path, {"TOKEN": "tok"})
    project.push(audience, DAYS[0], {"a": ("a@x.org", "pro"), "b": ("b@x.org", "pro")})
    service.instead, service.path = Response(200, body), path
    try:
        project.push(audience, DAYS[1], {"b": ("b@x.org", "pro")})
    except DestinationError as error:
        assert "export again" in f"{error}"
    service.instead = None
    project.push(audience, DAYS[2], {"b": ("b@x.org", "pro")})
    tag = service.tags["Autumn"]
    assert [each.id for each in service.contacts if tag in each.tags] == ["i-b"]


@pytest.mark.parametrize("body", [LOGIN_PAGE, b"", b"[]", b"{}", b'{"data":null}', b"[" * 100_000, b'"\xff"'])
@pytest.mark.parametrize("kind", ["intercom", "klaviyo", "sendgrid"])
def test_an_unreadable_answer_is_an_error_in_words(tmp_path: Path, kind: str, body: bytes) -> None:
    project = Project(tmp_path, {"TOKEN": TOKEN})
    with (
        serving(Anything(Response(200, body))) as endpoint,
        pytest.raises(DestinationError, match=r"destination crm: could not .* the answer cannot be read"),
    ):
        project.push(audience_at(kind, endpoint), DAYS[0], {"a": ("a@x.org", "pro")})
    assert project.rows("select status from ledger.deliveries") == [("planned",)]


@pytest.mark.parametrize("kind", ["intercom", "klaviyo", "sendgrid"])
def test_bytes_that_are_not_packed_as_they_say_are_an_error_in_words(tmp_path: Path, kind: str) -> None:
    project = Project(tmp_path, {"TOKEN": TOKEN})
    packed = Response(200, b"not gzip", {"Content-Encoding": "gzip"})
    with serving(Anything(packed)) as endpoint, pytest.raises(DestinationError, match="destination crm: could not"):
        project.push(audience_at(kind, endpoint), DAYS[0], {"a": ("a@x.org", "pro")})


@pytest.mark.parametrize("status", [400, 401, 403, 422])
@pytest.mark.parametrize("kind", ["intercom", "klaviyo", "sendgrid"])
def test_a_token_that_the_service_repeats_is_in_no_message(tmp_path: Path, kind: str, status: int) -> None:
    project = Project(tmp_path, {"TOKEN": TOKEN})
    told = {"errors": [{"code": "unauthorized", "title": f"API key {TOKEN} is wrong", "detail": f"Bearer {TOKEN}"}]}
    with serving(Anything(Response(status, told))) as endpoint, pytest.raises(DestinationError) as caught:
        project.push(audience_at(kind, endpoint), DAYS[0], {"a": ("a@x.org", "pro")})
    assert "is wrong" in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["tök_s3cret", "tok_s3cret\n", "tok\r\nX-Evil: 1"])
def test_a_token_that_no_header_can_carry_is_named_by_its_variable(tmp_path: Path, token: str) -> None:
    project = Project(tmp_path, {"TOKEN": token})
    with serving(Anything(Response(200, {}))) as endpoint, pytest.raises(DestinationError, match="TOKEN") as caught:
        project.push(audience_at("intercom", endpoint), DAYS[0], {"a": ("a@x.org", "pro")})
    assert "s3cret" not in str(caught.value)
