"""The published folder, in which other things may lie."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orchestration.publishing.folder import MANIFEST, PublishedFolder


def write(version: int, folder: Path) -> None:
    (folder / MANIFEST).write_text(str(version), encoding="utf-8")


def test_what_others_put_beside_the_versions_is_left_alone(tmp_path: Path) -> None:
    folder = PublishedFolder(tmp_path)
    for name in ("backup", "000001_copy"):
        (folder.versions / name).mkdir(parents=True)
    (folder.versions / "notes.txt").touch()
    for _ in range(5):
        folder.add(date(2024, 3, 1), write)
    assert (folder.current / MANIFEST).read_text(encoding="utf-8") == "5"
    assert {each.name for each in folder.versions.iterdir()} == {
        *("backup", "000001_copy", "notes.txt"),
        *(f"00000{number}_2024-03-01" for number in (3, 4, 5)),
    }
