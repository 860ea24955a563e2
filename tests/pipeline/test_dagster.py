"""Days through Dagster: a range as one run, gates that stop it, audiences that go out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.build import EVERYTHING, build_definitions
from orchestration.defs.calendar import PARTITION, RANGE_END, RANGE_START
from orchestration.defs.instance import open_instance
from orchestration.demo import QUIET
from tests.pipeline.club import SPECS, club, day
from tests.project import SmallProject

AUDIENCE = """
name: Pro members by mail
segment: pro
destination: drop
send: changes
identify_by: [email]
fields: {plan: plan}
consent: consent
schedule: "0 7 * * *"
"""
SENT = {**SPECS, "audiences/pro_mail.yml": AUDIENCE, "destinations.yml": "drop: {type: folder, path: exports}\n"}
TABLE, PUSH = dg.AssetKey("audience_pro_mail"), dg.AssetKey(["audience", "pro_mail"])


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    made = club(tmp_path / "project", SENT)
    made.compile()
    return made


def execute(project: SmallProject, job: str, **tags: str) -> dg.ExecuteInProcessResult:
    with open_instance(project.settings) as instance:
        found = build_definitions(project.settings).resolve_job_def(job)
        return found.execute_in_process(instance=instance, tags=tags, run_config=QUIET, raise_on_error=False)


def a_range(first: date, last: date) -> dict[str, str]:
    return {RANGE_START: first.isoformat(), RANGE_END: last.isoformat()}


def succeeded(result: dg.ExecuteInProcessResult) -> set[str]:
    return {str(event.step_key) for event in result.filter_events(lambda event: event.is_step_success)}


def sent(project: SmallProject) -> list[str]:
    """The lines of the last file of the audience, without their header."""
    files = sorted((project.settings.state / "exports").rglob("*.csv"), key=lambda file: file.stat().st_mtime_ns)
    return files[-1].read_text(encoding="utf-8").splitlines()[1:] if files else []


def test_a_range_of_days_is_one_run_with_checks_passed_and_the_audience_sent(project: SmallProject) -> None:
    result = execute(project, EVERYTHING, **a_range(day(0), day(2)))
    assert result.success
    checks = result.get_asset_check_evaluations()
    assert checks
    assert all(check.passed for check in checks)
    assert {"fit_to_judge_by", "fit_to_send"} <= {check.check_name for check in checks}
    assert project.rows("select as_of_date, status from ledger.days order by 1") == [
        (day(number), "published") for number in range(3)
    ]
    assert sent(project) == ["add,ada,ada@example.com,pro", "add,cy,cy@example.com,pro"]
    with open_instance(project.settings) as instance:
        days = instance.get_materialized_partitions(dg.AssetKey("member_history"))
    assert days == {day(number).isoformat() for number in range(3)}


def test_a_key_that_is_missing_in_a_source_stops_the_run_before_a_day_is_judged(project: SmallProject) -> None:
    project.execute("update raw.members set member_id = null where member_id = 'di'")
    result = execute(project, EVERYTHING, **{PARTITION: day(2).isoformat()})
    assert not result.success
    assert succeeded(result) == {"sources"}
    [gate] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (gate.asset_key, gate.check_name) == (dg.AssetKey("members"), "fit_to_judge_by")
    assert "members.member_id" in str(gate.metadata["failed"].value)
    assert "member_history" not in project.contents()


def test_an_audience_that_is_not_fit_to_send_is_not_pushed(project: SmallProject) -> None:
    project.execute("update raw.members set email = 'ada@example.com' where member_id = 'cy'")
    result = execute(project, EVERYTHING, **{PARTITION: day(0).isoformat()})
    assert not result.success
    assert {"sources", "days", "marts"} <= succeeded(result)
    [gate] = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (gate.asset_key, gate.check_name) == (TABLE, "fit_to_send")
    assert sent(project) == []


def test_an_audience_of_its_own_job_goes_out_only_for_the_last_published_day(project: SmallProject) -> None:
    assert execute(project, "segments", **a_range(day(3), day(4))).success
    assert sent(project) == []
    early = execute(project, "audience_pro_mail", **{PARTITION: day(3).isoformat()})
    assert early.success
    [told] = early.get_asset_materialization_events()
    assert told.step_materialization_data.materialization.metadata["status"].value == "not pushed"
    assert not execute(project, "audience_pro_mail", **{PARTITION: day(5).isoformat()}).success
    assert sent(project) == []
    assert execute(project, "audience_pro_mail", **{PARTITION: day(4).isoformat()}).success
    assert [line.split(",")[1] for line in sent(project)] == ["ada", "bo"]


def test_a_test_that_fails_is_a_failed_check_and_stops_what_follows(project: SmallProject) -> None:
    project.execute("insert into raw.members select * from raw.members where member_id = 'ada'")
    result = execute(project, EVERYTHING, **{PARTITION: day(0).isoformat()})
    assert not result.success
    failed = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed
    assert {check.asset_key.path[-1] for check in failed} <= {"member_traits", "member_segments"}
    assert succeeded(result) == {"sources", "source_gate"}
