"""A publication in a process of its own that kills itself (SIGKILL) at a given point.

The points are all statements to the warehouse and all calls that change or flush a folder, counted from 1 as they come.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import date
from functools import wraps
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from orchestration.publishing.folder import PublishedFolder
from orchestration.publishing.mart import Mart
from orchestration.publishing.publish import publish_marts
from orchestration.warehouse import DuckDB

FIRST = date(2024, 1, 1)
CALLS = ("mkdir", "open", "fsync", "rename", "replace", "symlink", "unlink", "rmdir", "chmod")
TABLES = ("segment_counts_daily", "segment_spells", "subject_segments")
MARTS = tuple(Mart(name, f"main.{name}", f"Grain: {name}'s.", {}) for name in TABLES)


def judge(warehouse: Path, day: date) -> None:
    """Marts as a run would leave them: a member for each day so far, none of whom ever leaves."""
    days = f"range({(day - FIRST).days + 1}) as days(number)"
    with DuckDB(warehouse) as open_:
        open_.execute(
            f"create or replace table segment_counts_daily as select date '{FIRST}' + cast(number as integer) "
            f"as as_of_date, number + 1 as members from {days}; "
            f"create or replace table segment_spells as select number, null as exited_on from {days}; "
            f"create or replace table subject_segments as select number from {days}"
        )


def publish(warehouse: Path, published: Path, day: date) -> None:
    with DuckDB(warehouse) as open_:
        publish_marts(open_, MARTS, FIRST, day, PublishedFolder(published))


class Points:
    """Counts points and dies at the point `last`."""

    def __init__(self, last: int) -> None:
        self.last, self.passed = last, 0

    def reach(self) -> None:
        self.passed += 1
        if self.passed == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self, owner: Any, name: str) -> None:
        original: Callable[..., Any] = getattr(owner, name)

        @wraps(original)
        def watched(*given: Any, **named: Any) -> Any:
            self.reach()
            return original(*given, **named)

        setattr(owner, name, watched)


def _publish(warehouse: Path, published: Path, day: date, last: int) -> None:
    points = Points(last)
    for name in CALLS:
        points.watch(os, name)
    points.watch(DuckDB, "_run")
    publish(warehouse, published, day)


def publish_killed(warehouse: Path, published: Path, day: date, last: int) -> bool:
    """Publish in another process, which dies at point `last`. Whether it came to that point."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    process = context.Process(target=_publish, args=(warehouse, published, day, last))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0
