"""The published folder: whole versions side by side, and a link to the current one that one rename moves.

    published/
      current -> versions/000012_2017-12-31
      marts.duckdb -> current/marts.duckdb
      versions/000012_2017-12-31/  marts.duckdb  manifest.json  parquet/<mart>.parquet

Both links move at once, so the DuckDB file, the Parquet files and the manifest are always of one version. A link also
serves a process better that keeps the old file open and connects again: it gets the new one, whereas of a file renamed
over another DuckDB gives it the one that it already holds. And whoever opens the file to write to it, which its mode
forbids, spoils that version only.

A version is written aside and flushed before it gets its name. What a killed run leaves behind, the next one removes.
Versions before the current one are kept for readers that have just opened them, and then removed.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from orchestration.publishing.publication import Publication, PublishError, json_to_publication

DATABASE = "marts.duckdb"
MANIFEST = "manifest.json"
PARQUET = "parquet"
ASIDE = ".partial"
FORMER_KEPT = 2
VERSION = re.compile(r"\d{6,}_\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True)
class PublishedFolder:
    """The folder that readers are pointed at."""

    path: Path

    @property
    def versions(self) -> Path:
        return self.path / "versions"

    @property
    def current(self) -> Path:
        return self.path / "current"

    @property
    def database(self) -> Path:
        """The DuckDB file to connect a BI tool to."""
        return self.path / DATABASE

    @property
    def parquet(self) -> Path:
        """The folder of Parquet files. Who reads several of them resolves the link once, to stay in one version."""
        return self.current / PARQUET

    def read(self) -> Publication | None:
        """What is published now, if anything is. Raises PublishError."""
        try:
            return json_to_publication((self.current / MANIFEST).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, KeyError) as error:
            remedy = f"remove {self.current}, and the next run publishes anew"
            raise PublishError(f"cannot read {self.current / MANIFEST} ({error}): {remedy}") from error

    def said(self, day: date) -> str:
        """In words, what became of the marts of a run whose last day was `day`."""
        publication = self.read()
        if publication is None or publication.as_of == day:
            return f"marts published as of {day}"
        remedy = f"to start over, remove {self.path}"
        return f"marts not published: those published are as of {publication.as_of}, a later day ({remedy})"

    def add(self, as_of: date, write: Callable[[int, Path], None]) -> None:
        """Let `write` fill a new version's folder, flush it and make it the current one. Raises PublishError."""
        try:
            self._add(as_of, write)
        except OSError as error:
            raise PublishError(f"cannot publish to {self.path}: {error.strerror or error}") from error

    def _add(self, as_of: date, write: Callable[[int, Path], None]) -> None:
        self.versions.mkdir(parents=True, exist_ok=True)
        self._clear()
        version = 1 + max((_number(each) for each in self._whole()), default=0)
        name = f"{version:06}_{as_of.isoformat()}"
        aside = self.versions / f".{name}{ASIDE}"
        aside.mkdir()
        write(version, aside)
        _flush_all(aside)
        aside.rename(self.versions / name)
        _flush(self.versions)
        self._point(self.current, Path("versions") / name)
        self._point(self.database, Path("current") / DATABASE)
        self._forget(FORMER_KEPT)

    def forget_former(self) -> None:
        """Keep the current version only, as after somebody was erased."""
        self._forget(0)

    def _point(self, link: Path, target: Path) -> None:
        if link.is_symlink() and link.readlink() == target:
            return
        if link.is_dir() and not link.is_symlink():
            # the folder was copied by something that followed links
            shutil.rmtree(link)
        aside = link.with_name(f".{link.name}{ASIDE}")
        aside.symlink_to(target)
        aside.replace(link)
        _flush(self.path)

    def _whole(self) -> list[Path]:
        """The versions that were written whole, oldest first; what else lies there is not ours to count or remove."""
        found = (each for each in self.versions.iterdir() if VERSION.match(each.name) and each.is_dir())
        return sorted(found, key=_number)

    def _clear(self) -> None:
        """Remove what a killed run left."""
        for link in self.path.glob(f".*{ASIDE}"):
            link.unlink()
        for folder in self.versions.glob(f".*{ASIDE}"):
            shutil.rmtree(folder)

    def _forget(self, former: int) -> None:
        for folder in self._whole()[: -1 - former]:
            shutil.rmtree(folder)


def _number(folder: Path) -> int:
    return int(folder.name.partition("_")[0])


def _flush_all(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            _flush(Path(parent) / name)
        _flush(Path(parent))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
