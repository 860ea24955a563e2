"""The compiler's SQL on DuckDB against the naive evaluator, on generated worlds.

`MUSTER_FUZZ_EXAMPLES` says how many; `make fuzz` asks for 100,000.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings

from tests.reference.judging import asked
from tests.reference.on_duckdb import DuckDB
from tests.reference.strategies import worlds
from tests.reference.world import World

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES", "1000"))
PARTS = 2
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)
ENGINE = DuckDB()
each_part = pytest.mark.parametrize("_part", range(PARTS))


@pytest.mark.long
@each_part
def test_sql_agrees_with_the_evaluator(_part: int) -> None:
    agrees()


@settings(
    max_examples=-(-EXAMPLES // PARTS),
    deadline=None,
    database=None,
    phases=PHASES,
    suppress_health_check=list(HealthCheck),
)
@given(worlds(static=True))
def agrees(world: World) -> None:
    found = asked(ENGINE, world)
    expected = {key: world.members(key) for key in world.specs}
    for key in world.specs:
        note(f"{key}: only SQL {found[key] - expected[key]}, only evaluator {expected[key] - found[key]}")
    assert found == expected
