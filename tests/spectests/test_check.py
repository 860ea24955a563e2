"""`muster check` runs the tests: how many, which failed, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli import main
from tests.spectests.shop import CATALOG, spec


def check(folder: Path, patch: pytest.MonkeyPatch, *options: str) -> int:
    patch.setattr("sys.argv", ["muster", "check", *options, "--project", str(folder)])
    with pytest.raises(SystemExit) as end:
        main()
        raise SystemExit(0)
    return end.value.code if isinstance(end.value.code, int) else 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "segment_specs" / "people").mkdir(parents=True)
    (tmp_path / "segment_specs" / "catalog.yml").write_text(CATALOG)
    return tmp_path


def test_all_well(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = spec("plan: pro", "subject: {plan: pro}, member: true", "member: false")
    (project / "segment_specs" / "people" / "pros.yml").write_text(text)
    assert check(project, monkeypatch) == 0
    assert capsys.readouterr().out == "1 segments, 0 audiences, 2 tests: no errors\n"


def test_a_failure(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = spec("plan: pro", "subject: {plan: pro}, member: true", "member: true")
    (project / "segment_specs" / "people" / "pros.yml").write_text(text)
    assert check(project, monkeypatch) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error[failed-test]: pros: expected a member on 2026-06-01, is none\n")
    assert shown.endswith("  = plan is pro  false   (unknown)\n\nerror: 1 of 2 tests failed\n")
    assert check(project, monkeypatch, "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["code"], problem["line"], problem["notes"]) == (
        "failed-test",
        6,
        ["plan is pro  false   (unknown)"],
    )
