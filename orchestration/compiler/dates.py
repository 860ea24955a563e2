"""Reading dates and windows: `in_last: 30 days`, `during: last week`, `after: 2026-01-31`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import NamedTuple, get_args

from orchestration.compiler.catalog import Type
from orchestration.compiler.fields import error, found_instead
from orchestration.compiler.problem import Span, nearest
from orchestration.compiler.source import Mapping, Node, Scalar, Sequence
from orchestration.compiler.window import (
    TODAY,
    Day,
    DayWindow,
    FixedDay,
    FixedInstant,
    HoursFromEnd,
    InstantWindow,
    PeriodDay,
    PeriodUnit,
    RelativeDay,
    Window,
)

SPANS = ("in_last", "in_next")
OFFSETS = ("more_than", "at_least", "exactly", "at_most", "less_than")
ABSOLUTE = ("on", "before", "after", "on_or_before", "on_or_after", "between")
WINDOW_WORDS = (*SPANS, *OFFSETS, *ABSOLUTE, "during")

_AMOUNT = re.compile(r"(\d{1,6})\s+(hour|day|week|month|year)s?(?:\s+(ago|from now))?\Z")
_PERIOD = re.compile(r"(this|last|next)\s+(\w+)\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d")
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_PERIODS = {"last": -1, "this": 0, "next": 1}
MAX_DAYS = 366 * 200
MAX_MONTHS = 12 * 200


class Amount(NamedTuple):
    """A length of time, with the direction it is written with."""

    hours: int | None
    months: int
    days: int
    direction: str | None

    def moved(self, sign: int, days: int = 0, since: RelativeDay | None = None) -> RelativeDay:
        """D, or another day, moved by the amount, then by days."""
        return RelativeDay(sign * self.months, sign * self.days + days, since)

    def before(self, last: RelativeDay) -> DayWindow:
        """The stretch of this length that ends with a day."""
        return DayWindow(self.moved(-1, days=1, since=None if last == TODAY else last), last)


def is_window(word: str, node: Node) -> bool:
    """Whether a word beside an event's name is a window; `at_least: 3` is a number's, `at_least: 3 days ago` is one."""
    if word in OFFSETS:
        return isinstance(node, Scalar) and isinstance(node.value, str)
    if word == "between":
        return isinstance(node, Sequence) and any(
            isinstance(item, Scalar) and isinstance(item.value, str) for item in node.items
        )
    return word in WINDOW_WORDS


def node_to_windows(word: str, node: Node, kind: Type) -> tuple[Window, ...]:
    """The windows a word stands for, on a column of this type. Raises Problems."""
    windows = _windows(word, node)
    if kind is Type.DATE and any(isinstance(window, InstantWindow) for window in windows):
        message = "hours and times of day need a timestamp, and this is a date"
        raise error("needs-timestamp", message, node.span, "ask in days, or name an attribute of type timestamp")
    if len(windows) > 1:
        return windows
    return (replace(windows[0], said=_said(word, node)),)


def _said(word: str, node: Node) -> str:
    """The window in words, as it was written."""
    match node:
        case Sequence((Scalar(text=first), Scalar(text=last))):
            return f"from {first} to {last}"
        case Scalar(text=text) if word in SPANS:
            return f"in the {word.removeprefix('in_')} {text.strip()}"
        case Scalar(text=text) if word == "during" and text in _DAYS:
            return text
        case Scalar(text=text):
            return f"{word.replace('_', ' ')} {text.strip()}"
        case _:
            return ""


def _windows(word: str, node: Node) -> tuple[Window, ...]:
    if word == "between":
        return _between(node)
    text, span = _text(node), node.span
    match word:
        case "in_last":
            return (_in_last(_amount(text, span, None)),)
        case "in_next":
            return (_in_next(_amount(text, span, None)),)
        case "during":
            return (_during(text, span),)
        case "more_than" | "at_least" | "exactly" | "at_most" | "less_than":
            return (_offset(word, text, span),)
        case _:
            return (_absolute(word, text, span),)


def _text(node: Node) -> str:
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.text.strip()
    if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        raise error("missing-unit", f"`{node.text}` of what?", node.span, f"write `{node.text} days`, for example")
    message = f"expected a date or a length of time, and {found_instead(node)}"
    raise error("not-a-date", message, node.span, "as in `30 days` or `2026-01-31`")


def _amount(text: str, span: Span, wants_direction: bool | None) -> Amount:
    found = _AMOUNT.match(text)
    if not found:
        raise error("bad-window", f"`{text}` is not a length of time", span, "as in `30 days` or `3 months`")
    number, unit, direction = int(found[1]), found[2], found[3]
    if wants_direction and not direction:
        raise error("bad-window", f"`{text}` from when?", span, f"write `{text} ago`")
    if not wants_direction and direction:
        raise error("bad-window", f"`{direction}` is one word too many here", span, f"write `{number} {unit}s`")
    months = number * {"month": 1, "year": 12}.get(unit, 0)
    days = number * {"day": 1, "week": 7}.get(unit, 0)
    if days > MAX_DAYS or months > MAX_MONTHS:
        raise error(
            "bad-window", f"`{text}` is longer than 200 years", span, "leave the window out to look at all days"
        )
    return Amount(number if unit == "hour" else None, months, days, direction)


def node_to_length(node: Node) -> Amount:
    """A length of whole days or calendar months, as in `30 days`. Raises Problems."""
    amount = _amount(_text(node), node.span, None)
    if amount.hours is not None:
        raise error("bad-window", "hours have no meaning here", node.span, "use days, weeks, months or years")
    if not amount.months and not amount.days:
        raise error("bad-window", "a length of nothing has no meaning", node.span, "as in `7 days`")
    return amount


def node_to_hours(node: Node) -> int:
    """A length of elapsed time in hours, a day being 24 of them. Raises Problems."""
    amount = _amount(_text(node), node.span, None)
    if amount.months:
        help_ = "use hours, days or weeks, as in `14 days`"
        raise error("bad-window", "months and years have no length in elapsed time", node.span, help_)
    hours = amount.days * 24 if amount.hours is None else amount.hours
    if not hours:
        raise error("bad-window", "a length of nothing has no meaning", node.span, "as in `7 days`")
    return hours


def node_to_anniversary(node: Node) -> DayWindow:
    """The days in which an anniversary is asked for: `today`, `in_next` or `in_last` a length. Raises Problems."""
    if isinstance(node, Scalar) and node.value == "today":
        return DayWindow(TODAY, TODAY)
    help_ = "write `today`, `{in_next: 7 days}` or `{in_last: 7 days}`"
    if not isinstance(node, Mapping) or len(node.entries) != 1 or node.entries[0].name not in SPANS:
        raise error("bad-anniversary", "an anniversary is asked for today, or in days around it", node.span, help_)
    (entry,) = node.entries
    amount = node_to_length(entry.value)
    if amount.months > 12 or amount.days > 365:
        raise error("bad-anniversary", "an anniversary comes once a year", entry.value.span, "at most `1 year`")
    if entry.name == "in_next":
        return DayWindow(RelativeDay(days=1), amount.moved(1))
    return DayWindow(amount.moved(-1, days=1), TODAY)


def _in_last(amount: Amount) -> Window:
    if amount.hours is not None:
        return InstantWindow(HoursFromEnd(-amount.hours), HoursFromEnd(0))
    return DayWindow(amount.moved(-1, days=1), TODAY)


def _in_next(amount: Amount) -> Window:
    if amount.hours is not None:
        return InstantWindow(HoursFromEnd(0), HoursFromEnd(amount.hours))
    return DayWindow(RelativeDay(days=1), amount.moved(1))


def _offset(word: str, text: str, span: Span) -> Window:
    amount = _amount(text, span, True)
    if amount.direction == "ago":
        return _hours_ago(word, amount.hours, span) if amount.hours is not None else _ago(word, amount)
    if word not in ("more_than", "exactly", "less_than"):
        raise error("bad-window", f"`{word}` goes with `ago` only", span, "use `more_than`, `exactly` or `less_than`")
    return _hours_ahead(word, amount.hours, span) if amount.hours is not None else _from_now(word, amount)


def _ago(word: str, amount: Amount) -> DayWindow:
    match word:
        case "more_than":
            return DayWindow(None, amount.moved(-1, days=-1))
        case "at_least":
            return DayWindow(None, amount.moved(-1))
        case "exactly":
            return DayWindow(amount.moved(-1), amount.moved(-1))
        case "at_most":
            return DayWindow(amount.moved(-1), TODAY)
        case _:
            return DayWindow(amount.moved(-1, days=1), TODAY)


def _from_now(word: str, amount: Amount) -> DayWindow:
    match word:
        case "more_than":
            return DayWindow(amount.moved(1, days=1), None)
        case "exactly":
            return DayWindow(amount.moved(1), amount.moved(1))
        case _:
            return DayWindow(RelativeDay(days=1), amount.moved(1, days=-1))


def _hours_ago(word: str, hours: int, span: Span) -> InstantWindow:
    edge = HoursFromEnd(-hours)
    match word:
        case "more_than":
            return InstantWindow(None, edge)
        case "at_least":
            return InstantWindow(None, edge, end_in=True)
        case "at_most":
            return InstantWindow(edge, HoursFromEnd(0))
        case "less_than":
            return InstantWindow(edge, HoursFromEnd(0), start_in=False)
        case _:
            raise error("bad-window", "an exact hour is not a window", span, "use `in_last: N hours`")


def _hours_ahead(word: str, hours: int, span: Span) -> InstantWindow:
    edge = HoursFromEnd(hours)
    match word:
        case "more_than":
            return InstantWindow(edge, None, start_in=False)
        case "less_than":
            return InstantWindow(HoursFromEnd(0), edge)
        case _:
            raise error("bad-window", "an exact hour is not a window", span, "use `in_next: N hours`")


def _during(text: str, span: Span) -> DayWindow:
    if text in _DAYS:
        day = RelativeDay(days=_DAYS[text])
        return DayWindow(day, day)
    found = _PERIOD.match(text)
    units: Iterable[PeriodUnit] = get_args(PeriodUnit)
    unit = next((unit for unit in units if found and unit == found[2]), None)
    if not found or not unit:
        known = [f"{which} {unit}" for which in _PERIODS for unit in units]
        rolling = re.fullmatch(r"(last|next) (\d+ \w+)", text)
        help_ = f"write `in_{rolling[1]}: {rolling[2]}`" if rolling else nearest(text, known)
        raise error("bad-window", f"`{text}` is not a period", span, help_)
    periods = _PERIODS[found[1]]
    return DayWindow(PeriodDay(unit, periods), PeriodDay(unit, periods + 1, days=-1))


def text_to_date(text: str, span: Span) -> date | datetime:
    """A day, or an instant in UTC. Raises Problems."""
    try:
        if _DATE.match(text):
            return date.fromisoformat(text)
        instant = datetime.fromisoformat(text if _INSTANT.match(text) else "")
        instant = instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    except (ValueError, OverflowError):
        raise error(
            "bad-date", f"`{text}` is not a date", span, "write `2026-01-31` or `2026-01-31 09:00:00`"
        ) from None
    return instant


def _absolute(word: str, text: str, span: Span) -> Window:
    moment = text_to_date(text, span)
    if isinstance(moment, datetime):
        return _instant_window(word, FixedInstant(moment), span)
    day = FixedDay(moment)
    match word:
        case "before":
            return DayWindow(None, _shifted(moment, -1, span))
        case "after":
            return DayWindow(_shifted(moment, 1, span), None)
        case "on_or_before":
            return DayWindow(None, day)
        case "on_or_after":
            return DayWindow(day, None)
        case _:
            return DayWindow(day, day)


def _shifted(day: date, days: int, span: Span) -> Day:
    try:
        return FixedDay(date.fromordinal(day.toordinal() + days))
    except (ValueError, OverflowError):
        help_ = "dates go from 0001-01-01 to 9999-12-31"
        raise error("bad-date", f"there is no day {'before' if days < 0 else 'after'} {day}", span, help_) from None


def _instant_window(word: str, instant: FixedInstant, span: Span) -> InstantWindow:
    match word:
        case "before":
            return InstantWindow(None, instant)
        case "after":
            return InstantWindow(instant, None, start_in=False)
        case "on_or_before":
            return InstantWindow(None, instant, end_in=True)
        case "on_or_after":
            return InstantWindow(instant, None)
        case _:
            raise error("bad-date", "`on` takes a day", span, "leave out the time of day")


def _between(node: Node) -> tuple[Window, ...]:
    if not isinstance(node, Sequence) or len(node.items) != 2:
        raise error("bad-between", "`between` takes two dates", node.span, "as in `between: [2026-01-01, 2026-01-31]`")
    first, last = node.items
    start = _absolute("on_or_after", _text(first), first.span)
    end = _absolute("on_or_before", _text(last), last.span)
    if isinstance(start, DayWindow) and isinstance(end, DayWindow):
        return (DayWindow(start.first, end.last),)
    return (start, end)
