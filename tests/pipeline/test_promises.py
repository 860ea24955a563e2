"""Dagster around the pushes: what is tried again, what tells nobody outside, and promised times."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster import DagsterInstance
from typer.testing import CliRunner

from orchestration.audiences.freshness import freshness_of
from orchestration.cli import app
from orchestration.defs.build import EVERYTHING, build_definitions
from orchestration.defs.calendar import PARTITION
from orchestration.defs.instance import open_instance
from orchestration.defs.promises import IN_TIME, SENSOR
from orchestration.defs.withholding import BACKFILL, PUSH
from orchestration.demo import QUIET
from orchestration.pipeline import Run
from orchestration.pushing import push_all
from orchestration.warehouse import DuckDB
from tests.pipeline.club import SPECS, club, day
from tests.pipeline.test_dagster import AUDIENCE, Dagster, failed_checks

JOB = "audience_pro_mail"
KEY = dg.AssetKey(["audience", "pro_mail"])
PROMISED = {
    **SPECS,
    "audiences/pro_mail.yml": f"{AUDIENCE}guard: {{max_change: 50%}}\nfreshness: 26 hours\n",
    "destinations.yml": "drop: {type: folder, path: exports}\n",
}
NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Dagster:
    """A project with a day judged, and nothing pushed."""
    project = club(tmp_path_factory.mktemp("promises") / "project", PROMISED)
    project.run(day(0), tested=False)
    project.execute("create table main.kept as from main.audience_pro_mail")
    return Dagster(project, build_definitions(project.settings))


@pytest.fixture
def instance(made: Dagster) -> Iterator[DagsterInstance]:
    with open_instance(made.project.settings) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nothing_sent(made: Dagster) -> None:
    """Each test begins with an empty ledger, and the audience's table as the run left it."""
    shutil.rmtree(made.project.settings.state / "exports", ignore_errors=True)
    made.project.execute(
        *(f"delete from {table}" for table in _ledger(made)),
        "create or replace table main.audience_pro_mail as from main.kept",
    )


def _ledger(made: Dagster) -> list[str]:
    named = "select table_name from information_schema.tables where table_schema = 'ledger' and table_name in "
    return [f"ledger.{name}" for (name,) in made.project.rows(f"{named} ('deliveries', 'members', 'outbox', 'checks')")]


def run(made: Dagster, instance: DagsterInstance, **tags: str) -> dg.ExecuteInProcessResult:
    """The audience's job on day 0, as its schedule would run it but for the tags."""
    job = made.definitions.resolve_job_def(JOB)
    told = {PARTITION: day(0).isoformat(), **tags}
    return job.execute_in_process(instance=instance, tags=told, run_config=QUIET, raise_on_error=False)


def said(result: dg.ExecuteInProcessResult) -> dict[str, object]:
    [event] = result.get_asset_materialization_events()
    metadata = event.step_materialization_data.materialization.metadata
    return {name: value.value for name, value in metadata.items()}


def pushed(made: Dagster) -> list[tuple[object, ...]]:
    found = made.project.rows("select 1 from information_schema.tables where table_name = 'deliveries'")
    return made.project.rows("select status from ledger.deliveries") if found else []


def will_retry(instance: DagsterInstance, result: dg.ExecuteInProcessResult) -> str:
    record = instance.get_run_by_id(result.run_id)
    assert record is not None
    return record.tags["dagster/will_retry"]


@contextmanager
def in_the_way(path: Path) -> Iterator[None]:
    """Where the destination's folder should be lies a file."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    try:
        yield
    finally:
        path.unlink()


def test_a_run_of_an_old_day_pushes_only_when_told_to(made: Dagster, instance: DagsterInstance) -> None:
    result = run(made, instance)
    assert result.success
    assert said(result)["status"] == "not pushed"
    assert "`muster/push: yes`" in str(said(result)["reason"])
    assert pushed(made) == []
    result = run(made, instance, **{PUSH: "yes"})
    assert (said(result)["status"], said(result)["members"]) == ("delivered", 2)


def test_a_back_fill_pushes_not_even_the_last_day_unless_told_to(made: Dagster, instance: DagsterInstance) -> None:
    result = run(made, instance, **{BACKFILL: "some"})
    assert "a back-fill pushes nothing" in str(said(result)["reason"])
    assert pushed(made) == []
    assert said(run(made, instance, **{BACKFILL: "some", PUSH: "yes"}))["status"] == "delivered"


def test_the_day_that_has_just_ended_is_pushed_without_being_told_to(made: Dagster, instance: DagsterInstance) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    result = run(made, instance, **{PARTITION: yesterday.isoformat()})
    assert not result.success
    failures = result.filter_events(lambda event: event.is_step_failure)
    assert "was not judged yet" in str(failures[0].step_failure_data.user_failure_data)


def test_a_schedule_asks_for_a_push_and_for_retries(made: Dagster) -> None:
    [schedule] = [each for each in made.definitions.schedules or () if each.name == f"{JOB}_schedule"]
    assert isinstance(schedule, dg.ScheduleDefinition)
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2024, 3, 2, 7, tzinfo=UTC),
        repository_def=made.definitions.get_repository_def(),
    )
    [request] = schedule.evaluate_tick(context).run_requests or ()
    assert (request.partition_key, request.tags[PUSH]) == ("2024-03-01", "yes")
    assert made.definitions.resolve_job_def(JOB).tags["dagster/max_retries"] == "3"


def test_an_outage_is_tried_again_and_what_a_gate_or_guard_stopped_is_not(
    made: Dagster, instance: DagsterInstance
) -> None:
    with in_the_way(made.project.settings.state / "exports"):
        outage = run(made, instance, **{PUSH: "yes"})
    assert not outage.success
    assert will_retry(instance, outage) == "true"
    assert run(made, instance, **{PUSH: "yes"}).success
    made.project.execute("delete from main.audience_pro_mail")
    guarded = run(made, instance, **{PUSH: "yes"})
    [check] = failed_checks(guarded).values()
    assert "subjects added or removed: column max to be between, at most 1 (found 2)" in str(check.metadata["failed"])
    assert (check.metadata["removed"].value, check.metadata["change"].value) == (2, 1.0)
    assert will_retry(instance, guarded) == "false"


def test_a_job_that_is_no_audience_s_is_not_tried_again(made: Dagster, instance: DagsterInstance) -> None:
    assert (instance.run_retries_enabled, instance.run_retries_max_retries) == (True, 0)
    assert "dagster/max_retries" not in made.definitions.resolve_job_def(EVERYTHING).tags


def fresh(made: Dagster, now: datetime) -> tuple[float | None, bool]:
    with DuckDB(made.project.settings.duckdb, read_only=True) as warehouse:
        [found] = freshness_of(warehouse, [("pro_mail", "drop", 26), ("other", "drop", None)], now)
    return found.hours, found.is_late


def acknowledged(made: Dagster, hours: float) -> None:
    made.project.execute(f"update ledger.deliveries set acknowledged_at = '{NOW - timedelta(hours=hours):%F %T}'")


def test_a_promise_runs_from_the_last_acknowledgement_and_from_a_push_that_found_nothing(
    made: Dagster, instance: DagsterInstance
) -> None:
    assert fresh(made, NOW) == (None, True)
    run(made, instance, **{PUSH: "yes"})
    acknowledged(made, 26)
    assert fresh(made, NOW) == (26, False)
    assert fresh(made, NOW + timedelta(seconds=36)) == (26.01, True)
    assert said(run(made, instance, **{PUSH: "yes"}))["status"] == "nothing"
    made.project.execute(f"update ledger.checks set checked_at = '{NOW - timedelta(hours=1):%F %T}'")
    assert fresh(made, NOW) == (1, False)


def test_a_stopped_push_keeps_no_promise(made: Dagster, instance: DagsterInstance) -> None:
    run(made, instance, **{PUSH: "yes"})
    acknowledged(made, 30)
    made.project.execute("delete from main.audience_pro_mail")
    assert not run(made, instance, **{PUSH: "yes"}).success
    assert fresh(made, NOW) == (30, True)


def tick(made: Dagster, instance: DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    [sensor] = [each for each in made.definitions.sensors or () if each.name == SENSOR]
    assert isinstance(sensor, dg.SensorDefinition)
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        result = sensor(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_the_sensor_tells_once_when_a_promise_is_broken_and_once_when_it_is_kept(
    made: Dagster, instance: DagsterInstance
) -> None:
    first = tick(made, instance)
    [late] = first.asset_events
    assert isinstance(late, dg.AssetCheckEvaluation)
    assert (late.asset_key, late.check_name, late.passed) == (KEY, IN_TIME, False)
    assert "drop never acknowledged it, once in 26 hours is promised" in str(late.metadata["said"].value)
    again = tick(made, instance, first.cursor)
    assert again.asset_events == []
    assert "never acknowledged" in str(again.skip_reason)
    result = run(made, instance, **{PUSH: "yes"})
    assert [each.passed for each in result.get_asset_check_evaluations() if each.check_name == IN_TIME] == [True]
    [kept] = tick(made, instance, first.cursor).asset_events
    assert isinstance(kept, dg.AssetCheckEvaluation)
    assert kept.passed


def test_the_sensor_waits_while_the_warehouse_is_locked(
    made: Dagster, instance: DagsterInstance, tmp_path: Path
) -> None:
    program = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(made.project.settings.duckdb)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        with pytest.raises(duckdb.IOException):
            duckdb.connect(str(made.project.settings.duckdb), read_only=True)
        waiting = tick(made, instance)
        writer.communicate(b"")
    assert waiting.asset_events == []
    assert "another process is using" in str(waiting.skip_reason)


def test_all_audiences_are_pushed_although_one_cannot_be(made: Dagster) -> None:
    shown: list[str] = []
    [outcome] = push_all(made.project.settings, lambda label, _done, _of: shown.append(label))
    assert (outcome.ok, outcome.as_json()["status"]) == (True, "delivered")
    made.project.execute("drop table main.audience_pro_mail")
    [failed] = push_all(made.project.settings, lambda label, _done, _of: shown.append(label))
    assert (failed.ok, failed.as_json()["status"]) == (False, "failed")
    assert "has no table audience_pro_mail" in str(failed.as_json()["reason"])


def test_a_back_fill_on_the_command_line_pushes_when_told_to_and_says_what(
    made: Dagster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_DUCKDB", str(made.project.settings.duckdb))
    monkeypatch.setattr("orchestration.pipeline.run_days", lambda *_: Run((day(0),), ()))
    asked = ["backfill", "--from", str(day(0)), "--to", str(day(0)), "--project", str(made.project.folder)]
    quiet = CliRunner().invoke(app, asked)
    assert (quiet.exit_code, pushed(made)) == (0, [])
    told = CliRunner().invoke(app, [*asked, "--push", "--json"])
    assert told.exit_code == 0
    [delivery] = json.loads(told.stdout)["deliveries"]
    assert (delivery["audience"], delivery["status"], delivery["added"]) == ("pro_mail", "delivered", 2)
    made.project.execute("delete from main.audience_pro_mail")
    stopped = CliRunner().invoke(app, [*asked, "--push"])
    assert stopped.exit_code == 1
    assert "pro_mail as of 2024-03-01: stopped: the desired set is empty" in stopped.stdout


def test_status_tells_which_promises_are_kept(
    made: Dagster, instance: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_DUCKDB", str(made.project.settings.duckdb))
    asked = ["status", "--project", str(made.project.folder)]
    assert "late: pro_mail: drop never acknowledged it" in CliRunner().invoke(app, asked).stdout
    run(made, instance, **{PUSH: "yes"})
    [told] = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)["freshness"]
    assert (told["audience"], told["promised_hours"], told["late"], told["as_of"]) == (
        "pro_mail",
        26,
        False,
        "2024-03-01",
    )
