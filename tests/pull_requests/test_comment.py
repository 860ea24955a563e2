"""`muster comment`: one comment, updated in place, against a server that keeps comments as GitHub does."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestration.audiences.secret import Secret
from orchestration.calls import Patience
from orchestration.cli import main
from orchestration.github import GitHubError, Posted, PullRequest, post
from orchestration.settings import GitHub
from tests.audiences.fakes.serving import Request, ResetError, Response, serving
from tests.pull_requests.github_server import BOT, REPOSITORY, Comment, GitHubServer, refused

TOKEN = "ghs_1f00dfaceb00c"
MARK = "<!-- muster plan -->"
TEXT = f"{MARK}\n### Plan\n\nOne segment changes.\n"
QUICK = Patience(attempts=4, total=5.0, first_wait=0.01, longest_wait=0.05, jitter=0.01)
OURS = PullRequest(REPOSITORY, 7)
FORKED = PullRequest(REPOSITORY, 7, read_only=True)


@dataclass
class Service:
    """A server of comments, and how to post to it."""

    server: GitHubServer
    address: str = field(default="")

    @property
    def surroundings(self) -> GitHub:
        return GitHub(self.address, f"{self.address}/graphql", REPOSITORY, None, Secret(TOKEN))

    def post(self, text: str = TEXT, pull_request: PullRequest = OURS) -> Posted:
        return post(text, pull_request, self.surroundings, QUICK)

    def refusal(self, text: str = TEXT, pull_request: PullRequest = OURS) -> str:
        """Why nothing was posted; the token is in no part of it, nor in what a debugger would show."""
        with pytest.raises(GitHubError) as wrong:
            self.post(text, pull_request)
        shown = traceback.TracebackException.from_exception(wrong.value, capture_locals=True)
        assert TOKEN not in "".join(shown.format())
        return str(wrong.value)

    @property
    def texts(self) -> list[str]:
        return [comment.text for comment in self.server.comments]

    def calls(self, method: str) -> int:
        return sum(request.method == method and request.path != "/graphql" for request in self.server.seen)


@pytest.fixture
def github() -> Iterator[Service]:
    server = GitHubServer(TOKEN)
    with serving(server) as address:
        yield Service(server, address)


def once(answer: Response | type[ResetError], method: str) -> Callable[[GitHubServer, Request], Response | None]:
    """Trouble at the first call of a method."""
    left = [answer]

    def trouble(_server: GitHubServer, request: Request) -> Response | None:
        if request.method != method or request.path == "/graphql" or not left:
            return None
        said = left.pop()
        if isinstance(said, Response):
            return said
        raise said

    return trouble


def test_the_first_time_a_comment_is_written(github: Service) -> None:
    assert github.post() == Posted("created", f"{github.address}/{REPOSITORY}/pull/7#issuecomment-1000")
    assert github.texts == [TEXT]


def test_afterwards_it_is_updated_in_place(github: Service) -> None:
    github.post()
    github.server.comments.append(Comment(2000, "reviewer", "Why are these people leaving?"))
    newer = TEXT.replace("One segment changes", "Two segments change")
    assert github.post(newer).did == "updated"
    assert github.texts == [newer, "Why are these people leaving?"]
    assert github.post(newer).did == "unchanged"
    assert github.calls("PATCH") == 1


def test_line_ends_make_no_difference(github: Service) -> None:
    github.server.comments.append(Comment(1, BOT, TEXT.strip().replace("\n", "\r\n")))
    assert github.post().did == "unchanged"


@pytest.mark.parametrize("before", [0, 99, 100, 250])
def test_all_pages_are_looked_through(github: Service, before: int) -> None:
    github.server.comments += [Comment(number, "reviewer", "Hm.") for number in range(before)]
    github.post()
    github.server.comments += [Comment(9000 + number, "reviewer", "Hm.") for number in range(3)]
    assert github.post(TEXT + "more").did == "updated"
    assert sum(text.startswith(MARK) for text in github.texts) == 1


def test_what_others_wrote_is_left_alone(github: Service) -> None:
    theirs = [Comment(1, "reviewer", TEXT), Comment(2, "other[bot]", TEXT), Comment(3, BOT, f"Quoted:\n{TEXT}")]
    another = Comment(4, BOT, "<!-- muster check -->\nAll is well.")
    github.server.comments += [*theirs, another]
    assert github.post(TEXT + "new").did == "created"
    assert github.texts == [TEXT, TEXT, f"Quoted:\n{TEXT}", another.text, TEXT + "new"]


def test_a_person_with_a_token_of_their_own_updates_their_own(github: Service) -> None:
    github.server.owner = "reviewer"
    github.server.comments += [Comment(1, BOT, TEXT), Comment(2, "reviewer", TEXT)]
    assert github.post(TEXT + "new").did == "updated"
    assert github.texts == [TEXT, TEXT + "new"]


def test_a_change_from_a_fork_gets_no_comment_and_fails_nobody(github: Service) -> None:
    github.server.may_write = False
    assert github.post(pull_request=FORKED) == Posted("refused", "")
    assert "(Resource not accessible by integration); give the job `permissions: {pull-requests: write}`" in (
        github.refusal()
    )


def test_a_token_that_may_write_for_forks_does(github: Service) -> None:
    assert github.post(pull_request=FORKED).did == "created"


def test_what_is_not_there(github: Service) -> None:
    assert "may not see acme/segments, pull request 8, or it is not there" in (
        github.refusal(pull_request=PullRequest(REPOSITORY, 8))
    )


def test_a_token_that_is_none(github: Service) -> None:
    github.server.token = "another"
    assert "HTTP 401 (Bad credentials): GITHUB_TOKEN is no token" in github.refusal()


@pytest.mark.parametrize(
    "answer",
    [
        refused(429, "Slow down", retry_after="0"),
        refused(403, "You have exceeded a secondary rate limit", retry_after="0"),
        refused(403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset="1600000000"),
        refused(500, "Server Error"),
        refused(502, "Bad Gateway"),
        ResetError,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_what_passes_is_waited_for(github: Service, answer: Response | type[ResetError], method: str) -> None:
    if method == "PATCH":
        github.post()
    github.server.trouble = once(answer, method)
    assert github.post(TEXT + "new").did == ("updated" if method == "PATCH" else "created")
    assert github.texts == [TEXT + "new"]


def test_a_comment_that_was_written_although_nobody_heard_so_is_not_written_twice(github: Service) -> None:
    def written_and_cut(server: GitHubServer, request: Request) -> Response | None:
        if request.method == "POST" and request.path != "/graphql":
            server.trouble = lambda _server, _request: None
            server.rest(request)
            raise ResetError
        return None

    github.server.trouble = written_and_cut
    assert github.post().did == "unchanged"
    assert github.texts == [TEXT]


def test_a_wait_that_is_too_long_is_not_waited(github: Service) -> None:
    github.server.trouble = lambda _server, _request: refused(429, "Slow down", retry_after="3600")
    assert "HTTP 429 (Slow down), which asks to wait 3600 s" in github.refusal()
    assert len(github.server.seen) == 1


def test_trouble_that_does_not_pass(github: Service) -> None:
    github.server.trouble = lambda _server, _request: refused(503, "Unicorn")
    assert "could not ask whose token it is: HTTP 503 (Unicorn)" in github.refusal()
    assert len(github.server.seen) == QUICK.attempts


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", [], {"data": None, "errors": [{"message": "no"}]}])
def test_an_answer_that_cannot_be_read(github: Service, body: object) -> None:
    github.server.trouble = lambda _server, _request: Response(200, body)
    assert "GitHub's answer cannot be read" in github.refusal()


def test_a_text_that_cannot_be_a_comment_is_refused_before_any_call(github: Service) -> None:
    assert "the first line has to be a mark" in github.refusal("### Plan\n")
    assert "the first line has to be a mark" in github.refusal("")
    longest = MARK + "\n" + "é" * (65_536 - len(MARK) - 1)
    assert "the text has 65,537 characters and GitHub takes 65,536" in github.refusal(longest + "é")
    assert not github.server.seen
    assert github.post(longest).did == "created"


@pytest.mark.parametrize(
    "address", ["http://github.example", "ftp://127.0.0.1", "https://me:secret@api.github.example", "github"]
)
def test_an_address_that_could_be_overheard(address: str) -> None:
    with pytest.raises(GitHubError, match="GITHUB_API_URL is not the address of GitHub"):
        post(TEXT, OURS, GitHub(address, "https://127.0.0.1/graphql", REPOSITORY, None, Secret(TOKEN)), QUICK)


def pull_request_event(head: str = REPOSITORY, user: str = "author") -> dict[str, object]:
    """What GitHub writes at GITHUB_EVENT_PATH, as far as it is read."""
    sides = {"head": {"repo": {"full_name": head}}, "base": {"repo": {"full_name": REPOSITORY}}}
    return {"action": "synchronize", "number": 7, "pull_request": {"number": 7, "user": {"login": user}, **sides}}


class Step:
    """A step of GitHub Actions that runs `muster comment plan.md`."""

    def __init__(self, folder: Path, address: str, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, patch
        (folder / "plan.md").write_text(TEXT, "utf-8")
        self.event(pull_request_event())
        told = {"TOKEN": TOKEN, "REPOSITORY": REPOSITORY, "API_URL": address, "GRAPHQL_URL": f"{address}/graphql"}
        for name, value in told.items():
            patch.setenv(f"GITHUB_{name}", value)
        patch.setenv("GITHUB_EVENT_PATH", str(folder / "event.json"))

    def event(self, told: Mapping[str, object]) -> None:
        (self.folder / "event.json").write_text(json.dumps(told), "utf-8")

    def run(self, *more: str) -> int:
        self.patch.setattr(sys, "argv", ["muster", "comment", str(self.folder / "plan.md"), *more])
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        return end.value.code if isinstance(end.value.code, int) else 0


@pytest.fixture
def step(github: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Step:
    return Step(tmp_path, github.address, monkeypatch)


def test_the_command(github: Service, step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"{github.address}/{REPOSITORY}/pull/7#issuecomment-1000"
    assert step.run() == 0
    assert capsys.readouterr().out == f"commented: {url}\n"
    assert step.run("--json") == 0
    assert json.loads(capsys.readouterr().out) == {"did": "unchanged", "url": url}
    assert github.texts == [TEXT]


@pytest.mark.parametrize(
    "event", [pull_request_event(head="fork/segments"), pull_request_event(user="dependabot[bot]")]
)
def test_the_command_on_a_change_whose_token_may_only_read(
    github: Service, step: Step, capsys: pytest.CaptureFixture[str], event: dict[str, object]
) -> None:
    github.server.may_write = False
    step.event(event)
    assert step.run() == 0
    assert "from a fork or from Dependabot" in capsys.readouterr().out


def test_the_fork_was_deleted(github: Service, step: Step) -> None:
    github.server.may_write = False
    event = pull_request_event()
    event["pull_request"] = {"number": 7, "head": {"repo": None}, "base": {"repo": {"full_name": REPOSITORY}}}
    step.event(event)
    assert step.run() == 0


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("GITHUB_TOKEN", "", "GITHUB_TOKEN is not set"),
        ("GITHUB_TOKEN", "two\nlines", "look for a line break or an accent in it"),
        ("GITHUB_REPOSITORY", "", "GITHUB_REPOSITORY is not set: run this in a step of GitHub Actions"),
        ("GITHUB_REPOSITORY", "acme/segments/../../user", "GITHUB_REPOSITORY names no repository"),
        ("GITHUB_EVENT_PATH", "", "GITHUB_EVENT_PATH is not set"),
        ("GITHUB_EVENT_PATH", "/nowhere/event.json", "names no event that can be read"),
    ],
)
def test_surroundings_that_are_wrong(
    step: Step,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert step.run() == 1
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err and "two\nlines" not in err


def test_a_push_is_no_pull_request(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    step.event({"ref": "refs/heads/main"})
    assert step.run() == 1
    assert "let the workflow run `on: pull_request`" in capsys.readouterr().err


def test_a_file_that_is_not_there(step: Step, capsys: pytest.CaptureFixture[str]) -> None:
    (step.folder / "plan.md").unlink()
    assert step.run() == 1
    assert "plan.md cannot be read: no such file or directory" in capsys.readouterr().err
