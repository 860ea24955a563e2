"""How problems are printed: on a terminal, for programs, and for pull requests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.compiler.problem import (
    Problem,
    SourceFile,
    Span,
    nearest,
    problem_to_annotation,
    render_problem,
)
from tests.project import REPOSITORY

SOURCE = SourceFile("people/a,b:c.yml", "where: {plann: 日本, x: 5}\n")
MUSTER = [sys.executable, "-c", "from orchestration.cli import main; main()"]


def problem(message: str, column: int = 9, length: int = 5, help_: str = "") -> Problem:
    return Problem("unknown-attribute", message, Span(SOURCE, 1, column, length), help_)


def test_an_annotation_escapes_what_github_reads_otherwise() -> None:
    found = problem("100% wrong", help_="did you mean `plan`?")
    assert problem_to_annotation(found, "data") == (
        "::error file=data/people/a%2Cb%3Ac.yml,line=1,col=9,endColumn=14,title=muster[unknown-attribute]"
        "::100%25 wrong%0Ahelp: did you mean `plan`?"
    )


def test_no_message_takes_two_lines() -> None:
    found = problem("`a\n::error::b\r\x1b[31m` is no name")
    assert "\n" not in found.message
    assert len(problem_to_annotation(found).splitlines()) == 1
    assert [line[:2] for line in render_problem(found).splitlines()] == ["er", " -", "  ", "1 ", "  "]


def test_long_words_are_cut_short() -> None:
    assert len(problem(f"`{'x' * 900_000}` is no number").message) < 120


@pytest.mark.parametrize(("column", "length", "carets"), [(9, 5, "^^^^^"), (16, 2, "^^^^"), (20, 1, "^")])
def test_carets_stand_under_wide_characters(column: int, length: int, carets: str) -> None:
    shown, below = render_problem(problem("wrong", column, length)).splitlines()[3:5]
    wide = sum(1 for char in shown[: shown.index("where") + column - 1] if char in "日本")
    assert below == f"  | {' ' * (column - 1 + wide)}{carets}"


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("PLAN", ["plan", "seats"], "did you mean `plan`?"),
        ("plan", ["Plan"], "did you mean `Plan`?"),
        ("sgement_12", [f"segment_{n}" for n in range(5_000)], "did you mean `segment_12`?"),
        ("nothing", [f"segment_{n}" for n in range(5_000)], "known are `segment_0`, `segment_1`, `segment_10`, "),
        ("zzz", ["a"], "known is `a`"),
        ("zzz", [], ""),
    ],
)
def test_the_nearest_name_is_found(name: str, known: list[str], said: str) -> None:
    assert nearest(name, known).startswith(said)


@pytest.fixture
def crowded(tmp_path: Path) -> Path:
    specs = tmp_path / "segment_specs"
    (specs / "people").mkdir(parents=True)
    (specs / "catalog.yml").write_text("entities: {person: {model: people, key: id, attributes: {plan: text}}}\n")
    for number in range(3_000):
        (specs / "people" / f"s{number}.yml").write_text("entity: person\nwhere: {plan: pro}\n")
    return tmp_path


@pytest.mark.parametrize("command", ["muster segments | head -1", "muster segments --json | head -1"])
def test_a_reader_who_leaves_early_is_no_error(crowded: Path, command: str) -> None:
    ran = command.replace("muster", 'PYTHONPATH="$0" "$1" -c "from orchestration.cli import main; main()"')
    shell = ["bash", "-o", "pipefail", "-c", f"cd {crowded}; {ran}", str(REPOSITORY), sys.executable]
    done = subprocess.run(shell, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_that_knows_few_letters(crowded: Path) -> None:
    for key, other in (("s0", "s1"), ("s1", "s0")):
        (crowded / "segment_specs" / "people" / f"{key}.yml").write_text(
            f"entity: person\nwhere: {{in_segment: {other}}}"
        )
    environment = {"PYTHONIOENCODING": "ascii:strict", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([*MUSTER, "check", "--github"], cwd=crowded, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "s0 \\u2192 s1 \\u2192 s0" in done.stdout
