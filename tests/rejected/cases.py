"""Broken specs and the reports that a person reads about them.

A case is a file (`segments/x.yml`) or a folder laid over the shared project (`projects/x/`); its report stands beside
it (`x.txt`). A case that is named as a code has a good example too (`x.good.yml`), and both stand in docs/problems.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.compiler.compile import compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.problem import Problem, Problems, render_problem

HERE = Path(__file__).parent
SHARED = HERE / "shared"
KINDS = ("segments", "catalogs", "audiences", "destinations", "lists", "projects")
GOOD = ".good"


@dataclass(frozen=True)
class Case:
    """One broken spec; `path` is its file or folder."""

    kind: str
    path: Path

    @property
    def name(self) -> str:
        return f"{self.kind}/{self.path.stem}"

    @property
    def code(self) -> str:
        """The code that the case is named after, if it is one."""
        return self.path.stem.replace("_", "-")

    @property
    def report(self) -> Path:
        return self.path.with_suffix(".txt")

    @property
    def good(self) -> Path:
        return self.path.with_name(f"{self.path.stem}{GOOD}{self.path.suffix}")

    def lay_down(self, specs: Path, path: Path) -> None:
        """Write a project with the case, or with its good example, into a folder `segment_specs`."""
        if self.kind != "catalogs" and not (path / "catalog.yml").is_file():
            shutil.copytree(SHARED, specs, dirs_exist_ok=True)
        LAY_DOWN[self.kind](path, specs)


def _put(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)


def _put_list(path: Path, specs: Path) -> None:
    stem = path.stem.removesuffix(GOOD)
    _put(path, specs / "static" / f"{stem}.csv")
    (specs / "people" / "listed.yml").write_text(f"entity: person\nmembers: static/{stem}.csv\n", "utf-8")


LAY_DOWN: dict[str, Callable[[Path, Path], object]] = {
    "segments": lambda path, specs: _put(path, specs / "people" / f"{path.stem.removesuffix(GOOD)}.yml"),
    "catalogs": lambda path, specs: _put(path, specs / "catalog.yml"),
    "audiences": lambda path, specs: _put(path, specs / "audiences" / f"{path.stem.removesuffix(GOOD)}.yml"),
    "destinations": lambda path, specs: _put(path, specs / "destinations.yml"),
    "lists": _put_list,
    "projects": lambda path, specs: shutil.copytree(path, specs, dirs_exist_ok=True),
}


def cases() -> list[Case]:
    """Every case, by its kind and name."""
    return [
        Case(kind, path)
        for kind in KINDS
        for path in sorted((HERE / kind).iterdir())
        if path.suffix != ".txt" and GOOD not in path.name
    ]


def problems_of(project: Path) -> tuple[Problem, ...]:
    """Every problem and warning of a project's specs."""
    try:
        return compile_sources(read_sources(project)).warnings
    except Problems as found:
        return found.problems


def to_report(problems: tuple[Problem, ...]) -> str:
    return "".join(f"{render_problem(problem)}\n\n" for problem in problems).rstrip("\n") + "\n"
