"""The compiler's SQL on PostgreSQL against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os

import pytest

from tests.engines.on_postgres import Postgres
from tests.reference.comparing import first_difference

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES_POSTGRES", "150"))


def test_postgres_agrees_with_the_evaluator(postgres_engine: Postgres) -> None:
    if found := first_difference(postgres_engine, range(EXAMPLES)):
        pytest.fail(found, pytrace=False)
