"""Commands that ask the warehouse, and change at most a fixed list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration import printing
from orchestration.checking import at_hand
from orchestration.commands.opening import AsJson, AsOf, Project, opened, understood
from orchestration.compiler.list_edits import add_keys, remove_keys
from orchestration.questions import Answer, Places
from orchestration.settings import load_settings
from orchestration.static_lists import edit, listed, read_again, unknown_warning

app = typer.Typer()


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
