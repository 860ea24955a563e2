"""The project's Dagster instance: runs, schedules and events, in a folder beside the warehouse."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from orchestration.settings import Settings

HEADER = "# Written by Muster at each start; for settings of your own, let DAGSTER_HOME name another folder.\n"


def instance_home(settings: Settings) -> Path:
    """The folder that `DAGSTER_HOME` names, with its settings in place."""
    home = settings.state / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(HEADER + yaml.safe_dump(_content(home), sort_keys=False), encoding="utf-8")
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance, to run jobs in this process; a context manager."""
    return dg.DagsterInstance.from_config(str(instance_home(settings)))


@contextmanager
def kept_open(settings: Settings, run_id: str) -> Iterator[None]:
    """Hold the two files that a run's events go to.

    Dagster opens and closes them for each event, and SQLite tidies a file up whenever nobody else has it open:
    half the time of a range of days with thousands of events.
    """
    folder = instance_home(settings) / "history" / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        for name in ("index", run_id):
            events = held.enter_context(closing(sqlite3.connect(folder / f"{name}.db")))
            events.execute("pragma journal_mode=wal").fetchall()
        yield


def _content(home: Path) -> dict[str, Any]:
    log = {"class": "logging.FileHandler", "filename": str(home / "dagster.log"), "level": "INFO", "delay": True}
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        # DuckDB takes one writer: every step that opens the file claims a place in a pool, and a pool has one.
        "concurrency": {"pools": {"default_limit": 1, "granularity": "op"}},
        "run_monitoring": {"enabled": True},
        "python_logs": {"dagster_handler_config": {"handlers": {"file": log}}},
        # Steps print nothing, and catching their output would take it away from a progress bar.
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        },
    }
