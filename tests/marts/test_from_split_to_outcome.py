"""From a spec with a split over real exports to what came of it: nothing is written by hand in between."""

from __future__ import annotations

import hashlib

import pytest

from orchestration.audiences.audience import audiences_of
from orchestration.audiences.export import export
from orchestration.warehouse import DuckDB
from tests.audiences.workspace import open_gate, surroundings
from tests.pipeline.club import FIRST, SPECS, club, day
from tests.project import SmallProject

WINBACK = (
    "segment: everybody\ndestination: drop\nidentify_by: [email]\nsplit: {holdout: 50, a: 50}\nsalt: spring\n"
    "goal: {performed: visit, where: {minutes: {at_least: 30}}, within: 5 days}\n"
)
ADDED = {
    "members/everybody.yml": "entity: member\nwhere: {everyone: true}\n",
    "destinations.yml": "drop: {type: folder, path: drop}\n",
    "audiences/winback.yml": WINBACK,
}
FIRST_SENT = {"ada": 0, "bo": 0, "cy": 0, "di": 5}  # di joins later, and nothing is pushed before day 5
GONE = {"cy": 5}


def variant(member: str) -> str:
    place = hashlib.md5(f"spring:{member}".encode()).hexdigest()[:8]
    return "holdout" if place < "80000000" else "a"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    """Two days, each pushed after it was judged, and one after them."""
    project = club(tmp_path_factory.mktemp("club"), SPECS | ADDED)
    dbt = project.dbt(tested=False)
    winback = audiences_of(dbt.document)["winback"]
    for number in (0, 5):
        project.run(FIRST if number == 0 else day(number), dbt=dbt)
        with DuckDB(project.settings.duckdb) as warehouse:
            export(warehouse, winback, day(number), surroundings(project.folder / ".muster"), gate=open_gate)
    project.run(day(6), dbt=dbt)
    return project


def test_members_are_in_the_variant_of_their_place_since_the_first_push(project: SmallProject) -> None:
    found = project.rows(
        "select subject_key, variant, is_held_out, first_sent_on, removed_on from audience_members order by 1"
    )
    assert {variant(member) for member in FIRST_SENT} == {"a", "holdout"}
    assert found == [
        (
            member,
            variant(member),
            variant(member) == "holdout",
            day(first),
            day(GONE[member]) if member in GONE else None,
        )
        for member, first in FIRST_SENT.items()
    ]


def test_the_goal_is_reached_after_the_day_of_the_first_push(project: SmallProject) -> None:
    """ada visits on days 0, 1 and 5, bo on 1 and 2, di on 4 and 5: before she was sent anything."""
    reached = {"ada": 1, "bo": 1}
    found = project.rows(
        "select variant, days_since_first_sent, enrolled, reached_goal, left_audience from audience_outcomes "
        "order by variant, days_since_first_sent"
    )
    expected = []
    for group in ("a", "holdout"):
        for days in range(7):
            ours = [who for who, first in FIRST_SENT.items() if variant(who) == group and first + days <= 6]
            done = sum(who in reached and reached[who] <= FIRST_SENT[who] + days for who in ours)
            gone = sum(who in GONE and GONE[who] <= FIRST_SENT[who] + days for who in ours)
            expected.append((group, days, len(ours), done, gone))
    assert found == expected


def test_deliveries_are_told_without_those_who_were_held_out(project: SmallProject) -> None:
    sent = [who for who, first in FIRST_SENT.items() if first == 0 and variant(who) == "a"]
    found = project.rows("select as_of_date, added, status from audience_deliveries order by delivery_number")
    assert found[0] == (day(0), len(sent), "acknowledged")
