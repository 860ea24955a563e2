"""Groups, attribute conditions, segments and the base population, with expectations computed by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from tests.reference.evaluator import base_population, members
from tests.reference.small_world import AS_OF, CATALOG, catalog, meets, person, who

NAN = float("nan")
TRUE = {"everyone": True}
FALSE = {"not": {"everyone": True}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (TRUE, True),
        ({"all": [TRUE, TRUE]}, True),
        ({"all": [TRUE, FALSE]}, False),
        ({"any": [FALSE, TRUE]}, True),
        ({"any": [FALSE, FALSE]}, False),
        ({"none": [FALSE, FALSE]}, True),
        ({"none": [FALSE, TRUE]}, False),
        ({"not": [TRUE, FALSE]}, True),
        ({"not": {"not": TRUE}}, True),
        ([TRUE, {"any": [{"all": [FALSE]}, {"none": [FALSE]}]}], True),
        ([TRUE, FALSE], False),
    ],
)
def test_groups_nest_and_a_list_means_all(rule: Any, expected: bool) -> None:
    assert meets(rule) is expected


@pytest.mark.parametrize(
    "rule",
    [
        {"all": []},
        {"any": []},
        [],
        {},
        {"plan": None},
        {"plan": {}},
        {"plan": 3},
        {"plan": {"in": []}},
        {"plan": {"unknown": "include"}},
        {"plan": {"is": "pro", "unknown": "maybe"}},
        {"plan": {"greater_than": "a"}},
        {"seats": "three"},
        {"seats": {"contains": 3}},
        {"seats": {"exactly": 3}},
        {"spend": {"at_least": True}},
        {"active": "true"},
        {"tags": {"has_all": []}},
        {"tags": {"is": "VIP"}},
        {"born": {"in_last": "24 hours"}},
        {"born": {"in_last": "7"}},
        {"seen": {"on": "2017-06-15 12:00:00"}},
        {"plan": "pro", "seats": 3},
        {"nobody": "knows"},
    ],
)
def test_what_is_no_rule_is_an_error(rule: Any) -> None:
    values: dict[str, Any] = {
        "plan": "pro",
        "seat_count": 3,
        "spend": Decimal(1),
        "active": True,
        "tags": ["a"],
        "born": AS_OF,
    }
    with pytest.raises((ValueError, KeyError)):
        who(rule, [person(1, **values, seen=dt.datetime(2017, 6, 1))])


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("pro", "pro", True),
        ("pro", "Pro", False),
        ("pro", None, False),
        ("", "", True),
        ("", None, False),
        (["free", "pro"], "pro", True),
        ({"is_not": "pro"}, "pro", False),
        ({"is_not": "pro"}, None, True),
        ({"is_not": "pro", "unknown": "exclude"}, None, False),
        ({"is": "pro", "unknown": "include"}, None, True),
        ({"is": "pro", "unknown": "include"}, "free", False),
        ({"in": ["a", "b"]}, None, False),
        ({"not_in": ["a", "b"]}, None, True),
        ({"not_in": ["a", "b"]}, "b", False),
        ({"contains": "RO"}, "pro", True),
        ({"contains": "100%"}, "is 100% so", True),
        ({"contains": "1_0"}, "100", False),
        ({"contains": "ÉC"}, "école", True),
        ({"contains": "σ"}, "ΑΣ", True),
        ({"contains": "a"}, "", False),
        ({"not_contains": "RO"}, "pro", False),
        ({"not_contains": "RO"}, "", True),
        ({"not_contains": "RO"}, None, True),
        ({"starts_with": "PR"}, "pro", True),
        ({"starts_with": "ro"}, "pro", False),
        ({"ends_with": "RO"}, "pro", True),
        ({"domain": "example.com"}, "ann@Example.COM", True),
        ({"domain": "@example.com"}, "ann@example.com", True),
        ({"domain": "example.com"}, "ann@mail.example.com", False),
        ({"domain": "example.com"}, "example.com", False),
        ({"domain": "example.com"}, None, False),
        ({"matches": "^p.o$"}, "pro", True),
        ({"matches": "r"}, "pro", True),
        ({"matches": "R"}, "pro", False),
        ({"matches": "^$"}, "", True),
        ({"matches": "o$"}, "pro\n", False),
        ({"not_matches": "^p"}, "pro", False),
        ({"not_matches": "^p"}, None, True),
        ({"is_not": "pro", "starts_with": "p"}, "plus", True),
        ({"is_not": "pro", "starts_with": "p"}, "pro", False),
        ("has_any_value", "", True),
        ("has_any_value", None, False),
        ("is_unknown", None, True),
        ("is_unknown", "", False),
        ({"is": "is_unknown"}, "is_unknown", True),
        ({"is": "is_unknown"}, None, False),
    ],
)
def test_text(condition: Any, value: str | None, expected: bool) -> None:
    assert meets({"plan": condition}, plan=value) is expected


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (3, 3, True),
        (3, None, False),
        ({"equals": 3.0}, 3, True),
        ({"not_equals": 3}, 3, False),
        ({"not_equals": 3}, None, True),
        ({"greater_than": 3}, 3, False),
        ({"at_least": 3}, 3, True),
        ({"less_than": 3}, 2, True),
        ({"less_than": 3}, None, False),
        ({"at_most": 3}, 3, True),
        ({"between": [3, 5]}, 3, True),
        ({"between": [3, 5]}, 5, True),
        ({"between": [3, 5]}, 6, False),
        ({"between": [5, 3]}, 4, False),
        ({"at_least": 1, "less_than": 3}, 3, False),
        ({"less_than": 3, "unknown": "include"}, None, True),
        ("is_unknown", None, True),
    ],
)
def test_integers(condition: Any, value: int | None, expected: bool) -> None:
    assert meets({"seats": condition}, seat_count=value) is expected


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ({"equals": 0.1}, Decimal("0.10"), True),
        ({"greater_than": 0.1}, Decimal("0.10"), False),
        ({"at_most": 0.3}, Decimal("0.30"), True),
        ({"greater_than": 250}, Decimal("250.01"), True),
    ],
)
def test_decimals_are_exact(condition: Any, value: Decimal, expected: bool) -> None:
    assert meets({"spend": condition}, spend=value) is expected


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (0.1, 0.1, True),
        ({"at_least": 0}, NAN, False),
        ({"not_equals": 0}, NAN, True),
        ({"not_equals": 0, "unknown": "exclude"}, NAN, False),
        ("is_unknown", NAN, True),
        ("has_any_value", NAN, False),
        ("has_any_value", 0.0, True),
        ({"greater_than": 0.3}, 0.1 + 0.2, True),
    ],
)
def test_floats_and_nan(condition: Any, value: float, expected: bool) -> None:
    assert meets({"score": condition}, score=value) is expected


@pytest.mark.parametrize(
    ("condition", "seats", "limit", "expected"),
    [
        ({"at_least": "limit"}, 5, 5, True),
        ({"at_least": "80% of limit"}, 8, 10, True),
        ({"at_least": "80% of limit"}, 7, 10, False),
        ({"less_than": "12.5% of limit"}, 1, 8, False),
        ({"at_most": "80% of limit"}, 1, None, False),
        ({"not_equals": "limit"}, 1, None, True),
        ({"not_equals": "limit", "unknown": "exclude"}, 1, None, False),
        ({"at_most": "limit", "unknown": "include"}, 9, None, True),
        ({"at_most": "limit", "less_than": 5, "unknown": "include"}, 9, None, False),
        ({"at_most": "limit"}, None, 9, False),
    ],
)
def test_a_number_against_another_attribute_or_a_share(
    condition: Any, seats: int | None, limit: int | None, expected: bool
) -> None:
    assert meets({"seats": condition}, seat_count=seats, limit=limit) is expected


def test_a_share_of_a_decimal_is_exact() -> None:
    assert meets({"spend": {"equals": "10% of spend"}}, spend=Decimal(0))
    assert meets({"seats": {"equals": "30% of spend"}}, seat_count=3, spend=Decimal("10.00"))


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        (True, True, True),
        (True, None, False),
        (False, False, True),
        (False, None, False),
        ({"is_not": True}, None, True),
        ({"is_not": True}, True, False),
        ({"is_not": True}, False, True),
        ({"is_not": True, "unknown": "exclude"}, None, False),
    ],
)
def test_booleans(condition: Any, value: bool | None, expected: bool) -> None:
    assert meets({"active": condition}, active=value) is expected


@pytest.mark.parametrize(
    ("condition", "value", "expected"),
    [
        ("VIP", ["VIP", "beta"], True),
        ({"has": "VIP"}, ["vip"], False),
        ({"has": "VIP"}, ["VIPs"], False),
        (["a", "VIP"], ["VIP"], True),
        ({"has_any": ["a", "b"]}, ["c"], False),
        ({"has_all": ["a", "b"]}, ["b", "a", None], True),
        ({"has_all": ["a", "b"]}, ["a", "a"], False),
        ({"has_none": ["a", "b"]}, ["b"], False),
        ({"has_none": ["a", "b"]}, ["c", None], True),
        ({"has_none": ["a"]}, [], True),
        ({"has_none": ["a"]}, [None], True),
        ({"has_none": ["a"], "unknown": "exclude"}, [None], False),
        ({"has": "a", "unknown": "include"}, None, True),
        ({"any_element": {"starts_with": "V"}}, ["x", "vip"], True),
        ({"any_element": {"starts_with": "V", "ends_with": "X"}}, ["va", "ax"], False),
        ({"any_element": {"is_not": "a"}}, ["a", None], False),
        ({"any_element": {"is_not": "a"}}, [], False),
        ({"has": ""}, [""], True),
        ("is_unknown", [], True),
        ("is_unknown", [None], True),
        ("is_unknown", None, True),
        ("is_unknown", [""], False),
        ("has_any_value", [None, "a"], True),
    ],
)
def test_lists(condition: Any, value: list[str | None] | None, expected: bool) -> None:
    assert meets({"tags": condition}, tags=value) is expected


def test_unknown_applies_before_an_enclosing_not() -> None:
    assert not meets({"not": {"plan": {"is": "pro", "unknown": "include"}}}, plan=None)
    assert meets({"not": {"plan": "pro"}}, plan=None)


def test_an_attribute_may_be_named_with_its_operators_beside() -> None:
    assert meets({"attribute": "plan", "is": "pro"}, plan="pro")
    assert meets({"attribute": "plan", "is": "pro", "unknown": "include"}, plan=None)


def test_in_segment_reads_members_as_of_the_same_day() -> None:
    specs = {
        "pros": {"entity": "person", "where": {"plan": "pro"}},
        "big": {"entity": "person", "where": {"seats": {"at_least": 5}}},
    }
    people = [person(1, plan="pro"), person(2, seat_count=9), person(3, plan="pro", seat_count=9), person(4)]
    assert who({"in_segment": "pros"}, people, specs=specs) == {1, 3}
    assert who({"in_segment": ["pros", "big"]}, people, specs=specs) == {1, 2, 3}
    assert who({"not_in_segment": "pros"}, people, specs=specs) == {2, 4}
    assert who({"not_in_segment": ["pros", "big"]}, people, specs=specs) == {4}
    with pytest.raises(KeyError):
        who({"in_segment": "nobody"}, people, specs=specs)


def test_static_members_are_those_in_the_base_population() -> None:
    specs = {"beta": {"entity": "person", "members": "static/beta.csv"}}
    tables = {"people": [person(1), person(12), person(3)]}
    assert members(CATALOG, tables, specs, "beta", AS_OF, {"static/beta.csv": ["12", "3", "99"]}) == {12, 3}


def test_nobody_is_judged_before_since_nor_outside_the_population() -> None:
    tables = {
        "people": [
            person(1, seen=dt.datetime(2017, 6, 16, 3, 59, 59, 999999)),
            person(2, seen=dt.datetime(2017, 6, 16, 4)),
            person(3, seen=None),
            person(4, seen=dt.datetime(2017, 1, 1), active=True),
            person(5, seen=dt.datetime(2017, 1, 1), active=False),
        ]
    }
    begun = catalog("America/New_York", since="seen")
    assert base_population(begun, tables, "person", AS_OF) == {1, 4, 5}
    counted = catalog("America/New_York", since="seen", population={"active": {"is_not": True}})
    assert base_population(counted, tables, "person", AS_OF) == {1, 5}
    rule = {"not": {"plan": "pro"}}
    assert members(counted, tables, {"it": {"entity": "person", "where": rule}}, "it", AS_OF) == {1, 5}


def test_since_may_be_a_date_or_a_column_that_is_no_attribute() -> None:
    tables = {"people": [person(1, born=AS_OF), person(2, born=AS_OF + dt.timedelta(days=1))]}
    assert base_population(catalog("Asia/Kolkata", since="born"), tables, "person", AS_OF) == {1}
    tables = {"people": [person(1, made=dt.datetime(2017, 6, 15, 18, 30)), person(2, made=dt.datetime(2017, 6, 15))]}
    assert base_population(catalog("Asia/Kolkata", since="made"), tables, "person", AS_OF) == {2}


def test_attributes_with_history_are_those_of_the_day() -> None:
    def row(key: int, begin: dt.datetime | None, end: dt.datetime | None, plan: str) -> dict[str, Any]:
        return {**person(key, plan=plan), "valid_from": begin, "valid_to": end}

    midnight = dt.datetime(2017, 6, 16)
    history = catalog(history={"valid_from": "valid_from", "valid_to": "valid_to"})
    people = [
        row(1, dt.datetime(2017, 1, 1), midnight, "old"),
        row(1, midnight, None, "new"),
        row(2, dt.datetime(2017, 1, 1), dt.datetime(2017, 6, 15, 23, 59, 59, 999999), "old"),
        row(2, dt.datetime(2017, 6, 15, 23, 59, 59, 999999), None, "new"),
        row(3, dt.datetime(2017, 1, 1), dt.datetime(2017, 6, 15, 12), "old"),
        row(4, None, None, "old"),
    ]
    assert who({"plan": "old"}, people, catalog=history) == {1}
    assert who({"plan": "new"}, people, catalog=history) == {2}
    assert who(TRUE, people, catalog=history) == {1, 2}
    assert who({"plan": "new"}, people, dt.date(2017, 6, 16), catalog=history) == {1, 2}


def test_two_rows_of_one_subject_are_an_error() -> None:
    with pytest.raises(ValueError, match="two rows"):
        who(TRUE, [person(1), person(1)])


def test_only_active_segments_are_judged() -> None:
    spec = {"entity": "person", "where": TRUE, "status": "paused"}
    with pytest.raises(ValueError, match="active"):
        members(CATALOG, {"people": [person(1)]}, {"it": spec}, "it", AS_OF)
