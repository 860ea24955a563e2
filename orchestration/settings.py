"""Everything Muster takes from its surroundings: the only module that reads environment variables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.audiences.secret import Secret
from orchestration.errors import MusterError


@dataclass(frozen=True)
class Settings:
    """Where one Muster project keeps its things.

    `project` is the folder that holds `segment_specs/`; `duckdb` is the DuckDB file that `MUSTER_DUCKDB` names,
    by default `.muster/warehouse.duckdb` under the project.
    """

    project: Path
    duckdb: Path

    @property
    def specs(self) -> Path:
        return self.project / "segment_specs"

    @property
    def dbt_project(self) -> Path:
        return self.project / "dbt_project"

    @property
    def profiles(self) -> Path:
        return self.project / "profiles"

    @property
    def state(self) -> Path:
        """The folder of local files that are not committed."""
        return self.project / ".muster"

    @property
    def published(self) -> Path:
        """The folder of the published marts: `marts.duckdb`, and Parquet files in `current/parquet`."""
        return self.state / "published"

    @property
    def has_dbt(self) -> bool:
        return (self.dbt_project / "dbt_project.yml").is_file()

    @property
    def dbt_vars(self) -> dict[str, Any]:
        """The variables of the dbt project, which its manifest does not hold. Raises MusterError."""
        file = self.dbt_project / "dbt_project.yml"
        try:
            project = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.MarkedYAMLError as wrong:
            line = wrong.problem_mark.line + 1 if wrong.problem_mark else 1
            remedy = "look for lines that a merge left behind, and for indentation"
            raise MusterError(f"{file} is not valid YAML, as line {line} shows: {remedy}") from None
        return (project or {}).get("vars") or {}

    def secret(self, variable: str) -> Secret | None:
        """What an environment variable holds that `destinations.yml` names, null where it is not set or empty."""
        value = os.environ.get(variable)
        return Secret(value) if value else None

    def dbt_environment(self) -> dict[str, str]:
        """The variables that `profiles.yml` reads."""
        return {"MUSTER_DUCKDB": str(self.duckdb)}


def load_settings(project: Path | None = None) -> Settings:
    """The settings of the project in `project`, by default of the working directory."""
    root = (project or Path.cwd()).resolve()
    named = os.environ.get("MUSTER_DUCKDB")
    return Settings(project=root, duckdb=Path(named).resolve() if named else root / ".muster" / "warehouse.duckdb")


@dataclass(frozen=True)
class GitHub:
    """What GitHub Actions tells a step about where it runs; null, or the public service, where it tells nothing."""

    api: str
    graphql: str
    repository: str | None
    event: Path | None
    token: Secret | None


def github_surroundings() -> GitHub:
    """The variables of a step of GitHub Actions.

    https://docs.github.com/actions/reference/variables-reference
    """
    event, token = os.environ.get("GITHUB_EVENT_PATH"), os.environ.get("GITHUB_TOKEN")
    return GitHub(
        api=os.environ.get("GITHUB_API_URL") or "https://api.github.com",
        graphql=os.environ.get("GITHUB_GRAPHQL_URL") or "https://api.github.com/graphql",
        repository=os.environ.get("GITHUB_REPOSITORY") or None,
        event=Path(event) if event else None,
        token=Secret(token) if token else None,
    )
