"""Calls of APIs: made in time, at the pace that is allowed, and again when that helps."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from orchestration.audiences.destinations.base import Surroundings
from orchestration.audiences.destinations.complaints import complaint
from orchestration.audiences.destinations.rate import Pace, Rate
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.secret import Secret
from orchestration.audiences.values import Json, canonical_json
from orchestration.calls import (
    PATIENCE,
    TIMEOUT,
    WORTH_ANOTHER_TRY,
    Patience,
    TryAgainError,
    asked_wait,
    distrusts,
    is_loopback,
    keep_silent,
)

AGAIN = "the delivery is kept: export again, and it goes on where it stopped"
AT_ONCE = 8
LIMITS = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=30.0)
PROOFS = "proofs"


@dataclass(frozen=True)
class Call:
    """One request. `operation` says in words what it does, such as `tag contacts`; it holds no personal data.

    Statuses in `accepts` are answers like a 2xx, for the caller to read; all others are errors. `key` is the
    idempotency key, by default made of what the call says.
    """

    operation: str
    method: str
    # Shown by no traceback, whatever shows the locals of one.
    path: str = field(repr=False)
    body: Json = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    media_type: str = "application/json"
    accepts: frozenset[int] = frozenset()
    key: str = ""

    @property
    def content(self) -> bytes:
        """The body as it is sent, empty where there is none."""
        return b"" if self.body is None else canonical_json(self.body).encode()

    @property
    def said(self) -> Json:
        """All values that the call tells."""
        return [self.body, [*self.query.values()], [*self.path.split("/")]]


@dataclass(frozen=True)
class Answer:
    """What a service answered; `body` is null where it is empty or not JSON.

    `complaint` is what an accepted error says, without what the call told: it may be shown and kept.
    """

    status: int
    body: Json = field(repr=False)
    complaint: str = ""


@dataclass(frozen=True)
class Signing:
    """How calls prove whom they come from. `variable` is the environment variable to look at when that is refused.

    `headers` is asked at each attempt, with the idempotency key and the content, so that secrets are revealed last.
    """

    variable: str
    headers: Callable[[str, bytes], Mapping[str, str]]


def bearer(secret: Secret, variable: str) -> Signing:
    """A token in the header `Authorization`."""
    return Signing(variable, lambda _key, _content: {"Authorization": f"Bearer {secret.reveal()}"})


class Api:
    """One service, below `endpoint`. A context manager: leaving it closes its connections."""

    def __init__(
        self,
        name: str,
        endpoint: str,
        signing: Signing,
        *,
        headers: Mapping[str, str] | None = None,
        rates: Sequence[Rate] = (),
        patience: Patience = PATIENCE,
    ) -> None:
        keep_silent()
        self.name = name
        self._endpoint = checked_endpoint(name, endpoint)
        self._signing = signing
        self._patience = patience
        self._pace = Pace(rates)
        # A proxy of the surroundings cannot reach this machine's own loopback.
        away = not is_loopback(httpx.URL(self._endpoint).host)
        self._client = httpx.Client(headers=headers, timeout=TIMEOUT, limits=LIMITS, verify=True, trust_env=away)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close()

    def send(self, call: Call, key: str = "") -> Answer:
        """Make a call until it is answered. Raises DestinationError."""
        problem, attempts = "", 0
        began = time.monotonic()
        try:
            for attempt in self._patience.tries():
                with attempt:
                    attempts = attempt.num
                    return self._attempt(call, key)
        except TryAgainError as error:
            problem = error.problem
        # Raised outside of the handler: what it handled holds the request, and that holds secrets and addresses.
        took = time.monotonic() - began
        raise DestinationError(f"{problem}, after {attempts} attempts in {took:.0f} s", AGAIN)

    def _attempt(self, call: Call, key: str) -> Answer:
        self._pace.wait()
        response, failure = self._respond(call, key)
        if response is None:
            raise failure
        if response.is_success:
            return Answer(response.status_code, _json(response))
        told = complaint(_json(response), [call.said, _proofs(response.request)])
        problem = f"HTTP {response.status_code}" + (f" ({told})" if told else "")
        if response.status_code in call.accepts:
            return Answer(response.status_code, _json(response), problem)
        if response.status_code in WORTH_ANOTHER_TRY:
            raise TryAgainError(self._problem(call, problem), asked_wait(response.headers, time.time()))
        raise self._refused(call, response.status_code, problem)

    def _respond(self, call: Call, key: str) -> tuple[httpx.Response | None, Exception]:
        try:
            return self._client.send(self._request(call, key), auth=_Signed(self._signing, key)), TryAgainError("")
        except (httpx.LocalProtocolError, UnicodeEncodeError):
            remedy = (
                f"look for a line break or an accent in what the environment variable {self._signing.variable} holds"
            )
            return None, self._error(call, "its secret cannot be sent in a header", f"{remedy}; {AGAIN}")
        except httpx.RequestError as error:
            if distrusts(error):
                remedy = "let it show a certificate that this machine trusts; certificates are always verified"
                return None, self._error(call, "its certificate cannot be verified", remedy)
            return None, TryAgainError(self._problem(call, type(error).__name__))

    def unreadable(self, call: Call) -> DestinationError:
        """The error of a call whose answer is not what the service describes, whoever gave it in its place."""
        return self._error(call, "the answer cannot be read", f"look what answers at its endpoint; {AGAIN}")

    def _request(self, call: Call, key: str) -> httpx.Request:
        headers = {"Idempotency-Key": key} if key else {}
        if call.content:
            headers["Content-Type"] = call.media_type
        url = self._endpoint + call.path
        query = call.query or None
        return self._client.build_request(call.method, url, params=query, content=call.content or None, headers=headers)

    def _refused(self, call: Call, status: int, problem: str) -> DestinationError:
        match status:
            case 401 | 403:
                remedy = f"check what the environment variable {self._signing.variable} holds and what it may do there"
                return self._error(call, problem, f"{remedy}; {AGAIN}")
            case 410:
                remedy = "it is gone for good: name its new address in segment_specs/destinations.yml"
                return self._error(call, problem, f"{remedy}, or take the audience away; {AGAIN}")
            case 404 | 405 | 301 | 302 | 303 | 307 | 308:
                remedy = "check the endpoint in segment_specs/destinations.yml and the audience's `into`"
                return self._error(call, problem, f"{remedy}; {AGAIN}")
            case _:
                return self._error(call, problem, f"correct what it names; {AGAIN}")

    def _error(self, call: Call, problem: str, remedy: str) -> DestinationError:
        return DestinationError(self._problem(call, problem), remedy)

    def _problem(self, call: Call, problem: str) -> str:
        return f"destination {self.name}: could not {call.operation}: {problem}"


def secret_of(settings: Mapping[str, Any], name: str, surroundings: Surroundings) -> tuple[Secret, str]:
    """A secret of a destination's settings, and the environment variable that holds it. Raises DestinationError."""
    variable = str(settings[name]["env"])
    return surroundings.secret(variable), variable


def checked_endpoint(name: str, endpoint: str) -> str:
    """An endpoint without its last slash. Raises DestinationError where calls to it could be overheard."""
    try:
        url = httpx.URL(endpoint)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo:
        raise _wrong_endpoint(name, "its endpoint holds a user or a password")
    if not url.host or url.scheme not in {"https", "http"}:
        raise _wrong_endpoint(name, "its endpoint is not the address of a service")
    if url.scheme == "http" and not is_loopback(url.host):
        raise _wrong_endpoint(name, f"its endpoint on {url.host} is not encrypted")
    return endpoint.rstrip("/")


def _wrong_endpoint(name: str, problem: str) -> DestinationError:
    remedy = "write an https:// address in segment_specs/destinations.yml; secrets are named in fields of their own"
    return DestinationError(f"destination {name}: {problem}", remedy)


class _Signed(httpx.Auth):
    def __init__(self, signing: Signing, key: str) -> None:
        self._signing, self._key = signing, key

    def auth_flow(self, request: httpx.Request) -> Any:
        proofs = self._signing.headers(self._key, request.content)
        request.headers.update(proofs)
        request.extensions[PROOFS] = proofs
        yield request


def _proofs(request: httpx.Request) -> list[Json]:
    """What proved whom a call came from: some services repeat it in their complaints."""
    return [word for proof in request.extensions.get(PROOFS, {}).values() for word in proof.split()]


def _json(response: httpx.Response) -> Json:
    try:
        said: Json = response.json()
    except (ValueError, RecursionError):
        return None
    return said
