"""Commands that look closely: at who would be in a segment, and at why somebody is."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.opening import AsJson, AsOf, Project, Segment, opened
from orchestration.printing import questions as printing_questions
from orchestration.questions.membership import explain_member
from orchestration.questions.previewing import preview as preview_segment

app = typer.Typer()
ShowKeys = Annotated[
    bool, typer.Option("--show-keys", help="Show the values of personal attributes too, on this terminal.")
]


@app.command()
def preview(
    segment: Segment,
    as_of: AsOf = None,
    with_members: Annotated[bool, typer.Option("--members", help="List the members too.")] = False,
    examples: Annotated[int, typer.Option(min=0, max=100, help="Show so many members with what decided.")] = 5,
    show_keys: ShowKeys = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Who would be in a segment: asked straight of the warehouse, nothing is written."""
    with opened(project) as here:
        day = here.day(as_of)
        questions = here.questions
        found = preview_segment(questions, segment, day, examples=examples, with_personal=show_keys)
        members = questions.members(segment, day) if with_members else None
        printing_questions.preview(found, members, as_json=as_json)


@app.command()
def explain(
    segment: Segment,
    subject: Annotated[str, typer.Argument(help="The subject's key.")],
    as_of: AsOf = None,
    show_keys: ShowKeys = False,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Why somebody is in a segment or not: each condition with the values it looked at, since when, stays before."""
    with opened(project) as here:
        found = explain_member(here.questions, segment, subject, here.day(as_of), with_personal=show_keys)
        printing_questions.explanation(found, as_json=as_json)
