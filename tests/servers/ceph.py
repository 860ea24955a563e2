"""A throw-away Ceph RADOS gateway: S3 on a free port of loopback, one monitor and one store in memory behind it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import obstore
from obstore.exceptions import GenericError
from obstore.store import S3Store

from tests.servers.process import free_port, program, stop, until

PATIENCE = 90.0
PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
KEY, SECRET = "MUSTERTESTS", "no-secret-at-all"  # of a server that lives for minutes


@dataclass(frozen=True)
class S3Server:
    """A running gateway with one bucket."""

    port: int
    bucket: str = "drop"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> S3Store:
        """The bucket, as a client that is not ours sees it."""
        return S3Store(
            self.bucket,
            endpoint=self.endpoint,
            region="us-east-1",
            access_key_id=KEY,
            secret_access_key=SECRET,
            client_options={"allow_http": True},
        )

    @property
    def secrets(self) -> dict[str, str]:
        return {"S3_KEY": KEY, "S3_SECRET": SECRET}

    def settings(self, path: str, **changes: Any) -> dict[str, Any]:
        """The settings of a destination below the prefix `path`."""
        return {
            "type": "s3",
            "bucket": self.bucket,
            "path": path,
            "endpoint": self.endpoint,
            "access_key_id": {"env": "S3_KEY"},
            "secret_access_key": {"env": "S3_SECRET"},
            **changes,
        }

    def files(self, path: str) -> dict[str, bytes]:
        """All objects below a prefix."""
        listed = [entry["path"] for page in obstore.list(self.store, prefix=path) for entry in page]
        return {
            str(Path(name).relative_to(path)): bytes(obstore.get(self.store, name).bytes()) for name in sorted(listed)
        }


@contextmanager
def running() -> Iterator[S3Server]:
    """A gateway for the time of some tests. Raises ServerAbsent."""
    for name in PROGRAMS:
        program(name, "Ceph's S3 gateway")
    folder = Path(tempfile.mkdtemp(prefix="muster-ceph-"))
    try:
        cluster = _Cluster(folder, port=free_port(), monitor=free_port(), older_monitor=free_port(), name=str(uuid4()))
        with ExitStack() as stack:
            cluster.start(stack)
            yield S3Server(cluster.port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class _Cluster:
    folder: Path
    port: int
    monitor: int
    older_monitor: int
    name: str

    def start(self, stack: ExitStack) -> None:
        """Monitor, store and gateway, each ended with the stack, and a user with a bucket."""
        self._write_settings()
        self._make_keys()
        self._start_monitor(stack)
        self._start_store(stack)
        self._start_gateway(stack)
        self._make_bucket()

    @property
    def _addresses(self) -> str:
        return f"[v2:127.0.0.1:{self.monitor},v1:127.0.0.1:{self.older_monitor}]"

    def _write_settings(self) -> None:
        for name in ("mon", "osd"):
            (self.folder / name).mkdir()
        settings = {
            "fsid": self.name,
            "mon host": self._addresses,
            "public addr": "127.0.0.1",
            "cluster addr": "127.0.0.1",
            "osd pool default size": 1,
            "osd pool default min size": 1,
            "osd pool default pg num": 1,
            "osd pool default pgp num": 1,
            "osd crush chooseleaf type": 0,
            "osd objectstore": "memstore",
            "memstore device bytes": 2**30,
            "mon allow pool size one": "true",
            "auth allow insecure global id reclaim": "false",
            "mon data": self.folder / "mon",
            "osd data": self.folder / "osd",
            "keyring": self.folder / "keyring",
            "log file": f"{self.folder}/$name.log",
            "admin socket": f"{self.folder}/$name.asok",
            "run dir": self.folder,
            "rgw frontends": f"beast endpoint=127.0.0.1:{self.port}",
            "rgw thread pool size": 16,
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        (self.folder / "conf").write_text(f"[global]\n{lines}")

    def _make_keys(self) -> None:
        everything = ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
        gateway = ("--cap", "mon", "allow rw", "--cap", "osd", "allow rwx")
        for name, rights in (("mon.", everything), ("client.admin", everything), ("client.rgw.a", gateway)):
            self._authtool(name, *rights)
        self._authtool("osd.0", "--cap", "mon", "allow profile osd", "--cap", "osd", "allow *")

    def _authtool(self, name: str, *rights: str) -> None:
        keyring = self.folder / "keyring"
        create = () if keyring.exists() else ("--create-keyring",)
        _run("ceph-authtool", str(keyring), *create, "--gen-key", "-n", name, *rights)

    def _start_monitor(self, stack: ExitStack) -> None:
        plan = str(self.folder / "monmap")
        _run("monmaptool", "--create", "--addv", "a", self._addresses, "--fsid", self.name, plan)
        keyring = str(self.folder / "keyring")
        _run("ceph-mon", *self._conf, "--mkfs", "-i", "a", "--monmap", plan, "--keyring", keyring)
        monitor = self._start(stack, "ceph-mon", "-i", "a")
        until(lambda: self._ceph("-s"), monitor, self.folder / "ceph-mon.out", PATIENCE)

    def _start_store(self, stack: ExitStack) -> None:
        identity = str(uuid4())
        assert self._ceph("osd", "new", identity, "0")
        keyring = str(self.folder / "keyring")
        _run("ceph-osd", *self._conf, "-i", "0", "--mkfs", "--osd-uuid", identity, "--keyring", keyring)
        self._start(stack, "ceph-osd", "-i", "0")
        assert self._ceph("osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default")

    def _start_gateway(self, stack: ExitStack) -> None:
        gateway = self._start(stack, "radosgw", "-n", "client.rgw.a")
        until(lambda: _answers(self.port), gateway, self.folder / "radosgw.out", PATIENCE)

    def _make_bucket(self) -> None:
        named = ("--uid", "muster", "--display-name", "muster", "--access-key", KEY, "--secret-key", SECRET)
        _run("radosgw-admin", *self._conf, "-n", "client.rgw.a", "user", "create", *named)
        # A bucket is made by the request for an object without a name; its answer lacks what an object's has.
        with suppress(GenericError):
            obstore.put(S3Server(self.port).store, "", b"", use_multipart=False)
        assert S3Server(self.port).files("") == {}

    @property
    def _conf(self) -> tuple[str, str]:
        return "-c", str(self.folder / "conf")

    def _ceph(self, *words: str) -> bool:
        command = [program("ceph", "Ceph"), *self._conf, "--connect-timeout", "5", *words]
        return subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE).returncode == 0

    def _start(self, stack: ExitStack, name: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.out").open("wb") as log:
            process = subprocess.Popen(
                [program(name, "Ceph"), *self._conf, *words, "-f"], stdout=log, stderr=log, cwd=self.folder
            )
        stack.callback(stop, process)
        return process


def _run(*command: str) -> None:
    done = subprocess.run([program(command[0], "Ceph"), *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
