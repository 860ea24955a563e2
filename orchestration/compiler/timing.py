"""Reading conditions about when events happened: first and last, regularly, stopped, resumed, in sequence."""

from __future__ import annotations

from dataclasses import replace

from orchestration.compiler.activity import event_names
from orchestration.compiler.behaviour import (
    node_to_numbers,
    take_windows,
)
from orchestration.compiler.catalog import EventRows, Rows, TimeColumn
from orchestration.compiler.dates import Amount, node_to_hours, node_to_length
from orchestration.compiler.fields import Fields, as_choice, error
from orchestration.compiler.operators import DATE_WORDS, Around, node_to_date_tests
from orchestration.compiler.problem import nearest
from orchestration.compiler.segment import (
    AT_LEAST_ONE,
    NONE_AT_ALL,
    Aggregate,
    All,
    DateTest,
    End,
    EndCondition,
    EventCondition,
    RegularCondition,
    Rule,
    SequenceCondition,
    Step,
)
from orchestration.compiler.source import Mapping, Node, Scalar
from orchestration.compiler.window import TODAY, DayWindow, RelativeDay, Window

MAX_PERIODS = 100
DAYS_A_MONTH = 30.436875


# --- first and last


def first_or_last(events: EventRows, fields: Fields, where: Rule | None, having: Rule | None) -> Rule:
    """`first_performed:` or `last_performed:`, a test of that event's date beside it. Raises Problems."""
    word: str = "first_performed" if "first_performed" in fields.left else "last_performed"
    end: End = "first" if word == "first_performed" else "last"
    node = fields.require(word)
    tests = _date_tests(fields, _at(events))
    if not tests and having is None:
        help_ = "add a date as in `in_last: 30 days`, or `having:` its properties"
        raise error("no-operator", f"nothing is said about the {end} event", node.span, help_)
    unknown = _unknown(fields)
    return EndCondition(events, event_names(node), where, (), end, tests, having, unknown)


def _unknown(fields: Fields) -> bool:
    node = fields.take("unknown")
    return node is not None and as_choice(node, ("include", "exclude")) == "include"


def _at(rows: Rows) -> TimeColumn:
    assert rows.at, "events are dated"
    return rows.at


def _date_tests(fields: Fields, at: TimeColumn) -> tuple[DateTest, ...]:
    found: list[DateTest] = []
    for word in DATE_WORDS:
        node = fields.take(word)
        if node is not None:
            found.extend(node_to_date_tests(word, node, at.type))
    return tuple(found)


def end_of_rows(rows: Rows, fields: Fields, where: Rule | None, windows: tuple[Window, ...]) -> tuple[Rule, ...]:
    """`first:` and `last:` of related rows, each with tests of that row's date. Raises Problems."""
    found: list[Rule] = []
    ends: tuple[End, ...] = ("first", "last")
    unknown = bool(set(ends) & set(fields.left)) and _unknown(fields)
    for end in ends:
        node = fields.take(end)
        if node is None:
            continue
        if rows.at is None:
            help_ = "give it `at:` in the catalog"
            raise error("no-date", f"`{rows.name}` has no date, so no {end} row", node.span, help_)
        tests = _tests_of(node, end, rows.at)
        found.append(EndCondition(rows, None, where, windows, end, tests, None, unknown))
    return tuple(found)


def _tests_of(node: Node, end: str, at: TimeColumn) -> tuple[DateTest, ...]:
    if not isinstance(node, Mapping) or not node.entries:
        help_ = f"as in `{end}: {{in_last: 30 days}}`"
        raise error("no-operator", f"nothing is said about the date of the {end} row", node.span, help_)
    found: list[DateTest] = []
    for entry in node.entries:
        if entry.name not in DATE_WORDS:
            help_ = nearest(entry.name, DATE_WORDS)
            raise error("wrong-operator", f"`{entry.name}` is no operator for a date", entry.key.span, help_)
        found.extend(node_to_date_tests(entry.name, entry.value, at.type))
    return tuple(found)


# --- regularly, stopped, resumed


def performed_regularly(events: EventRows, fields: Fields, where: Rule | None) -> Rule:
    """At least so many of the last periods with the event in them. Raises Problems."""
    names = event_names(fields.require("performed_regularly"))
    periods, said = _periods(fields)
    asked = fields.require("in_at_least")
    at_least = _whole(asked)
    if at_least is None or not 1 <= at_least <= len(periods):
        help_ = f"`of_last` gives {len(periods)} periods, and at most all of them can be asked for"
        raise error("bad-number", f"expected a number from 1 to {len(periods)}", asked.span, help_)
    times = fields.take("times")
    numbers = node_to_numbers(Aggregate.COUNT, times, Around(rank="periods have no rank")) if times else (AT_LEAST_ONE,)
    return RegularCondition(events, names, where, periods, numbers, at_least, said)


def _whole(node: Node) -> int | None:
    if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return None


def _periods(fields: Fields) -> tuple[tuple[DayWindow, ...], str]:
    """The periods, the latest first, and what they are called; by `of_last`, and `period` where that is a number."""
    node = fields.require("of_last")
    length = fields.take("period")
    count = _whole(node)
    if count is None:
        amount, count = _unit_and_count(node)
        if length:
            help_ = "write `of_last: 4` and `period: 3 days`, or `of_last: 4 weeks`"
            raise error("two-subjects", "the length of a period is given twice", length.span, help_)
    elif length is None:
        raise error("missing-unit", f"{count} periods of what?", node.span, "add `period: 3 days`, for example")
    else:
        amount = node_to_length(length)
    if not 1 <= count <= MAX_PERIODS:
        raise error("bad-number", f"expected from 1 to {MAX_PERIODS} periods", node.span, "choose a longer period")
    periods = tuple(
        DayWindow(_ago(amount, number, days=1), TODAY if number == 1 else _ago(amount, number - 1))
        for number in range(1, count + 1)
    )
    return periods, f"{count} periods of {_written(length)}" if length else _written(node)


def _ago(amount: Amount, times: int, days: int = 0) -> RelativeDay:
    return RelativeDay(-times * amount.months, -times * amount.days + days)


def _unit_and_count(node: Node) -> tuple[Amount, int]:
    """`4 weeks` as a week, four times."""
    amount = node_to_length(node)
    assert isinstance(node, Scalar), "a length is a scalar"
    number, unit = node.text.split()[:2]
    days = {"day": 1, "week": 7}.get(unit.removesuffix("s"), 0)
    months = {"month": 1, "year": 12}.get(unit.removesuffix("s"), 0)
    return amount._replace(days=days, months=months), int(number)


def stopped_performing(events: EventRows, fields: Fields, where: Rule | None) -> Rule:
    """At least one in the last `was_in`, none in the last `silent_for`. Raises Problems."""
    names = event_names(fields.require("stopped_performing"))
    nodes = [fields.require(word) for word in ("was_in", "silent_for")]
    active, silent = map(node_to_length, nodes)
    if _days(silent) >= _days(active):
        help_ = "as in `was_in: 30 days, silent_for: 7 days`"
        raise error("bad-window", "`silent_for` must be shorter than `was_in`", fields.span, help_)
    windows = [
        replace(amount.before(TODAY), said=f"in the last {_written(node)}")
        for amount, node in zip((active, silent), nodes, strict=True)
    ]
    once, not_since = (
        EventCondition(events, names, where, (window,), number)
        for window, number in zip(windows, (AT_LEAST_ONE, NONE_AT_ALL), strict=True)
    )
    return All((once, not_since))


def _written(node: Node) -> str:
    assert isinstance(node, Scalar), "a length is a scalar"
    return node.text.strip()


def _days(amount: Amount) -> float:
    """About how long, to compare two lengths."""
    return amount.months * DAYS_A_MONTH + amount.days


def resumed_performing(events: EventRows, fields: Fields, where: Rule | None) -> Rule:
    """At least one in the last `back_in`, none in the `silent_for` before, one earlier. Raises Problems."""
    names = event_names(fields.require("resumed_performing"))
    silent_node, back_node = fields.require("silent_for"), fields.require("back_in")
    silent, back = node_to_length(silent_node), node_to_length(back_node)
    before_back = back.moved(-1)
    earlier = silent.moved(-1, since=before_back)
    silence = replace(silent.before(before_back), said=f"in the {_written(silent_node)} before that")
    asked = (
        (replace(back.before(TODAY), said=f"in the last {_written(back_node)}"), AT_LEAST_ONE),
        (silence, NONE_AT_ALL),
        (DayWindow(None, earlier, said="before those"), AT_LEAST_ONE),
    )
    return All(tuple(EventCondition(events, names, where, (window,), number) for window, number in asked))


# --- sequences


def sequence(events: EventRows, fields: Fields, steps: tuple[Step, ...], node: Node) -> Rule:
    """Steps that follow each other, a window beside them. Raises Problems."""
    windows = take_windows(fields, events.at, "events")
    if len(steps) < 2:
        raise error("short-sequence", "a sequence has at least two steps", node.span, "use `performed` for one")
    if steps[0].negated:
        help_ = "begin with `performed`, or use `first_performed`"
        raise error("bad-sequence", "a sequence begins with an event that happened", node.span, help_)
    if steps[-1].negated and steps[-2].negated:
        help_ = "name both events in one step: `not_performed: [a, b]`"
        raise error("bad-sequence", "only one step that must not happen may end a sequence", node.span, help_)
    return SequenceCondition(events, steps, windows)


def node_to_step(fields: Fields, where: Rule | None, number: int, last: bool) -> Step:
    """One step of a sequence, its `where` already read. Raises Problems."""
    negated = "not_performed" in fields.left
    names = event_names(fields.require("not_performed" if negated else "performed"))
    node = fields.take("within")
    fields.close()
    if negated and last and node is None:
        help_ = "add `within: 7 days`: only when that time has passed is it sure"
        raise error("missing-field", "the last step must not happen within what time?", fields.span, help_)
    if node is not None and (number == 0 or (negated and not last)):
        what = "the first step has none before it" if number == 0 else "it must not happen before the next step"
        raise error("not-here", f"`within` has no meaning here: {what}", node.span, "leave it out")
    return Step(names, where, None if node is None else node_to_hours(node), negated)
