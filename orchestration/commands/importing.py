"""Taking segments over from other tools."""

from __future__ import annotations

import sys
from pathlib import Path, PurePath
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from orchestration import printing
from orchestration.commands.new import Description, Folder, Owner, Print, finish, key_taken, refuse
from orchestration.commands.opening import AsJson, Project, needs_specs
from orchestration.compiler.files import read_file
from orchestration.compiler.problem import SourceFile
from orchestration.drafts.draft import Draft, folder_fault, key_fault, line_fault, name_to_key, text_fault
from orchestration.drafts.judging import Surroundings, surroundings
from orchestration.errors import MusterError
from orchestration.intercom.convert import Conversion, text_to_rule
from orchestration.intercom.fault import Faults
from orchestration.intercom.mapping import Renaming, source_to_renaming
from orchestration.printing import drafts as printing_drafts
from orchestration.settings import load_settings

app = typer.Typer()
importing = typer.Typer(help="Take over segments of other tools.", no_args_is_help=True)
app.add_typer(importing, name="import")


@importing.command()
def intercom(
    file: Annotated[Path, typer.Argument(help="A search query in JSON, as Intercom's API takes it; - for a pipe.")],
    key: Annotated[str, typer.Option(help="The segment's key; by default of its name.", show_default=False)] = "",
    name: Annotated[str, typer.Option(help="Its name; by default the file's.", show_default=False)] = "",
    entity: Annotated[str, typer.Option(help="What Intercom's contacts are in the catalog.")] = "person",
    owner: Owner = "",
    description: Description = "",
    attributes: Annotated[
        Path | None, typer.Option(help="A mapping file: what Intercom calls otherwise.", show_default=False)
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Time zone of Intercom's workspace; by default the catalog's.", show_default=False)
    ] = "",
    folder: Folder = "",
    only_print: Print = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Write a segment that holds for the same people as a search of Intercom's contacts, or say why there is none."""
    settings = load_settings(project)
    needs_specs(settings)
    found = surroundings(settings)
    for flag, text in (("--name", name), ("--owner", owner)):
        refuse(line_fault(text), flag)
    refuse(text_fault(description), "--description")
    name = name or ("" if key or str(file) == "-" else file.stem.replace("_", " ").capitalize())
    key = key or name_to_key(name)
    refuse(key_taken(found, key) or key_fault(key), "--key")
    folder = folder or found.folder_of(found.entity(entity).name)
    refuse(folder_fault(folder), "--folder")
    conversion = _converted(found, entity, file, attributes, timezone, as_json=as_json)
    draft = Draft(
        key=key,
        entity=entity,
        folder=folder,
        conditions=conversion.rule.conditions,
        joined=conversion.rule.joined,
        name=name or key.replace("_", " ").capitalize(),
        owner=owner,
        description=description,
    )
    _judge(found, draft, conversion, only_print=only_print, as_json=as_json)


def _judge(found: Surroundings, draft: Draft, conversion: Conversion, *, only_print: bool, as_json: bool) -> None:
    judged = found.judge(draft)
    if not judged.passes:
        printing_drafts.refused(judged, as_json=as_json)
        raise typer.Exit(1)
    if not as_json:
        printing.notes(conversion.notes)
    if only_print and not as_json:
        printing_drafts.shown(draft, judged)
        return
    finish(found, draft, judged, only_print=only_print, as_json=as_json, more={"notes": list(conversion.notes)})


def _converted(
    found: Surroundings, entity: str, file: Path, attributes: Path | None, timezone: str, *, as_json: bool
) -> Conversion:
    zone = _zone(timezone)
    renaming = source_to_renaming(_source(attributes)) if attributes else Renaming()
    text = _source(file).text if str(file) != "-" else sys.stdin.read()
    try:
        return text_to_rule(text, found.catalog, found.entity(entity), renaming, zone)
    except Faults as faults:
        printing_drafts.faults(faults.faults, as_json=as_json)
        raise typer.Exit(1) from None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        refuse(f"`{name}` is not a time zone: name it by continent and city, as in `Europe/Dublin`", "--timezone")
        return None


def _source(path: Path) -> SourceFile:
    """A file's text, under its name as it was given. Raises MusterError."""
    source = read_file(Path.cwd(), path)
    if source.unreadable:
        raise MusterError(f"{PurePath(path)}: {source.unreadable.message}")
    return source
