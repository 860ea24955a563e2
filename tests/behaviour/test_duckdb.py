"""The cases of this folder on DuckDB, through the compiler."""

from __future__ import annotations

import pytest

from tests.behaviour.cases import IT, Case, cases
from tests.reference.on_duckdb import Warehouse

WAREHOUSE = Warehouse()


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_members_are_those_of_the_case(case: Case) -> None:
    found = {day: WAREHOUSE.asked(case.world(day))[IT] for day in case.days}
    assert found == case.days
