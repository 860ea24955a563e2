"""One comment of a pull request on GitHub, which is written anew where it stands already."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import httpx

from orchestration.audiences.destinations.complaints import complaint
from orchestration.audiences.secret import Secret
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
from orchestration.errors import MusterError
from orchestration.settings import GitHub

LONGEST = 65_536  # characters of a comment: GitHub refuses more
PAGE = 100
VERSION = "2022-11-28"
DEPENDABOT = "dependabot[bot]"
MARKER = re.compile(r"<!-- muster [^<>]*-->")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
LIMITED = frozenset({403, 429})

Did: TypeAlias = Literal["created", "updated", "unchanged", "refused"]


class GitHubError(MusterError):
    """A comment that could not be written; the message says why, and what to do."""


@dataclass(frozen=True)
class PullRequest:
    """`read_only` where GitHub gives no token that may write: the change comes from a fork, or from Dependabot."""

    repository: str
    number: int
    read_only: bool = False


@dataclass(frozen=True)
class Posted:
    """What was done; `url` is the comment's, empty where GitHub refused it."""

    did: Did
    url: str


def post(text: str, pull_request: PullRequest, surroundings: GitHub, patience: Patience = PATIENCE) -> Posted:
    """Write a comment, or update the one that begins with the same line and that the same bot or user wrote.

    Raises GitHubError.
    """
    marker = marker_of(text)
    if surroundings.token is None:
        raise GitHubError(
            "GITHUB_TOKEN is not set: give it to this step alone, as `env: {GITHUB_TOKEN: ${{ github.token }}}`"
        )
    problem = ""
    with _client(surroundings, surroundings.token) as client:
        comments = _Comments(client, surroundings, pull_request)
        try:
            for attempt in patience.tries():
                with attempt:
                    # Everything from the start: whether a call that broke off was heard, only a new look can tell.
                    return _write(comments, marker, text)
        except TryAgainError as error:
            problem = error.problem
        except (LookupError, TypeError, AttributeError, ValueError):
            problem = "GitHub's answer cannot be read: look what answers at GITHUB_API_URL"
        except _ForbiddenError as error:
            if pull_request.read_only:
                return Posted("refused", "")
            problem = f"{error}; give the job `permissions: {{pull-requests: write}}`"
    # Raised outside of the handler: what it handled holds the request, and that holds the token.
    raise GitHubError(problem)


def marker_of(text: str) -> str:
    """A comment's first line, by which it is found again. Raises GitHubError: a text that cannot be a comment."""
    first = text.partition("\n")[0].strip()
    if not MARKER.fullmatch(first):
        raise GitHubError(
            "the first line has to be a mark such as `<!-- muster plan -->`, by which the comment is found again"
        )
    if len(text) > LONGEST:
        raise GitHubError(
            f"the text has {len(text):,} characters and GitHub takes {LONGEST:,}: shorten it; nothing was called"
        )
    return first


def read_pull_request(surroundings: GitHub) -> PullRequest:
    """The pull request that the step runs for. Raises GitHubError."""
    if not surroundings.repository:
        raise GitHubError("GITHUB_REPOSITORY is not set: run this in a step of GitHub Actions, or read the file itself")
    if not REPOSITORY.fullmatch(surroundings.repository):
        raise GitHubError("GITHUB_REPOSITORY names no repository: write it as `owner/name`")
    if surroundings.event is None:
        raise GitHubError("GITHUB_EVENT_PATH is not set: run this in a step of GitHub Actions")
    told = _event(surroundings.event).get("pull_request")
    number = told.get("number") if isinstance(told, Mapping) else None
    if not isinstance(told, Mapping) or not isinstance(number, int):
        raise GitHubError("this is no run for a pull request: let the workflow run `on: pull_request`")
    return PullRequest(surroundings.repository, number, read_only=_is_read_only(told))


def _event(path: Path) -> Mapping[str, Any]:
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        told = None
    if not isinstance(told, Mapping):
        raise GitHubError(f"GITHUB_EVENT_PATH names no event that can be read: {path}")
    return told


def _is_read_only(told: Mapping[str, Any]) -> bool:
    sides = [((told.get(side) or {}).get("repo") or {}).get("full_name") for side in ("head", "base")]
    return sides[0] != sides[1] or (told.get("user") or {}).get("login") == DEPENDABOT


def _write(comments: _Comments, marker: str, text: str) -> Posted:
    found = comments.find(marker)
    if found is None:
        return Posted("created", comments.create(text))
    if found.text.replace("\r\n", "\n").strip() == text.strip():
        return Posted("unchanged", found.url)
    return Posted("updated", comments.update(found, text))


class _ForbiddenError(Exception):
    """The token may not do this."""


@dataclass(frozen=True)
class _Comment:
    number: int
    url: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class _Comments:
    """The comments of one pull request. https://docs.github.com/rest/issues/comments"""

    client: httpx.Client
    surroundings: GitHub
    pull_request: PullRequest

    def find(self, marker: str) -> _Comment | None:
        """The oldest comment that begins with a marker and is our own."""
        me = self._me()
        for told in self._all():
            text = told.get("body") or ""
            if (told.get("user") or {}).get("login") == me and text.partition("\n")[0].strip() == marker:
                return _Comment(told["id"], told["html_url"], text)
        return None

    def create(self, text: str) -> str:
        path = f"issues/{self.pull_request.number}/comments"
        return str(self._body("comment", "POST", self._url(path), {"body": text})["html_url"])

    def update(self, comment: _Comment, text: str) -> str:
        path = f"issues/comments/{comment.number}"
        return str(self._body("update the comment", "PATCH", self._url(path), {"body": text})["html_url"])

    def _me(self) -> str:
        """Whoever the token belongs to: only GraphQL tells an app, such as GitHub Actions, its own name."""
        told = self._body("ask whose token it is", "POST", self.surroundings.graphql, {"query": "{viewer{login}}"})
        return str(told["data"]["viewer"]["login"])

    def _all(self) -> Iterator[Mapping[str, Any]]:
        page, more = 1, True
        while more:
            # Pages are counted, not followed: the token goes to no address that an answer names.
            path = f"issues/{self.pull_request.number}/comments?per_page={PAGE}&page={page}"
            response = self._call("read the comments", "GET", self._url(path))
            yield from response.json()
            page, more = page + 1, "next" in response.links

    def _url(self, path: str) -> str:
        return f"{self.surroundings.api.rstrip('/')}/repos/{self.pull_request.repository}/{path}"

    def _body(self, operation: str, method: str, url: str, body: Mapping[str, str]) -> Any:
        return self._call(operation, method, url, body).json()

    def _call(self, operation: str, method: str, url: str, body: Mapping[str, str] | None = None) -> httpx.Response:
        response, failure = self._respond(operation, method, url, body)
        if response is None:
            raise failure
        if response.is_success:
            return response
        raise self._failure(f"could not {operation}", response, body)

    def _respond(
        self, operation: str, method: str, url: str, body: Mapping[str, str] | None
    ) -> tuple[httpx.Response | None, Exception]:
        try:
            return self.client.request(method, url, json=body), TryAgainError("")
        except (httpx.LocalProtocolError, UnicodeEncodeError):
            return None, GitHubError(
                "GITHUB_TOKEN cannot be sent in a header: look for a line break or an accent in it"
            )
        except httpx.RequestError as error:
            if distrusts(error):
                remedy = "let it show one that this machine trusts; certificates are always verified"
                return None, GitHubError(f"GitHub's certificate cannot be verified: {remedy}")
            return None, TryAgainError(f"could not {operation}: {type(error).__name__}")

    def _failure(self, what: str, response: httpx.Response, body: Mapping[str, str] | None) -> Exception:
        status, said = response.status_code, _said(response, body)
        problem = f"{what}: HTTP {status}" + (f" ({said})" if said else "")
        if status in WORTH_ANOTHER_TRY or (status in LIMITED and _is_limit(response, said)):
            return TryAgainError(problem, _wait(response))
        match status:
            case 403:
                return _ForbiddenError(problem)
            case 401:
                return GitHubError(f"{problem}: GITHUB_TOKEN is no token, or no longer one")
            case 404:
                where = f"{self.pull_request.repository}, pull request {self.pull_request.number}"
                return GitHubError(f"{problem}: GITHUB_TOKEN may not see {where}, or it is not there")
            case _:
                return GitHubError(f"{problem}: correct what it names")


def _is_limit(response: httpx.Response, said: str) -> bool:
    """https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
    exhausted = response.headers.get("x-ratelimit-remaining") == "0"
    return exhausted or "retry-after" in response.headers or "rate limit" in said.lower()


def _wait(response: httpx.Response) -> float | None:
    """The seconds that GitHub asks to wait. It says with every answer when the limit is reset, reached or not."""
    exhausted = response.headers.get("x-ratelimit-remaining") == "0"
    headers = {name: value for name, value in response.headers.items() if exhausted or name != "x-ratelimit-reset"}
    return asked_wait(headers, time.time())


def _said(response: httpx.Response, body: Mapping[str, str] | None) -> str:
    try:
        return complaint(response.json(), [*(body or {}).values()])
    except ValueError:
        return ""


class _Token(httpx.Auth):
    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


def _client(surroundings: GitHub, token: Secret) -> httpx.Client:
    keep_silent()
    for variable, url in (("GITHUB_API_URL", surroundings.api), ("GITHUB_GRAPHQL_URL", surroundings.graphql)):
        _check_address(variable, url)
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": VERSION, "User-Agent": "muster"}
    # A proxy of the surroundings cannot reach this machine's own loopback.
    away = not is_loopback(httpx.URL(surroundings.api).host)
    return httpx.Client(auth=_Token(token), headers=headers, timeout=TIMEOUT, trust_env=away)


def _check_address(variable: str, url: str) -> None:
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        found = httpx.URL("")
    if found.userinfo or not (found.scheme == "https" or (found.scheme == "http" and is_loopback(found.host))):
        raise GitHubError(
            f"{variable} is not the address of GitHub: write one that begins with https:// and names nobody"
        )
