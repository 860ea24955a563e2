"""Commands that judge days, and say what was judged."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration import printing
from orchestration.commands.opening import AsJson, Project, check_calendar, needs_dbt, opened, understood, yesterday
from orchestration.compiler.compile import Compilation
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import differences
from orchestration.errors import MusterError
from orchestration.publishing.folder import PublishedFolder
from orchestration.settings import Settings, load_settings

app = typer.Typer()


def _needs_compiled(settings: Settings, compilation: Compilation) -> None:
    """What runs is the generated folder, so it has to be that of the specs."""
    if differences(settings.generated, compilation_to_files(compilation, "duckdb")):
        raise MusterError("the generated models differ from the specs: run `muster compile` first")


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
    needs_dbt(settings)
    compilation = understood(settings)
    check_calendar(settings, compilation)
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
def status(project: Project = None, as_json: AsJson = False) -> None:
    """What was judged, published and delivered."""
    from orchestration.status import project_status

    with opened(project) as here:
        marts = PublishedFolder(here.settings.published)
        printing.status(project_status(here.warehouse, here.compilation, marts), as_json=as_json)


@app.command()
def demo(
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Load the data and build the staging models; judge no day.")
    ] = False,
) -> None:
    """Load the two sample workspaces and run the last 60 days of them through Dagster."""
    from orchestration.demo import demo as run_demo
    from orchestration.demo import load_data

    (load_data if data_only else run_demo)(load_settings())


@app.command()
def dev(port: Annotated[int, typer.Option(help="On loopback.")] = 3000) -> None:
    """Open Dagster's web UI on this project."""
    from orchestration.demo import dev as run_dev

    run_dev(load_settings(), port)
