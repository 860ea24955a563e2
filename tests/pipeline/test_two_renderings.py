"""The two renderings of one plan, dbt models and inline query, give the same members of every shipped segment."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.dbt import Dbt
from orchestration.demo import load_data
from orchestration.pipeline import begin, build_sources, judge_day
from orchestration.questions import ask
from orchestration.settings import Settings
from orchestration.warehouse import DuckDB
from tests.project import REPOSITORY

LAST = date(2017, 12, 31)
DAYS = [LAST - timedelta(days=days) for days in (50, 25, 0)]


@pytest.fixture(scope="module")
def compilation() -> Compilation:
    return compile_sources(read_sources(REPOSITORY))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's data and staging models, as `muster demo --data-only` leaves them."""
    folder = tmp_path_factory.mktemp("demo")
    for part in ("dbt_project", "profiles", "segment_specs"):
        shutil.copytree(REPOSITORY / part, folder / part, ignore=shutil.ignore_patterns("target", "logs"))
    settings = Settings(project=folder, duckdb=folder / "warehouse.duckdb")
    load_data(settings)
    return settings


@pytest.fixture(scope="module")
def demo(loaded: Settings) -> Iterator[Dbt]:
    dbt = Dbt(loaded)
    begin(dbt, DAYS[0], LAST)
    build_sources(dbt, [LAST])
    yield dbt


def test_segments_can_be_asked_for_before_any_day_is_judged(loaded: Settings, compilation: Compilation) -> None:
    """What `muster plan` needs of a clean checkout."""
    with DuckDB(loaded.duckdb, read_only=True) as warehouse:
        questions = ask(compilation, warehouse)
        one_of_each = {segment.entity: key for key, segment in compilation.segments.items()}
        assert all(questions.members(key, LAST) for key in one_of_each.values())


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_models_and_inline_query_agree(demo: Dbt, compilation: Compilation, day: date) -> None:
    judge_day(demo, day)
    with DuckDB(demo.settings.duckdb) as warehouse:
        questions = ask(compilation, warehouse)
        for segment in compilation.segments.values():
            key = compilation.catalog.entities[segment.entity].key
            flagged = warehouse.rows(f'select {key} from {segment.entity}_segments where "{segment.key}" order by 1')
            assert questions.members(segment.key, day) == [row[0] for row in flagged], segment.key
