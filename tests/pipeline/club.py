"""The workspace of the pipeline's tests: members of a club, with a history of what is known about them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from tests.project import SmallProject

FIRST = date(2024, 3, 1)

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    since: joined_on
    history: {valid_from: valid_from, valid_to: valid_to, type: date}
    attributes:
      joined_on: date
      plan: {type: text, values: [free, pro]}
      email: text
      consent: boolean
    events: {model: visits, subject: member_id, name: kind, at: visited_at, properties: {minutes: integer}}
"""

PRO = "name: Pro members\nentity: member\nwhere: {plan: pro}\n"
REGULARS = "name: Regulars\nentity: member\nwhere: {performed: visit, in_last: 3 days, times: {at_least: 2}}\n"
GONE_QUIET = "name: Gone quiet\nentity: member\nwhere: [{in_segment: pro}, {not_performed: any, in_last: 2 days}]\n"

SPECS = {"members/pro.yml": PRO, "members/regulars.yml": REGULARS, "members/gone_quiet.yml": GONE_QUIET}

# who is how, from which day until before which, counted from the first day
KNOWN = (
    ("ada", "pro", 0, None),
    ("bo", "free", 0, 3),
    ("bo", "pro", 3, 6),
    ("bo", "free", 6, 8),
    ("bo", "pro", 8, None),
    ("cy", "pro", 0, 4),  # vanishes for two days
    ("cy", "pro", 6, None),
    ("di", "free", 2, None),  # joins later
)
VISITS = (("ada", 0), ("ada", 1), ("bo", 1), ("bo", 2), ("bo", 2), ("ada", 5), ("di", 4), ("di", 5), ("di", 9))


def day(number: int) -> date:
    """Day 0 is the first."""
    return FIRST + timedelta(days=number)


def club(folder: Path, specs: dict[str, str] | None = None) -> SmallProject:
    """The project with its data loaded, not yet compiled."""
    project = SmallProject(folder)
    project.lay_down(CATALOG, SPECS if specs is None else specs, "members", "visits")
    project.execute(
        "create schema raw",
        "create table raw.members (member_id varchar, plan varchar, valid_from date, valid_to date, joined_on date, "
        "email varchar, consent boolean)",
        "create table raw.visits (member_id varchar, kind varchar, visited_at timestamp, minutes integer)",
        *(_known(*known) for known in KNOWN),
        *(f"insert into raw.visits values ('{who}', 'visit', '{day(at)} 10:00:00', 30)" for who, at in VISITS),
    )
    return project


def _known(who: str, plan: str, start: int, end: int | None) -> str:
    until = "null" if end is None else f"'{day(end)}'"
    joined = min(known[2] for known in KNOWN if known[0] == who)
    return (
        f"insert into raw.members values ('{who}', '{plan}', '{day(start)}', {until}, '{day(joined)}', "
        f"'{who}@example.com', {str(who != 'di').lower()})"
    )


def spells(project: SmallProject, segment: str) -> list[tuple[object, ...]]:
    """The segment's stays: who, from day, until before day, why in, why out."""
    found = project.rows(
        "select member_id, entered_on, exited_on, entry_reason, exit_reason from member_spells "
        f"where segment = '{segment}' order by member_id, entered_on"
    )
    return [(who, number(start), number(end), why_in, why_out) for who, start, end, why_in, why_out in found]


def number(day_: object) -> int | None:
    return (day_ - FIRST).days if isinstance(day_, date) else None
