"""The folder drop: files in a local folder that somebody else's job picks up.

A file is written aside under a hidden name in the same folder, flushed to disk and renamed; its manifest follows in the
same way. So whoever waits for manifests never sees half a file. Nothing is ever deleted but left-over hidden files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

from orchestration.audiences.destinations.files import FileDestination, aside_of, is_left_over
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.files import settings_to_form


@dataclass(frozen=True)
class Folder:
    """A folder `path` below `state`, the project's folder of local files; each audience has a folder in it."""

    name: str
    state: Path
    path: Path

    def open_folder(self, folder: str) -> None:
        here = self.path / folder
        _check_inside(self.name, here, self.state)
        missing = [parent for parent in (here, *here.parents) if self.state in (parent, *parent.parents)]
        for parent in reversed(missing):
            parent.mkdir(parents=True, exist_ok=True)
            _flush_folder(parent.parent)
        for left_over in (path for path in here.iterdir() if is_left_over(path.name)):
            left_over.unlink()

    def read(self, path: str) -> bytes | None:
        file = self.path / path
        return file.read_bytes() if file.is_file() and not file.is_symlink() else None

    def write(self, path: str, content: bytes) -> None:
        file = self.path / path
        aside = file.with_name(aside_of(file.name))
        with aside.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(file)
        _flush_folder(file.parent)

    def vouch(self, path: str, manifest: bytes) -> None:
        self.write(path, manifest)

    def withdraw(self, path: str) -> None:
        (self.path / path).unlink()
        _flush_folder((self.path / path).parent)

    def flush(self, folder: str) -> None:
        _flush_folder(self.path / folder)

    def location(self, path: str) -> str:
        return str(self.path / path)


MUSTERS_OWN = ("published", "gates", "dbt", "dagster")


def folder_destination(name: str, settings: Mapping[str, Any], state: Path) -> FileDestination:
    """The folder that `settings["path"]` names, relative to `state` and inside it. Raises DestinationError."""
    written = settings.get("path")
    if not isinstance(written, str) or not written.strip():
        raise _refused(name, "it names no path")
    # Both kinds of separators and drive letters count, wherever this runs.
    parts = PureWindowsPath(written)
    if parts.anchor or written.startswith("~"):
        raise _refused(name, f"path {written!r} is absolute")
    if ".." in parts.parts or "\0" in written or not parts.parts:
        raise _refused(name, f"path {written!r} does not name a folder inside")
    if parts.parts[0] in MUSTERS_OWN:
        raise _refused(name, f"path {written!r} is a folder of Muster's own")
    state = state.resolve()
    path = state.joinpath(*parts.parts)
    _check_inside(name, path, state)
    return FileDestination(partial(_opened, Folder(name, state, path)), settings_to_form(name, settings))


@contextmanager
def _opened(folder: Folder) -> Iterator[Folder]:
    try:
        yield folder
    except OSError as error:
        raise DestinationError(
            f"destination {folder.name}: {error.filename or folder.path}: {error.strerror}",
            "make the folder writable and export again: the delivery is kept and will be finished",
        ) from error


def _refused(name: str, problem: str) -> DestinationError:
    remedy = "name a folder relative to the project's .muster/, such as `path: drop`, in segment_specs/destinations.yml"
    return DestinationError(f"destination {name}: {problem}", remedy)


def _check_inside(name: str, path: Path, state: Path) -> None:
    real = path.resolve()
    if not real.is_relative_to(state) or real == state:
        raise _refused(name, f"{path} leads to {real}, outside {state}")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
