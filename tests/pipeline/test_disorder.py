"""Days run in disorder leave what one clean pass leaves, in every table.

One story of a month is told; `MUSTER_STORIES` tells so many of sixty days.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pipeline.disorder import in_order, ledger, lived

LONG = [(seed, 60) for seed in range(1, 1 + int(os.environ.get("MUSTER_STORIES", "0")))]
SHORT = (6, 28)  # every edition, and rows that come late and attributes that are put right in between


@pytest.mark.long
@pytest.mark.parametrize(("seed", "days"), LONG or [SHORT])
def test_days_in_disorder_leave_what_a_clean_pass_leaves(tmp_path: Path, seed: int, days: int) -> None:
    project, story = lived(tmp_path / "lived", seed, days)
    clean = in_order(tmp_path / "clean", project, story)
    found, expected = project.contents(), clean.contents()
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert ledger(project) == ledger(clean)
    reasons = {reason for (reason,) in project.rows("select distinct reason from segment_transitions")}
    assert reasons == {"data", "definition", "arrived", "departed", "archived"}, "the story has everything in it"
