"""A throw-away PostgreSQL server: its own folder, a socket of its own, gone when the tests are."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import psycopg

USER = "muster"
SYSTEM_USER = "postgres"
DEBIAN = Path("/usr/lib/postgresql")
PATIENCE = 60.0
FAST = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
}


class ServerAbsent(Exception):
    """There is no PostgreSQL server on this machine; the message says how to get one."""


class _Account(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Server:
    """A running server; `socket` is the folder of its socket, and the host by which clients find it."""

    socket: Path
    process: subprocess.Popen[bytes]

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(host=str(self.socket), user=USER, dbname="postgres", autocommit=True)


def binaries() -> Path:
    """The folder of the server's programs, the newest where there are several. Raises ServerAbsent."""
    found = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise ServerAbsent("PostgreSQL's server is not installed here; `make services` installs it")


@contextmanager
def running() -> Iterator[Server]:
    """A server with an empty database, in UTF-8 and in no language. Raises ServerAbsent."""
    programs, account = binaries(), _account()
    folder = Path(tempfile.mkdtemp(prefix="muster-postgres-"))
    try:
        if account:
            os.chown(folder, account["user"], account["group"])
        _init(programs, folder / "data", account)
        server = Server(folder, _start(programs, folder, account))
        try:
            _wait(server)
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> _Account:
    """The system user that the server runs as: it refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        found = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        raise ServerAbsent(
            f"PostgreSQL does not run as root, and there is no user {SYSTEM_USER}; `make services` makes it"
        ) from None
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _init(programs: Path, data: Path, account: _Account) -> None:
    options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
    command = [str(programs / "initdb"), "-D", str(data), *options]
    made = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **account)
    assert made.returncode == 0, made.stderr


def _start(programs: Path, folder: Path, account: _Account) -> subprocess.Popen[bytes]:
    settings = {**FAST, "unix_socket_directories": str(folder)}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        command = [str(programs / "postgres"), "-D", str(folder / "data"), *options]
        return subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **account)


def _wait(server: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            log = (server.socket / "log").read_text("utf-8", "replace")
            assert server.process.poll() is None, f"the server did not start: {log}"
            assert time.monotonic() < deadline, f"the server does not answer: {log}"
            time.sleep(0.05)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """A fast shutdown: open transactions are given up."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
