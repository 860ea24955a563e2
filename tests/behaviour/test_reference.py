"""The cases of this folder against the naive evaluator."""

from __future__ import annotations

import pytest

from tests.behaviour.cases import IT, Case, cases
from tests.reference.evaluator import members


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_members_are_those_of_the_case(case: Case) -> None:
    found = {
        day: members(case.catalog, case.tables, case.specs, IT, day, case.static, case.judged_from) for day in case.days
    }
    assert found == case.days
