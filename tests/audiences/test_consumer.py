"""The receiver's program in docs/files.md, as it stands there, on files that were really delivered."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestration.audiences.audience import Send
from tests.audiences.workspace import DAYS, People, Project, desired_of, people_of, sends
from tests.project import REPOSITORY

Receive = Callable[[], subprocess.CompletedProcess[str]]
WEEK: list[People] = [
    people_of("abcd"),
    {**people_of("a"), "b": ("b@example.com", "free"), "c": ("new-c@example.com", 'with "quotes",\r\na line')},
    {"e": ("c@example.com", "not\u2028a line"), **people_of("ab")},
    people_of("bd"),
]


@pytest.fixture
def receive(project: Project, tmp_path: Path) -> Receive:
    [program] = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "files.md").read_text("utf-8"), re.DOTALL)
    path = tmp_path / "receiver.py"
    path.write_text(program, encoding="utf-8")
    command = [sys.executable, "-I", str(path), str(project.drop), str(tmp_path / "state.json")]
    return lambda: subprocess.run(command, capture_output=True, text=True, check=False)


def held(tmp_path: Path) -> dict[str, tuple[str, str]]:
    state: dict[str, Any] = json.loads((tmp_path / "state.json").read_text("utf-8"))
    return {key: (row["email"], row["plan"]) for key, row in state["subjects"].items()}


@pytest.mark.parametrize("send", [Send.CHANGES, Send.FULL])
@pytest.mark.parametrize("together", [False, True], ids=["each day", "all at once"])
def test_it_holds_the_desired_set(
    project: Project, receive: Receive, tmp_path: Path, send: Send, together: bool
) -> None:
    for day, people in zip(DAYS, WEEK, strict=False):
        project.push(sends(send), day, people)
        if not together:
            assert receive().returncode == 0
            assert held(tmp_path) == desired_of(people)
    done = receive()
    assert done.returncode == 0, done.stderr
    assert held(tmp_path) == desired_of(WEEK[-1])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:-1], "is not what was sent"),
        (lambda content: content.replace(b"pro", b"bro"), "is not what was sent"),
    ],
)
def test_it_notices_damage(project: Project, receive: Receive, damage: Callable[[bytes], bytes], said: str) -> None:
    project.push(sends(Send.CHANGES), DAYS[0], WEEK[0])
    [file] = project.drop.glob("*.csv")
    file.write_bytes(damage(file.read_bytes()))
    assert said in receive().stderr


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [
        ("counts", {"add": 5}, "has other rows than counted"),
        ("members", 3, "4 subjects instead of 3"),
        ("schema_version", 2, "made for another receiver"),
    ],
)
def test_it_notices_a_manifest_that_does_not_fit(
    project: Project, receive: Receive, field: str, wrong: object, said: str
) -> None:
    project.push(sends(Send.CHANGES), DAYS[0], WEEK[0])
    [path] = project.drop.glob("*.manifest.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), field: wrong}))
    assert said in receive().stderr


def test_it_skips_what_it_has_seen(project: Project, receive: Receive, tmp_path: Path) -> None:
    for day, people in zip(DAYS, WEEK[:3], strict=False):
        project.push(sends(Send.CHANGES), day, people)
    receive()
    before = (tmp_path / "state.json").read_text("utf-8")
    assert receive().returncode == 0
    assert (tmp_path / "state.json").read_text("utf-8") == before


def test_the_page_names_all_that_a_manifest_says(project: Project) -> None:
    project.push(sends(Send.CHANGES), DAYS[0], WEEK[0])
    page = (REPOSITORY / "docs" / "files.md").read_text("utf-8")
    table = page[page.index("## The manifest") : page.index("## The rows")]
    named = re.findall(r"`([a-z_0-9]+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line))
    assert set(named) == project.manifests()[0].keys()
