"""What is said of each condition, against the naive evaluator's answer to it alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.compiler.segment import All
from orchestration.questions.explaining import Asked, Branch, rule_to_branch
from tests.reference import pools, strategy_rules
from tests.reference.judging import compiled, locate, record
from tests.reference.on_duckdb import DuckDB
from tests.reference.pools import Pen
from tests.reference.strategies import world

ENGINE = DuckDB()


@settings(
    max_examples=60,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**40))
def test_each_condition_is_as_the_evaluator_says(seed: int) -> None:
    made = world(Random(seed))
    pen = Pen(Random(seed + 1), pools.clock_of(made.as_of, made.catalog["timezone"], made.catalog["week_starts_on"]))
    place = strategy_rules.entity_place("person", {})
    head = {"entity": "person", "owner": "tests"}
    written = [strategy_rules.rule(pen, place, 1) for _ in range(3)]
    specs = {f"part_{number}": {"name": f"{number}", **head, "where": rule} for number, rule in enumerate(written)}
    made = replace(made, specs=specs)
    compilation = compiled(made)
    parts = [compilation.segments[key].rule for key in specs]
    tree = Branch("all of", All(tuple(parts)), tuple(rule_to_branch(part, compilation) for part in parts), "all")
    ENGINE.load(made.columns, made.tables)
    recorded = record(ENGINE, made, compilation)
    asked = Asked(tree, compilation, "person", made.as_of, partial(locate, ENGINE), recorded)
    members = [made.members(key) for key in specs]
    for row in ENGINE.rows(asked.question.query.sql("duckdb")):
        finding = asked.finding(row)
        assert [part.holds for part in finding.parts] == [row[0] in each for each in members]
        assert finding.holds == all(row[0] in each for each in members)
