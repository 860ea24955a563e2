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
from orchestration.spectests.running import run_tests
from orchestration.static_lists import unknown_members
from orchestration.warehouse import DuckDB

HERE = Path(__file__).parent
SHARED = HERE / "shared"
KINDS = ("segments", "catalogs", "audiences", "destinations", "lists", "projects")
GOOD = ".good"
WAREHOUSE = ".muster/warehouse.duckdb"


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


def _put_unknown_member(path: Path, specs: Path) -> None:
    _put_list(path, specs)
    with DuckDB(specs.parent / WAREHOUSE) as warehouse:
        warehouse.execute("create table people as select unnest(['p1', 'p2', 'p3']) as person_id")


def _put_too_large(path: Path, specs: Path) -> None:
    text = path.read_text("utf-8") if path.exists() else "entity: person\nwhere: {plan: pro}\n" + "#" * 1_200_000
    (specs / "people" / "too_large.yml").write_text(text, "utf-8")


BUILT: dict[str, Callable[[Path, Path], None]] = {
    "too_large.yml": _put_too_large,
    "unknown_member.csv": _put_unknown_member,
}
LAY_DOWN: dict[str, Callable[[Path, Path], object]] = {
    "segments": lambda path, specs: _put(path, specs / "people" / f"{path.stem.removesuffix(GOOD)}.yml"),
    "catalogs": lambda path, specs: _put(path, specs / "catalog.yml"),
    "audiences": lambda path, specs: _put(path, specs / "audiences" / f"{path.stem.removesuffix(GOOD)}.yml"),
    "destinations": lambda path, specs: _put(path, specs / "destinations.yml"),
    "lists": _put_list,
    "built": lambda path, specs: BUILT[path.name.replace(GOOD, "")](path, specs),
    "projects": lambda path, specs: shutil.copytree(path, specs, dirs_exist_ok=True),
}


def cases() -> list[Case]:
    """Every case, by its kind and name."""
    built = [Case("built", HERE / "built" / name) for name in BUILT]
    return built + [
        Case(kind, path)
        for kind in KINDS
        for path in sorted((HERE / kind).iterdir())
        if path.suffix != ".txt" and GOOD not in path.name
    ]


def problems_of(project: Path) -> tuple[Problem, ...]:
    """Every problem and warning of a project's specs; keys of lists are looked up where there is a warehouse."""
    try:
        compilation = compile_sources(read_sources(project))
    except Problems as found:
        return found.problems
    if not (project / WAREHOUSE).is_file():
        return (*compilation.warnings, *run_tests(compilation).failures)
    with DuckDB(project / WAREHOUSE, read_only=True) as warehouse:
        return (*compilation.warnings, *unknown_members(compilation, project, warehouse))


def to_report(problems: tuple[Problem, ...]) -> str:
    return "".join(f"{render_problem(problem)}\n\n" for problem in problems).rstrip("\n") + "\n"
