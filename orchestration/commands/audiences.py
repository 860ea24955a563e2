"""Commands about what is sent, and about whom nothing may be kept."""

from __future__ import annotations

import sys
from functools import partial
from typing import Annotated

import typer

from orchestration import printing
from orchestration.commands.opening import AsJson, Project, needs_dbt
from orchestration.settings import load_settings

app = typer.Typer()


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
    needs_dbt(settings)
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
    needs_dbt(settings)
    if not yes and not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: say --yes")
    if not yes:
        typer.confirm(f"Erase this {entity} from all of Muster's tables, files and destinations, for good?", abort=True)
    done = erase_subject(settings, entity, key)
    printing.erasure(done.as_json(), as_json=as_json)
    raise typer.Exit(1 if done.left else 0)
