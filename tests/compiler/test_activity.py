"""What counts as being active: said by a segment or the catalog, and no part of who is in it."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.emit import compilation_to_files
from orchestration.compiler.lints.lint import lint
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.render import to_inline
from orchestration.compiler.sql import table

CATALOG = """
entities:
  person:
    model: people
    key: id
    attributes: {seats: integer}
    events: {model: events, subject: id, name: name, at: at, names: [login, order]{default}}
"""
RULES = {"buyers": "{performed: order, in_last: 3 days}", "seated": "{seats: 1}"}


def compiled(default: str = "", **active_by: str) -> Compilation:
    """`default` is the catalog's, the others are those of segments."""
    said = {key: f"active_by: {active_by[key]}\n" if key in active_by else "" for key in RULES}
    specs = tuple(
        SourceFile(f"segment_specs/all/{key}.yml", f"entity: person\nwhere: {rule}\n{said[key]}")
        for key, rule in RULES.items()
    )
    catalog = CATALOG.replace("{default}", f", active_by: {default}" if default else "")
    return compile_sources(Sources(SourceFile("catalog.yml", catalog), specs))


def files(compilation: Compilation) -> dict[str, str]:
    return {file.path: file.text for file in compilation_to_files(compilation, "duckdb")}


def test_who_is_in_does_not_depend_on_it() -> None:
    assert compiled("login", seated="any").definitions == compiled().definitions


@pytest.mark.parametrize(
    ("default", "own", "named"),
    [
        ("", "", []),
        ("login", "", ["login"]),
        ("", "order", ["order"]),
        ("login", "[order, login, order]", ["login", "login_or_order"]),
        ("login", "any", ["login", "any_event"]),
    ],
)
def test_a_segment_says_it_or_the_catalog(default: str, own: str, named: list[str]) -> None:
    compilation = compiled(default, **({"seated": own} if own else {}))
    assert list(compilation.plan("person").activities.values()) == named
    text = files(compilation).get("person/person_activity.sql", "")
    assert text.count("where measure = ") == len(named)


def test_the_days_are_rolled_up_with_those_of_the_rules_once_each() -> None:
    made = files(compiled("order", seated="login"))
    assert made["person/person_measures.sql"].count("as measure,") == 2
    assert "measure = 'order'" in made["person/person_traits.sql"]


def test_a_preview_counts_no_activity() -> None:
    compilation = compiled("login")
    query = to_inline(compilation.plans("buyers"), compilation.bases, date(2024, 1, 1), table)
    assert "'login'" not in query.sql()


def test_an_event_that_the_catalog_does_not_list_is_a_warning() -> None:
    assert [problem.code for problem in lint(compiled(seated="[login, logn]"))] == ["unknown-event"]
    assert not lint(compiled(seated="[login, any]"))
