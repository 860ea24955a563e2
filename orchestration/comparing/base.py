"""The specs of a commit, read by the same rules as those in the working tree."""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.problem import Problems, render_problem
from orchestration.errors import MusterError

SPECS = "segment_specs"


class BaseError(MusterError):
    """There is nothing to compare with; the message says why and what to do."""


@dataclass(frozen=True)
class Base:
    """The specs that a change is compared with; none where the commit has no catalog.

    `commit` is where `ref` and the working tree's history parted, or where there is no such commit, `ref` itself.
    """

    ref: str
    commit: str
    compilation: Compilation | None


def read_base(project: Path, ref: str) -> Base:
    """The specs at `ref`. Writes nothing into the repository. Raises BaseError."""
    commit = _parted(project, _commit(project, ref))
    with TemporaryDirectory() as folder:
        _extract(project, commit, Path(folder))
        if not (Path(folder) / SPECS / "catalog.yml").is_file():
            return Base(ref, commit, None)
        return Base(ref, commit, _understood(Path(folder), ref))


def _understood(folder: Path, ref: str) -> Compilation:
    try:
        return compile_sources(read_sources(folder))
    except Problems as found:
        first = found.problems[0]
        count = len(found.problems)
        said = "one error" if count == 1 else f"{count} errors, of which the first is"
        raise BaseError(
            f"the specs of {ref} cannot be understood: {said}\n{render_problem(first)}\n"
            "mend them there first, or choose another --base"
        ) from None


def _commit(project: Path, ref: str) -> str:
    done = _git(project, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if done.returncode:
        raise BaseError(
            f"git knows no commit `{ref}` in {project}: name a branch, a tag or a commit, or fetch it first "
            "(a clone made with --depth has only its own)"
        )
    return done.stdout.decode().strip()


def _parted(project: Path, commit: str) -> str:
    """Where the branches parted: what others merged since is no part of this change."""
    done = _git(project, "merge-base", commit, "HEAD")
    return commit if done.returncode else done.stdout.decode().strip()


def _extract(project: Path, commit: str, folder: Path) -> None:
    if not _git(project, "ls-tree", "--name-only", commit, "--", f"{SPECS}/").stdout:
        return
    done = _git(project, "archive", "--format=tar", commit, "--", SPECS)
    if done.returncode:
        raise BaseError(f"git cannot read {SPECS} of {commit}: {done.stderr.decode(errors='replace').strip()}")
    try:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder, filter="data")
    except tarfile.FilterError as wrong:
        raise BaseError(f"{SPECS} of {commit} holds a link out of the repository ({wrong}): remove it there") from None


def _git(project: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        done = subprocess.run(["git", "-C", str(project), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise BaseError("there is no git on the PATH: install it, a change is compared with a commit") from None
    if b"not a git repository" in done.stderr or b"dubious ownership" in done.stderr:
        raise BaseError(f"git cannot read {project}: {done.stderr.decode(errors='replace').strip()}")
    return done
