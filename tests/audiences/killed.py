"""An export in a process of its own that kills itself (SIGKILL) at a given point.

The points are all statements to the warehouse, all calls that change or flush a folder and, where asked for, all that
sockets send and receive, counted from 1 as they come.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import socket
import stat
import threading
from collections.abc import Callable, Sequence
from datetime import date
from functools import wraps
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import duckdb
import stamina

from orchestration.audiences.audience import Audience
from orchestration.audiences.destinations import klaviyo, sendgrid
from orchestration.audiences.export import export
from orchestration.warehouse import DuckDB
from tests.audiences.lines import PATIENT
from tests.audiences.workspace import Project, open_gate, surroundings

CALLS = ("mkdir", "open", "fsync", "replace", "unlink")
SOCKET_CALLS = ("connect", "send", "recv")
ATTEMPTS = 12
# How many exports each test kills; `make kills` asks for more.
KILLS = int(os.environ.get("MUSTER_KILLS", "8"))


def sample(points: Sequence[object], count: int = KILLS, seed: int = 0) -> list[int]:
    """Some of an export's points, spread over all of it; the first point is 1."""
    return sorted(random.Random(seed).sample(range(1, len(points) + 1), min(count, len(points))))


class Points:
    """Counts points and dies at the point `last`, 0 for never. With `torn`, a file being flushed loses half."""

    def __init__(self, log: Path, last: int, *, torn: bool) -> None:
        self.log, self.last, self.torn, self.passed = log, last, torn, 0
        self.lock = threading.Lock()

    def reach(self, name: str, handle: object = None) -> None:
        with self.lock:
            self._reach(name, handle)

    def _reach(self, name: str, handle: object) -> None:
        self.passed += 1
        with self.log.open("a") as log:
            log.write(name + "\n")
        if self.passed != self.last:
            return
        if self.torn and isinstance(handle, int) and stat.S_ISREG(os.fstat(handle).st_mode):
            os.ftruncate(handle, os.fstat(handle).st_size // 2)
        os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, room: Any, name: str) -> None:
        original: Callable[..., Any] = getattr(room, name)

        @wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            self.reach(f"{room.__name__}.{name}", given[0])
            return original(*given, **named)

        setattr(room, name, watched)


class Watched(DuckDB):
    """A warehouse each of whose statements is a point."""

    points: Points

    def _run(self, sql: str, parameters: Sequence[object]) -> duckdb.DuckDBPyConnection:
        self.points.reach(" ".join(sql.split()[:3]))
        return super()._run(sql, parameters)


def _export(project: Project, audience: Audience, day: date, last: int, torn: bool, sockets: bool) -> None:
    points = Points(project.folder / "points.log", last, torn=torn)
    warehouse = Watched(project.state / "warehouse.duckdb")
    warehouse.points = points
    for name in CALLS:
        points.watch(os, name)
    for name in SOCKET_CALLS if sockets else ():
        points.watch(socket.socket, name)
    klaviyo.TEMPO = sendgrid.TEMPO = PATIENT
    # Tries again without waiting.
    stamina.set_testing(True, attempts=ATTEMPTS)
    export(warehouse, audience, day, surroundings(project.state, **project.secrets), gate=open_gate)


def server() -> ForkServerContext:
    """Forks processes from one that has imported everything and opened nothing."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def export_in_process(project: Project, audience: Audience, day: date) -> ForkServerProcess:
    """An export in another process, not yet started, which somebody else may kill."""
    return server().Process(target=_export, args=(project, audience, day, 0, False, False))


def export_killed(
    project: Project, audience: Audience, day: date, last: int, *, torn: bool = False, sockets: bool = False
) -> list[str]:
    """Export in another process, which dies at point `last`. The names of the points it came to."""
    log = project.folder / "points.log"
    log.unlink(missing_ok=True)
    process = server().Process(target=_export, args=(project, audience, day, last, torn, sockets))
    process.start()
    process.join()
    reached = log.read_text().splitlines()
    if process.exitcode not in (0, -signal.SIGKILL):
        raise AssertionError(f"the export failed with exit code {process.exitcode} after {reached}")
    assert (process.exitcode == 0) == (last == 0 or last > len(reached))
    return reached
