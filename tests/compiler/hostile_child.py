"""Runs `muster check` on each project it is told of, each in a process of its own, and reports what that took."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from orchestration.cli import main

TIMEOUT = 20


def check(project: str, folder: Path) -> dict[str, object]:
    child = os.fork()
    if not child:
        _run(project, folder)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(TIMEOUT)
    _, status, used = os.wait4(child, 0)
    signal.alarm(0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
        "report": (folder / "report").read_text("utf-8", "replace"),
    }


def _run(project: str, folder: Path) -> None:
    """What the child does: never returns."""
    for descriptor in (1, 2):
        os.dup2(os.open(folder / "report", os.O_CREAT | os.O_WRONLY | os.O_APPEND), descriptor)
    sys.argv = ["muster", "check", "--project", project]
    code = 70
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def warm_up() -> None:
    """Import what a check imports, once for all."""
    sys.argv = ["muster", "check", "--project", os.devnull]
    with suppress(SystemExit):
        main()
    gc.freeze()


if __name__ == "__main__":
    warm_up()
    for line in sys.stdin:
        asked = Path(line.rstrip("\n"))
        print(json.dumps(check(str(asked), asked)), flush=True)
