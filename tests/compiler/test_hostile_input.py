"""Whatever stands in the files, `muster check` ends soon, in little memory, and with words instead of a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.compiler.hostile_cases import Hostile, cases
from tests.project import REPOSITORY

CATALOG = """
entities:
  person:
    model: people
    key: person_id
    attributes: {plan: text, seats: integer, born_at: timestamp}
    events: {model: events, subject: person_id, name: name, at: at, properties: {format: text}}
"""
CASES = {case.name: case for case in cases()}
SECONDS = 2
MEGABYTES = 512


class Outcome(NamedTuple):
    """What a check came to: its exit code, what it took, and all that it wrote."""

    code: int
    seconds: float
    megabytes: float
    report: str


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("hostile")
    projects = [build(folder / str(number), case) for number, case in enumerate(CASES.values())]
    child = [sys.executable, "-m", "tests.compiler.hostile_child"]
    asked = "".join(f"{project}\n" for project in projects)
    done = subprocess.run(child, input=asked, capture_output=True, text=True, cwd=REPOSITORY, check=True)
    found = [Outcome(**json.loads(line)) for line in done.stdout.splitlines()]
    return dict(zip(CASES, found, strict=True))


def build(project: Path, case: Hostile) -> Path:
    specs = project / "segment_specs"
    for name in ("people", "static"):
        (specs / name).mkdir(parents=True)
    (specs / "catalog.yml").write_text(CATALOG, "utf-8")
    case.build(specs)
    return project


@pytest.mark.parametrize("name", CASES)
def test_a_check_says_what_is_wrong_soon_and_in_words(name: str, outcomes: dict[str, Outcome]) -> None:
    code, seconds, megabytes, report = outcomes[name]
    expected = CASES[name].code
    assert "Traceback" not in report
    assert code == (0 if expected is None else 1), report[:2_000]
    assert f"[{expected or ''}" in report if expected is not None else "no errors" in report
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
