"""The compiler's SQL on PostgreSQL against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, settings

from tests.engines.on_postgres import Postgres
from tests.reference.judging import asked
from tests.reference.strategies import worlds
from tests.reference.world import World

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES_POSTGRES", "150"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(static=True))
def test_postgres_agrees_with_the_evaluator(postgres_engine: Postgres, world: World) -> None:
    found = asked(postgres_engine, world)
    assert found == {key: world.members(key) for key in world.specs}
