"""What the throw-away servers of the tests have in common."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

SYSTEM_FOLDERS = "/usr/sbin:/sbin"


class ServerAbsent(Exception):
    """A server is not installed on this machine; the message says how to get it."""


class Account(TypedDict, total=False):
    """Another user than root, as `subprocess` wants it."""

    user: int
    group: int
    extra_groups: list[int]


def program(name: str, server: str) -> str:
    """The path of an installed program. Raises ServerAbsent."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")
    if not found:
        raise ServerAbsent(f"{server} is not installed here; `make services` installs it")
    return found


def nobody() -> tuple[str, Account]:
    """Whom to run a server as that needs no rights: root's stand-in, or whoever runs the tests."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name, {}
    found = pwd.getpwnam("nobody")
    return found.pw_name, {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def until(is_so: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + seconds
    while not is_so():
        told = log.read_text("utf-8", "replace")[-4000:]
        assert process.poll() is None, f"the server did not start: {told}"
        assert time.monotonic() < deadline, f"the server does not answer: {told}"
        time.sleep(0.05)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def stop(process: subprocess.Popen[bytes], seconds: float = 20.0) -> None:
    """End a server that was started here."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
