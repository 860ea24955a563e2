"""Every mart keeps its promises in writing: grain, contract, a test of its grain, words for columns, an exposure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.project import REPOSITORY

MARTS = REPOSITORY / "dbt_project" / "models" / "marts"
UNDERNEATH = {"segment_stay_lengths", "audience_enrolments", "audience_cohorts"}  # read by other marts only
NO_MART = {"days"}  # the calendar that others are joined with


def documents() -> list[dict[str, Any]]:
    return [yaml.safe_load(path.read_text("utf-8")) for path in sorted(MARTS.rglob("*.yml"))]


MODELS = {model["name"]: model for document in documents() for model in document.get("models", ())}
EXPOSED = {
    re.findall(r"'(\w+)'", reference)[0]
    for document in documents()
    for exposure in document.get("exposures", ())
    for reference in exposure["depends_on"]
}


def test_every_mart_is_described_and_nothing_else() -> None:
    assert MODELS.keys() == {path.stem for path in MARTS.rglob("*.sql")}


@pytest.mark.parametrize("name", sorted(path.stem for path in Path(MARTS).rglob("*.sql")))
def test_a_mart_keeps_its_promises_in_writing(name: str) -> None:
    mart = MODELS[name]
    assert "Grain: one row per" in mart["description"]
    assert mart["config"]["contract"]["enforced"]
    assert all(column["description"].strip() and column["data_type"] for column in mart["columns"])
    assert any("one_row_per" in test for test in mart.get("data_tests", ())) or any(
        "unique" in column.get("data_tests", ()) for column in mart["columns"]
    )
    assert name in EXPOSED | UNDERNEATH | NO_MART
