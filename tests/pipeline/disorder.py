"""A story of many days in which nothing goes straight, and what it comes to, told in order.

Data changes, subjects vanish and return, rows arrive late, past attributes are put right, definitions are edited; days
are run in ranges, run again, and replayed from an earlier one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random

from tests.pipeline.club import CATALOG, day
from tests.project import SmallProject

PEOPLE = tuple(f"m{number:02}" for number in range(14))
PLANS = ("free", "pro", "team", None)  # None: not there
LATE = 3  # days that an event may come after its own; the look-back
FAR_BACK = 12

COUNTED = "    population: {email: {ends_with: .com}}\n"

EDITS = (
    {
        "m/pro.yml": "entity: member\nwhere: {plan: pro}\n",
        "m/regulars.yml": "entity: member\nwhere: {performed: visit, in_last: 5 days, times: {at_least: 2}}\n",
        "m/quiet.yml": "entity: member\nwhere: [{in_segment: pro}, {not_performed: any, in_last: 4 days}]\n",
        "m/newly_pro.yml": "entity: member\nwhere: {entered_segment: pro, in_last: 3 days}\n",
        "m/chosen.yml": "entity: member\nmembers: static/chosen.csv\n",
        "static/chosen.csv": "member_id\nm01\nm02\nm03\n",
    },
    {"m/pro.yml": "entity: member\nwhere: {plan: [pro, team]}\n", "static/chosen.csv": "member_id\nm02\nm03\nm04\n"},
    {"m/regulars.yml": "entity: member\nstatus: paused\nwhere: {performed: visit, in_last: 5 days}\n"},
    {
        "m/regulars.yml": "entity: member\nwhere: {performed: visit, in_last: 5 days}\n",
        "m/team.yml": "entity: member\nactive_by: visit\nwhere: {plan: team}\n",
        "catalog.yml": CATALOG.replace(
            "    attributes:", "    population: {email: {ends_with: .com}}\n    attributes:"
        ),
    },
    {"m/quiet.yml": "entity: member\nstatus: archived\nwhere: {plan: pro}\n"},
)
"""What a later edition of the specs changes of the one before."""


@dataclass
class Story:
    """What happens, drawn from a seed: an edition of the specs by which each day was judged last, and statements."""

    draw: Random
    days: int
    now: int = -1
    edition: int = 0
    judged_by: list[int] = field(default_factory=list)

    def begin(self) -> Iterator[str]:
        """The data of all days: versions of people, and visits."""
        yield "create schema raw"
        yield (
            "create table raw.members (member_id varchar, plan varchar, valid_from date, valid_to date, "
            "joined_on date, email varchar, consent boolean)"
        )
        yield "create table raw.visits (member_id varchar, kind varchar, visited_at timestamp, minutes integer)"
        for who in PEOPLE:
            yield from self._life(who)

    def _life(self, who: str) -> Iterator[str]:
        plan, since = self.draw.choice(PLANS), 0
        email = self.draw.choice(("a@example.com", "b@example.org"))
        for number in range(self.days + 1):
            after = self.draw.choice(PLANS) if self.draw.random() < 0.15 else plan
            if number == self.days or after != plan:
                if plan and number > since:
                    end = "null" if number == self.days else f"'{day(number)}'"
                    yield (
                        f"insert into raw.members values ('{who}', '{plan}', '{day(since)}', {end}, '{day(0)}', "
                        f"'{email}', true)"
                    )
                plan, since = after, number
            if self.draw.random() < 0.25:
                yield self._visit(who, number)

    def _visit(self, who: str, number: int) -> str:
        return f"insert into raw.visits values ('{who}', 'visit', '{day(number)} 0{self.draw.randrange(10)}:00:00', 5)"

    def chapters(self) -> Iterator[tuple[tuple[str, ...], int, int]]:
        """What is done to the data, and which days are run after it; the last day comes last."""
        while self.now < self.days - 1:
            step = self.draw.choice(("on", "on", "on", "again", "late", "put right"))
            if self.now < 0 or step == "on":
                self.edition = max(0, self.now) * len(EDITS) // self.days
                yield self._run((), self.now + 1, min(self.now + self.draw.randint(4, 14), self.days - 1))
            elif step == "again":
                yield self._run((), self.now, self.now)
            else:
                yield self._rewritten(step)

    def _rewritten(self, step: str) -> tuple[tuple[str, ...], int, int]:
        """Rows that come late, or attributes that are put right, and a replay from the first day that they touch."""
        first = max(0, self.now - (LATE - 1 if step == "late" else FAR_BACK))
        touched = self.draw.randint(first, self.now)
        if step == "late":
            rows = [self._visit(self.draw.choice(PEOPLE), self.draw.randint(touched, self.now)) for _ in range(4)]
            return self._run(tuple(rows), touched, self.now)
        who, plan = self.draw.choice(PEOPLE), self.draw.choice(PLANS[:-1])
        told = (
            f"delete from raw.members where member_id = '{who}' and valid_from >= '{day(touched)}'",
            f"update raw.members set valid_to = '{day(touched)}' where member_id = '{who}' "
            f"and coalesce(valid_to, date '9999-12-31') > '{day(touched)}'",
            f"insert into raw.members values ('{who}', '{plan}', '{day(touched)}', null, '{day(0)}', 'c@example.com', "
            "true)",
        )
        return self._run(told, touched, self.now)

    def _run(self, told: tuple[str, ...], first: int, last: int) -> tuple[tuple[str, ...], int, int]:
        self.now = max(self.now, last)
        self.judged_by[first:] = [self.edition] * (self.now - first + 1)
        return told, first, last


def put_edition(project: SmallProject, edition: int) -> None:
    """Write the specs of an edition."""
    for edits in EDITS[: edition + 1]:
        for path, text in edits.items():
            project.write(path, text)


def lived(folder: Path, seed: int, days: int) -> tuple[SmallProject, Story]:
    """The project after the whole story."""
    project, story = SmallProject(folder), Story(Random(seed), days)
    project.lay_down(CATALOG, EDITS[0], "members", "visits")
    project.execute(*story.begin())
    for told, first, last in story.chapters():
        put_edition(project, story.edition)
        if told:
            project.execute(*told)
        _run(project, first, last, story)
    return project, story


def in_order(folder: Path, lived_in: SmallProject, story: Story) -> SmallProject:
    """The same data, and each day's definitions, in one pass."""
    project = SmallProject(folder)
    project.lay_down(CATALOG, EDITS[0], "members", "visits")
    project.execute(
        f"attach '{lived_in.settings.duckdb}' as lived (read_only)",
        "create schema raw",
        *(f"create table raw.{table} as select * from lived.raw.{table}" for table in ("members", "visits")),
    )
    for edition, numbers in groupby(range(story.days), story.judged_by.__getitem__):
        spanned = [*numbers]
        put_edition(project, edition)
        _run(project, spanned[0], spanned[-1], story)
    return project


def _run(project: SmallProject, first: int, last: int, story: Story) -> None:
    """Run days; all marts are made when the last day of the story has come."""
    if last == story.days - 1:
        project.run(day(first), day(last), tested=False)
    else:
        project.pass_by(day(first), day(last))


def ledger(project: SmallProject) -> dict[str, list[str]]:
    """What runs noted beside dbt's tables."""
    tables = ("days", "definitions", "edits", "unedited_moves", "reconstructed")
    return {table: sorted(map(repr, project.rows(f"select * from ledger.{table}"))) for table in tables}
