"""The folder drop: files in a local folder that somebody else's job picks up.

A file is written aside under a hidden name in the same folder, flushed to disk and renamed; its manifest follows in the
same way. So whoever waits for manifests never sees half a file. Nothing is ever deleted but left-over hidden files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from orchestration.audiences.delivery import Delivery
from orchestration.audiences.destinations.base import Journal, Receipt
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.file import AudienceFile, delivery_to_file

ASIDE = ".partial"


@dataclass(frozen=True)
class Folder:
    """A folder `path` below `state`, the project's folder of local files; each audience has a folder in it."""

    name: str
    state: Path
    path: Path

    def deliver(self, delivery: Delivery, _journal: Journal) -> Receipt:
        """Write the file and then its manifest. Raises DestinationError."""
        try:
            return self._deliver(delivery_to_file(delivery))
        except OSError as error:
            raise DestinationError(
                f"destination {self.name}: {error.filename or self.path}: {error.strerror}",
                "make the folder writable and export again: the delivery is kept and will be finished",
            ) from error

    def _deliver(self, file: AudienceFile) -> Receipt:
        folder = self._open_folder(self.path / file.folder)
        _clear(folder)
        content, manifest = folder / file.name, folder / file.manifest_name
        repeated = _holds(content, file.content) and _holds(manifest, file.manifest)
        if not repeated:
            # No manifest may stand beside bytes that it does not describe.
            manifest.unlink(missing_ok=True)
            _write(content, file.content)
            _write(manifest, file.manifest)
        _flush_folder(folder)
        return Receipt(
            delivery_id=file.delivery.key,
            path=file.path,
            location=str(content),
            sha256=file.sha256,
            bytes=len(file.content),
            repeated=repeated,
        )

    def _open_folder(self, folder: Path) -> Path:
        _check_inside(self.name, folder, self.state)
        missing = [parent for parent in (folder, *folder.parents) if self.state in (parent, *parent.parents)]
        for parent in reversed(missing):
            parent.mkdir(parents=True, exist_ok=True)
            _flush_folder(parent.parent)
        return folder


def folder_destination(name: str, settings: Mapping[str, Any], state: Path) -> Folder:
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
    state = state.resolve()
    path = state.joinpath(*parts.parts)
    _check_inside(name, path, state)
    return Folder(name=name, state=state, path=path)


def _refused(name: str, problem: str) -> DestinationError:
    remedy = "name a folder relative to the project's .muster/, such as `path: drop`, in segment_specs/destinations.yml"
    return DestinationError(f"destination {name}: {problem}", remedy)


def _check_inside(name: str, path: Path, state: Path) -> None:
    real = path.resolve()
    if not real.is_relative_to(state) or real == state:
        raise _refused(name, f"{path} leads to {real}, outside {state}")


def _clear(folder: Path) -> None:
    for left_over in folder.glob(f".*{ASIDE}"):
        left_over.unlink()


def _holds(path: Path, content: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.read_bytes() == content


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}{ASIDE}")
    with aside.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
