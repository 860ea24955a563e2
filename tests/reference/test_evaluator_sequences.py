"""Sequences: order, times between steps, steps that must not happen."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.reference.small_world import event, performs

START = dt.datetime(2017, 6, 10)
HOUR = dt.timedelta(hours=1)
TICK = dt.timedelta(microseconds=1)
END = dt.datetime(2017, 6, 16)


def story(text: str) -> list[dict[str, Any]]:
    """Return events from `a0 b5`: an event's name and its hour after the start."""
    return [event(1, START + HOUR * float(part[1:]), part[0]) for part in text.split()]


A, B, C = ({"performed": name} for name in "abc")
NOT_B, NOT_C = ({"not_performed": name} for name in "bc")


def within(step: dict[str, Any], time: str) -> dict[str, Any]:
    """Return a step with the time after the step before."""
    return {**step, "within": time}


@pytest.mark.parametrize(
    ("steps", "events", "expected"),
    [
        ([A, B], "a0 b1", True),
        ([A, B], "b0 a1", False),
        ([A, B], "a1 b1", False),
        ([A, A], "a1", False),
        ([A, A], "a1 a1", False),
        ([A, A], "a1 a2", True),
        ([A, B, C], "a0 c1 b2 c3", True),
        ([A, B, C], "a0 c1 b2", False),
        ([A, within(B, "2 hours")], "a0 b2", True),
        ([A, within(B, "2 hours")], "a0 b2.1", False),
        ([A, within(B, "2 hours")], "a0 a1 b3", True),
        ([A, within(B, "1 day")], "a0 b24", True),
        ([A, within(B, "1 week")], "a0 b24", True),
        ([A, within(B, "3 hours"), within(C, "3 hours")], "a0 b1 b3 c6", True),
        ([A, within(B, "3 hours"), within(C, "3 hours")], "a0 b2 c6", False),
        ([A, B, within(C, "1 hour")], "a0 b1 b4 c5", True),
        ([A, NOT_B, C], "a0 c2", True),
        ([A, NOT_B, C], "a0 b1 c2", False),
        ([A, NOT_B, C], "a0 b0 b2 c2", True),
        ([A, NOT_B, C], "a0 b1 a2 c3", True),
        ([A, NOT_B, C], "b0 a1 c2 b3", True),
        ([A, NOT_B, NOT_C, A], "a0 c1 a2", False),
        ([A, NOT_B, NOT_C, A], "a0 a2 b1", False),
        ([A, NOT_B, NOT_C, A], "a0 a2 b3", True),
        ([A, NOT_B, within(C, "2 hours")], "a0 c2", True),
        ([A, NOT_B, within(C, "2 hours")], "a0 c3", False),
        ([A, within(NOT_B, "2 hours")], "a0", True),
        ([A, within(NOT_B, "2 hours")], "a0 b2", False),
        ([A, within(NOT_B, "2 hours")], "a0 b2.1", True),
        ([A, within(NOT_B, "2 hours")], "a0 b0", True),
        ([A, within(NOT_B, "2 hours")], "a0 b1 a5", True),
        ([A, within(NOT_B, "6 days")], "a0", True),
        ([A, within(NOT_B, "6 days")], "a0.1", False),
        ([A, within(NOT_B, "6 days")], "a1", False),
        ([A, B, within(NOT_C, "1 day")], "a0 b1 c20 b30", True),
        ([{"performed": ["a", "b"]}, {"performed": "any"}], "b0 c1", True),
    ],
)
def test_steps_in_order(steps: list[Any], events: str, expected: bool) -> None:
    assert performs({"sequence": steps}, *story(events)) is expected


def test_windows_hold_the_steps_that_happen_but_not_those_that_must_not() -> None:
    week = {"sequence": [A, B], "on_or_after": "2017-06-11"}
    assert performs(week, *story("a0 a30 b40"))
    assert not performs(week, *story("a0 b40"))
    assert performs({"sequence": [A, NOT_B, C], "on_or_after": "2017-06-11"}, *story("b10 a30 c40"))
    both = {"sequence": [A, within(NOT_B, "1 day")], "before": "2017-06-11"}
    assert not performs(both, *story("a20 b30"))
    assert performs(both, *story("a20 b50"))


def test_a_last_step_that_must_not_happen_waits_until_its_time_has_passed_by_the_end_of_the_day() -> None:
    rule = {"sequence": [A, within(NOT_B, "2 hours")]}
    assert performs(rule, event(1, END - HOUR * 2, "a"))
    assert not performs(rule, event(1, END - HOUR * 2 + TICK, "a"))
    assert performs(rule, event(1, END - HOUR * 2, "a"), event(1, END, "b"))


def test_time_between_steps_is_elapsed_time_across_a_clock_change() -> None:
    saturday, sunday = dt.datetime(2017, 3, 11, 17), dt.datetime(2017, 3, 12, 16)
    for time, expected in (("23 hours", True), ("22 hours", False), ("1 day", True)):
        rule = {"sequence": [A, within(B, time)]}
        made = [event(1, saturday, "a"), event(1, sunday, "b")]
        assert performs(rule, *made, as_of=dt.date(2017, 3, 12), timezone="America/New_York") is expected


def test_where_belongs_to_its_step_and_events_without_a_date_to_none() -> None:
    pdf = {"where": {"format": "pdf"}}
    first, second = event(1, START, "a", format="pdf"), event(1, START + HOUR, "b", format="csv")
    assert performs({"sequence": [{**A, **pdf}, B]}, first, second)
    assert not performs({"sequence": [A, {**B, **pdf}]}, first, second)
    assert performs({"sequence": [A, {**NOT_C, **pdf}, B]}, first, second, event(1, START + HOUR / 2, "c"))
    assert not performs({"sequence": [A, B]}, first, event(1, None, "b"))
    assert performs({"sequence": [A, NOT_C, B]}, first, second, event(1, None, "c"))


@pytest.mark.parametrize(
    "steps",
    [
        [A],
        [NOT_B, A],
        [within(A, "1 day"), B],
        [A, NOT_B],
        [A, within(NOT_B, "1 day"), C],
        [A, NOT_B, within(NOT_C, "1 day")],
        [A, within(B, "1 month")],
        [A, {**B, "in_last": "1 day"}],
    ],
)
def test_what_is_no_sequence_is_an_error(steps: list[Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        performs({"sequence": steps}, *story("a0 b1 c2"))
