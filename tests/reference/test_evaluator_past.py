"""What was so for some time, moves between segments, and segments of attached entities."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.reference.evaluator import members
from tests.reference.small_world import AS_OF, catalog, company, event, link, person, who

DAY = dt.timedelta(days=1)
BOUNDS = {"valid_from": "valid_from", "valid_to": "valid_to"}
HISTORY = catalog(history=BOUNDS)
MIDNIGHT = dt.time()


def version(key: int, first: int, last: int | None = None, **values: Any) -> dict[str, Any]:
    """Return a row that holds from the start of the day so many days before D, to the start of another."""
    begin, end = (None if n is None else dt.datetime.combine(AS_OF - DAY * n, MIDNIGHT) for n in (first, last))
    return {**person(key, **values), "valid_from": begin, "valid_to": end}


PEOPLE = [
    version(1, 90, plan="pro", seat_count=5),
    version(2, 90, 29, plan="free"),
    version(2, 29, plan="pro", seat_count=5),
    version(3, 90, 30, plan="free"),
    version(3, 30, plan="pro", seat_count=5),
    version(4, 29, plan="pro"),
    version(5, 90, 10, plan="pro"),
    version(5, 8, plan="pro", seat_count=5),
    version(6, 90, 60, plan="pro"),
    version(6, 60, 20, plan=None, limit=5),
    version(6, 20, plan="pro", limit=5),
]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"plan": {"is": "pro", "for_at_least": "30 days"}}, {1, 3}),
        ({"plan": {"is": "pro", "for_at_least": "29 days"}}, {1, 2, 3, 4}),
        ({"plan": {"is": "pro", "for_at_least": "31 days"}}, {1}),
        ({"plan": {"is": "pro", "for_at_least": "1 day"}}, {1, 2, 3, 4, 5, 6}),
        ({"plan": {"is": "pro", "for_at_least": "4 weeks"}}, {1, 2, 3, 4}),
        ({"plan": {"is": "pro", "for_at_least": "1 month"}}, {1}),
        ({"plan": {"is": "pro", "for_at_least": "30 days", "unknown": "include"}}, {1, 3, 6}),
        ({"plan": {"is_not": "free", "for_at_least": "30 days"}}, {1, 3, 6}),
        ({"plan": {"is_not": "free", "for_at_least": "30 days", "unknown": "exclude"}}, {1, 3}),
        ({"plan": {"is_unknown": True, "for_at_least": "1 day"}}, set()),
        ({"seats": {"at_least": 1, "at_most": 5, "for_at_least": "29 days"}}, {1, 2, 3}),
        ({"not": {"plan": {"is": "pro", "for_at_least": "30 days"}}}, {2, 4, 5, 6}),
        ({"attribute": "plan", "is": "pro", "for_at_least": "30 days"}, {1, 3}),
    ],
)
def test_what_held_for_some_time(rule: Any, expected: set[int]) -> None:
    assert who(rule, PEOPLE, catalog=HISTORY) == expected


def test_each_day_is_judged_with_that_day_as_the_as_of_day() -> None:
    seen = dt.datetime.combine(AS_OF - DAY * 6, MIDNIGHT)
    people = [version(1, 90, seen=seen), version(2, 90, seen=seen - DAY)]
    rule = {"seen": {"in_last": "5 days", "for_at_least": "2 days"}}
    assert who(rule, people, AS_OF - DAY * 2, catalog=HISTORY) == {1}
    assert who({"seen": {"more_than": "3 days ago", "for_at_least": "3 days"}}, people, catalog=HISTORY) == {2}


def test_a_version_may_change_within_a_day() -> None:
    noon = dt.datetime.combine(AS_OF - DAY, dt.time(12))
    people = [
        {**person(1, plan="free"), "valid_from": dt.datetime(2010, 1, 1), "valid_to": noon},
        {**person(1, plan="pro"), "valid_from": noon, "valid_to": None},
    ]
    assert who({"plan": {"is": "pro", "for_at_least": "1 day"}}, people, catalog=HISTORY) == {1}
    assert who({"plan": {"is": "pro", "for_at_least": "2 days"}}, people, catalog=HISTORY) == set()


def test_the_base_population_is_that_of_the_day_itself() -> None:
    people = [version(1, 90, 1, plan="pro", active=False), version(1, 1, plan="pro", active=True)]
    counted = catalog(history=BOUNDS, population={"active": True})
    assert who({"plan": {"is": "pro", "for_at_least": "30 days"}}, people, catalog=counted) == {1}


@pytest.mark.parametrize(
    "rule",
    [
        {"plan": {"for_at_least": "30 days"}},
        {"plan": {"is": "pro", "for_at_least": "30 hours"}},
        {"seats": {"top": 1, "for_at_least": "3 days"}},
        {"performed": "buy", "where": {"format": {"is": "pdf", "for_at_least": "3 days"}}},
    ],
)
def test_what_cannot_have_held_for_some_time_is_an_error(rule: Any) -> None:
    with pytest.raises((ValueError, KeyError)):
        who(rule, PEOPLE, catalog=HISTORY, person_events=[event(1, None)])
    with pytest.raises(ValueError, match="no history"):
        who({"plan": {"is": "pro", "for_at_least": "30 days"}}, [person(1, plan="pro")])


def test_an_attached_company_has_a_past_too() -> None:
    made = catalog()
    made["entities"]["company"]["history"] = BOUNDS
    early, late = dt.datetime(2010, 1, 1), dt.datetime(2017, 6, 10)
    companies = [
        {**company("a", plan="free"), "valid_from": early, "valid_to": late},
        {**company("a", plan="pro"), "valid_from": late, "valid_to": None},
        {**company("b", plan="pro"), "valid_from": early, "valid_to": None},
    ]
    people, links = [person(1), person(2), person(3)], [link(1, "a"), link(2, "b")]
    for rule in (
        {"company.plan": {"is": "pro", "for_at_least": "30 days"}},
        {"related": "company", "where": {"plan": {"is": "pro", "for_at_least": "30 days"}}},
    ):
        assert who(rule, people, catalog=made, companies=companies, links=links) == {2}


def test_segments_of_attached_entities_in_both_directions() -> None:
    companies = [company("a", plan="pro"), company("b")]
    tables = {
        "people": [person(1, plan="pro"), person(2), person(3)],
        "companies": companies,
        "links": [link(1, "a"), link(2, "b"), link(2, "a")],
    }
    specs = {
        "pros": {"entity": "company", "where": {"plan": "pro"}},
        "people_of_pros": {"entity": "person", "where": {"company.in_segment": "pros"}},
        "people_of_others": {"entity": "person", "where": {"company.not_in_segment": ["pros"]}},
        "pro_people": {"entity": "person", "where": {"plan": "pro"}},
        "with_pro_people": {"entity": "company", "where": {"related": "people", "where": {"in_segment": "pro_people"}}},
        "only_others": {"entity": "company", "where": {"related": "people", "none": {"in_segment": "pro_people"}}},
    }

    def found(key: str) -> set[Any]:
        return members(catalog(), tables, specs, key, AS_OF)

    assert found("people_of_pros") == {1, 2}
    assert found("people_of_others") == {2}
    assert found("with_pro_people") == {"a"}
    assert found("only_others") == {"b"}


def days_ago(*numbers: int) -> list[dict[str, Any]]:
    """Return events so many days before D, at its start."""
    return [event(1, dt.datetime.combine(AS_OF - DAY * number, MIDNIGHT)) for number in numbers]


ACTIVE = {"active": {"entity": "person", "where": {"performed": "buy", "in_last": "2 days"}}}
EVENTS = days_ago(20, 8, 5)
# a member on D−20, D−19, on D−8, D−7 and on D−5, D−4


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"entered_segment": "active"}, True),
        ({"entered_segment": "active", "exactly": "8 days ago"}, True),
        ({"entered_segment": "active", "exactly": "7 days ago"}, False),
        ({"entered_segment": "active", "in_last": "6 days"}, True),
        ({"entered_segment": "active", "in_last": "5 days"}, False),
        ({"entered_segment": "active", "more_than": "10 days ago"}, False),
        ({"left_segment": "active"}, True),
        ({"left_segment": "active", "exactly": "6 days ago"}, True),
        ({"left_segment": "active", "exactly": "3 days ago"}, True),
        ({"left_segment": "active", "in_last": "3 days"}, False),
        ({"left_segment": "active", "more_than": "10 days ago"}, True),
        ({"was_in_segment": "active", "in_last": "5 days"}, True),
        ({"was_in_segment": "active", "in_last": "4 days"}, False),
        ({"was_in_segment": "active", "exactly": "19 days ago"}, True),
        ({"was_in_segment": "active", "exactly": "20 days ago"}, False),
        ({"was_in_segment": "active", "between": ["2017-06-07", "2017-06-07"]}, True),
    ],
)
def test_moves_are_seen_from_the_first_judged_day(rule: Any, expected: bool) -> None:
    more: dict[str, Any] = {"specs": ACTIVE, "judged_from": AS_OF - DAY * 19}
    assert (who(rule, [person(1)], person_events=EVENTS, **more) == {1}) is expected


def test_todays_own_move_counts_and_each_segment_has_its_first_day() -> None:
    specs = {**ACTIVE, "all": {"entity": "person", "where": {"everyone": True}}}
    events = days_ago(0)
    for first, expected in ((AS_OF - DAY, {1}), (AS_OF, set()), (None, set())):
        more: dict[str, Any] = {
            "specs": specs,
            "judged_from": {"active": first} if first else None,
            "person_events": events,
        }
        assert who({"entered_segment": ["active", "all"]}, [person(1), person(2)], **more) == expected
        assert who({"was_in_segment": "active", "in_last": "7 days"}, [person(1), person(2)], **more) == {1}


def test_arriving_and_departing_are_no_moves() -> None:
    made = catalog(since="seen", population={"active": {"is_not": False}}, history=BOUNDS)
    specs = {"all": {"entity": "person", "where": {"everyone": True}}}
    people = [
        version(1, 90, seen=dt.datetime(2017, 6, 12)),
        version(2, 90, 3, seen=dt.datetime(2017, 1, 1)),
        version(2, 3, 2, seen=dt.datetime(2017, 1, 1), active=False),
        version(2, 2, seen=dt.datetime(2017, 1, 1)),
    ]
    more: dict[str, Any] = {"catalog": made, "specs": specs, "judged_from": AS_OF - DAY * 10}
    assert who({"entered_segment": "all"}, people, **more) == set()
    assert who({"left_segment": "all"}, people, **more) == set()
    assert who({"was_in_segment": "all", "exactly": "4 days ago"}, people, **more) == {2}


@pytest.mark.parametrize(
    "rule",
    [
        {"was_in_segment": "active"},
        {"entered_segment": "active", "in_last": "24 hours"},
        {"entered_segment": "nobody"},
        {"entered_segment": "big"},
        {"entered_segment": []},
    ],
)
def test_what_is_no_move_is_an_error(rule: Any) -> None:
    specs = {**ACTIVE, "big": {"entity": "company", "where": {"plan": "pro"}}}
    with pytest.raises((ValueError, KeyError)):
        who(rule, [person(1)], specs=specs)
