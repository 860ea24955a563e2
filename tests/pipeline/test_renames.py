"""Keys that change: a history goes on under the new one, and nothing else that happens to bear a name is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.edits import EditError
from tests.pipeline.club import club, day, spells
from tests.project import SmallProject

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    history: recorded
    attributes: {segment: text}
  shop: {model: shops, key: shop_id, attributes: {segment: text}}
"""
PRO = "entity: member\nwhere: {segment: pro}\n"
PRO_OR_TEAM = "entity: member\nwhere: {plan: [pro, team]}\n"


@pytest.fixture
def recorded(tmp_path: Path) -> SmallProject:
    project = SmallProject(tmp_path)
    project.lay_down(CATALOG, {"m/pro.yml": PRO}, "members", "shops")
    project.execute(
        "create schema raw",
        "create table raw.members as select 'ada' as member_id, 'pro' as segment",
        "create table raw.shops as select 'sun' as shop_id, 'pro' as segment",
    )
    project.pass_by(day(0))
    return project


def test_any_key_can_follow_any_other_and_attributes_stay_as_recorded(recorded: SmallProject) -> None:
    recorded.remove("m/pro.yml")
    recorded.write("m/order.yml", f"formerly: [pro, member_id]\n{PRO}")
    recorded.pass_by(day(1))
    assert recorded.rows("select segment, member_id, entered_on, exited_on from member_spells") == [
        ("order", "ada", day(0), None)
    ]
    assert recorded.rows("select segment, dbt_valid_to from member_attribute_history") == [("pro", None)]


def test_a_key_belongs_to_one_entity_for_good(recorded: SmallProject) -> None:
    recorded.write("m/pro.yml", PRO.replace("member", "shop"))
    with pytest.raises(EditError, match="`pro` was a segment of member"):
        recorded.pass_by(day(1))


def test_a_former_key_that_was_said_too_late_still_joins_both_histories(tmp_path: Path) -> None:
    project = club(tmp_path, {"m/a.yml": "entity: member\nwhere: {plan: pro}\n"})
    project.pass_by(day(0), day(2))
    project.write("m/a.yml", PRO_OR_TEAM)
    project.pass_by(day(3))
    project.remove("m/a.yml")
    project.write("m/b.yml", PRO_OR_TEAM)
    [note] = project.pass_by(day(4)).notes
    assert "`b` began as `a` ended" in note and "`formerly: a`" in note
    project.write("m/b.yml", "formerly: a\nentity: member\nwhere: {plan: [pro, free]}\n")
    project.run(day(5))
    assert spells(project, "b") == [
        ("ada", 0, None, "definition", None),
        ("bo", 3, None, "data", None),
        ("cy", 0, 4, "definition", "departed"),
        ("di", 5, None, "definition", None),
    ]
    assert project.rows("select sum(entries), sum(exits), count(*) from segment_counts_daily") == [(4, 1, 6)]
