"""Events, relations and attached companies: windows, counts, aggregates, quantities of rows."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.evaluator import members
from tests.reference.small_world import catalog, company, event, link, order, performs, person, who

JUNE = dt.datetime(2017, 6, 10, 12)
DAY = dt.timedelta(days=1)


def days(*numbers: int, **properties: Any) -> list[dict[str, Any]]:
    """Return events so many days before 10 June at noon."""
    return [event(1, JUNE - DAY * number, **properties) for number in numbers]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"performed": "buy"}, True),
        ({"performed": "sell"}, False),
        ({"performed": ["sell", "buy"]}, True),
        ({"performed": "any"}, True),
        ({"not_performed": "buy"}, False),
        ({"not_performed": "sell"}, True),
        ({"not_performed": "any"}, False),
        ({"not_performed": ["sell", "buy"], "in_last": "3 days"}, True),
        ({"performed": "buy", "in_last": "6 days"}, True),
        ({"performed": "buy", "in_last": "5 days"}, False),
        ({"performed": "buy", "more_than": "10 days ago"}, True),
        ({"performed": "buy", "before": "2017-05-01"}, False),
        ({"performed": "buy", "between": ["2017-06-01", "2017-06-09"]}, True),
        ({"performed": "buy", "during": "last month"}, True),
        ({"performed": "buy", "in_last": "6 days", "before": "2017-06-10"}, False),
        ({"performed": "buy", "times": 3}, True),
        ({"performed": "buy", "times": {"exactly": 3}}, True),
        ({"performed": "buy", "times": {"at_least": 4}}, False),
        ({"performed": "buy", "times": {"at_least": 2, "less_than": 4}}, True),
        ({"performed": "buy", "times": {"between": [1, 2]}, "in_last": "15 days"}, True),
        ({"performed": "buy", "times": {"at_most": 2}, "in_last": "1 day"}, True),
        ({"performed": "sell", "times": {"exactly": 0}}, True),
        ({"performed": "sell", "times": {"less_than": 1}}, True),
        ({"performed": "buy", "on_days": {"exactly": 2}, "on_or_after": "2017-06-01"}, True),
        ({"performed": "buy", "on_days": {"exactly": 2}, "on_or_after": "2017-06-06"}, False),
    ],
)
def test_events_in_windows(rule: Any, expected: bool) -> None:
    assert performs(rule, *days(0, 5, 20)) is expected


def test_events_of_others_and_of_nobody_do_not_count() -> None:
    people = [person(1), person(2)]
    events = [event(2, JUNE), event(None, JUNE), event(3, JUNE)]
    assert who({"performed": "buy"}, people, person_events=events) == {2}
    assert who({"not_performed": "any"}, people, person_events=events) == {1}


def test_a_property_condition_is_met_by_one_and_the_same_event() -> None:
    events = [*days(0, format="pdf", size=1), *days(20, format="csv", size=9)]
    assert performs({"performed": "buy", "where": {"format": "pdf"}}, *events)
    assert not performs({"performed": "buy", "where": [{"format": "pdf"}, {"size": 9}]}, *events)
    assert performs({"performed": "buy", "where": {"any": [{"format": "xls"}, {"size": 9}]}}, *events)
    assert not performs({"performed": "buy", "where": {"size": 9}, "in_last": "7 days"}, *events)
    assert performs({"performed": "buy", "where": {"not": {"format": "pdf"}}, "times": 1}, *events)
    assert performs({"not_performed": "buy", "where": {"size": {"greater_than": 9}}}, *events)


def test_unknown_properties_follow_the_same_rules() -> None:
    unknown = days(0)
    assert not performs({"performed": "buy", "where": {"format": "pdf"}}, *unknown)
    assert performs({"performed": "buy", "where": {"format": {"is_not": "pdf"}}}, *unknown)
    assert performs({"performed": "buy", "where": {"format": {"is": "pdf", "unknown": "include"}}}, *unknown)
    assert performs({"performed": "buy", "where": {"format": "is_unknown"}}, *unknown)


def test_an_event_without_a_time_lies_in_no_window_and_on_no_day() -> None:
    timeless = event(1, None)
    assert performs({"performed": "buy"}, timeless)
    assert performs({"performed": "buy", "on_days": 0}, timeless)
    assert not performs({"performed": "buy", "before": "2030-01-01"}, timeless)
    assert performs({"not_performed": "buy", "in_last": "10 years"}, timeless)


def amounts(*numbers: str | None) -> list[dict[str, Any]]:
    """Return events with these amounts."""
    return [event(1, JUNE, amount=None if number is None else Decimal(number)) for number in numbers]


@pytest.mark.parametrize(
    ("rule", "events", "expected"),
    [
        ({"sum": "amount", "at_least": 0.3}, amounts("0.10", "0.20"), True),
        ({"sum": "amount", "greater_than": 0.3}, amounts("0.10", "0.20"), False),
        ({"sum": "amount", "equals": 0}, [], True),
        ({"sum": "amount", "less_than": 5}, [], True),
        ({"sum": "amount", "exactly": 0}, amounts(None), True),
        ({"sum": "amount", "between": [2, 3]}, amounts("1", None, "2"), True),
        ({"sum": "amount", "between": [2, 3], "in_last": "3 days"}, amounts("1", None, "2"), False),
        ({"average": "amount", "equals": 1.5}, amounts("1", None, "2"), True),
        ({"average": "amount", "less_than": 5}, [], False),
        ({"average": "amount", "less_than": 5, "unknown": "include"}, [], True),
        ({"average": "amount", "not_equals": 5}, amounts(None), True),
        ({"average": "amount", "not_equals": 5, "unknown": "exclude"}, amounts(None), False),
        ({"minimum": "amount", "at_most": 1}, amounts("1", "2"), True),
        ({"maximum": "amount", "at_most": 1}, amounts("1", "2"), False),
        ({"minimum": "amount", "at_most": 1}, amounts(None), False),
        ({"distinct": "amount", "equals": 2}, amounts("1", "1.00", "2", None), True),
        ({"distinct": "amount", "at_most": 0}, [], True),
        ({"sum": "amount", "at_least": 3, "times": {"at_most": 1}}, amounts("1", "2"), False),
        ({"sum": "amount", "at_least": "10 days ago", "less_than": 1}, amounts("1"), True),
        ({"sum": "size", "less_than": 1, "where": {"amount": 7}}, [event(1, JUNE, size=3)], True),
    ],
)
def test_aggregates(rule: Any, events: list[dict[str, Any]], expected: bool) -> None:
    assert performs({"performed": "buy", **rule}, *events) is expected


@pytest.mark.parametrize(
    "rule",
    [
        {"not_performed": "buy", "times": 1},
        {"performed": "buy", "sum": "amount"},
        {"performed": "buy", "at_least": 3},
        {"performed": "buy", "sum": "amount", "average": "amount", "at_least": 3},
        {"performed": "buy", "count": 3},
        {"performed": "buy", "where": []},
        {"performed": "buy", "where": {"plan": "pro"}},
        {"performed": "buy", "where": {"performed": "buy"}},
    ],
)
def test_what_is_no_condition_on_events_is_an_error(rule: Any) -> None:
    with pytest.raises((ValueError, KeyError)):
        performs(rule, *days(0))


def test_related_rows_with_a_date() -> None:
    orders = [
        order(1, JUNE, Decimal(5), "paid"),
        order(1, JUNE, Decimal(5), "paid"),
        order(2, JUNE - DAY * 40, Decimal(50), "open"),
        order(3, None, Decimal(1), "paid"),
        order(4, JUNE + DAY * 6, Decimal(9), "paid"),
    ]
    people = [person(key) for key in (1, 2, 3, 4)]

    def found(**rule: Any) -> set[Any]:
        return who({"related": "orders", **rule}, people, orders=orders)

    assert found() == {1, 2, 3}
    assert found(where={"status": "paid"}) == {1, 3}
    assert found(in_last="30 days") == {1}
    assert found(on_or_before="2030-01-01") == {1, 2}
    assert found(count=2) == {1}
    assert found(count={"at_most": 1}) == {2, 3, 4}
    assert found(count=0) == {4}
    assert found(sum="amount", at_least=10) == {1, 2}
    assert found(sum="amount", less_than=1) == {4}
    assert found(maximum="amount", less_than=6) == {1, 3}
    assert found(where=[{"status": "paid"}, {"amount": {"greater_than": 5}}], count={"exactly": 0}) == {1, 2, 3, 4}
    assert who({"related": "notes"}, people, notes=[{"person": 4, "body": None}]) == {4}


COMPANIES = [company("a", plan="pro", size=3), company("b", plan="free"), company("c"), company("x", archived=True)]
LINKS = [link(1, "a"), link(1, "b"), link(2, "b"), link(2, "b"), link(3, "c"), link(4, "x"), link(5, None)]
PEOPLE = [person(key) for key in range(1, 7)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"related": "company"}, {1, 2, 3}),
        ({"related": "company", "count": 0}, {4, 5, 6}),
        ({"related": "company", "count": {"at_least": 2}}, {1, 2}),
        ({"company.plan": "pro"}, {1}),
        ({"company.plan": {"is_not": "pro"}}, {1, 2, 3}),
        ({"not": {"company.plan": "pro"}}, {2, 3, 4, 5, 6}),
        ({"company.plan": "is_unknown"}, {3}),
        ({"company.id": "is_unknown"}, set()),
        ({"company.plan": {"is": "pro", "unknown": "include"}}, {1, 3}),
        ({"related": "company", "where": [{"plan": "free"}, {"size": 3}]}, set()),
        ({"all": [{"company.plan": "free"}, {"company.size": 3}]}, {1}),
        ({"related": "company", "sum": "size", "equals": 3}, {1}),
        ({"related": "company", "average": "size", "at_least": 0}, {1}),
        ({"company.in_segment": "free_ones"}, {1, 2}),
        ({"related": "company", "where": {"not_in_segment": "free_ones"}}, {1, 3}),
    ],
)
def test_attached_companies(rule: Any, expected: set[int]) -> None:
    specs = {"free_ones": {"entity": "company", "where": {"plan": "free"}}}
    assert who(rule, PEOPLE, companies=COMPANIES, links=LINKS, specs=specs) == expected


def test_a_link_dates_back_when_the_catalog_says_so() -> None:
    dated = catalog()
    dated["entities"]["person"]["relations"]["company"]["at"] = "since"
    links = [{**link(1, "a"), "since": JUNE}, {**link(2, "a"), "since": JUNE + DAY * 6}]
    assert who({"company.plan": "pro"}, PEOPLE, companies=COMPANIES, links=links, catalog=dated) == {1}


def test_a_company_reaches_its_people_backwards() -> None:
    made = {"it": {"entity": "company", "where": {"related": "people", "count": {"at_least": 2}}}}
    tables = {"people": PEOPLE, "companies": COMPANIES, "links": LINKS}
    assert members(catalog(), tables, made, "it", dt.date(2017, 6, 15)) == {"b"}
