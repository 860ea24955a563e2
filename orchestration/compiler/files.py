"""The two ends of the compiler that touch the disk: reading `segment_specs/`, writing the generated folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.compiler.compile import Sources
from orchestration.compiler.fields import error
from orchestration.compiler.problem import SourceFile, Span

NOT_SEGMENTS = ("audiences", "static")


@dataclass(frozen=True)
class GeneratedFile:
    """A file of the generated folder; `path` is relative to it."""

    path: str
    text: str


def read_file(project: Path, path: Path) -> SourceFile:
    """A file's text as UTF-8, under its path from the project. Raises Problems when it cannot be read."""
    shown = path.relative_to(project).as_posix() if path.is_relative_to(project) else path.as_posix()
    try:
        return SourceFile(shown, path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as wrong:
        source = SourceFile(shown, "")
        raise error("encoding", f"not UTF-8: byte {wrong.start} cannot be read", Span(source, 1, 1, 1)) from None
    except OSError as wrong:
        source = SourceFile(shown, "")
        raise error("unreadable", f"cannot be read: {wrong.strerror}", Span(source, 1, 1, 1)) from None


def read_sources(project: Path) -> Sources:
    """Everything under the project's `segment_specs/`. Raises Problems: no catalog, files that cannot be read."""
    specs = project / "segment_specs"
    destinations = specs / "destinations.yml"
    return Sources(
        catalog=read_file(project, specs / "catalog.yml"),
        segments=tuple(read_file(project, path) for path in _segment_paths(specs)),
        audiences=tuple(read_file(project, path) for path in _yaml_files(specs / "audiences")),
        destinations=read_file(project, destinations) if destinations.is_file() else None,
        lists={
            path.relative_to(specs).as_posix(): read_file(project, path)
            for path in sorted((specs / "static").rglob("*.csv"))
        },
    )


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".yml", ".yaml") and path.is_file())


def _segment_paths(specs: Path) -> list[Path]:
    found = _yaml_files(specs)
    return [path for path in found if path.parent != specs and path.relative_to(specs).parts[0] not in NOT_SEGMENTS]


@dataclass(frozen=True)
class Differences:
    """How a folder differs from what it should hold."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    orphans: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.changed or self.orphans)


def _present(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def differences(folder: Path, files: Iterable[GeneratedFile]) -> Differences:
    """What writing would change."""
    wanted = {file.path: file.text.encode() for file in files}
    present = _present(folder)
    return Differences(
        missing=tuple(sorted(wanted.keys() - present)),
        changed=tuple(sorted(p for p in wanted.keys() & present if (folder / p).read_bytes() != wanted[p])),
        orphans=tuple(sorted(present - wanted.keys())),
    )


def write_files(folder: Path, files: Iterable[GeneratedFile]) -> Differences:
    """Make the folder hold exactly these files; files that are right already are not touched."""
    files = tuple(files)
    found = differences(folder, files)
    stale = {*found.missing, *found.changed}
    for file in files:
        if file.path in stale:
            path = folder / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            aside = path.with_name(f".{path.name}.new")
            aside.write_bytes(file.text.encode())
            aside.replace(path)
    for orphan in found.orphans:
        (folder / orphan).unlink()
    for below in sorted(folder.rglob("*"), reverse=True):
        if below.is_dir() and not any(below.iterdir()):
            below.rmdir()
    return found
