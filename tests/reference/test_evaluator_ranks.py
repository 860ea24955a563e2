"""Ranks of attributes and of numbers of events and rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.evaluator import members
from tests.reference.small_world import AS_OF, catalog, company, event, link, order, person, who

DAY = dt.timedelta(days=1)
NAN = float("nan")
SEATS = [person(key, seat_count=seats) for key, seats in ((1, 5), (2, 9), (3, None), (4, 9), (5, 1), (6, 5))]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"top": 1}, {2}),
        ({"top": 2}, {2, 4}),
        ({"top": 3}, {1, 2, 4}),
        ({"top": 99}, {1, 2, 4, 5, 6}),
        ({"bottom": 1}, {5}),
        ({"bottom": 2}, {1, 5}),
        ({"bottom": 4}, {1, 2, 5, 6}),
        ({"top": "20%"}, {2}),
        ({"top": "20.1%"}, {2, 4}),
        ({"top": "1%"}, {2}),
        ({"top": "100%"}, {1, 2, 4, 5, 6}),
        ({"top": 1, "unknown": "include"}, {2, 3}),
        ({"top": 3, "at_most": 5}, {1}),
        ({"top": 3, "bottom": 3}, {1}),
    ],
)
def test_places_among_the_known_values(condition: Any, expected: set[int]) -> None:
    assert who({"seats": condition}, SEATS) == expected


def test_a_rank_within_a_group() -> None:
    people = [
        person(1, plan="pro", seat_count=5),
        person(2, plan="pro", seat_count=9),
        person(3, plan="free", seat_count=1),
        person(4, plan="free", seat_count=None),
        person(5, plan=None, seat_count=99),
        person(6, plan="Pro", seat_count=2),
    ]
    assert who({"seats": {"top": 1, "within": "plan"}}, people) == {2, 3, 6}
    assert who({"seats": {"top": "50%", "within": "plan"}}, people) == {2, 3, 6}
    assert who({"seats": {"bottom": 1, "within": "plan", "unknown": "include"}}, people) == {1, 3, 4, 5, 6}
    with pytest.raises(ValueError, match="within"):
        who({"seats": {"at_least": 1, "within": "plan"}}, people)
    with pytest.raises(ValueError, match="within"):
        who({"seats": {"top": 1, "within": "tags"}}, people)


def test_a_rank_looks_at_the_base_population_and_not_at_other_conditions() -> None:
    people = [person(1, seat_count=9, active=False), person(2, seat_count=5), person(3, seat_count=3, plan="pro")]
    counted = catalog(population={"active": {"is_not": False}})
    assert who({"seats": {"top": 1}}, people, catalog=counted) == {2}
    assert who([{"plan": "pro"}, {"seats": {"top": 2}}], people) == set()
    assert who({"not": {"seats": {"top": 1}}}, people) == {2, 3}


def test_dates_floats_and_decimals_have_ranks_and_other_types_have_none() -> None:
    people = [
        person(1, born=AS_OF, seen=dt.datetime(2017, 1, 1, 12), score=NAN, spend=Decimal("0.10")),
        person(2, born=AS_OF - DAY, seen=dt.datetime(2017, 1, 1, 13), score=-0.5, spend=Decimal("0.20")),
        person(3, born=AS_OF + DAY, seen=None, score=0.0, spend=Decimal("-0.10")),
    ]
    assert who({"born": {"top": 1}}, people) == {3}
    assert who({"born": {"bottom": 1}}, people) == {2}
    assert who({"seen": {"bottom": 1}}, people) == {1}
    assert who({"score": {"bottom": "50%"}}, people) == {2}
    assert who({"spend": {"top": 2}}, people) == {1, 2}
    with pytest.raises(ValueError, match="no order"):
        who({"plan": {"top": 1}}, people)


@pytest.mark.parametrize("operand", [0, -1, True, "10", "0%", "101%", 1.5])
def test_what_is_no_number_of_places_is_an_error(operand: Any) -> None:
    with pytest.raises(ValueError, match="no"):
        who({"seats": {"top": operand}}, SEATS)


def bought(subject: int, *amounts: int | None) -> list[dict[str, Any]]:
    """Return events of somebody with these amounts, one a day before D."""
    day = dt.datetime(2017, 6, 15)
    return [
        event(subject, day - DAY * n, amount=None if amount is None else Decimal(amount))
        for n, amount in enumerate(amounts)
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"times": {"top": 1}}, {2}),
        ({"times": {"bottom": 2}}, {3, 4}),
        ({"times": {"top": "75%"}}, {1, 2, 3}),
        ({"times": {"top": "75%", "at_least": 1}}, {1, 2}),
        ({"times": {"top": 1, "within": "plan"}}, {2, 3}),
        ({"times": {"top": 1, "within": "plan", "unknown": "include"}}, {2, 3, 4}),
        ({"on_days": {"top": 1}, "in_last": "1 day"}, {1}),
        ({"sum": "amount", "top": 1}, {1}),
        ({"sum": "amount", "bottom": 3}, {2, 3, 4}),
        ({"sum": "amount", "bottom": 3, "at_least": 1}, {2}),
        ({"maximum": "amount", "bottom": 1}, {2}),
        ({"maximum": "amount", "top": 99}, {1, 2}),
        ({"maximum": "amount", "top": 1, "unknown": "include"}, {1, 3, 4}),
        ({"distinct": "amount", "top": 1}, {1}),
        ({"sum": "amount", "top": 1, "within": "plan", "in_last": "1 day"}, {1, 3}),
    ],
)
def test_ranks_of_numbers_of_events(rule: Any, expected: set[int]) -> None:
    people = [person(1, plan="pro"), person(2, plan="pro"), person(3, plan="free"), person(4)]
    events = [*bought(1, 7, 8), *bought(2, 1, 1, None)]
    assert who({"performed": "buy", **rule}, people, person_events=events) == expected


def test_ranks_of_numbers_of_rows_and_of_companies() -> None:
    orders = [order(1, None, Decimal(3)), order(2, None, Decimal(1)), order(2, None, Decimal(1))]
    people = [person(1), person(2), person(3)]
    assert who({"related": "orders", "count": {"top": 1}}, people, orders=orders) == {2}
    assert who({"related": "orders", "sum": "amount", "top": 1}, people, orders=orders) == {1}
    companies = [company("b"), company("a"), company("c", archived=True)]
    tables = {"people": people, "companies": companies, "links": [link(1, "a"), link(2, "b"), link(3, "c")]}
    made = {"it": {"entity": "company", "where": {"related": "people", "count": {"top": 1}}}}
    assert members(catalog(), tables, made, "it", AS_OF) == {"a"}
    with pytest.raises(ValueError, match="average"):
        who({"related": "orders", "average": "amount", "top": 1}, people, orders=orders)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("format", ("a", "A", "a", None), 2),
        ("size", (1, 1, 2), 2),
        ("format", (None,), 0),
        ("format", (), 0),
    ],
)
def test_distinct_values_of_any_type(name: str, values: tuple[Any, ...], expected: int) -> None:
    events = [event(1, dt.datetime(2017, 6, 1), **{name: value}) for value in values]
    for number in range(4):
        rule = {"performed": "buy", "distinct": name, "equals": number}
        assert (who(rule, [person(1)], person_events=events) == {1}) is (number == expected)
