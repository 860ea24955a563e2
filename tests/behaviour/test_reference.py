"""The cases of this folder against the naive evaluator."""

from __future__ import annotations

import pytest

from tests.behaviour.cases import IT, Case, cases


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_members_are_those_of_the_case(case: Case) -> None:
    found = {day: case.world(day).members(IT) for day in case.days}
    assert found == case.days
