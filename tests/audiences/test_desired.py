"""Who is wanted and who is held back: a project that really runs, against the rules told once more in plain Python."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from orchestration.audiences.audience import Audience, audiences_of
from orchestration.audiences.desired import Desired, read_desired
from orchestration.audiences.dry_run import dry_run
from orchestration.audiences.export import Outcome, export
from orchestration.dbt import Dbt
from orchestration.warehouse import DuckDB
from tests.audiences.workspace import open_gate, surroundings
from tests.pipeline.club import club, day
from tests.project import SmallProject

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    suppressed_by: blocked
    attributes: {plan: text, email: text, consent: boolean, blocked: boolean, low: integer}
    events: {model: visits, subject: member_id, name: kind, at: visited_at}
"""
DROP = "drop: {type: folder, path: drop}\n"
HEAD = "destination: drop\nidentify_by: [email]\nguard: {allow_empty: true}\n"
SPECS = {
    "destinations.yml": DROP,
    "m/pro.yml": "entity: member\nwhere: {plan: pro}\n",
    "m/all_plans.yml": "entity: member\nwhere: {everyone: true}\n",
    "m/blocked.yml": "entity: member\nwhere: {blocked: true}\n",
    "m/low.yml": "entity: member\nwhere: {low: 1}\n",
    "audiences/first.yml": f"segment: pro\n{HEAD}group: mail\npriority: 1\nconsent: consent\nexclude_segments: low\n"
    "split: {holdout: 20, a: 40, b: 30}\nsalt: spring\n",
    "audiences/second.yml": f"segment: all_plans\n{HEAD}group: mail\npriority: 2\n",
    "audiences/quiet.yml": f"segment: pro\n{HEAD}exit_when: {{performed: visit, in_last: 1 day}}\n",
    "audiences/once.yml": f"segment: pro\n{HEAD}send: entries_once\nconsent: consent\n",
}
PEOPLE = 200


def variant(key: str, salt: str, shares: Mapping[str, int]) -> str | None:
    """A subject's variant, by whole numbers alone."""
    place = int(hashlib.md5(f"{salt}:{key}".encode()).hexdigest()[:8], 16)
    end = 0
    for name, share in shares.items():
        end += share
        if place * 100 < end * 2**32:
            return name
    return None


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = SmallProject(tmp_path_factory.mktemp("desired"))
    project.lay_down(CATALOG, SPECS, "members", "visits")
    project.execute(
        "create schema raw",
        "create table raw.members as select 'm' || i as member_id, "
        "case when i % 2 = 0 then 'pro' else 'free' end as plan, "
        "'m' || i || '@example.com' as email, case i % 5 when 0 then null when 1 then false else true end as consent, "
        f"i % 7 = 0 as blocked, i % 3 as low from range({PEOPLE}) as t(i)",
        "create table raw.visits (member_id varchar, kind varchar, visited_at timestamp)",
    )
    project.pass_by(day(0))
    return project


def audience(project: SmallProject, name: str) -> Audience:
    return audiences_of(Dbt(project.settings).document)[name]


def desired(project: SmallProject, name: str) -> Desired:
    with DuckDB(project.settings.duckdb) as warehouse:
        return read_desired(warehouse, audience(project, name))


def test_members_and_reasons_are_those_of_the_rules(project: SmallProject) -> None:
    wanted, held = {}, {}
    for number in range(0, PEOPLE, 2):
        key, share = f"m{number}", variant(f"m{number}", "spring", {"holdout": 20, "a": 40, "b": 30})
        if number % 7 == 0:
            held[key] = "suppression"
        elif number % 5 in (0, 1):
            held[key] = "consent"
        elif number % 3 == 1:
            held[key] = "exclude_segments"
        elif share == "holdout":
            held[key] = "holdout"
        elif share is None:
            held[key] = "split"
        else:
            wanted[key] = share
    found = desired(project, "first")
    assert {member.key: member.variant for member in found.members} == wanted
    assert {each.key: each.reason for each in found.held} == held
    assert set(held.values()) == {"suppression", "consent", "exclude_segments", "holdout", "split"}
    assert set(wanted.values()) == {"a", "b"}


def test_who_cannot_be_named_is_no_holdout(project: SmallProject) -> None:
    hashed = replace(audience(project, "first"), destination_settings={"type": "folder", "identifiers": "google"})
    clear = desired(project, "first")
    without = [key for key in clear.held_out if int(key[1:]) % 4 == 0]
    project.execute(*(f"update main.audience_first set email = null where member_id = '{key}'" for key in without))
    with DuckDB(project.settings.duckdb) as warehouse:
        found = read_desired(warehouse, hashed)
    project.execute("update main.audience_first set email = member_id || '@example.com'")
    assert without
    assert set(clear.held_out) - set(found.held_out) == set(without)
    assert {each.key for each in found.held if each.by == "identifier"} == set(without)


def test_one_audience_of_a_group_wins_whoever_it_holds_out_too(project: SmallProject) -> None:
    first, second = desired(project, "first"), desired(project, "second")
    claimed = {member.key for member in first.members} | set(first.held_out)
    blocked = {f"m{number}" for number in range(0, PEOPLE, 7)}
    assert {each.key for each in second.held if each.reason == "priority (first)"} == claimed - blocked
    assert {each.key for each in second.held if each.reason == "suppression"} == blocked
    assert {member.key for member in second.members} == {f"m{i}" for i in range(PEOPLE)} - claimed - blocked


def test_places_on_the_line_are_the_published_ones() -> None:
    text = (Path(__file__).parents[2] / "docs" / "audiences.md").read_text("utf-8")
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| `winback-2026")]
    assert len(rows) >= 4
    for salted, place, share in (row[:3] for row in rows):
        digest = hashlib.md5(salted.strip("`").encode()).hexdigest()
        assert place.strip("`") == digest[:8]
        assert share == variant(salted.strip("`").split(":")[1], "winback-2026", {"holdout": 10, "a": 45, "b": 45})


@pytest.mark.parametrize(
    ("before", "after"), [({"a": 10}, {"a": 25}), ({"holdout": 5, "a": 40}, {"holdout": 5, "a": 95})]
)
def test_a_share_that_grows_only_adds(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    for number in range(2_000):
        was = variant(f"m{number}", "spring", before)
        assert was is None or variant(f"m{number}", "spring", after) == was


def push(project: SmallProject, name: str, as_of: date) -> Outcome:
    with DuckDB(project.settings.duckdb) as warehouse:
        rehearsed = dry_run(warehouse, audience(project, name), as_of, gate=open_gate)
        outcome = export(warehouse, audience(project, name), as_of, surroundings(project.folder), gate=open_gate)
    assert (len(rehearsed.added), len(rehearsed.changed), len(rehearsed.removed)) == (
        outcome.added,
        outcome.changed,
        outcome.removed,
    )
    assert (rehearsed.after, rehearsed.held_back) == (outcome.after, outcome.held_back)
    return outcome


def members(project: SmallProject, name: str) -> list[object]:
    sql = f"select subject_key from ledger.members where audience = '{name}' and removed_on is null order by 1"
    return [key for (key,) in project.rows(sql)]


def test_whoever_meets_exit_when_comes_back_only_after_leaving(tmp_path: Path) -> None:
    project = club(
        tmp_path,
        {"destinations.yml": DROP, "m/pro.yml": SPECS["m/pro.yml"]}
        | {"audiences/quiet.yml": SPECS["audiences/quiet.yml"]},
    )
    # ada visits on days 0, 1 and 5; bo is pro on days 3 to 5 and from 8 on; cy on days 0 to 3 and from 6 on
    found = {}
    before = 0
    for number in (0, 2, 3, 5, 6, 9):
        project.pass_by(day(before), day(number))
        push(project, "quiet", day(number))
        before, found[number] = number + 1, members(project, "quiet")
    assert found[0] == ["cy"], "ada has visited, so she never was sent"
    assert found[2] == ["cy"], "ada does not come back in this stay"
    assert found[3] == ["bo", "cy"]
    assert found[5] == ["bo"]
    assert found[6] == ["cy"]
    assert found[9] == ["bo", "cy"], "bo has left and entered again"
    project.run(day(9), tested=False)
    assert project.rows("select distinct hidden from segments where segment = 'quiet_exit'") == [(True,)]


def test_a_consent_withdrawn_after_leaving_is_sent_on_where_everybody_is_sent_once(tmp_path: Path) -> None:
    project = club(
        tmp_path,
        {"destinations.yml": DROP, "m/pro.yml": SPECS["m/pro.yml"]}
        | {"audiences/once.yml": SPECS["audiences/once.yml"]},
    )
    project.pass_by(day(4))
    assert push(project, "once", day(4)).added == 2
    assert members(project, "once") == ["ada", "bo"]
    project.pass_by(day(6))  # bo is free again
    assert push(project, "once", day(6)).removed == 0
    project.execute("update raw.members set consent = null where member_id = 'bo'")
    project.pass_by(day(7))
    outcome = push(project, "once", day(7))
    assert (outcome.removed, outcome.held_back) == (1, {})
    assert members(project, "once") == ["ada", "cy"]


def test_a_renamed_audience_carries_on(tmp_path: Path) -> None:
    project = club(
        tmp_path,
        {"destinations.yml": DROP, "m/pro.yml": SPECS["m/pro.yml"]}
        | {"audiences/quiet.yml": SPECS["audiences/quiet.yml"]},
    )
    project.pass_by(day(0), day(2))
    push(project, "quiet", day(2))
    assert members(project, "quiet") == ["cy"]
    project.remove("audiences/quiet.yml")
    project.write("audiences/calm.yml", f"formerly: quiet\n{SPECS['audiences/quiet.yml']}")
    project.pass_by(day(3))
    outcome = push(project, "calm", day(3))
    assert (outcome.added, outcome.before) == (1, 1), "only bo is new"
    assert members(project, "calm") == ["bo", "cy"]
    assert members(project, "quiet") == []
    assert project.rows("select number, follows <> '' from ledger.deliveries order by 1") == [(1, False), (2, True)]
    assert "ada" not in members(project, "calm"), "her exit is carried over"
