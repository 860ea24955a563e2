"""The command that writes the web catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration import printing
from orchestration.commands.opening import AsJson, Project, needs_dbt, understood
from orchestration.publishing.folder import PublishedFolder
from orchestration.settings import load_settings

app = typer.Typer()
Into = Annotated[Path | None, typer.Option("--into", help="The folder to write; by default .muster/site.")]
Docs = Annotated[
    str | None,
    typer.Option("--dbt-docs", help="dbt's documentation: a web address to link, or a static_index.html to put in."),
]


WithDocs = Annotated[
    bool, typer.Option("--with-dbt-docs", help="Let dbt make its documentation now, and put it in: some seconds more.")
]


@app.command()
def site(
    into: Into = None,
    dbt_docs: Docs = None,
    with_dbt_docs: WithDocs = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Write the web catalogue: pages about all segments and audiences that any browser opens without a server."""
    from orchestration.site import Site, docs_at, docs_made, read_figures, refuse_others, with_ledger, write_site

    if dbt_docs and with_dbt_docs:
        raise typer.BadParameter("--dbt-docs names documentation that is there, --with-dbt-docs makes it: give one")
    settings = load_settings(project)
    if with_dbt_docs:
        needs_dbt(settings)
    folder = (into or settings.state / "site").absolute()
    refuse_others(folder)
    compilation = understood(settings)
    figures = with_ledger(read_figures(PublishedFolder(settings.published)), settings.duckdb)
    docs = docs_made(settings, compilation) if with_dbt_docs else docs_at(dbt_docs) if dbt_docs else None
    found = Site(compilation, figures, docs)
    with printing.progress() as progress:
        written = write_site(found.files(), folder, lambda path, done: progress(path, done, found.size))
    if as_json:
        printing.json_({"index": str(folder / "index.html"), **found.about(), **written.as_json()})
    else:
        said = f"{len(compilation.segments)} segments and {len(compilation.audiences)} audiences as of {figures.as_of}"
        printing.line(f"wrote {said} ({written.files} files, {written.bytes / 1e6:.1f} MB)")
        printing.line(f"open {folder / 'index.html'}")
