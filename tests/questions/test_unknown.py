"""Whom an unknown value decides: against Kleene's logic written anew, and on the naive evaluator's worlds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.compiler.segment import conditions
from orchestration.compiler.unknown import rule_to_bounds
from orchestration.questions.question import rules_to_question
from tests.reference import pools, rules, strategy_rows, strategy_rules, values
from tests.reference.evaluator import world_as_of
from tests.reference.judging import compiled, locate, record
from tests.reference.on_duckdb import DuckDB
from tests.reference.pools import Pen
from tests.reference.rules import Scope
from tests.reference.small_world import AS_OF, CATALOG, catalog, company, event, link, order, person
from tests.reference.strategies import world, worlds
from tests.reference.world import World

ENGINE = DuckDB()
QUICK = settings(
    max_examples=60,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)
Row = tuple[Any, ...]


def judged(made: World, key: str, looked_at: bool = False) -> list[Row]:
    """Each subject's key, whether it is in the segment, in `least` and in `most`, and the values looked at."""
    compilation = compiled(made)
    segment = compilation.segments[key]
    bounds = rule_to_bounds(segment.rule)
    ENGINE.load(made.columns, made.tables)
    question = rules_to_question(
        compilation,
        segment.entity,
        (segment.rule, bounds.least, bounds.most),
        made.as_of,
        partial(locate, ENGINE),
        looked_at=conditions(segment.rule) if looked_at else (),
        recorded=record(ENGINE, made, compilation),
    )
    return ENGINE.rows(question.query.sql("duckdb"))


@QUICK
@given(worlds(static=True))
def test_a_rule_lies_between_its_bounds(made: World) -> None:
    for key in made.specs:
        rows = judged(made, key)
        assert {subject for subject, member, _, _ in rows if member} == made.members(key)
        assert all(least <= member <= most for _, member, least, most in rows)


@QUICK
@given(worlds())
def test_who_has_only_known_values_is_not_decided_by_an_unknown_one(made: World) -> None:
    made = filled(made)
    for key in made.specs:
        for _, _, least, most, *seen in judged(made, key, looked_at=True):
            assert least == most or None in seen or (averages(key, made) and 0 in seen)


def averages(key: str, made: World) -> bool:
    """Whether an average is asked for, which is looked at as a sum and a number of values that may be 0."""
    return "'average'" in str(made.specs[key])


def filled(made: World) -> World:
    """The world with a value in the place of every unknown one; dates of versions and moves stay."""
    random = Random(1)
    kept = ("valid_from", "valid_to")

    def known(kind: str, value: Any) -> Any:
        pen = Pen(random, pools.clock_of(made.as_of, made.catalog["timezone"], made.catalog["week_starts_on"]))
        while values.known(value) is None:
            value = pen.value(kind)
        return value

    tables = {
        name: [
            {
                column: value if column in kept else known(strategy_rows.TABLES[name][column], value)
                for column, value in row.items()
            }
            for row in rows
        ]
        for name, rows in made.tables.items()
    }
    return replace(made, tables=tables)


# --- Kleene's logic, on the spec as written


def truth(scope: Scope, rule: Any) -> bool | None:
    """True, false or unknown, of a rule with groups and conditions on attributes."""
    if isinstance(rule, list):
        return all_of(truth(scope, each) for each in rule)
    ((word, body),) = rule.items()
    parts = body if isinstance(body, list) else [body]
    match word:
        case "everyone":
            return True
        case "all":
            return all_of(truth(scope, each) for each in parts)
        case "any":
            return turned(all_of(turned(truth(scope, each)) for each in parts))
        case "none":
            return all_of(turned(truth(scope, each)) for each in parts)
        case "not":
            return turned(all_of(truth(scope, each) for each in parts))
    return all_of(of_attribute(scope, word, body))


def all_of(found: Iterable[bool | None]) -> bool | None:
    parts = list(found)
    if False in parts:
        return False
    return None if None in parts else True


def turned(found: bool | None) -> bool | None:
    return None if found is None else not found


def of_attribute(scope: Scope, name: str, body: Any) -> Iterator[bool | None]:
    type_, value = scope.fields[name].type, scope.value(name)
    for word, operand in rules.operators_of(type_, body).items():
        if word in ("is_unknown", "has_any_value"):
            yield (value is None) == (word == "is_unknown")
        elif word != "unknown":
            yield None if value is None else rules.verdict_of(scope, type_, value, word, operand)


@QUICK
@given(st.integers(0, 2**40))
def test_the_bounds_of_rules_on_attributes_are_those_of_kleenes_logic(seed: int) -> None:
    made = world(Random(seed), words=frozenset())
    pen = Pen(Random(seed + 1), pools.clock_of(made.as_of, made.catalog["timezone"], made.catalog["week_starts_on"]))
    rule = strategy_rules.where(pen, strategy_rules.Place(strategy_rules.fields_of("person"), "person"), 3)
    made = replace(made, specs={"it": {"name": "It", "entity": "person", "owner": "tests", "where": rule}})
    base = world_as_of(made.catalog, made.tables, made.specs, made.as_of, {}).base("person")
    told = {key: truth(scope, rule) for key, scope in base.items()}
    found = {key: (least, most) for key, _, least, most in judged(made, "it")}
    assert found == {key: (verdict is True, verdict is not False) for key, verdict in told.items()}


# --- what counts as unknown, and what does not


def decided(rule: Any, people: list[dict[str, Any]], **more: Any) -> set[Any]:
    """The keys of the people whom an unknown value decides."""
    tables = {"people": people, "companies": [], "person_events": [], "orders": [], "notes": [], "links": []}
    tables |= {name: more[name] for name in more if name in tables}
    specs = {"it": {"name": "It", "entity": "person", "owner": "tests", "where": rule}, **more.get("specs", {})}
    made = World(more.get("catalog", CATALOG), tables, specs, AS_OF, COLUMNS)
    return {key for key, _, least, most in judged(made, "it") if most and not least}


def kinds(attributes: dict[str, Any]) -> dict[str, str]:
    entries = {name: entry if isinstance(entry, dict) else {"type": entry} for name, entry in attributes.items()}
    return {entry.get("column", name): entry["type"] for name, entry in entries.items()}


PEOPLE, ROWS = CATALOG["entities"]["person"], {"person": "integer", "at": "timestamp"}
VERSIONS = {"valid_from": "timestamp", "valid_to": "timestamp"}
COLUMNS: dict[str, dict[str, str]] = {
    "people": {"id": "integer", **kinds(PEOPLE["attributes"]), **VERSIONS},
    "companies": kinds(CATALOG["entities"]["company"]["attributes"]),
    "person_events": {**ROWS, "name": "text", **kinds(PEOPLE["events"]["properties"])},
    "orders": {**ROWS, **kinds(PEOPLE["relations"]["orders"]["attributes"])},
    "notes": {"person": "integer", **kinds(PEOPLE["relations"]["notes"]["attributes"])},
    "links": {"person": "integer", "company": "text"},
}
YESTERDAY = dt.datetime(2017, 6, 14)
NEVER = {"valid_from": None, "valid_to": None}


def people(*given: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**person(number, **values), **NEVER} for number, values in enumerate(given, 1)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"plan": "pro"}, {3}),
        ({"plan": {"is_not": "pro"}}, {3}),
        ({"plan": {"is": "pro", "unknown": "include"}}, {3}),
        ({"plan": "is_unknown"}, set()),
        ({"plan": "has_any_value"}, set()),
        ([{"plan": "pro"}, {"active": True}], {3}),
        ([{"plan": "free"}, {"active": True}], {1, 3}),
        ({"any": [{"plan": "pro"}, {"active": True}]}, {1, 3}),
        ({"not": {"any": [{"plan": "pro"}, {"plan": "is_unknown"}]}}, set()),
        ({"seats": {"at_least": "80% of limit"}}, {2, 3}),
        ({"seats": {"top": 1}}, {3}),
        ({"seats": {"top": 1, "within": "plan"}}, {3}),
        ({"everyone": True}, set()),
    ],
)
def test_unknown_attributes(rule: Any, expected: set[int]) -> None:
    given = people(
        {"plan": "free", "seat_count": 5, "limit": 5, "active": None},
        {"plan": "pro", "seat_count": 5, "limit": None, "active": True},
        {"plan": None, "seat_count": None, "limit": 5, "active": None},
    )
    assert decided(rule, given) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"performed": "buy", "average": "amount", "at_least": 5}, {2, 3}),
        ({"performed": "buy", "minimum": "amount", "at_least": 5}, {2, 3}),
        ({"performed": "buy", "sum": "amount", "at_least": 5}, set()),
        ({"performed": "buy", "times": {"at_least": 1}}, set()),
        ({"not_performed": "buy", "where": {"format": "pdf"}}, set()),
        ({"last_performed": "buy", "in_last": "7 days"}, {3}),
        ({"last_performed": "buy", "having": {"format": "pdf"}}, {2, 3}),
        ({"not": {"last_performed": "buy", "having": {"format": "pdf"}}}, {2, 3}),
        ({"performed": "buy", "sum": "amount", "top": 1, "within": "plan"}, {3}),
        ({"related": "orders", "last": {"in_last": "7 days"}}, {1, 2}),
        ({"related": "orders", "every": {"status": "paid"}}, set()),
        ({"company.plan": "pro"}, set()),
        ({"in_segment": "pros"}, set()),
    ],
)
def test_unknown_totals_and_rows(rule: Any, expected: set[int]) -> None:
    events = [event(1, YESTERDAY, amount=7, format="csv"), event(2, YESTERDAY)]
    pros = {"name": "Pros", "entity": "person", "owner": "tests", "where": {"plan": "pro"}}
    found = decided(
        rule,
        people({"plan": "pro"}, {"plan": "pro"}, {}),
        person_events=events,
        orders=[order(3, YESTERDAY)],
        companies=[company("acme")],
        links=[link(1, "acme")],
        specs={"pros": pros},
    )
    assert found == expected


def test_an_unknown_value_on_one_of_the_days() -> None:
    first, later = dt.datetime(2017, 1, 1), dt.datetime(2017, 6, 12)
    rows = [
        {**person(1, plan="pro"), "valid_from": first, "valid_to": None},
        {**person(2), "valid_from": first, "valid_to": later},
        {**person(2, plan="pro"), "valid_from": later, "valid_to": None},
        {**person(3), "valid_from": first, "valid_to": later},
        {**person(3, plan="free"), "valid_from": later, "valid_to": None},
        {**person(4, plan="pro"), "valid_from": later, "valid_to": None},
    ]
    kept = catalog(history={"valid_from": "valid_from", "valid_to": "valid_to"})
    assert decided({"plan": {"is": "pro", "for_at_least": "7 days"}}, rows, catalog=kept) == {2}


def test_a_rule_without_unknowns_has_one_bound() -> None:
    made = World(
        CATALOG,
        {},
        {
            "it": {
                "name": "It",
                "entity": "person",
                "owner": "tests",
                "where": [{"performed": "buy"}, {"plan": "is_unknown"}, {"not": {"everyone": True}}],
            }
        },
        AS_OF,
        COLUMNS,
    )
    rule = compiled(made).segments["it"].rule
    bounds = rule_to_bounds(rule)
    assert (bounds.least, bounds.most, bounds.differ) == (rule, rule, False)
