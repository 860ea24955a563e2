"""What the plan shares, and what it must not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.trait import MeasureTrait, RowsTrait
from orchestration.questions import ask
from orchestration.warehouse import DuckDB

CATALOG = """
entities:
  person:
    model: people
    key: id
    attributes: {seats: integer}
    events: {model: events, subject: id, name: name, at: at, properties: {due: date}}
"""


@pytest.mark.parametrize(("window", "kind"), [("{in_next: 3 days}", RowsTrait), ("{before: 2024-01-01}", MeasureTrait)])
def test_events_whose_rule_looks_at_the_day_are_not_rolled_up(window: str, kind: type) -> None:
    rule = f"entity: person\nwhere: {{performed: order, where: {{due: {window}}}}}\n"
    plan = compile_sources(
        Sources(SourceFile("catalog.yml", CATALOG), (SourceFile("segment_specs/all/soon.yml", rule),))
    ).plan("person")
    assert [type(trait) for trait in plan.traits] == [kind]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("[1]", [2]), ("[0]", [1]), ("{not_in: [1]}", [1, 3, 4]), ("{in: [0, 1]}", [1, 2]), ("1", [2])],
)
def test_one_and_zero_are_numbers(tmp_path: Path, rule: str, expected: list[int]) -> None:
    spec = SourceFile("segment_specs/all/chosen.yml", f"entity: person\nwhere: {{seats: {rule}}}\n")
    compilation = compile_sources(Sources(SourceFile("catalog.yml", CATALOG), (spec,)))
    with DuckDB(tmp_path / "numbers.duckdb") as warehouse:
        warehouse.execute(
            "create table people as select * from (values (1, 0), (2, 1), (3, 2), (4, null)) as t(id, seats)"
        )
        assert ask(compilation, warehouse).members("chosen", date(2024, 1, 1)) == expected
