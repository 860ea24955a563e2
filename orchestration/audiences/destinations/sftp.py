"""Files on an SFTP server: written under a hidden name, flushed where the server can, renamed in one step.

The server is known by one pinned host key; no other key, no agent and no key file of the machine is ever tried.
"""

from __future__ import annotations

import base64
import io
import logging
import stat
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

import paramiko
from paramiko.sftp import CMD_EXTENDED

from orchestration.audiences.destinations.base import Surroundings
from orchestration.audiences.destinations.files import FileDestination, aside_of, is_left_over
from orchestration.audiences.destinations.paths import written_path
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.files import settings_to_form

SECONDS_TO_CONNECT = 20.0
SECONDS_TO_ANSWER = 60.0
LONGEST_VERSION = 34_000
FSYNC = "fsync@openssh.com"
POSIX_RENAME = "posix-rename@openssh.com"
KEYS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)
SETTINGS = "segment_specs/destinations.yml"
AGAIN = "export again once it does: the delivery is kept and will be finished"

# What goes wrong is said by errors; the library's own log would show it a second time, with its tracebacks.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class Server:
    """Where to log in, and as whom. `path` is the folder of the audiences' folders."""

    name: str
    host: str
    port: int
    username: str
    path: str
    host_key: paramiko.PKey

    @property
    def address(self) -> str:
        """The server's address, for people."""
        return f"sftp://{self.host}:{self.port}"

    def error(self, problem: str, remedy: str) -> DestinationError:
        """What is wrong at this server."""
        return DestinationError(f"destination {self.name}: {self.address}: {problem}", remedy)


class Overheard:
    """A channel that keeps what comes in first: a server's version and what it offers beyond the protocol."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel, self._heard = channel, b""

    def recv(self, size: int) -> bytes:
        """The channel's next bytes."""
        received: bytes = self._channel.recv(size)
        if len(self._heard) < LONGEST_VERSION:
            self._heard += received
        return received

    def __getattr__(self, name: str) -> Any:
        return getattr(self._channel, name)

    @property
    def extensions(self) -> frozenset[str]:
        """The names of the extensions: pairs of a name and what is said of it follow length, kind and version."""
        length = int.from_bytes(self._heard[:4], "big")
        message = paramiko.Message(self._heard[9 : 4 + length])
        names = set()
        while message.get_remainder():
            names.add(str(message.get_text()))
            message.get_string()
        return frozenset(names)


@dataclass(frozen=True)
class SftpFolder:
    """The folder `root` on a server, for as long as its session lasts. `offers` are the server's extensions."""

    server: Server
    client: paramiko.SFTPClient
    offers: frozenset[str]
    root: str

    def open_folder(self, folder: str) -> None:
        here = f"{self.root}/{folder}"
        _make_folders(self.client, here)
        real = str(self.client.normalize(here))
        if real != here:
            raise self.server.error(f"{here} leads to {real}, outside {self.root}", "remove the link on the server")
        for name in self.client.listdir(here):
            if is_left_over(name):
                self.client.remove(f"{here}/{name}")

    def read(self, path: str) -> bytes | None:
        try:
            found = self.client.lstat(f"{self.root}/{path}")
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(found.st_mode or 0):
            return None
        with self.client.open(f"{self.root}/{path}", "rb") as stream:
            stream.prefetch(found.st_size)
            content: bytes = stream.read()
            return content

    def write(self, path: str, content: bytes) -> None:
        file = PurePosixPath(self.root, path)
        aside = str(file.with_name(aside_of(file.name)))
        # Not pipelined: the client library drops the answers of pipelined writes, errors among them.
        with self.client.open(aside, "wx") as stream:
            stream.write(content)
            if FSYNC in self.offers:
                self.client._request(CMD_EXTENDED, FSYNC, stream.handle)
        if self.client.stat(aside).st_size != len(content):
            raise self.server.error(f"{path} did not arrive as a whole", AGAIN)
        # A server without the extension refuses where there is a file already.
        rename = self.client.posix_rename if POSIX_RENAME in self.offers else self.client.rename
        rename(aside, str(file))

    def vouch(self, path: str, manifest: bytes) -> None:
        self.write(path, manifest)

    def withdraw(self, path: str) -> None:
        self.client.remove(f"{self.root}/{path}")

    def flush(self, folder: str) -> None:
        """The protocol has no way to flush a folder."""

    def location(self, path: str) -> str:
        return f"{self.server.address}{self.root}/{path}"


def sftp_destination(name: str, settings: Mapping[str, Any], surroundings: Surroundings) -> FileDestination:
    """The folder on a server that the settings name. Raises DestinationError."""
    server = Server(
        name=name,
        host=str(settings["host"]),
        port=int(settings.get("port", 22)),
        username=str(settings["username"]),
        path=written_path(name, settings.get("path"), absolute=True),
        host_key=_host_key(name, str(settings.get("host_key", ""))),
    )
    login = partial(_login, name, settings, surroundings)
    return FileDestination(partial(_opened, server, login), settings_to_form(name, settings))


def _host_key(name: str, written: str) -> paramiko.PKey:
    kind, _, rest = written.strip().partition(" ")
    try:
        return paramiko.PKey.from_type_string(kind, base64.b64decode(rest.split()[0]))
    except (ValueError, IndexError, struct.error, paramiko.SSHException, paramiko.UnknownKeyType):
        raise DestinationError(
            f"destination {name}: host_key is no public key",
            f"write it as `ssh-ed25519 AAAA…` in {SETTINGS}; the server's owner knows it",
        ) from None


def _login(name: str, settings: Mapping[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    """What the client library needs to log in."""
    for setting, made in (("private_key", partial(_private_key, name)), ("password", str)):
        if setting in settings:
            secret = surroundings.secret(settings[setting]["env"])
            return {"pkey" if setting == "private_key" else setting: made(secret.reveal())}
    raise DestinationError(
        f"destination {name}: it has neither private_key nor password", f"add one of them in {SETTINGS}"
    )


def _private_key(name: str, text: str) -> paramiko.PKey:
    for kind in KEYS:
        try:
            return kind.from_private_key(io.StringIO(text))
        except (ValueError, IndexError, struct.error, paramiko.SSHException):
            continue
    raise DestinationError(
        f"destination {name}: the environment variable of private_key holds no key that can be read",
        "give it the text of an Ed25519, ECDSA or RSA key without a passphrase, its first and last line included",
    )


@contextmanager
def _opened(server: Server, login: Callable[[], Mapping[str, Any]]) -> Iterator[SftpFolder]:
    try:
        with paramiko.SSHClient() as session:
            _connect(server, session, login())
            channel = Overheard(_sftp_channel(session))
            client = paramiko.SFTPClient(channel)
            _make_folders(client, server.path)
            root = str(client.normalize(server.path or ".")).rstrip("/")
            yield SftpFolder(server, client, channel.extensions, root)
    except paramiko.BadHostKeyException:
        remedy = f"ask its owner whether its key was changed, and only then write the new one in {SETTINGS}"
        raise server.error("another server answers: its host key is not host_key", remedy) from None
    except paramiko.AuthenticationException:
        remedy = "check username, and the environment variable that private_key or password names"
        raise server.error("it does not let us in", remedy) from None
    except (OSError, EOFError, paramiko.SSHException, paramiko.SFTPError) as error:
        raise server.error(_in_words(error), AGAIN) from error


def _connect(server: Server, session: paramiko.SSHClient, login: Mapping[str, Any]) -> None:
    known = server.host if server.port == 22 else f"[{server.host}]:{server.port}"
    session.get_host_keys().add(known, server.host_key.get_name(), server.host_key)
    session.set_missing_host_key_policy(paramiko.RejectPolicy())
    session.connect(
        server.host,
        port=server.port,
        username=server.username,
        allow_agent=False,
        look_for_keys=False,
        timeout=SECONDS_TO_CONNECT,
        banner_timeout=SECONDS_TO_CONNECT,
        auth_timeout=SECONDS_TO_CONNECT,
        channel_timeout=SECONDS_TO_CONNECT,
        **login,
    )


def _sftp_channel(session: paramiko.SSHClient) -> paramiko.Channel:
    channel = session.get_transport().open_session()
    channel.settimeout(SECONDS_TO_ANSWER)
    channel.invoke_subsystem("sftp")
    return channel


def _make_folders(client: paramiko.SFTPClient, path: str) -> None:
    for folder in reversed([PurePosixPath(path), *PurePosixPath(path).parents]):
        try:
            client.stat(str(folder))
        except FileNotFoundError:
            client.mkdir(str(folder))


def _in_words(error: Exception) -> str:
    """The server's or the system's own words; they name files, never what is in them."""
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return told or type(error).__name__
