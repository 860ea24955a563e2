"""A query that is taken over finds in the warehouse whom Intercom would find."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.compiler.compile import compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.drafts.draft import Draft
from orchestration.intercom.convert import text_to_rule
from orchestration.intercom.fields import FIELDS, OPERATORS, Kind
from orchestration.intercom.mapping import source_to_renaming
from orchestration.questions import ask
from orchestration.warehouse import DuckDB
from tests.intercom.contacts import (
    EMAILS,
    LEVELS,
    MAPPING,
    MOMENTS,
    NUMBERS,
    OWNERS,
    TAGS,
    TEXTS,
    WORKSPACE,
    Contact,
    contacts,
    load,
    sources,
)
from tests.intercom.evaluator import finds

DAY = date(2026, 1, 1)
PEOPLE = contacts()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDB]:
    with DuckDB(tmp_path_factory.mktemp("intercom") / "warehouse.duckdb") as opened:
        load(opened, PEOPLE)
        yield opened


def number(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """Numbers as JSON has them, and quoted, as the description's own examples have them."""
    plain = st.sampled_from([int(each) if each == int(each) else float(each) for each in values])
    return plain | plain.map(str)


def filters(field: str, operators: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def of(operator: str) -> st.SearchStrategy[Any]:
        value = st.lists(values, min_size=1, max_size=3) if operator in ("IN", "NIN") else values
        nullable = operator in ("=", "!=") and field not in ("segment_id", "email_domain", "company_id")
        value = value | st.none() if nullable else value
        return st.fixed_dictionaries({"field": st.just(field), "operator": st.just(operator), "value": value})

    return st.sampled_from(operators).flatmap(of)


TEXT, NUMBER, DATE = OPERATORS[Kind.TEXT], OPERATORS[Kind.NUMBER], OPERATORS[Kind.DATE]
FILTERS = st.one_of(
    filters("email", TEXT, st.sampled_from(EMAILS)),
    filters("name", TEXT, st.sampled_from(TEXTS)),
    filters("role", TEXT, st.sampled_from(("user", "lead"))),
    filters("custom_attributes.any", TEXT, st.sampled_from(TEXTS)),
    filters("custom_attributes.level", ("=", "!=", "IN", "NIN"), st.sampled_from(tuple(LEVELS))),
    filters("owner_id", NUMBER, number(OWNERS)),
    filters("custom_attributes.spend", NUMBER, number(NUMBERS)),
    filters("created_at", DATE, number(MOMENTS)),
    filters("last_seen_at", DATE, number(MOMENTS)),
    filters("custom_attributes.trial_ends_on", DATE, number(MOMENTS)),
    filters("unsubscribed_from_emails", OPERATORS[Kind.BOOLEAN], st.booleans()),
    filters("tag_id", OPERATORS[Kind.TAG], st.sampled_from(tuple(TAGS))),
    filters("segment_id", OPERATORS[Kind.SEGMENT], st.sampled_from(("5f01", "5f02"))),
    filters("email_domain", OPERATORS[Kind.DOMAIN], st.sampled_from(("x.com", "X.COM", "sub.x.com", "nobody.com"))),
    filters("company_id", TEXT, st.sampled_from(("Acme", "acme", "ac", ""))),
)
QUERIES = st.recursive(
    FILTERS,
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(("AND", "OR")), "value": st.lists(inner, min_size=1, max_size=4)}
    ),
    max_leaves=6,
)


def found_in(warehouse: DuckDB, queries: list[Any], zone: str) -> list[set[str]]:
    """The keys of whom the specs hold that the queries become."""
    catalog = compile_sources(sources()).catalog
    renaming = source_to_renaming(SourceFile("mapping.yml", MAPPING))
    files = []
    for place, query in enumerate(queries):
        text = json.dumps({"query": query})
        rule = text_to_rule(text, catalog, catalog.entities["person"], renaming, ZoneInfo(zone)).rule
        files.append(Draft(f"q{place}", "person", "people", rule.conditions, rule.joined).to_source())
    questions = ask(compile_sources(sources(*files)), warehouse)
    return [set(map(str, questions.members(f"q{place}", DAY))) for place in range(len(queries))]


def judged(query: Any, people: list[Contact], zone: str) -> set[str]:
    return {each.key for each in people if finds(query, each, zone)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(QUERIES, min_size=1, max_size=6))
def test_the_same_people_are_found(warehouse: DuckDB, queries: list[Any]) -> None:
    assert found_in(warehouse, queries, WORKSPACE) == [judged(query, PEOPLE, WORKSPACE) for query in queries]


@settings(max_examples=15, deadline=None)
@given(st.lists(filters("created_at", DATE, number(MOMENTS)), min_size=1, max_size=6))
def test_days_of_another_time_zone(warehouse: DuckDB, queries: list[Any]) -> None:
    zone = "America/New_York"
    assert found_in(warehouse, queries, zone) == [judged(query, PEOPLE, zone) for query in queries]


def test_every_operator_of_every_kind_parts_the_contacts(warehouse: DuckDB) -> None:
    """Each operator finds some and not others, so that a mistake in it would be seen."""
    asked = {
        Kind.TEXT: ("name", "a"),
        Kind.NUMBER: ("custom_attributes.spend", 100),
        Kind.BOOLEAN: ("unsubscribed_from_emails", True),
        Kind.DATE: ("created_at", 1577836800),
        Kind.TAG: ("tag_id", "11"),
        Kind.SEGMENT: ("segment_id", "5f01"),
        Kind.DOMAIN: ("email_domain", "x.com"),
    }
    queries = [
        {"field": field, "operator": operator, "value": [value] if operator in ("IN", "NIN") else value}
        for kind, (field, value) in asked.items()
        for operator in OPERATORS[kind]
    ]
    found = found_in(warehouse, queries, WORKSPACE)
    assert found == [judged(query, PEOPLE, WORKSPACE) for query in queries]
    assert all(0 < len(some) < len(PEOPLE) for some in found)
    assert set(FIELDS.values()) == set(asked)


def test_the_day_of_the_descriptions_own_example(warehouse: DuckDB) -> None:
    """January 1st, 2020, 9:00 UTC on a workspace set to UTC: `>` finds from January 2nd on, `<` before January 1st."""
    after, before, on = found_in(
        warehouse,
        [{"field": "created_at", "operator": operator, "value": 1577869200} for operator in (">", "<", "=")],
        "UTC",
    )
    moments = {each.key: each.known["created_at"] for each in PEOPLE}
    known = {key: seconds for key, seconds in moments.items() if isinstance(seconds, int)}
    assert after == {key for key, seconds in known.items() if seconds >= 1577836800 + 86400}
    assert before == {key for key, seconds in known.items() if seconds < 1577836800}
    assert on == {key for key, seconds in known.items() if 1577836800 <= seconds < 1577836800 + 86400}
