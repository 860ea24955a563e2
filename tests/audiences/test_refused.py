"""Whoever a receiver refuses is neither lost nor taken for enrolled, however their identifiers go to and fro."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from orchestration.audiences.audience import Audience
from tests.audiences.fakes.serving import Request, Response, serving
from tests.audiences.workspace import DAYS, WINBACK, Project

SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


@dataclass
class Workflow:
    """A receiver of events; it refuses those whose type and address are in `refuses`."""

    refuses: set[tuple[str, str]] = field(default_factory=set)
    enrolled: set[tuple[str, str]] = field(default_factory=set)

    def answer(self, request: Request) -> Response:
        events = request.json.get("events", [request.json])
        if any((event["type"], _address(event)) in self.refuses for event in events):
            return Response(400)
        for event in events:
            here = (event["data"]["key"], _address(event))
            if event["type"] == "audience.left":
                self.enrolled.discard(here)
            else:
                self.enrolled.add(here)
        return Response(204)


def _address(event: Any) -> str:
    return str(event["data"]["identifiers"]["email"])


@pytest.fixture
def workflow() -> Workflow:
    return Workflow()


@pytest.fixture(params=[1, 10])
def hooked(request: pytest.FixtureRequest, workflow: Workflow) -> Iterator[Audience]:
    with serving(workflow) as endpoint:
        settings = {
            "type": "webhook", "url": endpoint, "secret": {"env": "HOOK"}, "events_per_call": request.param
        }  # fmt: skip
        yield replace(WINBACK, destination="hook", destination_settings=settings)


@pytest.mark.parametrize("refused", [("audience.entered", "new@x.org"), ("audience.left", "old@x.org")])
def test_an_address_that_comes_back_after_a_refusal_is_enrolled_again(
    tmp_path: Path, workflow: Workflow, hooked: Audience, refused: tuple[str, str]
) -> None:
    project = Project(tmp_path, {"HOOK": SECRET})
    project.push(hooked, DAYS[0], {"a": ("old@x.org", "pro")})
    workflow.refuses = {refused}
    project.push(hooked, DAYS[1], {"a": ("new@x.org", "pro")})
    workflow.refuses = set()
    project.push(hooked, DAYS[2], {"a": ("old@x.org", "pro")})
    assert workflow.enrolled == {("a", "old@x.org")}


@pytest.mark.parametrize("refused", [("audience.entered", "new@x.org"), ("audience.left", "old@x.org")])
def test_whoever_leaves_after_a_refusal_is_gone(
    tmp_path: Path, workflow: Workflow, hooked: Audience, refused: tuple[str, str]
) -> None:
    project = Project(tmp_path, {"HOOK": SECRET})
    project.push(hooked, DAYS[0], {"a": ("old@x.org", "pro"), "b": ("b@x.org", "pro")})
    workflow.refuses = {refused}
    project.push(hooked, DAYS[1], {"a": ("new@x.org", "pro"), "b": ("b@x.org", "pro")})
    workflow.refuses = set()
    project.push(hooked, DAYS[2], {"b": ("b@x.org", "pro")})
    assert workflow.enrolled == {("b", "b@x.org")}
