"""The compiler's SQL on DuckDB against the naive evaluator, on generated worlds."""

from __future__ import annotations

import os

import pytest

from tests.reference.comparing import compared
from tests.reference.engine import DuckDB

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES", "2000"))


def test_sql_agrees_with_the_evaluator() -> None:
    if found := compared(DuckDB(), EXAMPLES):
        pytest.fail(found, pytrace=False)
