"""A run that kills itself: `python -m tests.pipeline.killed_run FOLDER FIRST STEP STATEMENT`.

It dies before its STEP-th step (a plan, a build or a mark), or before the STATEMENT-th statement that dbt sends.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from dbt.adapters.sql.connections import SQLConnectionManager

from orchestration import pipeline
from orchestration.dbt import Dbt
from tests.project import SmallProject


def dying(function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def call(*arguments: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **named)

    return call


def main(folder: str, first: str, step: str, statement: str) -> None:
    steps, statements = [int(step)], [int(statement)]
    counted = ((pipeline, "plan_days", steps), (Dbt, "build", steps), (pipeline, "mark", steps))
    for owner, name, left in (*counted, (SQLConnectionManager, "add_query", statements)):
        setattr(owner, name, dying(getattr(owner, name), left))
    SmallProject(Path(folder)).run(date.fromisoformat(first))


if __name__ == "__main__":
    main(*sys.argv[1:])
