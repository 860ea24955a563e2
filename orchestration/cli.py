"""The command line. Exit codes: 0 all is well, 1 problems were found, 2 the command was not understood."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from orchestration import printing
from orchestration.checking import at_hand, check_project
from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import Differences, differences, read_sources, write_file, write_files
from orchestration.compiler.list_edits import add_keys, remove_keys
from orchestration.compiler.problem import Problems
from orchestration.compiler.schema import sources_to_schemas
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.days import DayStatus, recorded_days
from orchestration.errors import MusterError
from orchestration.publishing.folder import PublishedFolder
from orchestration.questions import Answer, Places, Questions, ask
from orchestration.settings import Settings, load_settings
from orchestration.static_lists import edit, listed, read_again, unknown_warning
from orchestration.warehouse import DuckDB, Warehouse

DIALECTS = ("duckdb", "postgres", "spark", "snowflake", "bigquery", "databricks", "redshift", "trino")

app = typer.Typer(
    help="Customer segmentation as code.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
Project = Annotated[Path | None, typer.Option("--project", help="The project's folder; by default this one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="The day to judge; by default the last one published, or yesterday."
    ),
]


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


def _needs_specs(settings: Settings) -> None:
    if not (settings.specs / "catalog.yml").exists():
        raise MusterError(
            f"no Muster project in {settings.project} (it has no segment_specs/catalog.yml): go there or use --project"
        )


def understood(settings: Settings) -> Compilation:
    _needs_specs(settings)
    return compile_sources(read_sources(settings.project))


@contextmanager
def opened(project: Path | None) -> Iterator[Opened]:
    settings = load_settings(project)
    compilation = understood(settings)
    with DuckDB(settings.duckdb, read_only=True) as warehouse:
        yield Opened(settings, compilation, warehouse)


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
    _needs_specs(settings)
    checked = check_project(settings, data=data, unused_too=unused)
    if github:
        printing.github(checked.problems, _folder(settings))
    else:
        printing.problems(checked.problems, as_json=as_json)
    if checked.compilation is None:
        raise typer.Exit(1)
    _check_calendar(settings, checked.compilation)
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


def _folder(settings: Settings) -> str:
    """The way from the working directory to the project, which is empty where they are the same."""
    here = Path.cwd()
    if settings.project == here or not settings.project.is_relative_to(here):
        return ""
    return settings.project.relative_to(here).as_posix()


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
    folder = into or settings.dbt_project / "models" / "segments"
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
    _needs_specs(settings)
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


Segment = Annotated[str, typer.Argument(help="The segment's key.")]


@app.command()
def preview(
    segment: Segment,
    as_of: AsOf = None,
    with_members: Annotated[bool, typer.Option("--members", help="List the members too.")] = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Who would be in a segment: asked straight of the warehouse, nothing is written."""
    with opened(project) as here:
        day = here.day(as_of)
        if with_members:
            members = here.questions.members(segment, day)
            printing.members(segment, day, len(members), members, as_json=as_json)
        else:
            printing.members(segment, day, here.questions.count(segment, day), None, as_json=as_json)


@app.command()
def members(
    words: Annotated[list[str], typer.Argument(metavar="SEGMENT | add SEGMENT KEY… | remove SEGMENT KEY…")],
    as_of: AsOf = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Who is in a segment, as recorded or, where nothing records it, straight from the warehouse's tables.

    With `add` or `remove`: edit the fixed list of a segment that has one.
    """
    if len(words) == 1:
        _show_members(words[0], as_of, project, as_json)
    elif len(words) > 2 and words[0] in EDITS:
        _edit_members(words[0], words[1], words[2:], project, as_json)
    else:
        raise typer.BadParameter("write `members SEGMENT`, `members add SEGMENT KEY…` or `members remove SEGMENT KEY…`")


EDITS = {"add": add_keys, "remove": remove_keys}


def _edit_members(word: str, segment: str, keys: list[str], project: Path | None, as_json: bool) -> None:
    settings = load_settings(project)
    found = listed(understood(settings), settings.specs, segment)
    done = edit(found, EDITS[word], keys)
    path = found.path.relative_to(settings.project).as_posix()
    printing.edited(word, segment, path, done, as_json=as_json)
    if word == "add" and not as_json:
        with at_hand(settings) as warehouse:
            after = read_again(found, settings.project)
            warning = warehouse and unknown_warning(after, Places(warehouse.tables()), warehouse, done.changed)
        printing.problems([warning] if warning else [], as_json=False)


def _show_members(segment: str, as_of: datetime | None, project: Path | None, as_json: bool) -> None:
    with opened(project) as here:
        day = here.day(as_of)
        recorded = here.questions.recorded_members(segment, day) if day in here.published else None
        found = here.questions.members(segment, day) if recorded is None else recorded
        source = "computed" if recorded is None else "recorded"
        printing.members(segment, day, len(found), found, as_json=as_json, source=source)


@app.command()
def counts(
    by: Annotated[str, typer.Option(help="segment, tag, or an entity such as company.")] = "segment",
    as_of: AsOf = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Count members by segment, subjects by tag, or attached subjects by company; empty ones are 0."""
    with opened(project) as here:
        day = here.day(as_of)
        answers: dict[str, Callable[[], Answer]] = {
            "segment": lambda: here.questions.by_segment(day, recorded=day in here.published),
            "tag": lambda: here.questions.by_tag(day),
        }
        answer = answers.get(by, lambda: here.questions.by_entity(by, day))()
        printing.counts(by, day, answer, as_json=as_json)


def _needs_dbt(settings: Settings) -> None:
    if not settings.has_dbt:
        printing.error(
            f"{settings.project} has no dbt_project/. To record segments day by day it needs dbt_project.yml, Muster's "
            "macros (dbt_project/macros), its marts (dbt_project/models/marts), profiles/profiles.yml, and the models "
            "that `muster compile` generates into dbt_project/models/segments. `muster init` would add these files; "
            "this version has no such command yet, so copy them from Muster's own repository."
        )
        raise typer.Exit(1)


def _needs_compiled(settings: Settings, compilation: Compilation) -> None:
    """What runs is the generated folder, so it has to be that of the specs."""
    folder = settings.dbt_project / "models" / "segments"
    if differences(folder, compilation_to_files(compilation, "duckdb")):
        raise MusterError("the generated models differ from the specs: run `muster compile` first")


def _check_calendar(settings: Settings, compilation: Compilation) -> None:
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


@app.command()
def run(
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day to judge; by default yesterday.")
    ] = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Judge one day, record it, and publish the marts."""
    _run_days(project, as_of, as_of, as_json)


@app.command()
def backfill(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day.")],
    last: Annotated[datetime, typer.Option("--to", formats=["%Y-%m-%d"], help="The last day.")],
    push: Annotated[
        bool,
        typer.Option(
            "--push", help="Deliver every audience as of the last day that is judged, which may be after --to."
        ),
    ] = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Judge a range of days, in order; old days are not delivered to anybody unless that is asked for."""
    if first > last:
        raise typer.BadParameter("--from is after --to")
    _run_days(project, first, last, as_json, push=push)


def _run_days(
    project: Path | None, first: datetime | None, last: datetime | None, as_json: bool, *, push: bool = False
) -> None:
    from orchestration.dbt import Dbt
    from orchestration.pipeline import run_days
    from orchestration.pushing import push_all

    settings = load_settings(project)
    _needs_dbt(settings)
    compilation = understood(settings)
    _check_calendar(settings, compilation)
    _needs_compiled(settings, compilation)
    day = yesterday(compilation.catalog.timezone)
    with printing.progress() as progress:
        done = run_days(Dbt(settings), first.date() if first else day, last.date() if last else day, progress)
        pushed = push_all(settings, progress) if push else []
    if as_json:
        days = [each.isoformat() for each in done.days]
        told = {"days": days, "steps": len(done.results), "notes": list(done.notes)}
        printing.json_(told | ({"deliveries": [each.as_json() for each in pushed]} if push else {}))
    else:
        printing.notes(done.notes)
        count = f"{len(done.days)} day{'' if len(done.days) == 1 else 's'}"
        stands = PublishedFolder(settings.published).said(done.days[-1])
        printing.line(f"judged {done.days[0]} to {done.days[-1]} ({count}), {stands}")
        printing.pushed(each.as_json() for each in pushed)
    if not all(each.ok for each in pushed):
        raise typer.Exit(1)


@app.command()
def export(
    audience: Annotated[str, typer.Argument(help="The audience's key.")],
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and write nothing.")] = False,
    show_keys: Annotated[bool, typer.Option("--show-keys", help="With --dry-run: all keys, not hashed.")] = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Deliver an audience as of the last published day."""
    from orchestration.pushing import push, rehearse

    settings = load_settings(project)
    _needs_dbt(settings)
    if dry:
        rehearsed = rehearse(settings, audience)
        printing.dry_run(rehearsed.as_json(show_keys=show_keys), as_json=as_json)
        raise typer.Exit(1 if rehearsed.stops else 0)
    with printing.progress() as progress:
        outcome = push(settings, audience, partial(progress, audience))
    if as_json:
        printing.json_(outcome.as_json())
    else:
        printing.line(printing.outcome_words(outcome.as_json()))
    if not outcome.ok:
        raise typer.Exit(1)


@app.command()
def erase(
    key: Annotated[str, typer.Argument(help="The subject's key.")],
    entity: Annotated[str, typer.Option(help="The entity it is one of.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Erase a subject: from every table and file that Muster wrote, and from every destination."""
    from orchestration.erasure import erase as erase_subject

    settings = load_settings(project)
    _needs_dbt(settings)
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: say --yes")
    if not yes:
        typer.confirm(f"Erase this {entity} from all of Muster's tables, files and destinations, for good?", abort=True)
    done = erase_subject(settings, entity, key)
    printing.erasure(done.as_json(), as_json=as_json)
    raise typer.Exit(1 if done.left else 0)


@app.command()
def status(project: Project = None, as_json: AsJson = False) -> None:
    """What was judged, published and delivered."""
    from orchestration.status import project_status

    with opened(project) as here:
        marts = PublishedFolder(here.settings.published)
        printing.status(project_status(here.warehouse, here.compilation, marts), as_json=as_json)


@app.command()
def demo() -> None:
    """Load the two sample workspaces and run the last 60 days of them through Dagster."""
    from orchestration.demo import demo as run_demo

    run_demo(load_settings())


@app.command()
def dev(port: Annotated[int, typer.Option(help="On loopback.")] = 3000) -> None:
    """Open Dagster's web UI on this project."""
    from orchestration.demo import dev as run_dev

    run_dev(load_settings(), port)


def main() -> None:
    """Run the command line; what went wrong is said in words, not as a traceback."""
    with printing.streams():
        try:
            app()
        except Problems as found:
            printing.problems(found.problems, as_json="--json" in sys.argv)
            sys.exit(1)
        except MusterError as wrong:
            printing.error(str(wrong))
            sys.exit(wrong.exit_code)


if __name__ == "__main__":
    main()
