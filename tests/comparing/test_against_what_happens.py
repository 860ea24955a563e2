"""A plan, against what really happens when the change is merged and the same day is run again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.audiences.audience import audiences_of
from orchestration.audiences.dry_run import dry_run
from orchestration.audiences.export import export
from orchestration.comparing.audiences import AudienceChange
from orchestration.comparing.base import read_base
from orchestration.comparing.changes import Kind
from orchestration.comparing.comparison import Comparison, compare
from orchestration.comparing.movement import Through
from orchestration.comparing.segments import SegmentChange
from orchestration.comparing.sending import Sent
from orchestration.compiler.compile import compile_sources
from orchestration.compiler.files import read_sources
from orchestration.dbt import Dbt
from orchestration.warehouse import DuckDB
from tests.audiences.workspace import open_gate, surroundings
from tests.comparing.repository import begin
from tests.pipeline.club import day
from tests.project import SmallProject

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    suppressed_by: blocked
    attributes: {plan: text, email: {type: text, personal: true}, consent: boolean, blocked: boolean, low: integer,
      agreed: boolean}
    events: {model: visits, subject: member_id, name: kind, at: visited_at}
"""
HEAD = "destination: drop\nidentify_by: [email]\nguard: {allow_empty: true}\n"
BEFORE = {
    "destinations.yml": "drop: {type: folder, path: drop}\n",
    "m/pro.yml": "entity: member\nwhere: {plan: pro}\n",
    "m/some.yml": "entity: member\nwhere: {any: [{plan: pro}, {low: 2}]}\n",
    "m/pros_of_old.yml": "entity: member\nwhere: {all: [{in_segment: pro}, {low: {at_least: 1}}]}\n",
    "m/blocked.yml": "entity: member\nwhere: {blocked: true}\n",
    "m/low.yml": "entity: member\nwhere: {low: 1}\n",
    "m/gone.yml": "entity: member\nwhere: {low: 0}\n",
    "m/called_so.yml": "entity: member\nwhere: {low: 0}\n",
    "m/asleep.yml": "entity: member\nwhere: {low: 0}\n",
    "m/ended.yml": "entity: member\nwhere: {low: 0}\n",
    "m/listed.yml": "entity: member\nmembers: static/listed.csv\n",
    "m/worded.yml": "entity: member\nname: So\nwhere: {low: 0}\n",
    "m/came.yml": "entity: member\nwhere: {any: [{entered_segment: moving, in_last: 2 days}, "
    "{was_in_segment: moving, on: 2024-03-01}]}\n",
    "m/moving.yml": "entity: member\nwhere: {performed: visit, in_last: 1 day}\n",
    "m/turning.yml": "entity: member\nwhere: {performed: visit, in_last: 1 day}\n",
    "m/turned.yml": "entity: member\nwhere: {entered_segment: turning, in_last: 2 days}\n",
    "m/same.yml": "entity: member\nwhere: {consent: true}\n",
    "static/listed.csv": "member_id\nm1\nm2\nm3\n",
    "audiences/first.yml": f"segment: pro\n{HEAD}group: mail\npriority: 1\nconsent: consent\nexclude_segments: low\n"
    "split: {holdout: 20, a: 40, b: 40}\nsalt: spring\n",
    "audiences/second.yml": f"segment: some\n{HEAD}group: mail\npriority: 2\n",
    "audiences/once.yml": f"segment: some\n{HEAD}send: entries_once\nconsent: consent\n",
    "audiences/guarded.yml": "segment: pro\ndestination: drop\nidentify_by: [email]\n"
    "guard: {max_change: 10%}\nexit_when: {performed: visit, in_last: 1 day}\n",
    "audiences/same.yml": f"segment: same\n{HEAD}",
    "audiences/agreed.yml": f"segment: same\n{HEAD}consent: agreed\n",
    "audiences/leaving.yml": f"segment: same\n{HEAD}",
    "audiences/called_so.yml": f"segment: moving\n{HEAD}exit_when: {{low: 0}}\n",
}
EDITS: Mapping[str, str | None] = {
    "m/pro.yml": "entity: member\nwhere: {all: [{plan: pro}, {low: {at_least: 1}}, {consent: {is_not: false}}]}\n",
    "m/some.yml": "entity: member\nwhere: {any: [{plan: pro}, {low: 2}, {consent: true}]}\n",
    "m/gone.yml": None,
    "m/called_so.yml": None,
    "m/called_otherwise.yml": "entity: member\nformerly: called_so\nwhere: {low: {at_most: 1}}\n",
    "m/asleep.yml": "entity: member\nstatus: paused\nwhere: {low: 2}\n",
    "m/ended.yml": "entity: member\nstatus: archived\nwhere: {low: 0}\n",
    "m/worded.yml": "entity: member\nname: Otherwise\nwhere: {low: 0}\n",
    "m/moving.yml": None,
    "m/moved.yml": "entity: member\nformerly: moving\nwhere: {performed: visit, in_last: 1 day}\n",
    "m/came.yml": "entity: member\nwhere: {any: [{entered_segment: moved, in_last: 2 days}, "
    "{was_in_segment: moved, on: 2024-03-01}]}\n",
    "m/fresh.yml": "entity: member\nwhere: {not_performed: visit}\n",
    "static/listed.csv": "member_id\nm2\nm3\nm4\nm5\n",
    "audiences/fresh.yml": f"segment: fresh\n{HEAD}",
    "m/turning.yml": "entity: member\nwhere: {performed: visit, in_last: 2 days}\n",
    "catalog.yml": CATALOG.replace("agreed: boolean", "agreed: {type: boolean, column: blocked}"),
    "audiences/leaving.yml": f"segment: same\n{HEAD}exit_when: {{low: 1}}\n",
    "audiences/called_so.yml": None,
    "audiences/called_otherwise.yml": f"segment: moved\nformerly: called_so\n{HEAD}exit_when: {{low: 0}}\n",
}
PEOPLE = 200
LAST = day(1)


@dataclass(frozen=True)
class Merged:
    """A plan, with the flags of the day before and after its change was merged, and what audiences then would send."""

    plan: Comparison
    before: Mapping[str, set[str]]
    after: Mapping[str, set[str]]
    sent: Mapping[str, Sent]

    def segment(self, key: str) -> SegmentChange:
        [found] = [each for each in self.plan.segments if each.change.key == key]
        return found

    def audience(self, key: str) -> AudienceChange:
        [found] = [each for each in self.plan.audiences if each.audience == key]
        return found


def flags(project: SmallProject) -> dict[str, set[str]]:
    with DuckDB(project.settings.duckdb) as warehouse:
        columns = warehouse.tables()["member_segments"][1]
        rows = warehouse.rows("select * from member_segments")
    found = [dict(zip(columns, row, strict=True)) for row in rows]
    return {name: {str(row["member_id"]) for row in found if row[name] is True} for name in columns[1:]}


def would_send(project: SmallProject) -> dict[str, Sent]:
    found = {}
    with DuckDB(project.settings.duckdb) as warehouse:
        for name, audience in audiences_of(Dbt(project.settings).document).items():
            told = dry_run(warehouse, audience, LAST, gate=open_gate)
            moved = len(told.added), len(told.changed), len(told.removed)
            found[name] = Sent(told.before, told.after, *moved, told.stops)
    return found


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Merged:
    project = SmallProject(tmp_path_factory.mktemp("merged"))
    project.lay_down(CATALOG, BEFORE, "members", "visits")
    project.execute(
        "create schema raw",
        "create table raw.members as select 'm' || i as member_id, "
        "case when i % 2 = 0 then 'pro' else 'free' end as plan, "
        "'m' || i || '@example.com' as email, case i % 5 when 0 then null when 1 then false else true end as consent, "
        f"i % 7 = 0 as blocked, i % 3 as low, i % 2 = 0 as agreed from range({PEOPLE}) as t(i)",
        "create table raw.visits (member_id varchar, kind varchar, visited_at timestamp)",
        f"insert into raw.visits select 'm' || i, 'visit', '{day(0)} 09:00' from range(0, {PEOPLE}, 11) as t(i)",
        f"insert into raw.visits select 'm' || i, 'visit', '{LAST} 09:00' from range(0, {PEOPLE}, 13) as t(i)",
    )
    project.run(day(0), LAST, tested=False)
    with DuckDB(project.settings.duckdb) as warehouse:
        for audience in audiences_of(Dbt(project.settings).document).values():
            export(warehouse, audience, LAST, surroundings(project.settings.state), gate=open_gate)
    before = flags(project)
    begin(project.folder)
    for path, text in EDITS.items():
        project.remove(path) if text is None else project.write(path, text)
    bytes_before = hashlib.sha256(project.settings.duckdb.read_bytes()).hexdigest()
    plan = planned(project)
    assert hashlib.sha256(project.settings.duckdb.read_bytes()).hexdigest() == bytes_before, "a plan only reads"
    project.run(LAST, tested=False)
    return Merged(plan, before, flags(project), would_send(project))


def planned(project: SmallProject) -> Comparison:
    after = compile_sources(read_sources(project.folder))
    with DuckDB(project.settings.duckdb, read_only=True) as warehouse:
        return compare(read_base(project.folder, "HEAD"), after, warehouse, LAST, lambda *_: None)


def test_every_segment_that_a_change_reaches_is_there(merged: Merged) -> None:
    kinds = {each.change.key: each.change.kind for each in merged.plan.segments}
    assert kinds == {
        "pro": Kind.CHANGED,
        "some": Kind.CHANGED,
        "came": Kind.CHANGED,
        "moved": Kind.RENAMED,
        "asleep": Kind.CHANGED,
        "ended": Kind.CHANGED,
        "gone": Kind.REMOVED,
        "called_otherwise": Kind.RENAMED,
        "fresh": Kind.ADDED,
        "pros_of_old": Kind.REACHED,
        "listed": Kind.REACHED,
        "worded": Kind.REWORDED,
        "turning": Kind.CHANGED,
        "turned": Kind.REACHED,
        "leaving_exit": Kind.ADDED,
        "called_otherwise_exit": Kind.RENAMED,
    }


def test_what_reaches_a_segment_is_said(merged: Merged) -> None:
    assert merged.segment("pros_of_old").change.because == ("it refers to pro",)
    assert merged.segment("listed").change.because == ("static/listed.csv was changed",)
    assert merged.segment("worded").change.fields == ("name",)
    assert merged.segment("asleep").change.fields == ("status", "rule")
    assert merged.segment("asleep").change.because == ("paused with the members of the day before",)


def test_members_are_those_of_the_two_runs(merged: Merged) -> None:
    for each in merged.plan.segments:
        if each.movement is None:
            continue
        change = each.change
        old = merged.before.get(change.before.key, set()) if change.before else set()
        new = merged.after.get(change.key, set()) if change.after else set()
        found = each.movement
        told = (found.before, found.after, found.entering.subjects, found.leaving.subjects)
        assert told == (len(old), len(new), len(new - old), len(old - new)), change.key
        assert set(found.entering.examples) <= new - old
        assert set(found.leaving.examples) <= old - new
        assert (found.base_before, found.base_after) == (PEOPLE, PEOPLE)


def test_a_renamed_segment_keeps_its_past(merged: Merged) -> None:
    movement = merged.segment("came").movement
    assert movement is not None
    assert (movement.entering.subjects, movement.leaving.subjects) == (0, 0)
    assert movement.after > len(range(0, PEOPLE, 11)), "those of the first day, and those who entered since"


def test_there_is_movement_to_be_told(merged: Merged) -> None:
    moved = {each.change.key: each.movement for each in merged.plan.segments if each.movement}
    assert {key for key, each in moved.items() if each.entering.subjects} >= {"some", "fresh", "called_otherwise"}
    assert {key for key, each in moved.items() if each.leaving.subjects} >= {"pro", "pros_of_old", "gone", "ended"}


def test_conditions_say_through_which_somebody_moves(merged: Merged) -> None:
    consent = {number: (None, False, True, True, True)[number % 5] for number in range(PEOPLE)}
    left = [number for number in range(0, PEOPLE, 2) if number % 3 == 0 or consent[number] is False]
    low = [number for number in left if number % 3 == 0]
    refused = [number for number in left if consent[number] is False]
    movement = merged.segment("pro").movement
    assert movement is not None
    assert movement.leaving.subjects == len(left)
    both = len({*low} & {*refused})
    assert movement.leaving.through == (
        Through("low is at least 1", "not met now", len(low), len(low) - both),
        Through("consent is not false", "not met now", len(refused), len(refused) - both),
    )
    new = merged.segment("some").movement
    assert new is not None
    consenting = [number for number in range(1, PEOPLE, 2) if number % 3 != 2 and consent[number]]
    assert new.entering.through == (Through("consent is true", "met now", len(consenting), len(consenting)),)


def test_unknown_values_that_decide_are_counted(merged: Merged) -> None:
    # a consent that is unknown is not false
    kept = [number for number in range(0, PEOPLE, 2) if number % 3 and number % 5 == 0]
    movement = merged.segment("pro").movement
    assert movement is not None
    assert (movement.in_by_unknown, movement.out_by_unknown) == (len(kept), 0)


def test_audiences_send_what_they_really_would(merged: Merged) -> None:
    told = {each.audience: each.after for each in merged.plan.audiences}
    touched = ("first", "second", "once", "guarded", "fresh", "agreed", "leaving", "called_otherwise")
    assert told == {name: merged.sent[name] for name in touched}
    assert any(sent.removed for sent in merged.sent.values())
    assert any(sent.added for sent in merged.sent.values())


def test_what_reaches_an_audience_is_said(merged: Merged) -> None:
    assert merged.audience("agreed").because == ("the catalog or its destination was changed",)
    renamed = merged.audience("called_otherwise")
    assert renamed.because[0] == "it was renamed, formerly called_so"
    assert isinstance(renamed.before, Sent), "it is one audience, before and after"


def test_who_meets_exit_when_by_the_change_is_let_go(merged: Merged) -> None:
    before, after = merged.audience("leaving").before, merged.audience("leaving").after
    assert isinstance(before, Sent) and isinstance(after, Sent)
    assert before.removed == 0
    let_go = (merged.after["same"] & merged.after["leaving_exit"]) - merged.after["blocked"]
    assert after.removed == len(let_go) > 0


def test_moves_by_data_on_the_day_of_an_edit_are_moves(merged: Merged) -> None:
    entered = {f"m{number}" for number in range(0, PEOPLE, 13) if number % 11}
    assert merged.before["turned"] == merged.after["turned"] == entered
    movement = merged.segment("turned").movement
    assert movement is not None
    assert (movement.before, movement.after) == (len(entered), len(entered))


def test_a_guard_that_would_stop_a_delivery_is_told(merged: Merged) -> None:
    after = merged.audience("guarded").after
    assert isinstance(after, Sent)
    assert "guard.max_change is 10.0%" in after.stops[0]
    before = merged.audience("guarded").before
    assert isinstance(before, Sent)
    assert before.stops == ()


def test_neighbours_are_those_that_overlap_most(merged: Merged) -> None:
    mine = merged.after["fresh"]
    others = {key: len(mine & each) / len(mine | each) for key, each in merged.after.items() if key != "fresh"}
    hidden = ("guarded_exit", "leaving_exit", "called_otherwise_exit", "called_so", "gone", "ended")
    shown = [each for each in others if each not in hidden]
    best = sorted(shown, key=lambda key: (-others[key], key))[0]
    [first, *_] = merged.segment("fresh").overlaps
    assert (first.segment, first.after) == (best, len(mine & merged.after[best]))
    assert first.jaccard == pytest.approx(others[best])


def test_a_renamed_neighbour_is_the_one_it_was(merged: Merged) -> None:
    [found] = [each for each in merged.segment("came").overlaps if each.segment == "moved"]
    assert found.before == len(merged.before["came"] & merged.before["moving"]) > 0
    assert found.after == len(merged.after["came"] & merged.after["moved"])


def test_whoever_is_gone_has_no_neighbours(merged: Merged) -> None:
    assert all(merged.segment(key).overlaps == () for key in ("gone", "ended"))


def test_costs_are_of_both_sides(merged: Merged) -> None:
    pro = merged.segment("pro")
    assert pro.cost_before and pro.cost_after
    assert (pro.cost_before.rows_scanned, pro.cost_after.rows_scanned) == (PEOPLE, PEOPLE)
    assert merged.segment("fresh").cost_before is None


def test_the_sql_of_the_flag_is_that_of_the_generated_file(merged: Merged) -> None:
    assert [line for line in merged.segment("some").sql if line.startswith("+")] == [
        "+coalesce(plan = 'pro' or low = 2 or consent, false)"
    ]


def test_what_a_run_would_refuse_is_said(tmp_path: Path) -> None:
    project = SmallProject(tmp_path)
    project.lay_down(CATALOG, BEFORE, "members", "visits")
    columns = "member_id text, plan text, email text, consent boolean, blocked boolean, low int, agreed boolean"
    project.execute(
        f"create table members ({columns})",
        "create table visits (member_id text, kind text, visited_at timestamp)",
        "create table teams (team_id text)",
    )
    begin(project.folder)
    project.remove("m/gone.yml")
    project.write("m/asleep.yml", "entity: member\nformerly: gone\nwhere: {low: 0}\n")
    project.write("catalog.yml", f"{CATALOG}  team: {{model: teams, key: team_id, attributes: {{}}}}\n")
    project.write("m/ended.yml", "entity: team\nwhere: {everyone: true}\n")
    found = {(each.change.key, each.change.kind): each.change.because for each in planned(project).segments}
    assert found == {
        ("asleep", Kind.CHANGED): (
            "a run refuses this where asleep and gone were both judged: take `formerly: gone` out of its file",
        ),
        ("gone", Kind.REMOVED): (),
        ("ended", Kind.REMOVED): (),
        ("ended", Kind.ADDED): (
            "a run refuses this where ended was judged as a segment of member: give it another key",
        ),
    }


def test_an_audience_that_goes_over_to_another_entity_is_one(tmp_path: Path) -> None:
    project = SmallProject(tmp_path)
    catalog = f"{CATALOG}  team: {{model: teams, key: team_id, attributes: {{}}}}\n"
    project.lay_down(catalog, {**BEFORE, "t/all.yml": "entity: team\nwhere: {everyone: true}\n"}, "members", "visits")
    columns = "member_id text, plan text, email text, consent boolean, blocked boolean, low int, agreed boolean"
    project.execute(
        f"create table members ({columns})",
        "create table visits (member_id text, kind text, visited_at timestamp)",
        "create table teams as select 'a' as team_id",
    )
    begin(project.folder)
    project.write("audiences/same.yml", "segment: all\ndestination: drop\nidentify_by: [team_id]\n")
    [found] = planned(project).audiences
    assert (found.audience, found.entity) == ("same", "team")
    assert isinstance(found.before, Sent) and isinstance(found.after, Sent)
    assert (found.before.added, found.after.added) == (0, 1)


def test_nothing_changes(tmp_path: Path) -> None:
    project = SmallProject(tmp_path)
    project.lay_down(CATALOG, BEFORE, "members", "visits")
    project.execute("create table members (member_id text)")
    begin(project.folder)
    found = planned(project)
    assert (found.segments, found.audiences) == ((), ())
