"""Provoked failures leave neither secrets nor addresses in what people read: output, logs, manifests, pages, events.

Addresses may stand only in the warehouse's own tables and in the files and calls that are made to carry them.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.build import build_definitions
from orchestration.defs.calendar import PARTITION
from orchestration.defs.instance import open_instance
from orchestration.defs.withholding import PUSH
from orchestration.demo import QUIET
from orchestration.warehouse import DuckDB
from tests.audiences.fakes.serving import Request, Response, serving
from tests.pipeline.club import SPECS, club, day
from tests.project import REPOSITORY, SmallProject

KEY_OF_A_SERVER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHZ4Yk2Z7P4yq0d0mS1w3m6f0bXwq1J8t8bO1m3m6f0b"
SECRETS = {
    name: f"hidden-{name.lower().replace('_', '-')}-7f3a9c"
    for name in ("TAGS_TOKEN", "LISTS_KEY", "MAILS_KEY", "BOX_PASSWORD", "BUCKET_ID", "BUCKET_SECRET")
} | {"HOOK_SECRET": "whsec_aGlkZGVuLWhvb2stc2VjcmV0LTdmM2E5Yw=="}
DESTINATIONS = """
drop: {{type: folder, path: exports}}
tags: {{type: intercom, token: {{env: TAGS_TOKEN}}, endpoint: "{refusing}"}}
lists: {{type: klaviyo, api_key: {{env: LISTS_KEY}}, endpoint: "{refusing}"}}
mails: {{type: sendgrid, api_key: {{env: MAILS_KEY}}, endpoint: "{refusing}"}}
hook: {{type: webhook, url: "{hanging}/hook", secret: {{env: HOOK_SECRET}}}}
box:
  {{type: sftp, host: 127.0.0.1, port: {closed}, username: muster, path: in, host_key: "{key}",
   password: {{env: BOX_PASSWORD}}}}
bucket:
  {{type: s3, bucket: some, path: in, endpoint: "http://127.0.0.1:{closed}",
   access_key_id: {{env: BUCKET_ID}}, secret_access_key: {{env: BUCKET_SECRET}}}}
"""
FIELDS = {"mails": "{first_name: plan}"}
INTO = {"lists": "into: {list: AbC123}\n", "mails": "into: {list: 3c5a7f2e-1b2c-4d5e-8f90-123456789abc}\n"}
ADDRESS = re.compile(rb"(?:ada|bo|cy|di)@example\.com")
CARRIES_ADDRESSES = {"exports", "warehouse.duckdb", "warehouse.duckdb.wal"}


@dataclass
class Refusing:
    """A service that knows nobody's token, and says it back."""

    asked: list[Request] = field(default_factory=list)

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        told = {name: value for name, value in request.headers.items() if "auth" in name}
        return Response(401, {"type": "error.list", "errors": [{"code": "unauthorized", "detail": str(told)}]})


@dataclass
class Hanging:
    """A service that says nothing until the test is over."""

    asked: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, _request: Request) -> Response:
        self.asked.set()
        self.over.wait(60)
        return Response(500)


@dataclass(frozen=True)
class World:
    """A judged project whose destinations all fail, and everything that was printed so far."""

    project: SmallProject
    refusing: Refusing
    hanging: Hanging
    printed: list[bytes]

    @property
    def environment(self) -> dict[str, str]:
        duckdb = str(self.project.settings.duckdb)
        return {**os.environ, **SECRETS, "PYTHONPATH": str(REPOSITORY), "MUSTER_DUCKDB": duckdb}

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "orchestration.cli", *words, "--project", str(self.project.folder)]

    def muster(self, *words: str) -> int:
        done = subprocess.run(self.command(*words), env=self.environment, capture_output=True, timeout=120)
        self.printed.extend([done.stdout, done.stderr])
        return done.returncode

    def push_by_dagster(self, audience: str) -> bool:
        job = build_definitions(self.project.settings).resolve_job_def(f"audience_to_{audience}")
        tags = {PARTITION: day(0).isoformat(), PUSH: "yes"}
        with open_instance(self.project.settings) as instance:
            done = job.execute_in_process(instance=instance, tags=tags, run_config=QUIET, raise_on_error=False)
        self.printed.append("\n".join(map(str, done.all_events)).encode())
        self.printed.append("\n".join(_traces(done)).encode())
        return done.success


def _traces(done: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in done.all_events:
        if event.is_step_failure:
            yield event.step_failure_data.error.to_string() if event.step_failure_data.error else ""


def audience(destination: str) -> str:
    return (
        f"segment: pro\ndestination: {destination}\nsend: changes\nidentify_by: [email]\n{INTO.get(destination, '')}"
        f'fields: {FIELDS.get(destination, "{plan: plan}")}\nconsent: consent\nschedule: "0 7 * * *"\n'
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    refusing, hanging = Refusing(), Hanging()
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        places = {"refusing": stack.enter_context(serving(refusing)), "hanging": stack.enter_context(serving(hanging))}
        with socket.create_server(("127.0.0.1", 0)) as taken:
            closed = taken.getsockname()[1]
        named = ("drop", "tags", "lists", "mails", "hook", "box", "bucket")
        specs = {f"audiences/to_{name}.yml": audience(name) for name in named}
        destinations = DESTINATIONS.format(closed=closed, key=KEY_OF_A_SERVER, **places)
        project = club(
            tmp_path_factory.mktemp("secrets") / "project", {**SPECS, **specs, "destinations.yml": destinations}
        )
        project.run(day(0), tested=False)
        yield World(project, refusing, hanging, [])
        hanging.over.set()


def readable(world: World) -> dict[str, bytes]:
    """Everything that was written, by where: output, the ledger's tables as text, and all files."""
    folder = world.project.folder
    found = {f"output {number}": text for number, text in enumerate(world.printed)}
    found |= {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with DuckDB(world.project.settings.duckdb, read_only=True) as warehouse:
        named = "select table_name from information_schema.tables where table_schema = 'ledger'"
        for (table,) in warehouse.rows(named):
            found[f"ledger.{table}"] = str(warehouse.rows(f"select * from ledger.{table}")).encode()
    return found


def check(world: World) -> None:
    """No secret anywhere, no address where people read."""
    texts = readable(world)
    for where, text in texts.items():
        for value in SECRETS.values():
            assert value.encode() not in text, f"{where} holds a secret"
        carries = where in {"ledger.members", "ledger.outbox"} or CARRIES_ADDRESSES & {*Path(where).parts}
        assert carries or not ADDRESS.search(text), f"{where} holds an address: {ADDRESS.search(text)}"
    assert any(ADDRESS.search(text) for where, text in texts.items() if where == "ledger.outbox")


@pytest.mark.parametrize(
    ("destination", "said"), [("tags", b"401"), ("lists", b"401"), ("mails", b"401"), ("box", b""), ("bucket", b"")]
)
def test_a_destination_that_refuses(world: World, destination: str, said: bytes) -> None:
    assert world.muster("export", f"to_{destination}", "--json") == 1
    assert said in world.printed[-1]
    assert not world.push_by_dagster(destination)
    check(world)


def test_the_services_were_really_asked_with_the_secrets(world: World) -> None:
    sent = str([request.headers for request in world.refusing.asked])
    assert all(SECRETS[name] in sent for name in ("TAGS_TOKEN", "LISTS_KEY", "MAILS_KEY"))


def test_a_push_that_is_ended_half_way(world: World) -> None:
    command = world.command("export", "to_hook", "--json")
    with subprocess.Popen(command, env=world.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert world.hanging.asked.wait(60)
        running.send_signal(signal.SIGTERM)
        world.printed.extend(running.communicate(timeout=30))
    assert running.returncode != 0
    check(world)


def test_a_gate_that_fails_and_a_secret_that_is_missing(world: World) -> None:
    world.project.execute("update main.audience_to_drop set email = 'ada@example.com'")
    assert world.muster("export", "to_drop") == 1
    assert world.muster("export", "to_drop", "--json", "--dry-run") == 1
    assert not world.push_by_dagster("drop")
    named = [path.name for path in (world.project.settings.state / "gates" / "docs" / "to_drop").glob("*.html")]
    assert named == [f"{day(0)}-1.html"]
    check(world)


def test_an_error_nobody_thought_of(world: World) -> None:
    """A traceback shows code, and no values."""
    script = (
        "import sys\n"
        "from orchestration.audiences.destinations import http\n"
        "def broken(*_, **__): raise ValueError('unexpected')\n"
        "import httpx; httpx.Client.send = broken\n"
        "from orchestration.cli import main\n"
        f"sys.argv = ['muster', 'export', 'to_tags', '--project', {str(world.project.folder)!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=world.environment, capture_output=True, timeout=120)
    world.printed.extend([done.stdout, done.stderr])
    assert (done.returncode, b"ValueError: unexpected" in done.stderr) == (1, True)
    check(world)
