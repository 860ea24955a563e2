"""Exports that are killed and troubled, compared with one that was left in peace.

with faked(brain) as fake:
    day = second_day(tmp_path, fake, brain, audience, secrets, FIRST, SECOND)
    day.killed_at(7)
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import stamina

from orchestration.audiences.audience import Audience
from tests.audiences.fakes.fake import Brain, Fake, once_each
from tests.audiences.fakes.troubles import Plan
from tests.audiences.killed import ATTEMPTS, export_killed, sample
from tests.audiences.workspace import DAYS, People, Project

COUNTER = itertools.count()


@dataclass(frozen=True)
class Result:
    """The fake's state, the ledger's members, the calls without repeats of a key, and everything the export left."""

    state: object
    members: object
    calls: object
    picture: object


@dataclass(frozen=True)
class Day:
    """A day that is about to be exported: the project and the fake as the day before left them.

    `points` are the names of all points that an undisturbed export comes to, `expected` is its result. With `ordered`
    the calls have to come in the same order, too.
    """

    template: Project
    fake: Fake
    brain: Brain
    audience: Audience
    ordered: bool
    points: tuple[str, ...]
    expected: Result

    def killed_at(self, *lasts: int, plan: Plan | None = None, outcome_only: bool = False) -> None:
        """Kill one export after the other at these points, let a last one finish, and compare.

        With `outcome_only` the calls are not compared, nor the deliveries in the ledger.
        """
        with _copy(self.template) as project:
            self.fake.be(self.brain, plan)
            for last in lasts:
                export_killed(project, self.audience, DAYS[1], last, torn=True, sockets=True)
            with stamina.set_testing(True, attempts=ATTEMPTS):
                project.export(self.audience, DAYS[1])
            result = _result(self.fake, project, ordered=self.ordered)
        if outcome_only:
            result = replace(result, calls=self.expected.calls, picture=self.expected.picture)
        assert result == self.expected, f"killed at {lasts}, {[self.points[last - 1] for last in lasts]}, {plan}"

    def sample(self, count: int, seed: int) -> list[int]:
        """Points spread over the export, at random from `seed`."""
        return sample(self.points, count, seed)


def second_day(
    folder: Path,
    fake: Fake,
    brain: Brain,
    audience: Audience,
    secrets: Mapping[str, str],
    first: People,
    second: People,
    *,
    ordered: bool,
) -> Day:
    """Export the first day to a fresh brain, judge the second, and export that undisturbed to see what is right."""
    template = Project(folder / "template", secrets, *audience.fields)
    fake.be(brain)
    template.push(audience, DAYS[0], first)
    template.desire(second)
    after = fake.tell().brain
    with _copy(template) as project:
        fake.be(after)
        points = export_killed(project, audience, DAYS[1], 0, sockets=True)
        expected = _result(fake, project, ordered=ordered)
    return Day(template, fake, after, audience, ordered, tuple(points), expected)


@contextmanager
def _copy(project: Project) -> Iterator[Project]:
    folder = project.folder.parent / f"copy-{next(COUNTER)}"
    shutil.copytree(project.folder, folder, symlinks=True)
    try:
        yield replace(project, folder=folder)
    finally:
        shutil.rmtree(folder)


def _result(fake: Fake, project: Project, *, ordered: bool) -> Result:
    told = fake.tell()
    calls = once_each(told.log)
    members = project.rows("select subject_key, identifiers, fields, removed_on from ledger.members order by all")
    return Result(told.state, members, calls if ordered else sorted(calls), project.picture())
