"""The asset graph that Dagster shows, against the golden file.

After a change that is meant: `.venv/bin/python -m tests.pipeline.test_dagster_graph` writes the file anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.dbt import Dbt
from orchestration.defs.build import build_definitions
from orchestration.settings import Settings
from tests.compiler.test_rejected import written
from tests.docs.tables import tables_page
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
                "built here": graph.get(key).is_materializable,
                "checks": {
                    check.name: "blocking" if graph.get(check).blocking else "not blocking"
                    for check in sorted(graph.get_check_keys_for_assets({key}), key=lambda check: check.name)
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
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return shipped(tmp_path_factory.mktemp("shipped"))


@pytest.fixture(scope="module")
def definitions(settings: Settings) -> dg.Definitions:
    return build_definitions(settings)


def test_the_definitions_load_where_nothing_was_ever_run(definitions: dg.Definitions, settings: Settings) -> None:
    dg.Definitions.validate_loadable(definitions)
    assert not settings.duckdb.exists()


def test_the_asset_graph_is_the_golden_one(definitions: dg.Definitions) -> None:
    assert as_text(asset_graph(definitions)) == GOLDEN.read_text(encoding="utf-8"), f"if that is meant, run {UPDATE}"


def test_every_audience_waits_for_its_gate_and_every_day_for_the_gate_on_the_sources(
    definitions: dg.Definitions,
) -> None:
    assets = asset_graph(definitions)["assets"]
    for name, asset in assets.items():
        if name.startswith("audience/"):
            [table] = asset["deps"]
            assert assets[table]["checks"]["fit_to_send"] == "blocking"
    judged_by = [name for name, asset in assets.items() if "fit_to_judge_by" in asset["checks"]]
    assert {"people", "companies", "households", "person_events", "household_events"} <= set(judged_by)
    for name in judged_by:
        assert any(name in asset["deps"] and asset["partitions"] for asset in assets.values())


def test_all_tests_of_dbt_are_checks(definitions: dg.Definitions, settings: Settings) -> None:
    tests = {node["name"] for node in Dbt(settings).document["nodes"].values() if node["resource_type"] == "test"}
    checks = {key.name for key in definitions.resolve_asset_graph().asset_check_keys}
    assert tests <= checks


def test_the_page_of_tables_is_that_of_the_manifest(settings: Settings) -> None:
    page = tables_page(Dbt(settings).document)
    assert written(page, REPOSITORY / "docs" / "tables.md"), "MUSTER_WRITE_GOLDEN=1 make test"


def test_every_schedule_is_off_until_someone_turns_it_on(definitions: dg.Definitions) -> None:
    schedules = [each for each in definitions.schedules or () if isinstance(each, dg.ScheduleDefinition)]
    assert {each.default_status for each in schedules} == {dg.DefaultScheduleStatus.STOPPED}


def test_a_schedule_asks_for_the_local_day_that_has_just_ended(definitions: dg.Definitions) -> None:
    [schedule] = [each for each in definitions.schedules or () if each.name == "segments_schedule"]
    assert isinstance(schedule, dg.ScheduleDefinition)
    # 04:00 in New York, the day after Christmas
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2017, 12, 26, 9, tzinfo=UTC),
        repository_def=definitions.get_repository_def(),
    )
    [request] = schedule.evaluate_tick(context).run_requests or ()
    assert request.partition_key == "2017-12-25"


def test_importing_the_definitions_does_not_import_great_expectations(settings: Settings) -> None:
    program = "import sys, orchestration.definitions as found; sys.exit('great_expectations' in sys.modules)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=settings.project, check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        GOLDEN.write_text(as_text(asset_graph(build_definitions(shipped(Path(place))))), encoding="utf-8")
    sys.stdout.write(f"wrote {GOLDEN}\n")
