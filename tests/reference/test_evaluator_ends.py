"""First and last events and rows, quantifiers, and events that came regularly, stopped or came back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.small_world import company, event, link, order, performs, person, who

NOON = dt.datetime(2017, 6, 15, 12)
DAY = dt.timedelta(days=1)


def ago(*numbers: int, **properties: Any) -> list[dict[str, Any]]:
    """Return events at noon so many days before D."""
    return [event(1, NOON - DAY * number, **properties) for number in numbers]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"first_performed": "buy", "more_than": "19 days ago"}, True),
        ({"first_performed": "buy", "in_last": "10 days"}, False),
        ({"last_performed": "buy", "in_last": "10 days"}, True),
        ({"last_performed": "buy", "more_than": "5 days ago"}, False),
        ({"last_performed": "buy", "at_least": "5 days ago", "in_last": "6 days"}, True),
        ({"first_performed": "buy", "having": {"format": "old"}}, True),
        ({"last_performed": "buy", "having": {"format": "old"}}, False),
        ({"last_performed": "buy", "where": {"format": "old"}, "on": "2017-05-26"}, True),
        ({"last_performed": "buy", "where": {"format": "old"}, "having": {"size": 1}}, True),
        ({"last_performed": "buy", "where": {"size": 1}, "having": {"format": "old"}}, False),
        ({"last_performed": "buy", "exactly": "5 days ago", "having": {"format": "new"}}, True),
        ({"last_performed": "buy", "exactly": "6 days ago", "having": {"format": "new"}}, False),
        ({"last_performed": "sell", "in_last": "10 years"}, False),
        ({"last_performed": "sell", "in_last": "10 years", "unknown": "include"}, True),
        ({"last_performed": "buy", "in_last": "5 days", "unknown": "include"}, False),
        ({"first_performed": ["sell", "buy"], "exactly": "20 days ago"}, True),
        ({"first_performed": "any", "exactly": "20 days ago"}, True),
    ],
)
def test_the_first_and_the_last_event(rule: Any, expected: bool) -> None:
    events = [*ago(20, format="old", size=1), *ago(5, format="new", size=1), *ago(-1, format="late")]
    assert performs(rule, *events) is expected


def test_one_of_several_first_events_meets_all_that_is_asked() -> None:
    rule = {"first_performed": "buy", "having": [{"format": "pdf"}, {"size": 2}]}
    assert performs(rule, *ago(3, format="csv", size=1), *ago(3, format="pdf", size=2))
    assert not performs(rule, *ago(3, format="csv", size=2), *ago(3, format="pdf", size=1))
    assert not performs(rule, *ago(3, format="csv", size=2), *ago(2, format="pdf", size=2))


def test_events_without_a_date_are_neither_first_nor_last() -> None:
    timeless = event(1, None, format="pdf")
    assert not performs({"first_performed": "buy", "having": {"format": "pdf"}}, timeless)
    assert performs({"last_performed": "buy", "having": {"format": "csv"}}, timeless, *ago(3, format="csv"))


def test_the_anniversary_of_a_first_event() -> None:
    rule = {"first_performed": "buy", "anniversary": {"in_next": "7 days"}}
    assert performs(rule, event(1, dt.datetime(2016, 6, 22)), *ago(3))
    assert not performs(rule, event(1, dt.datetime(2016, 6, 15)), event(1, dt.datetime(2016, 6, 22)))
    assert not performs({"last_performed": "buy", "anniversary": "today"}, *ago(0))


@pytest.mark.parametrize(
    "rule",
    [
        {"first_performed": "buy"},
        {"first_performed": "buy", "times": 1},
        {"first_performed": "buy", "having": {"performed": "buy"}},
        {"first_performed": "buy", "anniversary": {"in_next": "2 years"}},
        {"performed_regularly": "buy", "in_at_least": 3, "of_last": 4},
        {"performed_regularly": "buy", "in_at_least": 5, "of_last": "4 weeks"},
        {"performed_regularly": "buy", "in_at_least": 1, "of_last": "4 hours"},
        {"stopped_performing": "buy", "was_in": "30 days"},
        {"resumed_performing": "buy", "back_in": "30 days", "silent_for": "3 hours"},
    ],
)
def test_what_is_no_condition_on_ends_or_habits_is_an_error(rule: Any) -> None:
    with pytest.raises((ValueError, KeyError)):
        performs(rule, *ago(3))


ORDERS = [
    order(1, NOON - DAY * 20, Decimal(5), "paid"),
    order(1, NOON - DAY * 2, Decimal(7), "open"),
    order(2, NOON - DAY * 2, Decimal(5), "paid"),
    order(2, None, Decimal(5), "paid"),
    order(3, None, None, "paid"),
]
PEOPLE = [person(key) for key in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"first": {"more_than": "10 days ago"}}, {1}),
        ({"first": {"in_last": "10 days"}}, {2}),
        ({"last": {"in_last": "10 days"}}, {1, 2}),
        ({"last": {"in_last": "10 days"}, "unknown": "include"}, {1, 2, 3, 4}),
        ({"where": {"status": "paid"}, "last": {"more_than": "10 days ago"}}, {1}),
        ({"in_last": "10 days", "first": {"exactly": "2 days ago"}}, {1, 2}),
        ({"first": {"anniversary": "today"}}, set()),
        ({"any": {"status": "paid"}}, {1, 2, 3}),
        ({"every": {"status": "paid"}}, {2, 3}),
        ({"every": {"status": "paid"}, "or_none": True}, {2, 3, 4}),
        ({"none": {"status": "open"}}, {2, 3, 4}),
        ({"none": {"amount": {"is_unknown": True}}}, {1, 2, 4}),
        ({"every": [{"status": "paid"}, {"amount": 5}]}, {2}),
        ({"where": {"status": "paid"}, "every": {"amount": 5}}, {1, 2}),
        ({"in_last": "10 days", "every": {"status": "open"}}, {1}),
    ],
)
def test_ends_and_quantifiers_of_related_rows(rule: Any, expected: set[int]) -> None:
    assert who({"related": "orders", **rule}, PEOPLE, orders=ORDERS) == expected


@pytest.mark.parametrize(
    "rule",
    [
        {"any": {"status": "paid"}, "none": {"status": "open"}},
        {"any": {"status": "paid"}, "count": 1},
        {"first": {"in_last": "1 day"}, "last": {"in_last": "1 day"}},
        {"first": {}},
        {"none": {"status": "open"}, "or_none": True},
    ],
)
def test_one_thing_is_asked_of_rows_at_a_time(rule: Any) -> None:
    with pytest.raises((ValueError, KeyError)):
        who({"related": "orders", **rule}, PEOPLE, orders=ORDERS)


def test_quantifiers_over_attached_companies() -> None:
    companies = [company("a", plan="pro"), company("b", plan="free"), company("x", plan="pro", archived=True)]
    links = [link(1, "a"), link(1, "b"), link(2, "a"), link(2, "x"), link(3, "x")]

    def found(**rule: Any) -> set[Any]:
        return who({"related": "company", **rule}, PEOPLE, companies=companies, links=links)

    assert found(any={"plan": "pro"}) == {1, 2}
    assert found(every={"plan": "pro"}) == {2}
    assert found(none={"plan": "pro"}) == {3, 4}
    assert found(every={"plan": "pro"}, or_none=True) == {2, 3, 4}


@pytest.mark.parametrize(
    ("rule", "numbers", "expected"),
    [
        ({"in_at_least": 3, "of_last": "4 weeks"}, (0, 7, 27), True),
        ({"in_at_least": 3, "of_last": "4 weeks"}, (0, 6, 27), False),
        ({"in_at_least": 3, "of_last": "4 weeks"}, (6, 13, 28), False),
        ({"in_at_least": 2, "of_last": 4, "period": "3 days"}, (2, 3), True),
        ({"in_at_least": 2, "of_last": 4, "period": "3 days"}, (3, 5), False),
        ({"in_at_least": 2, "of_last": 4, "period": "3 days"}, (11, 12), False),
        ({"in_at_least": 2, "of_last": "3 days", "times": {"at_least": 2}}, (0, 0, 2, 2), True),
        ({"in_at_least": 2, "of_last": "3 days", "times": {"at_least": 2}}, (0, 0, 1, 2), False),
        ({"in_at_least": 3, "of_last": "3 days", "times": 0}, (3,), True),
        ({"in_at_least": 2, "of_last": "2 months"}, (30, 31), True),
        ({"in_at_least": 2, "of_last": "2 months"}, (0, 30), False),
    ],
)
def test_regular_events(rule: Any, numbers: tuple[int, ...], expected: bool) -> None:
    assert performs({"performed_regularly": "buy", **rule}, *ago(*numbers)) is expected


def test_months_of_regular_events_are_clamped_from_the_day_itself() -> None:
    rule = {"performed_regularly": "buy", "in_at_least": 2, "of_last": "2 months"}
    march = dt.date(2017, 3, 31)
    assert performs(rule, event(1, dt.datetime(2017, 3, 1)), event(1, dt.datetime(2017, 2, 28)), as_of=march)
    assert not performs(rule, event(1, dt.datetime(2017, 3, 1)), event(1, dt.datetime(2017, 1, 31)), as_of=march)


@pytest.mark.parametrize(
    ("numbers", "expected"), [((7,), True), ((29,), True), ((30,), False), ((6, 20), False), ((), False)]
)
def test_events_that_stopped(numbers: tuple[int, ...], expected: bool) -> None:
    rule = {"stopped_performing": "buy", "was_in": "30 days", "silent_for": "7 days"}
    assert performs(rule, *ago(*numbers)) is expected


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((6, 37), True),
        ((0, 90), True),
        ((6, 36), False),
        ((7, 40), False),
        ((6, 7, 40), False),
        ((3,), False),
        ((40,), False),
    ],
)
def test_events_that_came_back(numbers: tuple[int, ...], expected: bool) -> None:
    rule = {"resumed_performing": "buy", "silent_for": "30 days", "back_in": "7 days"}
    assert performs(rule, *ago(*numbers)) is expected


def test_habits_look_at_the_events_that_pass_where() -> None:
    rule = {"stopped_performing": "buy", "was_in": "30 days", "silent_for": "7 days", "where": {"format": "pdf"}}
    assert performs(rule, *ago(10, format="pdf"), *ago(1, format="csv"))
    assert not performs(rule, *ago(10, format="csv"))
