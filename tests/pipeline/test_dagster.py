"""Days through Dagster: a range as one run, gates that stop it, audiences that go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs.build import EVERYTHING, build_definitions
from orchestration.defs.calendar import RANGE_END, RANGE_START
from orchestration.defs.instance import open_instance
from orchestration.defs.withholding import PUSH
from orchestration.demo import QUIET, failure_words
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


@dataclass(frozen=True)
class Dagster:
    """A small project as Dagster sees it, with the audience above."""

    project: SmallProject
    definitions: dg.Definitions

    def run(self, job: str, first: date, last: date, **more: str) -> dg.ExecuteInProcessResult:
        """Run a job for a range of days, pushing although they are old unless `push` says otherwise."""
        tags = {RANGE_START: first.isoformat(), RANGE_END: last.isoformat(), PUSH: more.get("push", "yes")}
        with open_instance(self.project.settings) as instance:
            found = self.definitions.resolve_job_def(job)
            return found.execute_in_process(instance=instance, tags=tags, run_config=QUIET, raise_on_error=False)

    def sent(self) -> list[list[str]]:
        """The cells of the audience's last file, without their header."""
        files = sorted(
            (self.project.settings.state / "exports").rglob("*.csv"), key=lambda file: file.stat().st_mtime_ns
        )
        lines = files[-1].read_text(encoding="utf-8").splitlines()[1:] if files else []
        return [line.split(",") for line in lines]


def dagster(folder: Path, *statements: str) -> Dagster:
    project = club(folder, SENT)
    project.execute(*statements)
    project.compile()
    return Dagster(project, build_definitions(project.settings))


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dagster, dg.ExecuteInProcessResult]:
    """Three days, as one run of everything."""
    made = dagster(tmp_path_factory.mktemp("ran") / "project")
    return made, made.run(EVERYTHING, day(0), day(2))


def succeeded(result: dg.ExecuteInProcessResult) -> set[str]:
    return {str(event.step_key) for event in result.filter_events(lambda event: event.is_step_success)}


def failed_checks(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    return {f"{each.asset_key.path[-1]} {each.check_name}": each for each in _checks(result) if not each.passed}


def _checks(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    return list(result.get_asset_check_evaluations())


def test_a_range_of_days_is_one_run_with_all_checks_passed(ran: tuple[Dagster, dg.ExecuteInProcessResult]) -> None:
    made, result = ran
    assert result.success
    assert {"fit_to_judge_by", "fit_to_send", "not_null_member_traits_member_id"} <= {
        check.check_name for check in _checks(result)
    }
    assert not failed_checks(result)
    judged = made.project.rows("select as_of_date, status from ledger.days order by 1")
    assert judged == [(day(number), "published") for number in range(3)]
    with open_instance(made.project.settings) as instance:
        days = instance.get_materialized_partitions(dg.AssetKey("member_history"))
    assert days == {day(number).isoformat() for number in range(3)}


def test_a_mart_says_which_day_dashboards_read(ran: tuple[Dagster, dg.ExecuteInProcessResult]) -> None:
    made, result = ran
    [counts] = result.filter_events(
        lambda event: event.is_step_materialization and event.asset_key == dg.AssetKey("segment_counts_daily")
    )
    metadata = counts.step_materialization_data.materialization.metadata
    assert metadata["published as of"].value == str(day(2))
    assert (made.project.settings.published / "marts.duckdb").is_file()


def test_the_audience_goes_out_as_of_the_last_day_of_the_range(ran: tuple[Dagster, dg.ExecuteInProcessResult]) -> None:
    made, _ = ran
    assert made.sent() == [["add", "ada", "ada@example.com", "pro"], ["add", "cy", "cy@example.com", "pro"]]


def test_a_day_before_the_last_published_one_is_not_pushed_and_says_so(
    ran: tuple[Dagster, dg.ExecuteInProcessResult],
) -> None:
    result = ran[0].run("audience_pro_mail", day(1), day(1))
    assert result.success
    [told] = result.get_asset_materialization_events()
    metadata = told.step_materialization_data.materialization.metadata
    assert metadata["status"].value == "not pushed"
    assert f"stand at {day(2)}" in str(metadata["reason"].value)


def test_a_day_that_was_not_judged_yet_is_a_failure(ran: tuple[Dagster, dg.ExecuteInProcessResult]) -> None:
    result = ran[0].run("audience_pro_mail", day(3), day(3))
    assert not result.success
    assert any("was not judged yet" in failure_words(event) for event in result.all_events if event.is_step_failure)


def test_an_audience_that_is_not_fit_to_send_is_not_pushed(ran: tuple[Dagster, dg.ExecuteInProcessResult]) -> None:
    made, _ = ran
    before = made.sent()
    made.project.execute("update main.audience_pro_mail set email = 'one@example.com'")
    result = made.run("audience_pro_mail", day(2), day(2))
    assert not result.success
    [(name, check)] = failed_checks(result).items()
    assert (name, check.blocking) == ("audience_pro_mail fit_to_send", True)
    assert "email: column values to be unique (2 rows not" in str(check.metadata["failed"].value)
    assert (check.metadata["desired"].value, check.metadata["before"].value) == (2, 2)
    page = Path(str(check.metadata["data docs"].value))
    assert page.is_relative_to(made.project.settings.state / "gates" / "docs")
    assert "one@example.com" not in page.read_text(encoding="utf-8") + str(check.metadata)
    assert succeeded(result) == set()
    assert made.sent() == before


def test_a_key_that_is_missing_in_a_source_stops_the_run_before_a_day_is_judged(tmp_path: Path) -> None:
    made = dagster(tmp_path / "project", "update raw.members set member_id = null where member_id = 'di'")
    result = made.run(EVERYTHING, day(2), day(2))
    assert not result.success
    assert succeeded(result) == {"sources"}
    assert list(failed_checks(result)) == ["members fit_to_judge_by"]
    [gate] = failed_checks(result).values()
    assert "members.member_id" in str(gate.metadata["failed"].value)
    assert "member_history" not in made.project.contents()
    assert made.sent() == []


def test_a_test_that_fails_is_a_failed_check_and_stops_what_follows(tmp_path: Path) -> None:
    made = dagster(tmp_path / "project", "insert into raw.members from raw.members where member_id = 'ada'")
    result = made.run(EVERYTHING, day(0), day(0))
    assert not result.success
    assert list(failed_checks(result)) == ["member_traits unique_member_traits_member_id"]
    assert succeeded(result) == {"sources", "source_gate"}
    assert "member_history" not in made.project.contents()
