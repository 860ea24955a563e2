"""The asset graph that Dagster shows, against the golden file.

After a change that is meant: `.venv/bin/python -m tests.pipeline.test_dagster_graph` writes the file anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.dbt import Dbt
from orchestration.defs.build import EVERYTHING, build_definitions
from orchestration.settings import Settings
from tests.project import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden" / "asset_graph.json"
UPDATE = ".venv/bin/python -m tests.pipeline.test_dagster_graph"


def shipped(folder: Path) -> Settings:
    """This repository's project in another folder, where nothing was ever run."""
    for name in ("dbt_project", "profiles", "segment_specs"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("target", "logs"))
    return Settings(project=folder, duckdb=folder / ".muster" / "warehouse.duckdb")


def _name(key: dg.AssetKey) -> str:
    return "/".join(key.path)


def _partitions(definition: dg.PartitionsDefinition[str] | None) -> str | None:
    match definition:
        case None:
            return None
        case dg.DailyPartitionsDefinition():
            return f"daily from {definition.start:%Y-%m-%d}, {definition.timezone}"
        case _:
            raise AssertionError(definition)


def asset_graph(definitions: dg.Definitions) -> dict[str, Any]:
    """Assets with what they depend on, checks, jobs and schedules as plain values in a stable order."""
    graph = definitions.resolve_asset_graph()
    return {
        "assets": {
            _name(key): {
                "group": graph.get(key).group_name,
                "deps": sorted(map(_name, graph.get(key).parent_keys)),
                "partitions": _partitions(graph.get(key).partitions_def),
                "built": graph.get(key).is_materializable,
                "checks": {
                    check.name: "blocking" if graph.get(check).blocking else "not blocking"
                    for check in sorted(graph.get_check_keys_for_assets([key]), key=lambda check: check.name)
                },
            }
            for key in sorted(graph.get_all_asset_keys())
        },
        "schedules": {
            each.name: {"job": each.job_name, "cron": each.cron_schedule, "timezone": each.execution_timezone}
            for each in sorted(definitions.schedules or (), key=lambda each: each.name)
            if isinstance(each, dg.ScheduleDefinition)
        },
    }


def as_text(graph: dict[str, Any]) -> str:
    return json.dumps(graph, indent=1, ensure_ascii=False) + "\n"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_definitions(shipped(tmp_path_factory.mktemp("shipped")))
