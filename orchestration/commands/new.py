"""Writing a new segment: asked for on a terminal, or told by flags."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Annotated

import typer

from orchestration.commands.dialogue import Dialogue
from orchestration.commands.opening import AsJson, Project, needs_specs
from orchestration.drafts.condition import text_to_conditions
from orchestration.drafts.draft import Draft, folder_fault, key_fault, line_fault, name_to_key, text_fault
from orchestration.drafts.handwriting import Data
from orchestration.drafts.judging import Judged, Surroundings, surroundings, write
from orchestration.printing import drafts as printing_drafts
from orchestration.settings import load_settings

app = typer.Typer()

Owner = Annotated[str, typer.Option(help="Who answers for it.", show_default=False)]
Description = Annotated[str, typer.Option(help="What it is for.", show_default=False)]
Print = Annotated[bool, typer.Option("--print", help="Print the spec, and write nothing.")]
Folder = Annotated[str, typer.Option(help="Folder below segment_specs; by default where the entity's segments are.")]


@dataclass(frozen=True)
class Given:
    """What the flags say; empty where they say nothing."""

    key: str
    name: str
    entity: str
    owner: str
    description: str
    labels: tuple[str, ...]
    where: tuple[str, ...]
    joined_by_any: bool
    like: str
    folder: str


@app.command()
def new(
    key: Annotated[
        str, typer.Argument(help="The segment's key; by default made of its name.", show_default=False)
    ] = "",
    name: Annotated[str, typer.Option(help="The name that people read.", show_default=False)] = "",
    entity: Annotated[str, typer.Option(help="Whom it is about, as in the catalog.", show_default=False)] = "",
    owner: Owner = "",
    description: Description = "",
    label: Annotated[list[str] | None, typer.Option(help="A label; may be given again.", show_default=False)] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="A condition in YAML, as in 'plan: pro'; may be given again.", show_default=False),
    ] = None,
    any_: Annotated[bool, typer.Option("--any", help="One of the conditions is enough.")] = False,
    like: Annotated[str, typer.Option(help="A segment whose rule and fields to begin with.", show_default=False)] = "",
    folder: Folder = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    only_print: Print = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Write a new segment, if it passes `muster check`; on a terminal, what no flag says is asked for."""
    settings = load_settings(project)
    needs_specs(settings)
    found = surroundings(settings)
    given = Given(key, name, entity, owner, description, (*(label or ()),), (*(where or ()),), any_, like, folder)
    _refuse_odd_texts(given)
    given = _with_what_goes_without_saying(given, found)
    missing = _missing(given)
    asking = bool(missing) and not yes and sys.stdin.isatty()
    if missing and not asking:
        raise typer.BadParameter(f"say {', '.join(missing)}; nobody is asked here")
    draft = _asked_for(given, found) if asking else _draft(given, found)
    judged = found.judge(draft)
    if not judged.passes:
        printing_drafts.refused(judged, as_json=as_json)
        raise typer.Exit(1)
    if only_print and not as_json:
        printing_drafts.shown(draft, judged)
        return
    if asking and not only_print and not Dialogue(found).may_write(draft, judged.rule):
        raise typer.Exit(1)
    finish(found, draft, judged, only_print=only_print, as_json=as_json)


def finish(
    found: Surroundings,
    draft: Draft,
    judged: Judged,
    *,
    only_print: bool,
    as_json: bool,
    more: dict[str, object] | None = None,
) -> None:
    """Write the file, unless it is only to be printed, and say so."""
    if not only_print:
        write(found.settings, draft)
    more = {**(more or {}), "spec": draft.to_source().text, "written": not only_print}
    printing_drafts.written(draft, judged, as_json=as_json, dbt=found.settings.has_dbt, more=more)


def _refuse_odd_texts(given: Given) -> None:
    texts = {"--name": given.name, "--owner": given.owner, "--entity": given.entity}
    for flag, text in (*texts.items(), *(("--label", label) for label in given.labels)):
        refuse(line_fault(text), flag)
    for flag, text in (("--description", given.description), *(("--where", each) for each in given.where)):
        refuse(text_fault(text), flag)


def refuse(fault: str, flag: str) -> None:
    """Raise a usage error where there is a fault."""
    if fault:
        raise typer.BadParameter(fault, param_hint=f"'{flag}'")


def _with_what_goes_without_saying(given: Given, found: Surroundings) -> Given:
    """The entity where there is only one, and what the segment brings that this one is to be like."""
    entities = tuple(found.catalog.entities)
    if given.like:
        spec = found.spec(given.like)
        given = replace(
            given,
            entity=given.entity or spec.entity,
            owner=given.owner or spec.owner,
            labels=given.labels or spec.labels,
        )
    elif not given.entity and len(entities) == 1:
        given = replace(given, entity=entities[0])
    if given.entity:
        found.entity(given.entity)
    return given


def _missing(given: Given) -> list[str]:
    """The flags without which there is no segment."""
    wanted = {
        "KEY or --name": given.key or given.name,
        "--entity": given.entity,
        "--owner": given.owner,
        "--where": given.where or given.like,
    }
    return [flag for flag, value in wanted.items() if not value]


def _draft(given: Given, found: Surroundings) -> Draft:
    """The draft that the flags make. Raises Problems for conditions that are no YAML, and usage errors."""
    key = given.key or name_to_key(given.name)
    refuse(key_taken(found, key) or key_fault(key), "KEY")
    folder = given.folder or found.folder_of(given.entity)
    refuse(folder_fault(folder), "--folder")
    return Draft(
        key=key,
        entity=given.entity,
        folder=folder,
        conditions=_conditions(given, found),
        joined="any" if given.joined_by_any else "all",
        name=given.name or key.replace("_", " ").capitalize(),
        owner=given.owner,
        description=given.description,
        labels=given.labels,
        more=found.fields_of(given.like) if given.like else {},
    )


def key_taken(found: Surroundings, key: str) -> str:
    holder = found.holder_of(key)
    return f"`{key}` is the key of {holder}: choose another one, or edit that file" if holder else ""


def _conditions(given: Given, found: Surroundings) -> tuple[Data, ...]:
    like = found.conditions_of(given.like) if given.like else ()
    if given.joined_by_any and len(like) > 1:
        like = ({"all": like},)
    said = (each for text in given.where for each in text_to_conditions(text, "--where"))
    return (*like, *said)


def _asked_for(given: Given, found: Surroundings) -> Draft:
    """The draft of flags and answers."""
    ask = Dialogue(found)
    given = replace(given, entity=given.entity or ask.entity())
    given = replace(given, name=given.name or (ask.name() if not given.key else ""))
    given = replace(given, key=given.key or ask.key(given.name))
    given = replace(given, owner=given.owner or ask.owner())
    given = replace(given, description=given.description or ask.description())
    draft = _draft(given, found)
    if given.where:
        return draft
    conditions = ask.conditions(draft)
    asks = len(conditions) > 1 and not given.joined_by_any
    return replace(draft, conditions=conditions, joined="any" if asks and ask.any_of_them() else draft.joined)
