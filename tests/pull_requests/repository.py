"""A git repository that holds a small project, for tests of what happens between branches."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.cli import main
from tests.pipeline.club import CATALOG, SPECS
from tests.project import REPOSITORY

GENERATED = "dbt_project/models/segments"
SCHEMAS = "segment_specs/.schema"


def alone(home: Path, **more: str) -> dict[str, str]:
    """Surroundings without anybody's settings of git, and not inside of a hook of git's."""
    who = {f"GIT_{role}_{part}": "muster" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "HOME": str(home)}
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **who, **nobody, **more}


@dataclass(frozen=True)
class Repository:
    """A repository with the club's specs, its models compiled, on the branch `main`."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, specs: Mapping[str, str] = SPECS) -> Repository:
        repository = cls(folder)
        repository.git("init", "--quiet", "--initial-branch", "main")
        shutil.copy(REPOSITORY / ".gitattributes", folder)
        repository.write("dbt_project/dbt_project.yml", "name: club\n")
        repository.write(".gitignore", ".muster/\n.venv/\n")
        repository.spec("catalog.yml", CATALOG)
        for path, text in specs.items():
            repository.spec(path, text)
        repository.commit("The club's segments")
        return repository

    def git(self, *arguments: str, fails: bool = False) -> str:
        """What git printed; `fails` when it has to refuse."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=alone(self.folder), capture_output=True, text=True, check=False
        )
        assert bool(done.returncode) is fails, done.stdout + done.stderr
        return done.stdout

    def muster(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a command in the repository's folder."""
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.chdir(self.folder)
            patch.delenv("MUSTER_DUCKDB", raising=False)
            patch.setattr(sys, "argv", ["muster", *arguments])
            with pytest.raises(SystemExit) as end:
                main()
                raise SystemExit(0)
        code = end.value.code
        return code if isinstance(code, int) else 0, out.getvalue(), err.getvalue()

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def read(self, path: str) -> str:
        return (self.folder / path).read_text("utf-8")

    def spec(self, path: str, text: str) -> None:
        self.write(f"segment_specs/{path}", text)

    def commands(self) -> None:
        """Lay `.venv/bin/muster` and `ruff` where `make install` puts them; git leaves them out."""
        for name, module in (("muster", "orchestration.cli"), ("ruff", "ruff")):
            file = self.folder / ".venv" / "bin" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f'#!/bin/sh\nPYTHONPATH={REPOSITORY} exec {sys.executable} -m {module} "$@"\n', "utf-8")
            file.chmod(0o755)

    def copied(self, *paths: str) -> None:
        """Copy files of this repository to the same places."""
        for path in paths:
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / path, place)

    def branch(self, name: str, specs: Mapping[str, str | None], start: str = "main") -> None:
        """A branch that writes specs, or removes them, and commits what is generated of them."""
        self.git("switch", "--quiet", "--create", name, start)
        for path, text in specs.items():
            if text is None:
                (self.folder / "segment_specs" / path).unlink()
            else:
                self.spec(path, text)
        self.commit(name)
        self.git("switch", "--quiet", "main")

    def commit(self, message: str) -> None:
        """Generate everything anew and commit all there is."""
        for command in ("compile", "schema"):
            assert self.muster(command)[0] == 0
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    @property
    def conflicts(self) -> set[str]:
        """The files that git could not merge."""
        return set(self.git("diff", "--name-only", "--diff-filter=U").split())

    def generated(self) -> dict[str, str]:
        """Every generated file's text by its path."""
        folders = [self.folder / GENERATED, self.folder / SCHEMAS]
        paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(self.folder).as_posix(): path.read_text("utf-8") for path in paths}
