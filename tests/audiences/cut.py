"""Exports to file servers that are killed, at their own points or by the byte on the wire, and run again.

day = second_day(folder, server.port, server, lambda path, port: server.settings(path, port=port))
day.killed(day.points.index("commit") + 1)
day.cut(1000)
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from orchestration.audiences.audience import Audience
from tests.audiences.killed import export_in_process, export_killed
from tests.audiences.workspace import DAYS, WINBACK, People, Project, people_of
from tests.servers.wire import Wire

COUNTER = itertools.count()


MANIFEST = ".manifest.json"
LONG = "x" * 700
FIRST = people_of("abcd")
SECOND: People = {
    **{f"n{number}": (f"n{number}@example.com", LONG) for number in range(60)},
    **people_of("a"),
    "b": ("b@example.com", "free"),
    "c": ("new-c@example.com", "pro"),
}
Settings = Callable[[str, int], Mapping[str, Any]]


class Files(Protocol):
    """A server's files, seen past the wire."""

    @property
    def secrets(self) -> dict[str, str]: ...

    def files(self, path: str) -> dict[str, bytes]: ...


@dataclass(frozen=True)
class Day:
    """A day that is about to be exported. `points` are those of an undisturbed export, `passed` its bytes."""

    template: Project
    wire: Wire
    server: Files
    settings: Settings
    points: tuple[str, ...]
    passed: int
    files: Mapping[str, bytes]
    picture: object

    def killed(self, *lasts: int) -> None:
        """Kill one export after the other at these points, let a last one finish, and compare."""
        with self._copy() as (project, audience, path):
            for last in lasts:
                export_killed(project, audience, DAYS[1], last)
                self._look(path, f"killed at {lasts}")
            self._finish(project, audience, path, f"killed at {lasts}")

    def cut(self, *limits: int) -> None:
        """Kill one export after the other when so many bytes have passed, let a last one finish, and compare."""
        with self._copy() as (project, audience, path):
            for limit in limits:
                export_cut(project, audience, self.wire, limit)
                self._look(path, f"cut after {limits}")
            self._finish(project, audience, path, f"cut after {limits}")

    def sample(self, count: int, last: int, seed: int) -> list[int]:
        """Numbers up to `last`, at random from `seed`."""
        return sorted(random.Random(seed).sample(range(1, last + 1), min(count, last)))

    def _look(self, path: str, when: str) -> None:
        """Whatever a receiver sees now is as it will be in the end."""
        self.wire.rest()
        found = self.server.files(path)
        visible = {name: content for name, content in found.items() if not Path(name).name.startswith(".")}
        assert visible.items() <= self.files.items(), f"half a file, {when}"
        vouched = {str(Path(name).with_name(json.loads(found[name])["file"])) for name in visible if MANIFEST in name}
        assert vouched <= visible.keys(), f"a manifest of nothing, {when}"

    def _finish(self, project: Project, audience: Audience, path: str, when: str) -> None:
        export_killed(project, audience, DAYS[1], 0)
        self.wire.rest()
        assert (self.server.files(path), project.picture()) == (self.files, self.picture), when

    @contextmanager
    def _copy(self) -> Iterator[tuple[Project, Audience, str]]:
        with _copied(self.template, self.settings, self.wire.port) as made:
            yield made


def second_day(folder: Path, wire: Wire, server: Files, settings: Settings) -> Day:
    """Export the first day, judge the second, and export that undisturbed to see what is right."""
    template = Project(folder / "template", server.secrets)
    template.push(replace(WINBACK, destination_settings=settings("first", wire.port)), DAYS[0], FIRST)
    template.desire(SECOND)
    wire.rest()
    with _copied(template, settings, wire.port) as (project, audience, path):
        wire.arm(2**62, lambda: None)
        points = export_killed(project, audience, DAYS[1], 0)
        passed = wire.rest()
        files, picture = server.files(path), project.picture()
    return Day(template, wire, server, settings, tuple(points), passed, files, picture)


def export_cut(project: Project, audience: Audience, wire: Wire, limit: int) -> None:
    """Export in another process, which is killed when `limit` bytes have passed the wire."""
    process = export_in_process(project, audience, DAYS[1])
    started, cut = threading.Event(), threading.Event()

    def kill() -> None:
        started.wait()
        assert process.pid
        os.kill(process.pid, signal.SIGKILL)
        cut.set()

    wire.arm(limit, kill)
    process.start()
    started.set()
    process.join()
    assert wire.rest() <= limit
    assert process.exitcode in ({-signal.SIGKILL, 0} if cut.is_set() else {0})


@contextmanager
def _copied(template: Project, settings: Settings, port: int) -> Iterator[tuple[Project, Audience, str]]:
    path = f"copy-{next(COUNTER)}"
    folder = template.folder.parent / path
    shutil.copytree(template.folder, folder)
    try:
        yield Project(folder, template.secrets), replace(WINBACK, destination_settings=settings(path, port)), path
    finally:
        shutil.rmtree(folder)
