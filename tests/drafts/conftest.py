from __future__ import annotations

from pathlib import Path

import pytest

from tests.drafts.commands import Commands, lay_down


@pytest.fixture
def muster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    lay_down(tmp_path)
    return Commands(tmp_path, monkeypatch, capsys)
