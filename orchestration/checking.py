"""Everything there is to say about a project's specs: problems, failed tests, lints, and what the warehouse shows."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.lints import lint
from orchestration.compiler.lints.usage import unused
from orchestration.compiler.problem import Problem, Problems
from orchestration.compiler.source import parse
from orchestration.data_lints import data_lints
from orchestration.errors import MusterError
from orchestration.settings import Settings
from orchestration.spectests.running import Outcome, run_tests
from orchestration.static_lists import unknown_members
from orchestration.warehouse import DuckDB, Warehouse


@dataclass(frozen=True)
class Checked:
    """What was found: errors first, each in the order of the files; nothing was understood where they are many."""

    problems: tuple[Problem, ...]
    compilation: Compilation | None = None
    tests: Outcome = field(default_factory=lambda: Outcome(0, ()))

    @cached_property
    def failed(self) -> bool:
        return self.compilation is None or any(problem.severity == "error" for problem in self.problems)


def check_project(settings: Settings, *, data: bool = True, unused_too: bool = False) -> Checked:
    """Read the specs, run their tests and lint them; `data` looks into the warehouse, where there is one at hand."""
    with uncollected():
        sources = read_sources(settings.project)
    return check_sources(settings, sources, data=data, unused_too=unused_too)


def check_sources(settings: Settings, sources: Sources, *, data: bool = True, unused_too: bool = False) -> Checked:
    """The same for specs that need not be on the disk."""
    try:
        with uncollected():
            compilation = compile_sources(sources)
            tests = run_tests(compilation)
            found = [*compilation.warnings, *tests.failures, *lint(compilation)]
            found += unused(compilation, parse(sources.catalog)) if unused_too else ()
    except Problems as problems:
        return Checked(_in_order(problems.problems))
    with at_hand(settings) as warehouse:
        if warehouse and data:
            found += unknown_members(compilation, settings.project, warehouse)
            found += data_lints(compilation, parse(sources.catalog), warehouse)
    return Checked(_in_order(found), compilation, tests)


def _in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.severity == "warning", problem.order)))


@contextmanager
def at_hand(settings: Settings) -> Iterator[Warehouse | None]:
    """The warehouse, where it is there and nobody is writing it."""
    try:
        warehouse = DuckDB(settings.duckdb, read_only=True, schemas=settings.layout.schemas)
    except MusterError:
        yield None
        return
    with warehouse:
        yield warehouse


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing that is read is garbage yet, so looking for some would only take time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
