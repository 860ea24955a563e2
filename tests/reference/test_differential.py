"""The compiler's SQL on DuckDB against the naive evaluator, on generated worlds.

`MUSTER_FUZZ_EXAMPLES` says how many, `make fuzz` asks for 100,000; `MUSTER_FUZZ_SEED` begins with a known one, and
`MUSTER_FUZZ_WORDS` names the later words of the language that rules may use.
"""

from __future__ import annotations

import os

import pytest

from tests.reference.comparing import first_difference
from tests.reference.on_duckdb import DuckDB

EXAMPLES = int(os.environ.get("MUSTER_FUZZ_EXAMPLES", "5000"))
PARTS = 2
ENGINE = DuckDB()
each_part = pytest.mark.parametrize("part", range(PARTS))


@pytest.mark.long
@pytest.mark.part
@each_part
def test_sql_agrees_with_the_evaluator(part: int) -> None:
    if found := first_difference(ENGINE, range(part, EXAMPLES, PARTS)):
        pytest.fail(found, pytrace=False)
