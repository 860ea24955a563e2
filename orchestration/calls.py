"""What clients of APIs share: how long they wait and how often they try, and that they tell nobody whom they call."""

from __future__ import annotations

import ipaddress
import logging
import random
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import httpx
import stamina
import stamina.instrumentation
from stamina.instrumentation import RetryDetails

WORTH_ANOTHER_TRY = frozenset({408, 425, 429, 500, 502, 503, 504})
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
JITTER = 0.1
CHANCE = random.SystemRandom()
EPOCH_FROM = 1_000_000_000
LOGGER = logging.getLogger(__name__)


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

    def tries(self) -> Iterable[stamina.Attempt]:
        """Attempts from now on, for `with` blocks; one that raises TryAgainError is followed by another."""
        deadline = time.monotonic() + self.total

        def again(error: Exception) -> bool | float:
            if not isinstance(error, TryAgainError) or error.wait is None:
                return isinstance(error, TryAgainError)
            jittered = error.wait + CHANCE.uniform(0, JITTER * self.jitter)
            return jittered if error.wait <= deadline - time.monotonic() else False

        return stamina.retry_context(
            on=again,
            attempts=self.attempts,
            timeout=self.total,
            wait_initial=self.first_wait,
            wait_max=self.longest_wait,
            wait_jitter=self.jitter,
        )


PATIENCE = Patience()


class TryAgainError(Exception):
    """An attempt that failed and may be repeated, `wait` seconds later if the service asked for that."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem if wait is None else f"{problem}, which asks to wait {wait:.0f} s")
        self.problem, self.wait = str(self), wait


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a service asks to wait, null where it asks for nothing. `now` is seconds since 1970.

    Retry-After counts seconds or names a date (RFC 9110, section 10.2.3); X-RateLimit-Reset, which GitHub, Intercom
    and SendGrid send instead, names the second since 1970.
    """
    if (told := headers.get("retry-after", "").strip()) and (wait := _retry_after(told, now)) is not None:
        return wait
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not reset.isascii() or not reset.isdigit():
        return None
    return max(0.0, float(reset) - now if int(reset) > EPOCH_FROM else float(reset))


def _retry_after(told: str, now: float) -> float | None:
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - now)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def distrusts(error: BaseException | None) -> bool:
    """Whether an error comes of a certificate that cannot be verified."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


class _Silence(logging.Filter):
    """Lets nothing through: the lines of the HTTP libraries name addresses, and those may name people."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


SILENCE = _Silence()


def _tell(details: RetryDetails) -> None:
    """Goes where the program's warnings go, and not to standard output, where stamina would write by itself."""
    LOGGER.warning("trying again in %.1f s: %s", details.wait_for, details.caused_by)


def keep_silent() -> None:
    """Let the HTTP libraries log no address, and further attempts be told as warnings."""
    stamina.instrumentation.set_on_retry_hooks([_tell])
    for name in ("httpx", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks"))):
        logging.getLogger(name).addFilter(SILENCE)
