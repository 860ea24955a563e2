from __future__ import annotations

from pathlib import Path

import pytest

from tests.drafts.commands import Commands
from tests.intercom.contacts import CATALOG, MAPPING, SILENT, VIP


@pytest.fixture
def muster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    files = {
        "segment_specs/catalog.yml": CATALOG,
        "segment_specs/people/vip.yml": VIP,
        "segment_specs/people/silent.yml": SILENT,
        "mapping.yml": MAPPING,
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    return Commands(tmp_path, monkeypatch, capsys)
