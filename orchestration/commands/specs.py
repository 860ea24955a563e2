"""Commands about specs and what is generated from them; of the warehouse they read at most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from orchestration import printing
from orchestration.checking import check_project
from orchestration.commands.opening import AsJson, Project, check_calendar, needs_specs, shown_folder, understood
from orchestration.compiler.compile import Compilation
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import Differences, differences, read_sources, write_file, write_files
from orchestration.compiler.schema import sources_to_schemas
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.questions import Answer
from orchestration.settings import load_settings

DIALECTS = ("duckdb", "postgres", "spark", "snowflake", "bigquery", "databricks", "redshift", "trino")
app = typer.Typer()


@app.command()
def check(
    project: Project = None,
    as_json: AsJson = False,
    github: Annotated[bool, typer.Option("--github", help="Print annotations for GitHub Actions.")] = False,
    data: Annotated[bool, typer.Option("--data/--no-data", help="Look into the warehouse, if one is at hand.")] = True,
    unused: Annotated[bool, typer.Option("--unused", help="List what the catalog offers and nothing uses.")] = False,
) -> None:
    """Read all specs, run their tests, and show every problem; warnings come last."""
    settings = load_settings(project)
    needs_specs(settings)
    checked = check_project(settings, data=data, unused_too=unused)
    if github:
        printing.github(checked.problems, shown_folder(settings))
    else:
        printing.problems(checked.problems, as_json=as_json)
    if checked.compilation is None:
        raise typer.Exit(1)
    check_calendar(settings, checked.compilation)
    if checked.tests.failures:
        printing.error(f"{len(checked.tests.failures)} of {checked.tests.count} tests failed")
    if checked.failed:
        raise typer.Exit(1)
    if not as_json:
        _report_check(checked.compilation, checked.tests.count)


def _report_check(compilation: Compilation, tests: int) -> None:
    counts = [f"{len(compilation.segments)} segments", f"{len(compilation.audiences)} audiences"]
    counts += [f"{tests} tests"] if tests else []
    printing.line(f"{', '.join(counts)}: no errors")


@app.command("compile")
def compile_(
    project: Project = None,
    only_check: Annotated[bool, typer.Option("--check", help="Change nothing; fail on any difference.")] = False,
    dialect: Annotated[str, typer.Option(help=f"One of {', '.join(DIALECTS)}.")] = "duckdb",
    into: Annotated[Path | None, typer.Option(help="The folder to write; by default the project's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the generated dbt models."""
    settings = load_settings(project)
    if dialect not in DIALECTS:
        raise typer.BadParameter(f"`{dialect}` is not one of {', '.join(DIALECTS)}")
    if into is None and not settings.has_dbt:
        raise typer.BadParameter(f"{settings.dbt_project} is no dbt project: name a folder with --into")
    folder = into or settings.generated
    files = compilation_to_files(understood(settings), dialect)
    found = differences(folder, files) if only_check else write_files(folder, files)
    _report_differences(found, folder, only_check, as_json)
    if only_check and found:
        raise typer.Exit(1)


def _report_differences(found: Differences, folder: Path, only_check: bool, as_json: bool) -> None:
    named = {"missing": found.missing, "changed": found.changed, "orphans": found.orphans}
    if as_json:
        printing.json_({name: list(paths) for name, paths in named.items()})
        return
    done = {"missing": "wrote", "changed": "updated", "orphans": "removed"}
    for name, paths in named.items():
        for path in paths:
            printing.line(f"{name.removesuffix('s') if only_check else done[name]}: {folder.name}/{path}")
    if not found:
        printing.line("the generated models are up to date")
    elif only_check:
        printing.error("the generated models differ from the specs: run `muster compile` and commit what it writes")


@app.command()
def schema(
    project: Project = None,
    only_check: Annotated[bool, typer.Option("--check", help="Change nothing; fail on any difference.")] = False,
    into: Annotated[Path | None, typer.Option(help="The folder to write; by default segment_specs/.schema.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write JSON Schemas, by which editors complete and check specs."""
    settings = load_settings(project)
    needs_specs(settings)
    folder = into or settings.specs / ".schema"
    files = sources_to_schemas(read_sources(settings.project))
    found = replace(differences(folder, files), orphans=())
    if found and not only_check:
        for file in files:
            write_file(folder, file)
    _report_schemas(found, folder, only_check, as_json)
    if only_check and found:
        raise typer.Exit(1)


def _report_schemas(found: Differences, folder: Path, only_check: bool, as_json: bool) -> None:
    stale = sorted((*found.missing, *found.changed))
    if as_json:
        printing.json_({"missing" if only_check else "wrote": stale, "folder": str(folder)})
    elif only_check and stale:
        printing.error(f"the schemas differ from the specs ({', '.join(stale)}): run `muster schema` and commit them")
    else:
        printing.line(f"wrote {', '.join(stale)} to {folder}" if stale else "the schemas are up to date")


@app.command()
def segments(project: Project = None, as_json: AsJson = False) -> None:
    """List all segments with their rules in words."""
    compilation = understood(load_settings(project))
    rows = [
        (each.key, each.entity, each.name, each.status.value, each.owner, segment_to_sentence(each))
        for each in compilation.segments.values()
    ]
    printing.table(Answer(("segment", "entity", "name", "status", "owner", "rule"), [*rows]), as_json=as_json)
