"""The compiler's SQL on PostgreSQL against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, given, note, settings

from tests.engines.worlds import Postgres, asked
from tests.reference.evaluator import members
from tests.reference.strategies import World, schema, worlds
from tests.reference.test_differential import compiled

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES_POSTGRES", "150"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(static=True))
def test_postgres_agrees_with_the_evaluator(postgres_engine: Postgres, world: World) -> None:
    postgres_engine.load(schema(world), world.tables)
    found, queries = asked(postgres_engine, compiled(world), world.as_of)
    for query in queries:
        note(query)
    for key, members_ in found.items():
        expected = members(world.catalog, world.tables, world.specs, key, world.as_of, world.static)
        assert members_ == expected, f"{key}: only SQL {members_ - expected}, only evaluator {expected - members_}"
