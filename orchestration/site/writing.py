"""A folder of pages that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.errors import MusterError

ASIDE = ".partial"
FORMER = ".former"
MANIFEST = "site.json"
OURS = frozenset({MANIFEST, "index.html", "audiences.html", "segments", "audiences", "assets", "dbt"})


class SiteError(MusterError):
    """The site could not be written; one that was there before still stands."""


@dataclass(frozen=True)
class Written:
    """How much was written."""

    files: int
    bytes: int

    def as_json(self) -> dict[str, int]:
        return {"files": self.files, "bytes": self.bytes}


def write_site(files: Iterable[tuple[str, str]], into: Path, told: Callable[[str, int], None]) -> Written:
    """Write files by their paths in `into`, in place of a site that is there; `told` hears each path and its number.

    Pages that are no longer made go with the folder that held them. Raises SiteError: the folder holds something else,
    or the system refused.
    """
    refuse_others(into)
    aside, former = (into.with_name(f".{into.name}{ending}") for ending in (ASIDE, FORMER))
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        _recover(into, aside, former)
        written = _write_all(files, aside, told)
        _exchange(into, aside, former)
    except OSError as error:
        raise SiteError(f"cannot write the site to {into}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return written


def refuse_others(into: Path) -> None:
    """Leave alone what is no site of ours. Raises SiteError."""
    if into.is_symlink() or (into.exists() and not into.is_dir()):
        raise SiteError(f"{into} is no folder: name another with --into")
    if into.is_dir() and any(into.iterdir()) and not (into / MANIFEST).is_file():
        raise SiteError(f"{into} is no site (it has no {MANIFEST}) and not empty: name another folder with --into")
    strangers = sorted({each.name for each in into.iterdir()} - OURS) if into.is_dir() else []
    if strangers:
        raise SiteError(
            f"{into} holds what is no part of a site, such as {strangers[0]}, and would be written anew as a whole: "
            "move that away, or name another folder with --into"
        )


def _recover(into: Path, aside: Path, former: Path) -> None:
    """Undo what a killed build left: half a new site, or the old one under its other name."""
    shutil.rmtree(aside, ignore_errors=True)
    if former.exists() and not into.exists():
        former.rename(into)
    shutil.rmtree(former, ignore_errors=True)


def _write_all(files: Iterable[tuple[str, str]], aside: Path, told: Callable[[str, int], None]) -> Written:
    sizes = []
    for number, (path, text) in enumerate(files):
        told(path, number)
        sizes.append(_write(aside / path, text))
    return Written(len(sizes), sum(sizes))


def _write(path: Path, text: str) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode("utf-8", errors="backslashreplace")
    path.write_bytes(content)
    return len(content)


def _exchange(into: Path, aside: Path, former: Path) -> None:
    """Two renames, each at once; if the second is refused, the first is undone."""
    _flush(aside)
    if into.exists():
        into.rename(former)
    try:
        aside.rename(into)
    except OSError:
        if former.exists():
            former.rename(into)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
