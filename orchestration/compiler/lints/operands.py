"""Lints about single conditions: doubles under a threshold, an idle `unknown:`, windows older than the data."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.compiler.catalog import Attribute, Length, Rows, Type
from orchestration.compiler.lints.calendar import RELATIVE, as_of_days, day_number, line_of
from orchestration.compiler.lints.placed import Placed
from orchestration.compiler.problem import Problem, nearest
from orchestration.compiler.segment import (
    Aggregate,
    AttributeCondition,
    Compare,
    Condition,
    EndCondition,
    EventCondition,
    IsAnyOf,
    IsKnown,
    Number,
    Rank,
    RegularCondition,
    RelationCondition,
    SequenceCondition,
    Within,
    conditions,
    events_named,
)
from orchestration.compiler.source import Entry, Mapping
from orchestration.compiler.window import TODAY, DayWindow, RelativeDay, Window
from orchestration.compiler.words import window_to_words

# Fields beside a condition's word whose mappings are rules or conditions of their own.
FIELDS = ("where", "having", "any", "every", "none", "first", "last", "times", "on_days", "count")
NEVER_UNKNOWN = (Aggregate.COUNT, Aggregate.DAYS, Aggregate.DISTINCT, Aggregate.SUM)


def of_condition(placed: Placed, week_starts_on: str) -> Iterator[Problem]:
    """What is to be said of one condition as it is written, which may stand for several."""
    found = conditions(placed.rule)
    yield from _floats(placed, found)
    yield from _idle_unknown(placed, found)
    for condition in found:
        yield from _beyond_kept(placed, condition, week_starts_on)
        yield from _unlisted_events(placed, condition)


def _floats(placed: Placed, found: tuple[Condition, ...]) -> Iterator[Problem]:
    for attribute in dict.fromkeys(each for condition in found for each in _compared(condition)):
        if attribute.type is Type.FLOAT:
            message = f"`{attribute.name}` is a float, and near its limit a double may fall on either side"
            help_ = "make it a `number` in the catalog, and an exact decimal in the warehouse"
            yield Problem("float-threshold", message, placed.span, help_, "warning")


def _compared(condition: Condition) -> Iterator[Attribute]:
    match condition:
        case AttributeCondition(attribute, Compare() | IsAnyOf()):
            yield attribute
        case EventCondition(number=Number() as number) | RelationCondition(number=Number() as number):
            ranked = all(isinstance(test, Rank) for test in number.tests)
            if number.attribute and number.aggregate is not Aggregate.DISTINCT and not ranked:
                yield number.attribute
        case _:
            return


def _idle_unknown(placed: Placed, found: tuple[Condition, ...]) -> Iterator[Problem]:
    """An `unknown:` that says what holds anyway, or where nothing is ever unknown."""
    entry = _unknown_entry(placed)
    if entry and found and all(_is_default(condition) for condition in found):
        message = "`unknown:` changes nothing here"
        yield Problem("idle-unknown", message, entry.key.span, _why_idle(found), "warning")


def _why_idle(found: tuple[Condition, ...]) -> str:
    numbers = [each.number for each in found if isinstance(each, EventCondition | RelationCondition)]
    if numbers:
        return "a count or a sum is never unknown, and a positive condition is false where another number is"
    if all(isinstance(each, AttributeCondition) and isinstance(each.test, IsKnown) for each in found):
        return "`is_unknown` and `has_any_value` ask about that themselves"
    return "without it an unknown value passes negative conditions and no others"


def _is_default(condition: Condition) -> bool:
    match condition:
        case AttributeCondition(_, IsKnown()):
            return True
        case AttributeCondition(_, _, negated, unknown):
            return negated == unknown
        case EventCondition(number=number) | RelationCondition(number=number):
            return number.aggregate in NEVER_UNKNOWN or number.unknown == number.negated
        case EndCondition():
            return not condition.unknown
        case _:
            return False


def _unknown_entry(placed: Placed) -> Entry | None:
    """The `unknown:` of a condition: in its own mapping, or in the one under an attribute's name."""
    for entry in placed.node.entries if placed.node else ():
        if entry.name == "unknown":
            return entry
        if isinstance(entry.value, Mapping) and entry.name not in FIELDS:
            return next((each for each in entry.value.entries if each.name == "unknown"), None)
    return None


# --- windows and names


def _beyond_kept(placed: Placed, condition: Condition, week_starts_on: str) -> Iterator[Problem]:
    source, windows = _rows_and_windows(condition)
    if source is None or source.keeps is None:
        return
    if any(_is_older(window, source.keeps, week_starts_on) for window in windows):
        months, days = source.keeps
        kept = window_to_words(DayWindow(RelativeDay(-months, 1 - days), TODAY))
        message = f"this looks further back than what is kept: `{source.name}` {kept}"
        yield Problem("beyond-kept", message, placed.span, "choose a shorter window", "warning")


def _rows_and_windows(condition: Condition) -> tuple[Rows | None, tuple[Window, ...]]:
    match condition:
        case EventCondition(source, _, _, windows) | SequenceCondition(source, _, windows):
            return source, windows
        case RelationCondition(Rows() as source, _, _, windows):
            return source, windows
        case RegularCondition(source, _, _, periods):
            return source, periods
        case EndCondition(source, _, _, windows, _, tests):
            return source, (*windows, *(test.window for test in tests if isinstance(test, Within)))
        case _:
            return None, ()


def _is_older(window: Window, keeps: Length, week_starts_on: str) -> bool:
    """Whether a window surely begins, or where it is open ends, before the days that are kept."""
    if not isinstance(window, DayWindow) or line_of(window) is not RELATIVE:
        return False
    edge, kept = window.first or window.last, RelativeDay(-keeps.months, 1 - keeps.days)
    days = as_of_days((window, DayWindow(kept, None)))
    if edge is None or days is None:
        return False
    return all(day_number(edge, day, week_starts_on) < day_number(kept, day, week_starts_on) for day in days)


def _unlisted_events(placed: Placed, condition: Condition) -> Iterator[Problem]:
    """Events that the catalog does not list, where it lists any."""
    events, names = events_named(condition)
    for name in names:
        if events and events.names and name not in events.names:
            help_ = nearest(name, events.names)
            message = f"the catalog lists no event `{name}`"
            yield Problem("unknown-event", message, placed.span, help_, "warning")
