"""Everything Muster takes from its surroundings: the only module that reads environment variables."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from orchestration.audiences.secret import Secret
from orchestration.layout import Layout, LayoutError, profile_of, profile_to_duckdb, read_layout, read_yaml

DUCKDB = "MUSTER_DUCKDB"
OF_DBT = {
    "model-paths": "models",
    "macro-paths": "macros",
    "snapshot-paths": "snapshots",
    "seed-paths": "seeds",
    "test-paths": "tests",
    "analysis-paths": "analyses",
}


@dataclass(frozen=True)
class Settings:
    """Where one Muster project keeps its things.

    `project` is the folder that holds `segment_specs/`; `duckdb` is the DuckDB file that `MUSTER_DUCKDB` names,
    by default the one of `muster.yml` or dbt's profile, or `.muster/warehouse.duckdb` under the project.
    """

    project: Path
    duckdb: Path
    layout: Layout = field(default_factory=Layout)

    @property
    def specs(self) -> Path:
        return self.project / "segment_specs"

    @property
    def dbt_project(self) -> Path:
        """The folder of the project's `dbt_project.yml`."""
        return (self.project / self.layout.dbt_project).resolve()

    @property
    def package(self) -> Path:
        """The folder of Muster's own macros, marts and tests: a package of the dbt project, or all of it."""
        return self.project / self.layout.package if self.layout.package else self.dbt_project

    @property
    def generated(self) -> Path:
        """The folder of the generated models."""
        return self.package / "models" / "segments"

    @property
    def profiles(self) -> Path:
        """The folder of `profiles.yml`; where `muster.yml` names none, the first that dbt would look into."""
        if self.layout.profiles:
            return self.project / self.layout.profiles
        named = os.environ.get("DBT_PROFILES_DIR")
        places = [Path(named).resolve()] if named else [self.dbt_project]
        found = [place for place in places if (place / "profiles.yml").is_file()]
        return found[0] if found else Path.home() / ".dbt"

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
        return (self.dbt_project / "dbt_project.yml").is_file() and (self.package / "dbt_project.yml").is_file()

    @property
    def dbt_files(self) -> tuple[Path, ...]:
        """The files and folders that dbt reads; where the project is not Muster's alone, nothing beside them."""
        if not self.layout.package:
            return (self.dbt_project, self.profiles)
        told = read_yaml(self.dbt_project / "dbt_project.yml")
        named = [str(path) for paths, default in OF_DBT.items() for path in told.get(paths) or [default]]
        named += ["dbt_project.yml", "packages.yml", "dependencies.yml"]
        installed = str(told.get("packages-install-path", "dbt_packages"))
        return (
            *(self.dbt_project / each for each in (*named, installed)),
            *(self.package, self.profiles / "profiles.yml"),
        )

    @property
    def dbt_vars(self) -> dict[str, Any]:
        """The variables that Muster's models see, which dbt's manifest does not hold: its own, then the project's."""
        found = read_yaml(self.package / "dbt_project.yml").get("vars") or {}
        if self.layout.package:
            outer = read_yaml(self.dbt_project / "dbt_project.yml").get("vars") or {}
            found = found | outer | (outer.get("muster") or {})
        return dict(found)

    def secret(self, variable: str) -> Secret | None:
        """What an environment variable holds that `destinations.yml` names, null where it is not set or empty."""
        value = os.environ.get(variable)
        return Secret(value) if value else None

    def dbt_environment(self) -> dict[str, str]:
        """The variables that `profiles.yml` reads."""
        return {DUCKDB: str(self.duckdb)}

    def dbt_warehouse(self) -> Path:
        """The DuckDB file that dbt builds in. Raises LayoutError: its profile names none."""
        told = {**os.environ, **self.dbt_environment()}
        return profile_to_duckdb(
            profile_of(self.dbt_project, self.profiles, self.layout.target, told.get), self.dbt_project
        )


def load_settings(project: Path | None = None) -> Settings:
    """The settings of the project in `project`, by default of the working directory. Raises LayoutError."""
    root = (project or Path.cwd()).resolve()
    return settle(root, read_layout(root))


def settle(root: Path, layout: Layout) -> Settings:
    """The settings of a project that is laid out so."""
    named = os.environ.get(DUCKDB)
    if named:
        return Settings(root, Path(named).resolve(), layout)
    if layout.duckdb:
        return Settings(root, (root / layout.duckdb).resolve(), layout)
    found = Settings(root, root / ".muster" / "warehouse.duckdb", layout)
    # specs can be checked where nobody has a profile; who needs the warehouse is told then what is missing
    with suppress(LayoutError):
        if layout.package:
            return replace(found, duckdb=found.dbt_warehouse())
    return found


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
