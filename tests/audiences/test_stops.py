"""What stops a push: guards, gates, earlier days, and tables that cannot be sent. The state stays as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from orchestration.audiences.audience import Send
from orchestration.audiences.errors import DesiredSetError, DestinationError, EarlierDayError, LedgerError
from orchestration.audiences.export import export
from orchestration.audiences.proposal import Proposal
from orchestration.gates.result import Finding, GateResult
from tests.audiences.workspace import DAYS, WINBACK, People, Project, people_of, sends, surroundings


def closed_gate(proposal: Proposal) -> GateResult:
    return GateResult(proposal.audience.name, (Finding("expect_better", "email", False, 0, 2, ("abc",)),))


@pytest.mark.parametrize(
    ("send", "people", "change"),
    [
        (Send.CHANGES, people_of("abcdefghik"), 0.2),  # one in, one out
        (Send.FULL, people_of("abcdefgh"), 0.2),
        (Send.ENTRIES_ONCE, people_of("abcdefghijkl"), 0.2),
        (Send.CHANGES, {**people_of("abcdefgh"), "i": ("x@example.com", "pro"), "j": ("y@example.com", "pro")}, 0.2),
    ],
)
def test_the_guard_stops_too_large_a_change(project: Project, send: Send, people: People, change: float) -> None:
    project.push(sends(send), DAYS[0], people_of("abcdefghij"))
    before = project.picture()
    stopped = project.push(sends(send, max_change=Decimal("0.19")), DAYS[1], people)
    assert (stopped.status, stopped.ok, stopped.change) == ("stopped", False, change)
    assert "2 of 10 acknowledged members" in stopped.reason
    assert project.picture() == before
    assert project.push(sends(send, max_change=Decimal("0.2")), DAYS[1], people).ok


def test_the_guard_lets_the_first_delivery_and_mere_changes_pass(project: Project) -> None:
    audience = sends(Send.CHANGES, max_change=Decimal("0.1"))
    assert project.push(audience, DAYS[0], people_of("abcdefghij")).status == "delivered"
    assert project.push(audience, DAYS[1], people_of("abcdefghij", "free")).status == "delivered"


@pytest.mark.parametrize("send", list(Send))
def test_an_empty_desired_set_is_refused_unless_allowed(project: Project, send: Send) -> None:
    project.push(sends(send), DAYS[0], people_of("ab"))
    before = project.picture()
    stopped = project.push(sends(send), DAYS[1], {})
    assert stopped.status == "stopped"
    assert "empty" in stopped.reason
    assert project.picture() == before
    allowed = project.push(sends(send, allow_empty=True), DAYS[1], {})
    assert allowed.status == ("nothing" if send is Send.ENTRIES_ONCE else "delivered")


def test_a_closed_gate_writes_nothing_and_keeps_the_ledger(project: Project) -> None:
    project.push(WINBACK, DAYS[0], people_of("ab"))
    before = project.picture()
    project.desire(people_of("abc"))
    with project.open() as warehouse:
        stopped = export(warehouse, WINBACK, DAYS[1], surroundings(project.state), gate=closed_gate)
    assert (stopped.status, stopped.receipt) == ("stopped", None)
    assert "expect" not in stopped.reason
    assert "email: better (2 rows not, such as abc)" in stopped.reason
    assert json.loads(json.dumps(stopped.as_json()))["gate"]["passed"] is False
    assert project.picture() == before
    assert project.export(WINBACK, DAYS[1]).added == 1


def test_the_real_gate_stands_in_front_of_every_export(project: Project) -> None:
    project.desire({**people_of("ab"), "c": ("b@example.com", "pro")})
    with project.open() as warehouse:
        stopped = export(warehouse, WINBACK, DAYS[0], surroundings(project.state))
    assert stopped.status == "stopped"
    assert "email: column values to be unique (2 rows not" in stopped.reason
    assert "b@example.com" not in json.dumps(stopped.as_json())
    assert project.files() == {}
    assert project.rows("select * from ledger.deliveries") == []


def test_an_earlier_day_is_refused_and_the_same_day_is_not(project: Project) -> None:
    project.push(WINBACK, DAYS[3], people_of("ab"))
    before = project.picture()
    with pytest.raises(EarlierDayError, match=r"already acknowledged 2017-11-04.*export 2017-11-04 or a later day"):
        project.push(WINBACK, DAYS[2], people_of("a"))
    assert project.picture() == before
    assert project.export(WINBACK, DAYS[3]).removed == 1


def test_a_missing_table_or_column_says_what_to_run(project: Project) -> None:
    with pytest.raises(DesiredSetError, match=r"no table audience_winback.*muster run"):
        project.export(WINBACK, DAYS[0])
    project.desire(people_of("a"))
    with pytest.raises(DesiredSetError, match=r"lacks country.*muster compile"):
        project.export(replace(WINBACK, fields={"country": "country"}), DAYS[0])


def test_a_repeated_or_missing_key_is_refused_without_naming_it(project: Project) -> None:
    project.desire(people_of(["a", "secret"]))
    with project.open() as warehouse:
        warehouse.execute("insert into audience_winback select * from audience_winback where person_id = 'secret'")
        warehouse.execute("insert into audience_winback values (null, 'n@example.com', 'pro', null, true)")
        with pytest.raises(
            DesiredSetError, match="1 rows of audience_winback have no person_id, 1 repeat one"
        ) as caught:
            export(warehouse, WINBACK, DAYS[0], surroundings(project.state))
    assert "secret" not in str(caught.value)


def test_an_edited_outbox_is_noticed(project: Project) -> None:
    project.state.mkdir()
    (project.state / "drop").write_text("in the way")
    with pytest.raises(DestinationError):
        project.push(WINBACK, DAYS[0], people_of("ab"))
    with project.open() as warehouse:
        warehouse.execute("delete from ledger.outbox where subject_key = 'a'")
    with pytest.raises(LedgerError, match="does not hold what delivery"):
        project.export(WINBACK, DAYS[0])
