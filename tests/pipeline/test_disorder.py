"""Sixty days run in disorder leave what one clean pass leaves, in every table. `MUSTER_STORIES` tells more stories."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pipeline.disorder import in_order, ledger, lived

SEEDS = range(1, 1 + int(os.environ.get("MUSTER_STORIES", "1")))
DAYS = 60


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_days_in_disorder_leave_what_a_clean_pass_leaves(tmp_path: Path, seed: int) -> None:
    project, story = lived(tmp_path / "lived", seed, DAYS)
    clean = in_order(tmp_path / "clean", project, story)
    found, expected = project.contents(), clean.contents()
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    assert ledger(project) == ledger(clean)
    reasons = {reason for (reason,) in project.rows("select distinct reason from segment_transitions")}
    assert reasons == {"data", "definition", "arrived", "departed", "archived"}, "the story has everything in it"
