"""The command that says what a change of the specs would do."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration import printing
from orchestration.commands.opening import AsJson, AsOf, Project, opened

app = typer.Typer()


@app.command()
def plan(
    base: Annotated[
        str, typer.Option("--base", metavar="REF", help="The commit, branch or tag to compare with.")
    ] = "HEAD",
    as_of: AsOf = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request.")] = False,
    show_keys: Annotated[bool, typer.Option("--show-keys", help="Show keys of persons, not their hashes.")] = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say what the specs would change since a commit: who would enter and leave, and what audiences would send.

    By default it tells of what is not committed yet. Reads only.
    """
    from orchestration.comparing.as_markdown import telling_to_markdown
    from orchestration.comparing.as_text import telling_to_text
    from orchestration.comparing.base import read_base
    from orchestration.comparing.comparison import compare
    from orchestration.comparing.telling import Telling

    if markdown and as_json:
        raise typer.BadParameter("--markdown and --json: choose one")
    with opened(project) as here, printing.progress() as progress:
        found = read_base(here.settings.project, base)
        telling = Telling(compare(found, here.compilation, here.warehouse, here.day(as_of), progress), show_keys)
    if as_json:
        printing.json_(telling.as_json())
    elif markdown:
        printing.line(telling_to_markdown(telling).rstrip())
    else:
        for each in telling_to_text(telling):
            printing.line(each)
