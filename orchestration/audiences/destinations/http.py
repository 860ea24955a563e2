"""Calls of APIs: made in time, at the pace that is allowed, and again when that helps."""

from __future__ import annotations

import ipaddress
import logging
import random
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import stamina
import stamina.instrumentation
from stamina.instrumentation import RetryDetails

from orchestration.audiences.destinations.base import Surroundings
from orchestration.audiences.destinations.complaints import asked_wait, complaint
from orchestration.audiences.destinations.rate import Pace, Rate
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.secret import Secret
from orchestration.audiences.values import Json, canonical_json

AGAIN = "the delivery is kept: export again, and it goes on where it stopped"
WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
AT_ONCE = 8
LIMITS = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE, keepalive_expiry=30.0)
JITTER = 0.1
CHANCE = random.SystemRandom()
LOGGER = logging.getLogger(__name__)


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
class Patience:
    """How often and how long a call is tried. Times are seconds: of one call with all its attempts, of waits between.

    Waits double from `first_wait` to `longest_wait`, with up to `jitter` added; a service that asks for a certain wait
    is given it, unless that is more than remains of `total`.
    """

    attempts: int = 8
    total: float = 300.0
    first_wait: float = 0.5
    longest_wait: float = 30.0
    jitter: float = 1.0


PATIENCE = Patience()


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


class _Again(Exception):
    """An attempt that failed and may be repeated, `wait` seconds later if the service asked for that."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.problem, self.wait = problem, wait


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
        _silence()
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
            for attempt in self._attempts(began + self._patience.total):
                with attempt:
                    attempts = attempt.num
                    return self._attempt(call, key)
        except _Again as error:
            problem = error.problem
        # Raised outside of the handler: what it handled holds the request, and that holds secrets and addresses.
        took = time.monotonic() - began
        raise DestinationError(f"{problem}, after {attempts} attempts in {took:.0f} s", AGAIN)

    def _attempts(self, deadline: float) -> Iterable[stamina.Attempt]:
        patience = self._patience

        def again(error: Exception) -> bool | float:
            if not isinstance(error, _Again) or error.wait is None:
                return isinstance(error, _Again)
            jittered = error.wait + CHANCE.uniform(0, JITTER * patience.jitter)
            return jittered if error.wait <= deadline - time.monotonic() else False

        return stamina.retry_context(
            on=again,
            attempts=patience.attempts,
            timeout=patience.total,
            wait_initial=patience.first_wait,
            wait_max=patience.longest_wait,
            wait_jitter=patience.jitter,
        )

    def _attempt(self, call: Call, key: str) -> Answer:
        self._pace.wait()
        response, failure = self._respond(call, key)
        if response is None:
            raise failure
        if response.is_success:
            return Answer(response.status_code, _json(response))
        told = complaint(_json(response), [call.said, _token(response)])
        problem = f"HTTP {response.status_code}" + (f" ({told})" if told else "")
        if response.status_code in call.accepts:
            return Answer(response.status_code, _json(response), problem)
        if response.status_code in WORTH_ANOTHER_TRY:
            raise _asked(self._problem(call, problem), asked_wait(response.headers, time.time()))
        raise self._refused(call, response.status_code, problem)

    def _respond(self, call: Call, key: str) -> tuple[httpx.Response | None, Exception]:
        try:
            return self._client.send(self._request(call, key), auth=_Signed(self._signing, key)), _Again("")
        except (httpx.LocalProtocolError, UnicodeEncodeError):
            remedy = (
                f"look for a line break or an accent in what the environment variable {self._signing.variable} holds"
            )
            return None, self._error(call, "its secret cannot be sent in a header", f"{remedy}; {AGAIN}")
        except httpx.RequestError as error:
            if _distrusts(error):
                remedy = "let it show a certificate that this machine trusts; certificates are always verified"
                return None, self._error(call, "its certificate cannot be verified", remedy)
            return None, _Again(self._problem(call, type(error).__name__))

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


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _wrong_endpoint(name: str, problem: str) -> DestinationError:
    remedy = "write an https:// address in segment_specs/destinations.yml; secrets are named in fields of their own"
    return DestinationError(f"destination {name}: {problem}", remedy)


class _Signed(httpx.Auth):
    def __init__(self, signing: Signing, key: str) -> None:
        self._signing, self._key = signing, key

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers.update(self._signing.headers(self._key, request.content))
        yield request


class _Silence(logging.Filter):
    """Lets nothing through: the lines of the HTTP libraries name addresses, and those may name people."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


SILENCE = _Silence()


def _tell(details: RetryDetails) -> None:
    """Goes where the program's warnings go, and not to standard output, where stamina would write by itself."""
    LOGGER.warning("trying again in %.1f s: %s", details.wait_for, details.caused_by)


def _silence() -> None:
    stamina.instrumentation.set_on_retry_hooks([_tell])
    for name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
        logging.getLogger(name).addFilter(SILENCE)


def _asked(problem: str, wait: float | None) -> _Again:
    return _Again(problem if wait is None else f"{problem}, which asks to wait {wait:.0f} s", wait)


def _distrusts(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _token(response: httpx.Response) -> str:
    """What the call proved itself by: some services quote the token that they refuse."""
    return str(response.request.headers.get("Authorization", "")).rpartition(" ")[2]


def _json(response: httpx.Response) -> Json:
    try:
        said: Json = response.json()
    except (ValueError, RecursionError):
        return None
    return said
