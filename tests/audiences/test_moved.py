"""Another tag or list: the members leave the one and enter the other, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.audiences.audience import Audience, Guard, Send
from orchestration.audiences.dry_run import dry_run
from orchestration.audiences.errors import DefinitionError, DestinationError
from orchestration.audiences.export import export
from orchestration.warehouse import DuckDB
from tests.audiences.fakes.intercom import Contact, Intercom
from tests.audiences.fakes.serving import Request, Response, serving
from tests.audiences.workspace import DAYS, WINBACK, Project, open_gate, people_of, surroundings


class Failing(Intercom):
    """Intercom, which answers no call once `calls` are used up."""

    calls = 1_000

    def answer(self, request: Request) -> Response:
        self.calls -= 1
        return super().answer(request) if self.calls >= 0 else Response(403)


@pytest.fixture
def fake() -> Failing:
    return Failing([Contact(f"i-{key}", f"{key}@example.com", key) for key in "abc"])


@pytest.fixture
def tagged_into(fake: Failing) -> Iterator[Audience]:
    with serving(fake) as endpoint:
        settings = {"type": "intercom", "token": {"env": "TOKEN"}, "endpoint": endpoint}
        yield replace(WINBACK, destination="intercom", destination_settings=settings, into={"tag": "Autumn"}, fields={})


def push(project: Project, audience: Audience, day: int) -> None:
    with DuckDB(project.state / "warehouse.duckdb") as warehouse:
        export(warehouse, audience, DAYS[day], surroundings(project.state, TOKEN="tok"), gate=open_gate)


def wearing(fake: Intercom, tag: str) -> list[str]:
    return sorted(each.id for each in fake.contacts if fake.tags.get(tag) in each.tags)


def test_members_leave_the_old_tag_and_enter_the_new_one(tmp_path: Path, fake: Failing, tagged_into: Audience) -> None:
    project = Project(tmp_path)
    project.desire(people_of("ab"))
    push(project, tagged_into, 0)
    assert wearing(fake, "Autumn") == ["i-a", "i-b"]
    project.desire(people_of("bc"))
    push(project, replace(tagged_into, into={"tag": "Winter"}), 1)
    assert (wearing(fake, "Autumn"), wearing(fake, "Winter")) == ([], ["i-b", "i-c"])
    assert project.rows("select added, removed, members from ledger.deliveries order by number") == [
        (2, 0, 2),
        (0, 2, 0),
        (2, 0, 2),
    ]


def test_a_move_that_was_cut_off_is_finished(tmp_path: Path, fake: Failing, tagged_into: Audience) -> None:
    project, moved = Project(tmp_path), replace(tagged_into, into={"tag": "Winter"})
    project.desire(people_of("ab"))
    push(project, tagged_into, 0)
    for calls in range(1, 8):
        fake.calls = calls
        try:
            push(project, moved, 1)
        except DestinationError:
            continue
        break
    fake.calls = 1_000
    push(project, moved, 1)
    assert (wearing(fake, "Autumn"), wearing(fake, "Winter")) == ([], ["i-a", "i-b"])


def test_whoever_is_sent_once_stays_where_they_were_sent(tmp_path: Path, fake: Failing, tagged_into: Audience) -> None:
    project, once = Project(tmp_path), replace(tagged_into, send=Send.ENTRIES_ONCE)
    project.desire(people_of("a"))
    push(project, once, 0)
    project.desire({"a": ("a@example.com", "pro", "consent"), **people_of("b")})
    with pytest.raises(DefinitionError, match="name that place again"):
        push(project, replace(once, into={"tag": "Winter"}), 1)
    push(project, once, 1)
    assert (wearing(fake, "Autumn"), wearing(fake, "Winter")) == (["i-b"], [])


def test_another_system_under_the_same_name_is_refused(tmp_path: Path, fake: Failing, tagged_into: Audience) -> None:
    project, before = Project(tmp_path), replace(WINBACK, destination="intercom")
    project.desire(people_of("ab"))
    push(project, before, 0)
    with pytest.raises(DefinitionError, match=r"intercom was type=folder and is now type=intercom.*name of its own"):
        push(project, tagged_into, 1)
    assert wearing(fake, "Autumn") == []


def test_a_guard_keeps_nobody_enrolled_who_withdrew(tmp_path: Path, fake: Failing, tagged_into: Audience) -> None:
    project, guarded = Project(tmp_path), replace(tagged_into, guard=Guard(max_change=Decimal("0.1")))
    project.desire(people_of("abc"))
    push(project, guarded, 0)
    project.desire({"a": ("a@example.com", "pro", "consent"), **people_of("b")})
    with DuckDB(project.state / "warehouse.duckdb") as warehouse:
        outcome = export(warehouse, guarded, DAYS[1], surroundings(project.state, TOKEN="tok"), gate=open_gate)
    assert (outcome.status, outcome.after) == ("stopped", 2)
    assert "1 who may not be contacted any more were removed all the same" in outcome.reason
    assert wearing(fake, "Autumn") == ["i-b", "i-c"]


def test_a_dry_run_tells_of_members_at_a_former_destination(tmp_path: Path, tagged_into: Audience) -> None:
    project = Project(tmp_path)
    project.desire(people_of("ab"))
    push(project, WINBACK, 0)
    with DuckDB(project.state / "warehouse.duckdb") as warehouse:
        told = dry_run(warehouse, tagged_into, DAYS[1], gate=open_gate)
    assert (told.elsewhere, told.before, told.after) == ({"drop": 2}, 0, 2)
