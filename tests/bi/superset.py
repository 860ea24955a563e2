"""An Apache Superset of its own: on loopback, with a SQLite metadata database in a folder, gone when the test is."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

PATIENCE = 120.0
CONFIG = """
SECRET_KEY = {secret!r}
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db?check_same_thread=false"
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
"""


@dataclass(frozen=True)
class Superset:
    """A running server, by its REST interface."""

    address: str
    token: list[str] = field(default_factory=list)

    def log_in(self, password: str) -> None:
        told = {"username": "admin", "password": password, "provider": "db", "refresh": False}
        self.token[:] = [self.post("security/login", told)["access_token"]]

    def post(self, path: str, content: object) -> dict[str, Any]:
        return self._call("POST", path, json.dumps(content).encode())

    def get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path, None)

    def _call(self, method: str, path: str, content: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if content else {}
        headers |= {"Authorization": f"Bearer {self.token[0]}"} if self.token else {}
        request = Request(f"{self.address}/api/v1/{path}", content, headers, method=method)
        try:
            with urlopen(request, timeout=PATIENCE) as response:
                answer: dict[str, Any] = json.load(response)
                return answer
        except HTTPError as refused:
            raise AssertionError(f"{method} {path}: {refused.code} {refused.read().decode()}") from refused


@contextmanager
def running(program: Path, folder: Path) -> Iterator[Superset]:
    """Set Superset up in a folder, as its handbook says, start it, and stop it."""
    password = secrets.token_urlsafe()
    environment = _configured(folder)
    person = ("--username", "admin", "--firstname", "A", "--lastname", "B", "--email", "admin@example.com")
    for command in (("db", "upgrade"), ("fab", "create-admin", *person, "--password", password), ("init",)):
        done = subprocess.run([program, *command], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-4000:]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "run", "-h", "127.0.0.1", "-p", port], env=environment, stdout=log, stderr=log
        )
    superset = Superset(f"http://127.0.0.1:{port}")
    try:
        _wait(superset, server, folder / "log")
        superset.log_in(password)
        yield superset
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _configured(folder: Path) -> dict[str, str]:
    config = folder / "superset_config.py"
    config.write_text(CONFIG.format(secret=secrets.token_urlsafe(42), folder=folder), encoding="utf-8")
    named = {
        "SUPERSET_CONFIG_PATH": str(config),
        "SUPERSET_HOME": str(folder),
        "FLASK_APP": "superset.app:create_app()",
    }
    return {**os.environ, **named}


def _wait(superset: Superset, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(f"{superset.address}/health", timeout=PATIENCE).close()
            return
        except (URLError, ConnectionError):
            assert server.poll() is None, log.read_text("utf-8", "replace")[-4000:]
            assert time.monotonic() < deadline, "Superset does not answer"
            time.sleep(0.2)
