"""`history: recorded`: attributes of a plain table, whose past is known as far as it was recorded day by day."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.compiler.compile import compile_sources
from orchestration.compiler.files import read_sources
from orchestration.questions import ask
from orchestration.warehouse import DuckDB
from tests.pipeline.club import day
from tests.project import SmallProject

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    history: recorded
    attributes: {plan: text, level: integer}
"""
SPECS = {
    "members/settled.yml": "entity: member\nwhere: {plan: {is: pro, for_at_least: 2 days}}\n",
    "members/never_free.yml": "entity: member\nwhere: {plan: {is_not: free, for_at_least: 1 day}}\n",
}


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    project = SmallProject(tmp_path)
    project.lay_down(CATALOG, SPECS, "members")
    project.execute(
        "create schema raw",
        "create table raw.members (member_id varchar, plan varchar, level integer)",
        "insert into raw.members values ('ada', 'pro', 1), ('bo', 'free', 1), ('cy', 'pro', 1)",
    )
    return project


def members(project: SmallProject, segment: str) -> list[object]:
    return [key for (key,) in project.rows(f"select member_id from member_segments where {segment} order by 1")]


def test_a_condition_has_held_once_it_was_recorded_for_long_enough(project: SmallProject) -> None:
    project.pass_by(day(0))
    assert members(project, "settled") == []
    project.execute("update raw.members set plan = 'pro' where member_id = 'bo'")
    project.pass_by(day(1))
    assert members(project, "settled") == []
    assert members(project, "never_free") == ["ada", "cy"]
    project.execute("update raw.members set level = 2", "update raw.members set plan = 'free' where member_id = 'cy'")
    project.pass_by(day(2))
    assert members(project, "settled") == ["ada"]
    project.run(day(3))
    assert members(project, "settled") == ["ada", "bo"]
    assert members(project, "never_free") == ["ada", "bo"]


def test_a_preview_looks_at_what_was_recorded(project: SmallProject) -> None:
    compilation = compile_sources(read_sources(project.folder))
    with DuckDB(project.settings.duckdb) as warehouse:
        warehouse.execute("create view members as select * from raw.members")
        assert ask(compilation, warehouse).members("settled", day(0)) == []
    project.pass_by(day(0), day(2))
    with DuckDB(project.settings.duckdb) as warehouse:
        assert ask(compilation, warehouse).members("settled", day(2)) == ["ada", "cy"]
