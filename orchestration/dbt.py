"""dbt in this process: the project is parsed once, and every invocation after that uses the parsed manifest."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.results import NodeStatus
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import ctx_set_event_manager

from orchestration.errors import MusterError
from orchestration.neighbours import refuse_neighbours
from orchestration.settings import Settings

SAVED = "partial_parse.msgpack"
BAD = (NodeStatus.Error, NodeStatus.Fail, NodeStatus.RuntimeErr)


class _ToldEvents(EventManager):
    """dbt's events but those for debugging, which no log here keeps: to spell them takes a tenth of a run's time."""

    def fire_event(
        self,
        e: BaseEvent,
        level: EventLevel | None = None,
        node: Any = None,
        force_warn_or_error_handling: bool = False,
    ) -> None:
        if force_warn_or_error_handling or (level or e.level_tag()) is not EventLevel.DEBUG:
            super().fire_event(e, level, node, force_warn_or_error_handling)


TOLD = _ToldEvents()


class DbtError(MusterError):
    """dbt could not parse the project or start a run; the message is dbt's."""


@dataclass(frozen=True)
class NodeResult:
    """What became of one node: a model, a snapshot, a seed or a test."""

    unique_id: str
    name: str
    resource_type: str
    status: str
    ok: bool
    message: str
    seconds: float
    failures: int
    compiled_code: str


@dataclass(frozen=True)
class Dbt:
    """The project's dbt, on the project's warehouse."""

    settings: Settings

    @cached_property
    def manifest(self) -> Manifest:
        """The parsed project, fit for Muster. Raises DbtError, NeighbourError."""
        refuse_neighbours(self.parsed, self.settings)
        return self.parsed

    @cached_property
    def parsed(self) -> Manifest:
        """The project as dbt saved it, while no file has changed since; whatever is in it. Raises DbtError."""
        # parsing in part loses the tags of models whose neighbours in one YAML file are gone: it is all or nothing
        unchanged = self._stamp.is_file() and self._stamp.read_text(encoding="utf-8") == self._state_of_files()
        result = self._invoke(dbtRunner(), ["parse", "--partial-parse" if unchanged else "--no-partial-parse"])
        if not isinstance(result.result, Manifest):
            raise DbtError(f"dbt cannot read {self.settings.dbt_project}: {result.exception}")
        if not unchanged:
            self._stamp.write_text(self._state_of_files(), encoding="utf-8")
        # a manifest is millions of objects that live to the end: collections need not look at them again and again
        gc.freeze()
        return result.result

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """The manifest as dbt writes it to disk."""
        return self.manifest.writable_manifest().to_dict(omit_none=False)

    @property
    def parsed_document(self) -> Mapping[str, Any]:
        """The same of a project that Muster is not yet part of."""
        return self.parsed.writable_manifest().to_dict(omit_none=False)

    def build(
        self, as_of: date, select: str, exclude: str = "", changed_from: date | None = None
    ) -> tuple[NodeResult, ...]:
        """Build the selected nodes with their tests, as of a day. Raises DbtError when nothing could be started.

        `changed_from` is the first day that was judged anew since what is made of the history was last built.
        """
        told = {"as_of": as_of.isoformat()} | ({"changed_from": changed_from.isoformat()} if changed_from else {})
        arguments = ["build", "--select", select, "--vars", json.dumps(told)]
        # models of a few milliseconds gain nothing from more threads, and a DuckDB file has one writer
        arguments += ["--indirect-selection", "cautious", "--no-write-json", "--threads", "1"]
        if exclude:
            arguments += ["--exclude", exclude]
        result = self._invoke(dbtRunner(manifest=self.manifest), arguments)
        if not isinstance(result.result, RunExecutionResult):
            raise DbtError(f"dbt could not build {select}: {result.exception}")
        return tuple(_node_result(each) for each in result.result.results)

    def write_docs(self) -> Path:
        """Let dbt look up its tables; return the folder with its `index.html` and `catalog.json`. Raises DbtError."""
        result = self._invoke(dbtRunner(manifest=self.manifest), ["docs", "generate", "--no-compile"])
        if not result.success:
            raise DbtError(f"dbt cannot document {self.settings.dbt_project}: {result.exception}")
        return self.settings.state / "dbt" / "target"

    def _invoke(self, runner: dbtRunner, arguments: list[str]) -> dbtRunnerResult:
        ctx_set_event_manager(TOLD)
        # somebody's profile may name the file by its way from the dbt project, which dbt takes from where it runs
        place = chdir(self.settings.dbt_project) if self.settings.layout.package else nullcontext()
        with _environment(self.settings.dbt_environment()), place:
            try:
                return runner.invoke([*arguments, *self._places()])
            finally:
                # dbt-duckdb keeps the file open after a run, and a file has one writer
                DuckDBConnectionManager.close_all_connections()

    @property
    def _stamp(self) -> Path:
        """The file that says of which files dbt's saved manifest was made."""
        return self.settings.state / "dbt" / "parsed.sha256"

    def _state_of_files(self) -> str:
        # a manifest names the folder in which its seeds lie, and the database
        places = f"{self.settings.dbt_project} {self.settings.duckdb} {self.settings.layout.target}"
        saved = self.settings.state / "dbt" / "target" / SAVED
        return f"{digest(*self.settings.dbt_files, saved)} {places}"

    def _places(self) -> list[str]:
        state, target = self.settings.state / "dbt", self.settings.layout.target
        return [
            *("--project-dir", str(self.settings.dbt_project)),
            *("--profiles-dir", str(self.settings.profiles)),
            *("--target-path", str(state / "target")),
            *("--log-path", str(state / "logs")),
            *("--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-send-anonymous-usage-stats"),
            *(("--target", target) if target else ()),
        ]


def digest(*places: Path) -> str:
    """One word for all files at some places: their names below the place, and their bytes."""
    found = sha256()
    for place in places:
        for path in sorted(path for path in (place, *place.rglob("*")) if path.is_file()):
            name, content = str(path.relative_to(place)).encode(), path.read_bytes()
            found.update(b"%d %d %b%b" % (len(name), len(content), name, content))
    return found.hexdigest()


def _node_result(result: Any) -> NodeResult:
    return NodeResult(
        unique_id=result.node.unique_id,
        name=result.node.name,
        resource_type=str(result.node.resource_type),
        status=str(result.status),
        ok=result.status not in BAD,
        message=result.message or "",
        seconds=result.execution_time,
        failures=result.failures or 0,
        compiled_code=getattr(result.node, "compiled_code", None) or "",
    )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """dbt's profiles read the environment; put back what was there."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
