"""The demo: from two workspaces of raw data to audience files, through Dagster."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg

from orchestration import printing
from orchestration.audiences.ledger import Entry, deliveries
from orchestration.compiler.compile import compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import read_sources, write_files
from orchestration.dbt import Dbt
from orchestration.defs.build import EVERYTHING, build_definitions
from orchestration.defs.calendar import RANGE_END, RANGE_START
from orchestration.defs.instance import instance_home, open_instance, without_fsync
from orchestration.defs.withholding import PUSHING
from orchestration.errors import MusterError
from orchestration.pipeline import Progress
from orchestration.publishing.folder import PublishedFolder
from orchestration.questions import Answer
from orchestration.settings import Settings
from orchestration.warehouse import DuckDB
from orchestration.workspaces import load_retail, load_sample

FIRST = date(2017, 11, 2)
LAST = date(2017, 12, 31)
DAYS = (LAST - FIRST).days + 1
STEPS_BESIDES_DAYS = 6
DATA_STEPS = ("load the retail data", "load the sample data", "build the staging models")
STAGING = "path:models/staging"
GRACE = 15

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
COUNTS = "select segment, entity, members, entries, exits from segment_counts_daily where as_of_date = ? order by 2, 1"
COLUMNS = ("segment", "entity", "members", "entered", "left")


class DemoError(MusterError):
    """A step of the demo's run failed; the message says which and why."""


@dataclass
class Steps:
    """How far the demo is; a step that begins ends the one before."""

    show: Progress
    total: int
    begun: int = 0

    def begin(self, label: str, _done: int = 0, _of: int = 0) -> None:
        """Also what the pipeline reports its progress to."""
        self.show(label, min(self.begun, self.total), self.total)
        self.begun += 1


def demo(settings: Settings) -> None:
    """Load both workspaces, compile the specs, judge 60 days as one Dagster run, push the audiences, say where all is.

    The warehouse in the project's `.muster` is made anew, with the files that audiences were pushed to there; in one
    that `MUSTER_DUCKDB` names elsewhere only the raw data is replaced, and the days are judged again.

    Raises Problems, WarehouseError, DbtError, DemoError.
    """
    with _steps(DAYS + STEPS_BESIDES_DAYS) as steps:
        _load(settings, steps)
        steps.begin("compile the specs")
        compilation = compile_sources(read_sources(settings.project))
        write_files(settings.generated, compilation_to_files(compilation, "duckdb"))
        steps.total += len(compilation.audiences)
        steps.begin("start Dagster")
        run_range(settings, FIRST, LAST, steps.begin)
    _report(settings)


def load_data(settings: Settings) -> None:
    """Load both workspaces and build the staging models on them: all that questions about the specs need.

    No day is judged, and those of an earlier demo are forgotten with its warehouse. Raises WarehouseError, DbtError,
    DemoError.
    """
    with _steps(len(DATA_STEPS)) as steps:
        _load(settings, steps)
        steps.begin(DATA_STEPS[-1])
        found = Dbt(settings).build(LAST, STAGING, exclude="resource_type:test")
    if failed := [f"{each.name}: {each.message}" for each in found if not each.ok]:
        raise DemoError("the staging models could not be built\n" + "\n".join(failed))


@contextmanager
def _steps(total: int) -> Iterator[Steps]:
    if sys.stderr.isatty():
        with printing.progress() as show:
            yield Steps(show, total)
    else:
        yield Steps(_say, total)


def _say(label: str, _done: int, _of: int) -> None:
    """In a pipe: a line for each step, and one for all days."""
    if label == f"day {FIRST}":
        printing.line(f"{DAYS} days from {FIRST} to {LAST}")
    elif not label.startswith("day "):
        printing.line(label)


def _load(settings: Settings, steps: Steps) -> None:
    if settings.duckdb == settings.state / "warehouse.duckdb":
        _start_over(settings)
    with DuckDB(settings.duckdb) as warehouse:
        steps.begin(DATA_STEPS[0])
        load_retail(warehouse)
        steps.begin(DATA_STEPS[1])
        load_sample(warehouse)


def _start_over(settings: Settings) -> None:
    """Forget an earlier demo and its marts. Its deliveries go with its ledger: anew, their numbers would contradict."""
    for file in (settings.duckdb, Path(f"{settings.duckdb}.wal")):
        file.unlink(missing_ok=True)
    shutil.rmtree(settings.state / "exports", ignore_errors=True)
    shutil.rmtree(settings.published, ignore_errors=True)


def run_range(settings: Settings, first: date, last: date, progress: Progress) -> None:
    """Everything that Dagster knows to do for a range of days, as one run in this process. Raises DemoError."""
    job = build_definitions(settings, progress).resolve_job_def(EVERYTHING)
    # A replay of old days that is meant to be sent.
    tags = {RANGE_START: first.isoformat(), RANGE_END: last.isoformat(), **PUSHING}
    with open_instance(settings) as instance, without_fsync(), warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        result = job.execute_in_process(instance=instance, tags=tags, run_config=QUIET, raise_on_error=False)
    if not result.success:
        said = "\n".join(map(failure_words, result.filter_events(lambda event: event.is_step_failure)))
        raise DemoError(f"the run failed (all of it is in {settings.state / 'dagster' / 'dagster.log'})\n{said}")


def failure_words(event: dg.DagsterEvent) -> str:
    """What made a step fail, by the step's name."""
    failure = event.step_failure_data
    told = failure.user_failure_data
    if told and told.description:
        return f"{event.step_key}: {told.description}"
    error = failure.error
    while error and error.cause:
        error = error.cause
    return f"{event.step_key}: {error.message if error else 'no reason given'}".rstrip()


def _report(settings: Settings) -> None:
    with DuckDB(settings.duckdb, read_only=True) as warehouse:
        rows = warehouse.rows(COUNTS, [LAST])
        pushed = {delivery.audience: delivery for delivery in deliveries(warehouse)}
    printing.table(Answer(COLUMNS, [*rows]), as_json=False, title=f"Segments on {LAST}")
    for name, place in _places(settings).items():
        printing.line(f"{name:<26}{place}")
    for delivery in pushed.values():
        printing.line(f"  {_pushed(settings, delivery)}")


def _places(settings: Settings) -> dict[str, object]:
    docs = "cd dbt_project && ../.venv/bin/dbt docs generate --profiles-dir ../profiles"
    return {
        "": "",
        "Warehouse (DuckDB)": settings.duckdb,
        "Published marts (DuckDB)": PublishedFolder(settings.published).database,
        "Specs": settings.specs,
        "Generated models": settings.generated,
        "This run, all assets": "make dev",
        "Tables and lineage": f"{docs} && ../.venv/bin/dbt docs serve --profiles-dir ../profiles",
        "Audience files": settings.state / "exports",
    }


def _pushed(settings: Settings, delivery: Entry) -> str:
    [file, *_] = [*(settings.state / "exports").rglob(delivery.file_name), Path(delivery.file_name)]
    return f"{delivery.audience}: {delivery.members} members as of {delivery.as_of}, {file}"


def dev(settings: Settings, port: int = 3000) -> None:
    """Serve Dagster's web UI on 127.0.0.1 until interrupted, with the project's runs, and end what that started."""
    printing.line(f"Dagster starts on http://127.0.0.1:{port} (Ctrl-C ends it)")
    asyncio.run(_serve(settings, port))


async def _serve(settings: Settings, port: int) -> None:
    named = {"DAGSTER_HOME": str(instance_home(settings)), "DAGSTER_DISABLE_TELEMETRY": "yes"}
    named |= settings.dbt_environment()
    stopped = asyncio.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(ending, stopped.set)
    server = await asyncio.create_subprocess_exec(
        *("env", *(f"{name}={value}" for name, value in named.items())),
        *(sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        cwd=settings.project,
        start_new_session=True,
    )
    waits = [asyncio.create_task(stopped.wait()), asyncio.create_task(server.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    await _end(server)


async def _end(server: asyncio.subprocess.Process) -> None:
    """End a session of processes, ever less politely; what is left when its first has ended, at once."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(server.pid, ending)
        with suppress(TimeoutError):
            await asyncio.wait_for(server.wait(), GRACE)
