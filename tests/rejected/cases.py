"""Broken specs and the reports that a person reads about them.

A case is a file (`segments/x.yml`) or a folder laid over the shared project (`projects/x/`); its report stands beside
it (`x.txt`). A case that is named as a code has a good example too (`x.good.yml`), and both stand in docs/problems.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.checking import check_project
from orchestration.compiler.problem import Problem, render_problem
from orchestration.settings import Settings
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
        warehouse.execute(ROWS[-1])


def _put_too_large(path: Path, specs: Path) -> None:
    text = path.read_text("utf-8") if path.exists() else "entity: person\nwhere: {plan: pro}\n" + "#" * 1_200_000
    (specs / "people" / "too_large.yml").write_text(text, "utf-8")


def _put_beside_rows(path: Path, specs: Path) -> None:
    """The case, which may be a whole catalog, and a warehouse with some rows and one recorded day."""
    if path.read_text("utf-8").startswith("entities:"):
        shutil.rmtree(specs)
        _put(path, specs / "catalog.yml")
    else:
        _put(path, specs / "people" / f"{path.stem.removesuffix(GOOD)}.yml")
    with DuckDB(specs.parent / WAREHOUSE) as warehouse:
        for statement in ROWS:
            warehouse.execute(statement)


ROWS = (
    "create table person_events as select 'p1' as person_id, 'report_created' as event_name, 'pdf' as format, "
    "timestamp '2026-01-31' as occurred_at, 1.5::decimal(18, 2) as amount",
    "create table segment_counts_daily as select 'pros' as segment, date '2026-02-01' as as_of_date",
    "create table people as select unnest(['p1', 'p2', 'p3']) as person_id, 'a@b.c' as email, 'pro' as plan, "
    "'IE' as country, 3 as seats, 3 as seat_count, 5 as seat_limit, 7.5::decimal(18, 2) as spend, "
    "true as accepts_marketing, date '1990-01-01' as born_on, timestamp '2025-01-01' as signed_up_at, "
    "timestamp '2026-01-31' as last_seen_at, ['VIP'] as tags",
)
BUILT: dict[str, Callable[[Path, Path], None]] = {
    "too_large.yml": _put_too_large,
    "unknown_member.csv": _put_unknown_member,
    **dict.fromkeys(
        ("missing_column.yml", "column_type.yml", "unseen_event.yml", "unseen_value.yml", "before_history.yml"),
        _put_beside_rows,
    ),
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


def problems_of(project: Path, *, unused_too: bool = False) -> tuple[Problem, ...]:
    """Every problem and warning of a project's specs; the warehouse is looked into where there is one."""
    return check_project(Settings(project, project / WAREHOUSE), unused_too=unused_too).problems


def to_report(problems: tuple[Problem, ...]) -> str:
    return "".join(f"{render_problem(problem)}\n\n" for problem in problems).rstrip("\n") + "\n"
