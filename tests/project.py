"""A whole small project in a folder of its own: this repository's dbt macros, marts and tests on another catalog."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from unittest.mock import patch

import yaml
from dbt.contracts.graph.manifest import Manifest

from orchestration import pipeline
from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import read_sources, write_files
from orchestration.dbt import Dbt, NodeResult, digest
from orchestration.pipeline import Run, run_days
from orchestration.settings import Settings
from orchestration.warehouse import DuckDB, Value

REPOSITORY = Path(__file__).parent.parent
NOT_OURS = shutil.ignore_patterns("segments", "staging", "workspace", "target", "logs")


GROWING = "+config.materialized:incremental +path:models/segments/audiences"
PARSED: dict[str, Manifest] = {}


class ParsedOnce(Dbt):
    """dbt for projects that are often the same, file for file: in one process such a project is parsed once.

    It keeps no log, which takes a tenth of a run's time.
    """

    def _places(self) -> list[str]:
        return [*super()._places(), "--log-level-file", "none"]

    @cached_property
    def manifest(self) -> Manifest:
        files = digest(self.settings.dbt_project, self.settings.profiles)
        if any(self.settings.dbt_project.rglob("*.csv")):
            files += str(self.settings.dbt_project)  # seeds are read from the folder that was parsed
        if files not in PARSED:
            PARSED[files] = Dbt(self.settings).manifest
        return PARSED[files]


class Untested(ParsedOnce):
    """The same without dbt's tests."""

    def build(
        self, as_of: date, select: str, exclude: str = "", changed_from: date | None = None
    ) -> tuple[NodeResult, ...]:
        return super().build(as_of, select, f"{exclude} resource_type:test".strip(), changed_from)


class Growing(Untested):
    """Of the marts only those that grow from run to run, and what they read: every run makes the others anew.

    Audiences are what pushes read.
    """

    def build(
        self, as_of: date, select: str, exclude: str = "", changed_from: date | None = None
    ) -> tuple[NodeResult, ...]:
        return super().build(as_of, GROWING if select == "*" else select, exclude, changed_from)


@dataclass(frozen=True)
class SmallProject:
    """A project whose staging models are the tables of schema `raw` as they are."""

    folder: Path

    @property
    def settings(self) -> Settings:
        return Settings(project=self.folder, duckdb=self.folder / "warehouse.duckdb")

    def lay_down(self, catalog: str, specs: Mapping[str, str], *models: str) -> None:
        """Write the project; `specs` gives each spec's text by its path under `segment_specs/`."""
        shutil.copytree(REPOSITORY / "dbt_project", self.settings.dbt_project, ignore=NOT_OURS)
        shutil.copytree(REPOSITORY / "profiles", self.settings.profiles)
        staging = self.settings.dbt_project / "models" / "staging"
        staging.mkdir(parents=True)
        for model in models:
            (staging / f"{model}.sql").write_text(f"select * from raw.{model}\n", encoding="utf-8")
        zone = yaml.safe_load(catalog).get("timezone", "UTC")
        settings = self.settings.dbt_project / "dbt_project.yml"
        settings.write_text(settings.read_text("utf-8").replace("America/New_York", zone), encoding="utf-8")
        self.write("catalog.yml", catalog)
        for path, text in specs.items():
            self.write(path, text)

    def set_var(self, name: str, value: int) -> None:
        """Say a number among the dbt project's variables."""
        settings = self.settings.dbt_project / "dbt_project.yml"
        written = settings.read_text("utf-8")
        said = re.sub(rf"^  {name}: \d+", f"  {name}: {value}", written, flags=re.MULTILINE)
        assert said != written, f"no variable {name}, or it is {value} already"
        settings.write_text(said, encoding="utf-8")

    def write(self, path: str, text: str) -> None:
        file = self.settings.specs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def remove(self, path: str) -> None:
        (self.settings.specs / path).unlink()

    def compile(self) -> Compilation:
        """Generate the models of the specs as they are now."""
        compilation = compile_sources(read_sources(self.folder))
        folder = self.settings.dbt_project / "models" / "segments"
        write_files(folder, compilation_to_files(compilation, "duckdb"))
        return compilation

    def dbt(self, *, tested: bool = True) -> Dbt:
        """The compiled project, to be parsed once."""
        self.compile()
        return ParsedOnce(self.settings) if tested else Untested(self.settings)

    def run(self, first: date, last: date | None = None, dbt: Dbt | None = None, *, tested: bool = True) -> Run:
        """Run days. dbt's tests can be left out where the tables are then held against those of a tested run."""
        return run_days(dbt or self.dbt(tested=tested), first, last or first)

    def pass_by(self, first: date, last: date | None = None, dbt: Dbt | None = None) -> Run:
        """Run days on which nobody looks at the marts: what is not kept from run to run is made by the next `run`."""
        with patch.object(pipeline, "publish_marts"):
            return self.run(first, last, dbt or Growing(self.dbt().settings))

    def test(self, as_of: date) -> None:
        """Run all of dbt's tests on all rows, those of earlier days too."""
        results = self.dbt().build(as_of, "resource_type:test")
        assert [result.name for result in results if not result.ok] == []
        assert len(results) > 50

    def execute(self, *statements: str) -> None:
        with DuckDB(self.settings.duckdb) as warehouse:
            for statement in statements:
                warehouse.execute(statement)

    def rows(self, sql: str) -> list[tuple[Value, ...]]:
        with DuckDB(self.settings.duckdb) as warehouse:
            return warehouse.rows(sql)

    def contents(self) -> dict[str, list[str]]:
        """Every table and view that a run makes, as sorted lines; dbt's digests and the clock left out."""
        named = "select table_name from information_schema.tables where table_schema = 'main' order by 1"
        with DuckDB(self.settings.duckdb) as warehouse:
            return {str(name): _lines(warehouse, str(name)) for (name,) in warehouse.rows(named)}


def _lines(warehouse: DuckDB, name: str) -> list[str]:
    exclude = " exclude (dbt_scd_id, dbt_updated_at)" if name.endswith("_history") else ""
    return sorted(map(repr, warehouse.rows(f"select *{exclude} from main.{name}")))
