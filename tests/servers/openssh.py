"""A throw-away OpenSSH server: SFTP only, its own keys and folder, on a free port of loopback."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.process import free_port, listens, nobody, program, stop, until

PATIENCE = 20.0


@dataclass(frozen=True)
class SftpServer:
    """A running server. `folder` is where it lies, `drop` the folder that clients write to."""

    folder: Path
    port: int
    username: str

    @property
    def drop(self) -> Path:
        return self.folder / "drop"

    @property
    def private_key(self) -> str:
        return (self.folder / "client").read_text()

    @property
    def host_key(self) -> str:
        return " ".join((self.folder / "host.pub").read_text().split()[:2])

    @property
    def secrets(self) -> dict[str, str]:
        return {"SFTP_KEY": self.private_key}

    def settings(self, path: str, **changes: Any) -> dict[str, Any]:
        """The settings of a destination in the folder `path` of the drop."""
        return {
            "type": "sftp",
            "host": "127.0.0.1",
            "port": self.port,
            "username": self.username,
            "path": f"{self.drop}/{path}",
            "host_key": self.host_key,
            "private_key": {"env": "SFTP_KEY"},
            **changes,
        }

    def files(self, path: str) -> dict[str, bytes]:
        """All files in a folder of the drop, hidden ones included."""
        root = self.drop / path
        return {str(file.relative_to(root)): file.read_bytes() for file in sorted(root.rglob("*")) if file.is_file()}


@contextmanager
def running(subsystem: str = "internal-sftp") -> Iterator[SftpServer]:
    """A server for the time of some tests. Raises ServerAbsent."""
    sshd, keygen = program("sshd", "OpenSSH's server"), program("ssh-keygen", "OpenSSH")
    username, account = nobody()
    folder = Path(tempfile.mkdtemp(prefix="muster-sshd-"))
    try:
        server = SftpServer(folder, free_port(), username)
        _lay_out(server, keygen, subsystem)
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.get("user", -1), account.get("group", -1))
        command = [sshd, "-D", "-e", "-f", str(folder / "config")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **account)
        try:
            until(lambda: listens(server.port), process, folder / "log", PATIENCE)
            yield server
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(server: SftpServer, keygen: str, subsystem: str) -> None:
    folder = server.folder
    server.drop.mkdir()
    for name in ("host", "client", "stranger"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / name)], check=True)
    shutil.copy(folder / "client.pub", folder / "authorized")
    settings = {
        "Port": server.port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "PidFile": "none",
        "AuthorizedKeysFile": folder / "authorized",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        # Without it the server looks into the shadow file, which only root may read, and takes the account for locked.
        "UsePAM": "yes",
        "StrictModes": "no",
        "MaxStartups": "100",
        "Subsystem": f"sftp {subsystem}",
        "ForceCommand": subsystem,
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
