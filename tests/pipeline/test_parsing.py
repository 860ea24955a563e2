"""A project is parsed as a whole or, while no file has changed, not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dbt.parser.manifest import ManifestLoader

from orchestration.dbt import Dbt
from tests.pipeline.club import club
from tests.project import SmallProject

PARTS = ("nodes", "sources", "macros", "exposures", "parent_map", "child_map", "disabled")


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    project = club(tmp_path)
    project.compile()
    return project


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for each time that dbt parses macros, which is what takes long."""
    found: list[str] = []
    original: Callable[[ManifestLoader, Any], Any] = ManifestLoader.load_and_parse_macros

    def counted(self: ManifestLoader, files: Any) -> Any:
        found.append("parsed")
        return original(self, files)

    monkeypatch.setattr(ManifestLoader, "load_and_parse_macros", counted)
    return found


def document(project: SmallProject) -> dict[str, Any]:
    whole = Dbt(project.settings).document
    return {part: timeless(whole[part]) for part in PARTS}


def timeless(value: Any) -> Any:
    """A part of a manifest without the seconds at which it was parsed."""
    match value:
        case dict():
            return {key: timeless(each) for key, each in value.items() if key != "created_at"}
        case list():
            return [timeless(each) for each in value]
        case _:
            return value


def test_a_project_is_parsed_again_only_when_a_file_has_changed(project: SmallProject, parses: list[str]) -> None:
    first = document(project)
    assert len(parses) == 1
    assert document(project) == first
    assert len(parses) == 1
    saved = project.settings.state / "dbt" / "target" / "partial_parse.msgpack"
    saved.write_bytes(saved.read_bytes()[:-1])
    assert document(project) == first
    assert len(parses) == 2, "what dbt did not save whole is not trusted"
    project.remove("members/gone_quiet.yml")
    project.compile()
    for _ in range(2):
        assert "gone_quiet" not in str(document(project))
        assert len(parses) == 3
    assert "gone_quiet" in str(first)
