"""A run that kills itself, in a process of its own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import date
from multiprocessing import get_context
from typing import Any

from dbt.adapters.sql.connections import SQLConnectionManager

from orchestration import pipeline
from orchestration.dbt import Dbt
from tests.project import SmallProject

TOO_LONG = 120


def killed(project: SmallProject, first: date, step: int, statement: int) -> int | None:
    """The exit code of a run in a fork of this process, which has dbt loaded and the project parsed.

    It dies before its `step`-th step (a plan, a build or a mark), or before the `statement`-th statement that dbt
    sends; 0 is never.
    """
    process = get_context("fork").Process(target=_run, args=(project, first, step, statement), daemon=True)
    process.start()
    process.join(TOO_LONG)
    if process.is_alive():
        process.kill()
        raise TimeoutError(f"the run lived for {TOO_LONG} s")
    return process.exitcode


def _run(project: SmallProject, first: date, step: int, statement: int) -> None:
    steps, statements = [step], [statement]
    counted = ((pipeline, "plan_days", steps), (Dbt, "build", steps), (pipeline, "mark", steps))
    for owner, name, left in (*counted, (SQLConnectionManager, "add_query", statements)):
        setattr(owner, name, _dying(getattr(owner, name), left))
    project.run(first)


def _dying(function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call
