"""Many changes at once: members of all, details of those that move most, and what cannot be judged by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.comparing.base import Base
from orchestration.comparing.comparison import Comparison, compare
from orchestration.comparing.segments import DETAILED
from orchestration.comparing.telling import Telling, sizes
from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.questions import QuestionError
from orchestration.warehouse import DuckDB

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    attributes: {number: integer, email: {type: text, personal: true}}
  club:
    model: clubs
    key: club_id
    attributes: {size: integer}
"""
MANY = DETAILED + 15
PEOPLE = 100
WHY = "the warehouse has no table `clubs`: load or build it first. known is `members`"


def understood(limits: dict[str, int], catalog: str = CATALOG, clubs: int = 1) -> Compilation:
    specs = {f"m/{key}.yml": f"entity: member\nwhere: {{number: {{less_than: {at}}}}}\n" for key, at in limits.items()}
    specs["c/big.yml"] = f"entity: club\nwhere: {{size: {{at_least: {clubs}}}}}\n"
    files = tuple(SourceFile(f"segment_specs/{path}", text) for path, text in specs.items())
    return compile_sources(Sources(SourceFile("segment_specs/catalog.yml", catalog), files))


def compared(folder: Path, before: Compilation, after: Compilation) -> Comparison:
    with DuckDB(folder / "warehouse.duckdb") as warehouse:
        warehouse.execute(
            "create or replace table members as "
            f"select 'm' || i as member_id, i as number, '' as email from range({PEOPLE}) as t(i)"
        )
        return compare(Base("main", "0", before), after, warehouse, date(2024, 3, 1), lambda *_: None)


BEFORE = {f"below_{number}": 10 for number in range(MANY)}
AFTER = {f"below_{number}": 11 + number for number in range(MANY)}


def test_all_are_counted_and_the_first_told_in_full(tmp_path: Path) -> None:
    found = compared(tmp_path, understood(BEFORE), understood(AFTER)).segments
    moved = {each.change.key: each.movement.entering.subjects for each in found if each.movement}
    assert moved == {key: at - 10 for key, at in AFTER.items()}
    assert [each.change.key for each in found] == sorted(AFTER, key=lambda key: -AFTER[key])
    for place, each in enumerate(found):
        assert each.movement is not None
        in_full = place < DETAILED
        told = (each.movement.entering.through, each.movement.entering.examples, each.overlaps, each.cost_after)
        assert all(map(bool, told)) is in_full
        assert any(map(bool, told)) is in_full


def test_what_cannot_be_judged_does_not_hide_the_rest(tmp_path: Path) -> None:
    before, after = understood(BEFORE), understood({**BEFORE, "below_0": 20}, clubs=2)
    found = compared(tmp_path, before, after)
    told = {each.change.key: each for each in found.segments}
    assert sizes(told["below_0"]) == "10 → 20 (10.0% → 20.0%)"
    assert sizes(told["big"]) == f"cannot be told: {WHY}"
    assert f"'untold': '{WHY}'" in str(Telling(found).as_json())


def test_where_nothing_can_be_judged_there_is_no_plan(tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match="no table `clubs`"):
        compared(tmp_path, understood(BEFORE), understood(BEFORE, clubs=2))


def test_a_rename_that_does_not_say_so_is_pointed_out(tmp_path: Path) -> None:
    found = compared(tmp_path, understood({"old": 10, "other": 5}), understood({"new": 10, "other": 5}))
    told = {each.change.key: each.change for each in found.segments}
    assert told["new"].because == ("old is removed and had the same rule: `formerly: old` keeps its history",)
    assert told["old"].because == ()
