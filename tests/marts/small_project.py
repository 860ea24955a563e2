"""A small Muster project in a folder of its own: this repository's macros, marts and dbt tests on another catalog."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import write_files
from orchestration.compiler.problem import SourceFile
from orchestration.warehouse import DuckDB, Value

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class SmallProject:
    """`catalog` is the text of catalog.yml; its models are tables of schema `raw`, one staging model each."""

    folder: Path
    catalog: str

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def dbt_project(self) -> Path:
        return self.folder / "dbt_project"

    def create(self, *models: str) -> None:
        """Lay the project down: everything of this repository but its generated models, staging and what needs them."""
        own = shutil.ignore_patterns("segments", "staging", "workspace", "target", "logs")
        shutil.copytree(REPOSITORY / "dbt_project", self.dbt_project, ignore=own)
        staging = self.dbt_project / "models" / "staging"
        staging.mkdir()
        for model in models:
            (staging / f"{model}.sql").write_text(f"select * from raw.{model}\n", encoding="utf-8")

    def compile(self, specs: Mapping[str, str]) -> Run:
        """Generate the models of these specs (key → YAML) and parse the project once."""
        segments = tuple(SourceFile(f"segment_specs/all/{key}.yml", text) for key, text in specs.items())
        compilation = compile_sources(Sources(SourceFile("segment_specs/catalog.yml", self.catalog), segments))
        write_files(self.dbt_project / "models" / "segments", compilation_to_files(compilation, "duckdb"))
        return parsed(self.dbt_project)

    @contextmanager
    def open(self) -> Iterator[DuckDB]:
        with DuckDB(self.warehouse) as warehouse:
            yield warehouse

    def rows(self, sql: str) -> list[tuple[Value, ...]]:
        with self.open() as warehouse:
            return warehouse.rows(sql)


@dataclass(frozen=True)
class Run:
    """A dbt project whose manifest is kept from day to day."""

    dbt_project: Path
    manifest: Manifest

    def judge(self, day: date) -> None:
        """Everything up to the history, as of one day."""
        self.dbt("build", day, "--select", "tag:muster_day", "--exclude-resource-type", "test")

    def finish(self, day: date) -> None:
        """Everything after the history, tests included."""
        self.dbt("build", day, "--exclude", "tag:muster_day", "path:models/staging")

    def dbt(self, command: str, day: date, *arguments: str) -> None:
        variables = json.dumps({"as_of": day.isoformat()})
        invoke(dbtRunner(manifest=self.manifest), self.dbt_project, command, "--vars", variables, *arguments)


def parsed(dbt_project: Path) -> Run:
    """Parse a dbt project in process."""
    manifest = invoke(dbtRunner(), dbt_project, "parse")
    assert isinstance(manifest, Manifest)
    return Run(dbt_project, manifest)


def invoke(runner: dbtRunner, dbt_project: Path, command: str, *arguments: str) -> object:
    """One dbt command; its result, or a failed test with all that went wrong."""
    where = ["--project-dir", str(dbt_project), "--profiles-dir", str(REPOSITORY / "profiles")]
    aside = ["--target-path", str(dbt_project / "target"), "--log-path", str(dbt_project / "logs")]
    done = runner.invoke([command, "--quiet", "--log-level-file", "none", *where, *aside, *arguments])
    if not done.success:
        pytest.fail(f"dbt {command} failed: {done.exception or _failures(done.result)}")
    return done.result


def _failures(result: object) -> list[str]:
    results = getattr(result, "results", [])
    return [f"{each.node.name}: {each.message}" for each in results if each.status not in ("success", "pass")]
