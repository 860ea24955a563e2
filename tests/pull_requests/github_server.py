"""The part of GitHub that keeps the comments of pull requests, as its REST reference describes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.audiences.fakes.serving import Request, Response

BOT = "github-actions[bot]"
REPOSITORY = "acme/segments"
OVER = {"x-ratelimit-remaining": "4999", "x-ratelimit-reset": "4102444800"}


@dataclass
class Comment:
    number: int
    author: str
    text: str

    def told(self, address: str) -> dict[str, Any]:
        html = f"{address}/{REPOSITORY}/pull/7#issuecomment-{self.number}"
        user = {"login": self.author, "type": "Bot" if self.author.endswith("[bot]") else "User"}
        return {"id": self.number, "html_url": html, "user": user, "body": self.text}


@dataclass
class GitHubServer:
    """`trouble` is asked first at each call, and may answer in GitHub's place."""

    token: str = field(repr=False)
    owner: str = BOT
    may_write: bool = True
    pulls: tuple[int, ...] = (7,)
    comments: list[Comment] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list, repr=False)
    trouble: Callable[[GitHubServer, Request], Response | None] = lambda _server, _request: None

    def answer(self, request: Request) -> Response:
        self.seen.append(request)
        if trouble := self.trouble(self, request):
            return trouble
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return refused(401, "Bad credentials")
        answer = self.graphql(request) if request.path == "/graphql" else self.rest(request)
        return Response(answer.status, answer.body, {**OVER, **answer.headers})

    def graphql(self, request: Request) -> Response:
        assert request.json == {"query": "{viewer{login}}"}
        return Response(200, {"data": {"viewer": {"login": self.owner}}})

    def rest(self, request: Request) -> Response:
        match request.method, request.parts:
            case "GET", ["repos", "acme", "segments", "issues", number, "comments"] if int(number) in self.pulls:
                return self.page(request)
            case "POST", ["repos", "acme", "segments", "issues", number, "comments"] if int(number) in self.pulls:
                return self.write(request, None)
            case "PATCH", ["repos", "acme", "segments", "issues", "comments", number]:
                found = [comment for comment in self.comments if comment.number == int(number)]
                return self.write(request, found[0]) if found else refused(404, "Not Found")
            case _:
                return refused(404, "Not Found")

    def page(self, request: Request) -> Response:
        """In ascending order; `Link` names the next page, and there is none after the last."""
        size, number = min(int(request.query.get("per_page", 30)), 100), int(request.query.get("page", 1))
        first = (number - 1) * size
        shown = [comment.told(self.address(request)) for comment in self.comments[first : first + size]]
        links = [f'<{self.address(request)}{request.path}?per_page={size}&page=1>; rel="first"']
        if first + size < len(self.comments):
            links.append(f'<{self.address(request)}{request.path}?per_page={size}&page={number + 1}>; rel="next"')
        return Response(200, shown, {"Link": ", ".join(links)})

    def write(self, request: Request, comment: Comment | None) -> Response:
        text = request.json["body"]
        if not self.may_write:
            return refused(403, "Resource not accessible by integration")
        if len(text) > 65_536:
            return refused(422, "Validation Failed")
        if comment is None:
            comment = Comment(1000 + len(self.comments), self.owner, "")
            self.comments.append(comment)
        comment.text = text
        return Response(200 if request.method == "PATCH" else 201, comment.told(self.address(request)))

    @staticmethod
    def address(request: Request) -> str:
        return f"http://{request.headers['host']}"


def refused(status: int, message: str, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status, {"message": message, "documentation_url": "https://docs.github.com/rest"}, {**OVER, **named}
    )
