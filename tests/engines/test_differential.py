"""The compiler's SQL on PostgreSQL against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os
from random import Random

import pytest

from tests.engines.on_postgres import Postgres
from tests.reference.strategies import world
from tests.reference.test_differential import SEED, difference, report

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES_POSTGRES", "150"))


def test_postgres_agrees_with_the_evaluator(on_postgres: Postgres) -> None:
    for seed in range(SEED, SEED + EXAMPLES):
        made = world(Random(seed), static=True)
        if found := difference(on_postgres, made):
            pytest.fail(report(on_postgres, made, found, seed), pytrace=False)
