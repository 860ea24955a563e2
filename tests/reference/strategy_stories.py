"""Events made to measure: for conditions on sequences, ends and habits, somebody with events right at their borders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from tests.reference.days import DAY, TICK, amount, shift
from tests.reference.pools import Pen
from tests.reference.strategy_rows import EVENT_NAMES, TABLES, Tables, dated

Moment = dt.date
HOURS = {"hour": 1, "day": 24, "week": 168}
MODELS = {"person": ("people", "person_events"), "company": ("companies", "company_events")}
ENDS = ("first_performed", "last_performed")
HABITS = ("performed_regularly", "stopped_performing", "resumed_performing")


def add_stories(pen: Pen, specs: dict[str, dict[str, Any]], tables: Tables) -> None:
    """Add events for the sequences, ends and habits that the rules ask about; most often of who has few others."""
    for spec in specs.values():
        model, table = MODELS[spec["entity"]]
        keys = [next(iter(row.values())) for row in tables[model]]
        for condition in conditions(spec.get("where")):
            someone = pen.pick(keys[-1], keys[-1], keys[len(keys) // 2], keys[0])
            rows = [dated(pen, table, (someone,)) for _ in range(6)]
            for word in condition:
                if word == "sequence":
                    tables[table] += told(pen, table, rows, condition[word])
                elif word in ENDS:
                    tables[table] += twins(pen, table, rows[:2], condition[word])
                elif word in HABITS:
                    tables[table] += kept(pen, table, rows, condition, condition[word])


def conditions(rule: Any) -> Iterator[dict[str, Any]]:
    """Return all mappings of a rule."""
    parts: list[Any] = []
    if isinstance(rule, dict):
        yield rule
        parts = list(rule.values())
    for part in rule if isinstance(rule, list) else parts:
        yield from conditions(part)


def told(pen: Pen, table: str, rows: list[dict[str, Any]], steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one person's events, step by step; some of those that must not happen do."""
    _, name, at, *_others = TABLES[table]
    moment = start(pen, TABLES[table][at], steps)
    found: list[dict[str, Any]] = []
    for row, step in zip(rows, steps, strict=False):
        negated = "not_performed" in step
        then = after(pen, moment, step.get("within"))
        if not negated or pen.once_in(2):
            names = step["not_performed" if negated else "performed"]
            found.append({**row, name: one_of(pen, names), at: then})
        moment = moment if negated else then
    return found


def start(pen: Pen, kind: str, steps: list[dict[str, Any]]) -> Moment:
    """Return when a story begins: in the last days, or so that its time ends with D."""
    gaps = [hours(step["within"]) if "within" in step else 1 for step in steps if "not_performed" not in step][1:]
    last = hours(steps[-1]["within"]) if "not_performed" in steps[-1] and pen.once_in(2) else pen.number(1, 100)
    begin: dt.datetime = pen.clock.end - dt.timedelta(hours=sum(gaps) + last)
    ticks: int = pen.pick(0, 1, -1)
    return begin + TICK * ticks if kind == "timestamp" else begin.date()


def after(pen: Pen, moment: Moment, within: str | None) -> Moment:
    """Return a moment right at the end of a time, or just beside it."""
    if not isinstance(moment, dt.datetime):
        days = hours(within) // 24 if within else pen.number(0, 1)
        return moment + dt.timedelta(days=max(days + pen.pick(0, 0, 1, -1), 0))
    gap = dt.timedelta(hours=hours(within) if within else pen.number(0, 1))
    ticks: int = pen.pick(0, 0, 1, -1)
    return moment + gap + TICK * ticks


def hours(length: str) -> int:
    """Return a length in hours."""
    number, unit = amount(length)
    return number * HOURS[unit]


def one_of(pen: Pen, names: Any) -> str:
    """Return one of the events that are asked for."""
    found: str = pen.pick(*(names if isinstance(names, list) else EVENT_NAMES if names == "any" else [names]))
    return found


def twins(pen: Pen, table: str, rows: list[dict[str, Any]], names: Any) -> list[dict[str, Any]]:
    """Return two events at one instant, one of the first or last ones."""
    _, name, at, *_others = TABLES[table]
    day = pen.clock.as_of - dt.timedelta(days=pen.pick(0, 0, 1, 700, 800))
    moment = pen.clock.start_of(day) if TABLES[table][at] == "timestamp" else day
    return [{**row, name: one_of(pen, names), at: moment} for row in rows]


def kept(pen: Pen, table: str, rows: list[dict[str, Any]], rule: dict[str, Any], names: Any) -> list[dict[str, Any]]:
    """Return events on the days on both sides of a habit's borders, some of them."""
    _, name, at, *_others = TABLES[table]
    found: list[dict[str, Any]] = []
    for row, day in zip(rows, borders(pen, rule), strict=False):
        first = day + DAY * pen.number(0, 1)
        moment = pen.clock.start_of(first) - TICK * pen.number(0, 1) if TABLES[table][at] == "timestamp" else first
        if not pen.once_in(3):
            found.append({**row, name: one_of(pen, names), at: moment})
    return found


def borders(pen: Pen, rule: dict[str, Any]) -> list[dt.date]:
    """Return the days just before a habit's periods begin."""
    as_of = pen.clock.as_of
    if "performed_regularly" in rule:
        of_last = rule["of_last"]
        number, length, unit = (of_last, *amount(rule["period"])) if "period" in rule else split(of_last)
        return [shift(as_of, -k * length, unit) for k in range(number + 1)]
    if "back_in" in rule:
        end = back(as_of, rule["back_in"])
        return [as_of, end, back(end, rule["silent_for"])]
    return [as_of, back(as_of, rule["was_in"]), back(as_of, rule["silent_for"])]


def split(of_last: str) -> tuple[int, int, str]:
    """Read `4 weeks` as four periods of one week."""
    number, unit = amount(of_last)
    return number, 1, unit


def back(day: dt.date, length: str) -> dt.date:
    """Go back from a day."""
    number, unit = amount(length)
    return shift(day, -number, unit)
