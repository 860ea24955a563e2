"""Erasing one subject takes nothing from others that have the same key, or belong to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.erasure import erase
from tests.pipeline.club import day
from tests.project import ParsedOnce, SmallProject

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: id
    since: joined_on
    attributes: {joined_on: date, firm_id: text, plan: text}
  firm:
    model: firms
    key: id
    since: founded_on
    attributes: {founded_on: date, plan: text}
"""
SPECS = {
    "members/pro.yml": "name: Pro\nentity: member\nwhere: {plan: pro}\n",
    "firms/big.yml": "name: Big\nentity: firm\nwhere: {plan: pro}\n",
}


def test_a_subject_of_another_entity_with_the_same_key_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = SmallProject(tmp_path)
    project.lay_down(CATALOG, SPECS, "members", "firms")
    project.execute(
        "create schema raw",
        f"create table raw.members as select '7' as id, '7' as firm_id, 'pro' as plan, date '{day(0)}' as joined_on",
        f"create table raw.firms as select '7' as id, 'pro' as plan, date '{day(0)}' as founded_on",
    )
    project.run(day(0), day(1), tested=False)
    kept = {name: rows for name, rows in project.contents().items() if name.startswith("firm")}
    assert kept["firm_spells"]
    project.execute("delete from raw.members")
    monkeypatch.setattr("orchestration.erasure.Dbt", ParsedOnce)
    erase(project.settings, "member", "7")
    contents = project.contents()
    assert {name: contents[name] for name in kept} == kept
    assert contents["member_spells"] == []
