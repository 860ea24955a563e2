"""The command that writes the web catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration import printing
from orchestration.commands.opening import AsJson, Project, understood
from orchestration.publishing.folder import PublishedFolder
from orchestration.settings import load_settings

app = typer.Typer()
Into = Annotated[Path | None, typer.Option("--into", help="The folder to write; by default .muster/site.")]
Docs = Annotated[
    str | None,
    typer.Option("--dbt-docs", help="dbt's documentation: a web address to link, or a static_index.html to put in."),
]


@app.command()
def site(into: Into = None, dbt_docs: Docs = None, project: Project = None, as_json: AsJson = False) -> None:
    """Write the web catalogue: pages about all segments and audiences that any browser opens without a server."""
    from orchestration.site import Site, docs_at, read_figures, refuse_others, with_ledger, write_site

    settings = load_settings(project)
    folder = (into or settings.state / "site").absolute()
    refuse_others(folder)
    compilation = understood(settings)
    figures = with_ledger(read_figures(PublishedFolder(settings.published)), settings.duckdb)
    found = Site(compilation, figures, docs_at(dbt_docs) if dbt_docs else None)
    with printing.progress() as progress:
        written = write_site(found.files(), folder, lambda path, done: progress(path, done, found.size))
    if as_json:
        printing.json_({"index": str(folder / "index.html"), **found.about(), **written.as_json()})
    else:
        said = f"{len(compilation.segments)} segments and {len(compilation.audiences)} audiences as of {figures.as_of}"
        printing.line(f"wrote {said} ({written.files} files, {written.bytes / 1e6:.1f} MB)")
        printing.line(f"open {folder / 'index.html'}")
