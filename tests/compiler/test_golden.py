"""The generated models of the club, as text a reviewer would read; tests/pipeline/test_days.py executes the same specs.

`MUSTER_WRITE_GOLDEN=1 make test` writes the golden files anew; read their difference before committing it.
"""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.files import HEADER, GeneratedFile, differences, read_sources, write_files
from orchestration.compiler.problem import SourceFile
from orchestration.questions import ask
from orchestration.warehouse import DuckDB
from tests.pipeline.club import CATALOG, SPECS
from tests.project import REPOSITORY

GOLDEN = REPOSITORY / "tests" / "golden" / "club"
ALLOWED = re.compile(
    r"(ref|as_of|measured_from|open_from|history_before|definitions_before|"
    r"retired_flags|member_versions|member_blocks|each_day|key_text|unedited_moves|edits|changed_from|lasting|"
    r"kept_days|membership_from)\(.*\)\Z",
    re.S,
)


def files(compilation: Compilation) -> tuple[GeneratedFile, ...]:
    return compilation_to_files(compilation, "duckdb")


@pytest.fixture(scope="module")
def club() -> Compilation:
    catalog = SourceFile("segment_specs/catalog.yml", CATALOG)
    segments = tuple(SourceFile(f"segment_specs/{path}", text) for path, text in SPECS.items())
    return compile_sources(Sources(catalog, segments))


@pytest.fixture(scope="module")
def shipped() -> Compilation:
    return compile_sources(read_sources(REPOSITORY))


def test_the_generated_text_is_the_golden_text(club: Compilation) -> None:
    if os.environ.get("MUSTER_WRITE_GOLDEN"):
        write_files(GOLDEN, files(club))
    assert not differences(GOLDEN, files(club))


def test_the_committed_models_are_those_of_the_specs(shipped: Compilation) -> None:
    assert not differences(REPOSITORY / "dbt_project" / "models" / "segments", files(shipped))


def test_generated_sql_calls_macros_and_holds_no_control_flow(shipped: Compilation) -> None:
    for file in files(shipped):
        if file.path.endswith(".sql"):
            assert "{%" not in file.text
            for call in re.findall(r"\{\{ (.*?) \}\}", file.text):
                assert ALLOWED.match(call), f"{file.path}: {call}"


def test_missing_changed_and_orphaned_files_are_differences(club: Compilation, tmp_path: Path) -> None:
    write_files(tmp_path, files(club))
    assert not differences(tmp_path, files(club))
    (tmp_path / "member" / "orphan.sql").write_text(f"-- {HEADER}\nselect 1")
    (tmp_path / "lists").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "member" / "member_traits.sql").write_text("select 1")
    (tmp_path / "member" / "member_spells.sql").unlink()
    found = differences(tmp_path, files(club))
    assert found.orphans == ("member/orphan.sql", "notes.txt")
    assert found.changed == ("member/member_traits.sql",)
    assert found.missing == ("member/member_spells.sql",)
    write_files(tmp_path, files(club))
    assert differences(tmp_path, files(club)).orphans == ("notes.txt",), "what Muster did not write stays"


def test_a_model_read_twice_under_one_name_is_read_whole_each_time(tmp_path: Path) -> None:
    catalog = """
    entities:
      person:
        model: Rows
        key: id
        attributes: {plan: text}
        relations:
          rows: {model: Rows, subject: id, attributes: {seats: integer}}
          events: {model: raw.events, subject: id, attributes: {seats: integer}}
    """
    rows = "{related: rows, where: {seats: 2}}, {related: events, where: {seats: 3}}"
    rule = f"entity: person\nwhere: [{{plan: pro}}, {rows}]\n"
    sources = Sources(SourceFile("catalog.yml", catalog), (SourceFile("segment_specs/all/both.yml", rule),))
    compilation = compile_sources(sources)
    with DuckDB(tmp_path / "twice.duckdb") as warehouse:
        warehouse.execute("create schema raw")
        warehouse.execute("create table Rows as select 1 as id, 'pro' as plan, 2 as seats")
        warehouse.execute("create table raw.events as select 1 as id, 3 as seats")
        assert ask(compilation, warehouse).members("both", date(2024, 1, 1)) == [1]
    (traits,) = (file for file in files(compilation) if file.path == "person/person_traits.sql")
    assert traits.text.count("{{ ref('Rows') }}") == 2
    assert 'from "raw".events' in traits.text
