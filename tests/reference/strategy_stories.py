"""Events made to measure: for conditions on sequences and ends, somebody whose events lie right at their borders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from tests.reference.days import TICK, amount
from tests.reference.pools import Pen
from tests.reference.strategy_rows import EVENT_NAMES, TABLES, Tables, dated

Moment = dt.date
HOURS = {"hour": 1, "day": 24, "week": 168}
TABLE = {"person": "person_events", "company": "company_events"}
SUBJECTS = {"person": (1, 1, 2), "company": ("acme", "Bolt")}


def add_stories(pen: Pen, specs: dict[str, dict[str, Any]], tables: Tables) -> None:
    """Add events for every sequence and for the first and last events that the rules ask about."""
    for spec in specs.values():
        table, someone = TABLE[spec["entity"]], SUBJECTS[spec["entity"]]
        for condition in conditions(spec.get("where")):
            rows = [dated(pen, table, (pen.pick(*someone),)) for _ in range(6)]
            if "sequence" in condition:
                tables[table] += told(pen, table, rows, condition["sequence"])
            for word in ("first_performed", "last_performed"):
                if word in condition:
                    tables[table] += twins(pen, table, rows[:2], condition[word])


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
    subject, name, at, *_ = TABLES[table]
    moment = start(pen, TABLES[table][at], steps)
    found: list[dict[str, Any]] = []
    for row, step in zip(rows, steps, strict=False):
        negated = "not_performed" in step
        then = after(pen, moment, step.get("within"))
        if not negated or pen.once_in(2):
            names = step["not_performed" if negated else "performed"]
            found.append({**row, subject: rows[0][subject], name: one_of(pen, names), at: then})
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
    subject, name, at, *_ = TABLES[table]
    day = pen.clock.as_of - dt.timedelta(days=pen.pick(0, 0, 1, 700, 800))
    moment = pen.clock.start_of(day) if TABLES[table][at] == "timestamp" else day
    return [{**row, subject: rows[0][subject], name: one_of(pen, names), at: moment} for row in rows]
