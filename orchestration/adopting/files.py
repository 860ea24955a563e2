"""Which files `muster init` writes, and which it leaves alone because somebody else wrote or changed them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from orchestration.errors import MusterError

RECORD = "installed.json"
NOT_SHIPPED = ("segments", "staging", "workspace")
SHIPPED = ("macros", "models", "tests")


class AdoptError(MusterError):
    """The project cannot take Muster in as it is; the message says why and what to do. Nothing was written."""


class Change(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REMOVE = "remove"
    KEEP = "keep"  # somebody changed it since it was installed
    SAME = "same"


@dataclass(frozen=True)
class Write:
    """What becomes of one file; `path` is relative to the project, `text` is what it will hold."""

    path: str
    change: Change
    text: str = field(repr=False, default="")


def shipped() -> Path:
    """Muster's own dbt files, beside its modules; in the repository a link leads to them."""
    return Path(str(files("orchestration"))) / "dbt_project"


def package_files(settings: str) -> dict[str, str]:
    """The files of Muster's dbt package by their path in it; `settings` is the text of its dbt_project.yml."""
    root = shipped()
    found = {"dbt_project.yml": settings}
    for folder in SHIPPED:
        for path in sorted((root / folder).rglob("*")):
            name = path.relative_to(root)
            if path.suffix in (".sql", ".yml", ".md") and not set(NOT_SHIPPED) & set(name.parts):
                found[name.as_posix()] = path.read_text(encoding="utf-8")
    return found


def plan_package(project: Path, package: Path, wanted: Mapping[str, str], *, force: bool) -> list[Write]:
    """What to do about each file of the package. Raises AdoptError where a file that is not Muster's is in the way."""
    before = _recorded(package)
    writes = [_plan(project, package, path, text, before, force) for path, text in sorted(wanted.items())]
    writes += _removed(project, package, before, wanted)
    digests = {path: _digest(text.encode()) for path, text in sorted(wanted.items())}
    text = json.dumps(digests, indent=2) + "\n"
    change = _change(package / RECORD, text)
    return [*writes, Write(_shown(project, package / RECORD), change, text)]


def _plan(project: Path, package: Path, path: str, text: str, before: Mapping[str, str], force: bool) -> Write:
    file, shown = package / path, _shown(project, package / path)
    change = _change(file, text)
    if change is not Change.UPDATE or _digest(file.read_bytes()) == before.get(path) or (path in before and force):
        return Write(shown, change, text)
    if path in before:
        return Write(shown, Change.KEEP, text)
    raise AdoptError(
        f"{shown} is there already and is not Muster's: move it, or name another folder with --package, "
        f"as in --package {package.name}_package"
    )


def _removed(project: Path, package: Path, before: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Write]:
    """Files that an older version installed and this one does not."""
    for path, digest in sorted(before.items()):
        file = package / path
        if path not in wanted and file.is_file():
            unchanged = _digest(file.read_bytes()) == digest
            yield Write(_shown(project, file), Change.REMOVE if unchanged else Change.KEEP)


def _change(file: Path, text: str) -> Change:
    _refuse_in_the_way(file)
    if not file.exists():
        return Change.CREATE
    return Change.SAME if file.read_bytes() == text.encode() else Change.UPDATE


def _refuse_in_the_way(file: Path) -> None:
    folder = next(parent for parent in file.parents if parent.exists())
    if file.is_dir() or not folder.is_dir():
        found = file if file.is_dir() else folder
        raise AdoptError(f"{found} stands where {file.name} is to be written, and is none of Muster's: move it away")


def plan_once(project: Path, path: Path, text: str) -> Write:
    """A file that is the project's from the beginning: written where there is none."""
    _refuse_in_the_way(path)
    return Write(_shown(project, path), Change.CREATE if not path.exists() else Change.SAME, text)


def _shown(project: Path, path: Path) -> str:
    return path.relative_to(project).as_posix()


def _recorded(package: Path) -> dict[str, str]:
    try:
        held = json.loads((package / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as wrong:
        raise AdoptError(f"{package / RECORD} cannot be read: take it back from git, or remove it") from wrong
    return {str(path): str(digest) for path, digest in held.items()}


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def write_all(project: Path, writes: list[Write]) -> None:
    """Do what was planned. Raises AdoptError: a folder cannot be written."""
    for write in writes:
        path = project / write.path
        try:
            match write.change:
                case Change.CREATE | Change.UPDATE:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(write.text.encode())
                case Change.REMOVE:
                    path.unlink()
                case Change.KEEP | Change.SAME:
                    pass
        except OSError as wrong:
            said = (wrong.strerror or str(wrong)).lower()
            raise AdoptError(
                f"{write.path} cannot be written ({said}): make the folder writable and run it again"
            ) from wrong
