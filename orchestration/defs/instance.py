"""The project's Dagster instance: runs, schedules and events, in a folder beside the warehouse."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import yaml
from sqlalchemy import event
from sqlalchemy.engine import Engine

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
def without_fsync() -> Iterator[None]:
    """Let SQLite leave writing to the disk to the operating system, which halves the time of thousands of events.

    A killed process loses nothing; a power failure may lose the event log, which tells only what happened.
    """
    event.listen(Engine, "connect", _leave_to_system)
    try:
        yield
    finally:
        event.remove(Engine, "connect", _leave_to_system)


def _leave_to_system(connection: object, _record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = off")


def _content(home: Path) -> dict[str, Any]:
    log = {"class": "logging.FileHandler", "filename": str(home / "dagster.log"), "level": "INFO", "delay": True}
    return {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        # DuckDB takes one writer: every step that opens the file claims a place in a pool, and a pool has one.
        "concurrency": {"pools": {"default_limit": 1, "granularity": "op"}},
        "run_monitoring": {"enabled": True},
        # A run is tried again only where its job says so.
        "run_retries": {"enabled": True, "max_retries": 0},
        "python_logs": {"dagster_handler_config": {"handlers": {"file": log}}},
        # Steps print nothing, and catching their output would take it away from a progress bar.
        "compute_logs": {
            "module": "dagster._core.storage.noop_compute_log_manager",
            "class": "NoOpComputeLogManager",
        },
    }
