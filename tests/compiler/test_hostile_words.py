"""Words in specs are data: they reach neither the template language nor SQL as code."""

from __future__ import annotations

import json
from datetime import date

import pytest

from orchestration.questions import ask
from orchestration.warehouse import DuckDB
from tests.pipeline.club import CATALOG, day
from tests.project import SmallProject

WORDS = (
    "O'Brien",
    '"quoted"',
    "{{ var('as_of') }}",
    "{% for x in range(9) %}{{ x }}{% endfor %}",
    "{# gone #}",
    "{{{ {%%} }}}",
    "-- not a comment",
    "a; drop table raw.members;",
    "'''; select 1 --",
    "*/ select 1 /*",
    "back\\slash \\n",
    "two\nlines (\n  inside\n)",
    "日本語 العربية ñ 🎉",
    "x" * 5000,
    "{{ ref('nothing') }}",
    "ref__members as_of_day__",
)


def _spec(words: str) -> str:
    about = {"name": words, "description": words, "owner": words, "labels": [words]}
    rule = {"any": [{"email": words}, {"email": {"contains": words}}, {"performed": words}]}
    return json.dumps({**about, "entity": "member", "where": rule}, ensure_ascii=False)


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = SmallProject(tmp_path_factory.mktemp("hostile"))
    specs = {f"members/s{number}.yml": _spec(words) for number, words in enumerate(WORDS)}
    project.lay_down(CATALOG, specs, "members", "visits")
    project.execute(
        "create schema raw",
        "create table raw.members (member_id varchar, plan varchar, valid_from date, valid_to date, joined_on date, "
        "email varchar, consent boolean)",
        "create table raw.visits (member_id varchar, kind varchar, visited_at timestamp, minutes integer)",
        f"insert into raw.members values ('nobody', null, '{day(0)}', null, '{day(0)}', 'n', true)",
    )
    for number, words in enumerate(WORDS):
        project.execute(
            f"insert into raw.members values "
            f"('is{number}', null, '{day(0)}', null, '{day(0)}', {_literal(words)}, true), "
            f"('did{number}', null, '{day(0)}', null, '{day(0)}', null, true)",
            f"insert into raw.visits values ('did{number}', {_literal(words)}, '{day(0)} 10:00:00', 1)",
        )
    project.run(day(0))
    return project


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_hostile_words_match_themselves(project: SmallProject, number: int) -> None:
    found = project.rows(f"select member_id from member_segments where s{number} order by 1")
    assert {f"is{number}", f"did{number}"} <= {row[0] for row in found}
    assert ("nobody",) not in found
    with DuckDB(project.settings.duckdb, read_only=True) as warehouse:
        inline = ask(project.compile(), warehouse).members(f"s{number}", date(2024, 3, 1))
    assert [(key,) for key in inline] == found


def test_hostile_words_arrive_whole_in_the_catalogue(project: SmallProject) -> None:
    found = project.rows("select segment, name, description, owner from segments")
    assert {row[0]: row[1:] for row in found} == {f"s{n}": (w, w, w) for n, w in enumerate(WORDS)}


def test_hostile_words_arrive_whole_in_the_manifest(project: SmallProject) -> None:
    document = project.dbt().document
    meta = document["nodes"]["model.muster.member_segments"]["config"]["meta"]["muster"]["segments"]
    assert {key: value["name"] for key, value in meta.items()} == {f"s{n}": words for n, words in enumerate(WORDS)}
