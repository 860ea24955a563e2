"""What most commands begin with: their options, the project understood, its warehouse open for reading."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from orchestration import printing
from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.days import DayStatus, recorded_days
from orchestration.errors import MusterError
from orchestration.questions import Questions, ask
from orchestration.settings import Settings, load_settings
from orchestration.warehouse import DuckDB, Warehouse

Project = Annotated[Path | None, typer.Option("--project", help="The project's folder; by default this one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="The day to judge; by default the last one published, or yesterday."
    ),
]
Segment = Annotated[str, typer.Argument(help="The segment's key.")]


@dataclass(frozen=True)
class Opened:
    """A project, understood, and its warehouse, open for reading."""

    settings: Settings
    compilation: Compilation
    warehouse: Warehouse

    @property
    def questions(self) -> Questions:
        return ask(self.compilation, self.warehouse)

    def day(self, as_of: datetime | None) -> date:
        """The day asked for; by default the last one published, or where none is, yesterday."""
        if as_of:
            return as_of.date()
        return max(self.published, default=yesterday(self.compilation.catalog.timezone))

    @cached_property
    def published(self) -> list[date]:
        if not self.settings.has_dbt:
            return []
        return [day for day, status in recorded_days(self.warehouse).items() if status is DayStatus.PUBLISHED]


def yesterday(timezone: str) -> date:
    """The last local day that is over."""
    return datetime.now(ZoneInfo(timezone)).date() - timedelta(days=1)


def needs_specs(settings: Settings) -> None:
    if not (settings.specs / "catalog.yml").exists():
        raise MusterError(
            f"no Muster project in {settings.project} (it has no segment_specs/catalog.yml): go there or use --project"
        )


def understood(settings: Settings) -> Compilation:
    needs_specs(settings)
    return compile_sources(read_sources(settings.project))


@contextmanager
def opened(project: Path | None) -> Iterator[Opened]:
    settings = load_settings(project)
    compilation = understood(settings)
    with DuckDB(settings.duckdb, read_only=True, schemas=settings.layout.schemas) as warehouse:
        yield Opened(settings, compilation, warehouse)


def shown_folder(settings: Settings) -> str:
    """The way from the working directory to the project, which is empty where they are the same."""
    here = Path.cwd()
    if settings.project == here or not settings.project.is_relative_to(here):
        return ""
    return settings.project.relative_to(here).as_posix()


def needs_dbt(settings: Settings) -> None:
    if not settings.has_dbt:
        printing.error(
            f"{settings.project} has no dbt project with Muster's macros and marts, by which segments are recorded day "
            "by day: `muster init` adds them, and leaves the specs as they are"
        )
        raise typer.Exit(1)


def check_calendar(settings: Settings, compilation: Compilation) -> None:
    """The marts tell days and weeks by the dbt project's own variables."""
    if not settings.has_dbt:
        return
    catalog, told = compilation.catalog, settings.dbt_vars
    for name, said in (("timezone", catalog.timezone), ("week_starts_on", catalog.week_starts_on)):
        found = told.get(name, said)
        if found != said:
            raise MusterError(
                f"dbt_project.yml has `{name}: {found}` among its vars and the catalog `{said}`: make them the same"
            )
    for name, least in (("membership_days", 1), ("history_days", 0)):
        found = told.get(name, least)
        if not isinstance(found, int) or found < least:
            help_ = f"write a number of days, from {least} on"
            raise MusterError(f"dbt_project.yml has `{name}: {found}` among its vars: {help_}")
