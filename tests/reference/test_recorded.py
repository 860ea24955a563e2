"""What the warehouse would have recorded, with versions computed by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.reference.recorded import recorded, recorded_types
from tests.reference.small_world import AS_OF, catalog, event, person

DAY = dt.timedelta(days=1)
SPECS: dict[str, dict[str, Any]] = {
    "active": {"entity": "person", "where": {"performed": "buy", "in_last": "2 days"}},
    "all": {"entity": "person", "where": {"everyone": True}},
    "new": {"entity": "person", "where": {"everyone": True}, "status": "active"},
}
TABLES: dict[str, list[dict[str, Any]]] = {
    "people": [person(1, seen=dt.datetime(2017, 1, 1)), person(2, seen=dt.datetime(2017, 6, 13))],
    "companies": [],
    "person_events": [event(1, dt.datetime(2017, 6, 11)), event(1, dt.datetime(2017, 6, 14))],
}


def at(day: int) -> dt.datetime:
    """Return the midnight of a day in June."""
    return dt.datetime(2017, 6, day)


def version(key: int, flags: tuple[bool, bool, bool], begin: int, end: int | None) -> dict[str, Any]:
    """Return a version of a person."""
    named = dict(zip(SPECS, flags, strict=True))
    return {"id": key, **named, "dbt_valid_from": at(begin), "dbt_valid_to": None if end is None else at(end)}


def test_runs_of_days_with_the_same_flags_are_one_version() -> None:
    first = {"active": dt.date(2017, 6, 10), "all": dt.date(2017, 6, 12)}
    found = recorded(catalog(since="seen"), TABLES, SPECS, AS_OF, {}, first, {"active": "a rule"})
    assert found["person_history"] == [
        version(1, (False, False, False), 10, 11),
        version(1, (True, False, False), 11, 12),
        version(1, (True, True, False), 12, 13),
        version(1, (False, True, False), 13, 14),
        version(1, (True, True, False), 14, None),
        version(2, (False, True, False), 13, None),
    ]
    assert found["company_history"] == []
    assert found["segment_definition_history"] == [
        {
            "segment": "active",
            "definition": "a rule",
            "status": "active",
            "dbt_valid_from": at(10),
            "dbt_valid_to": None,
        },
        {"segment": "all", "definition": "all", "status": "active", "dbt_valid_from": at(12), "dbt_valid_to": None},
    ]


def test_who_leaves_the_base_population_closes_and_may_come_back() -> None:
    bounds = {"valid_from": "valid_from", "valid_to": "valid_to"}
    people = [
        {**person(1), "valid_from": at(1), "valid_to": at(11)},
        {**person(1), "valid_from": at(13), "valid_to": at(15)},
    ]
    specs = {"all": SPECS["all"]}
    found = recorded(catalog(history=bounds), {**TABLES, "people": people}, specs, AS_OF, {}, dt.date(2017, 6, 9))
    assert found["person_history"] == [
        {"id": 1, "all": True, "dbt_valid_from": at(9), "dbt_valid_to": at(11)},
        {"id": 1, "all": True, "dbt_valid_from": at(13), "dbt_valid_to": None},
    ]
    later = recorded(catalog(history=bounds), {**TABLES, "people": people}, specs, AS_OF + DAY, {}, dt.date(2017, 6, 9))
    assert later["person_history"][1]["dbt_valid_to"] == at(15)


def test_nothing_is_recorded_before_the_first_judged_day_has_passed() -> None:
    found = recorded(catalog(), TABLES, SPECS, AS_OF, {}, AS_OF)
    assert found == {"person_history": [], "company_history": [], "segment_definition_history": []}


def test_types_of_recorded_columns() -> None:
    types = recorded_types(catalog(), SPECS, {"person": "integer", "company": "text"})
    assert types["company_history"] == {"id": "text", "dbt_valid_from": "timestamp", "dbt_valid_to": "timestamp"}
    assert types["person_history"]["active"] == "boolean"
    assert types["person_history"]["id"] == "integer"
