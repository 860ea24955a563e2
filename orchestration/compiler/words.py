"""Rules in words: for the catalogue, for comments in SQL, and for what columns are named after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from orchestration.compiler.catalog import EventRows
from orchestration.compiler.segment import (
    AT_LEAST_ONE,
    NONE_AT_ALL,
    Aggregate,
    All,
    Anniversary,
    AnyElement,
    AnyOf,
    AttributeCondition,
    Compare,
    Condition,
    EndCondition,
    EventCondition,
    Everyone,
    HasAll,
    HasAny,
    IsAnyOf,
    IsKnown,
    MoveCondition,
    Not,
    Number,
    Rank,
    RegularCondition,
    RelationCondition,
    Rule,
    SegmentCondition,
    SequenceCondition,
    Share,
    StaticMembers,
    Step,
    Test,
    TextTest,
    Value,
    Within,
)
from orchestration.compiler.window import (
    Day,
    DayWindow,
    FixedDay,
    FixedInstant,
    HoursFromEnd,
    Instant,
    InstantWindow,
    PeriodDay,
    RelativeDay,
    Window,
)

_COMPARED = {"=": "is", ">": "is more than", ">=": "is at least", "<": "is less than", "<=": "is at most"}
_PERIODS = {-1: "last", 0: "this", 1: "next"}


def rule_to_words(rule: Rule) -> str:
    """The rule as one line of plain English."""
    match rule:
        case All(rules):
            return _joined(rules, " and ")
        case AnyOf(rules):
            return _joined(rules, " or ")
        case Not(AnyOf(rules)) if len(rules) > 1:
            return f"none of ({_joined(rules, '; ')})"
        case Not(inner):
            return f"not ({rule_to_words(inner)})"
        case Everyone():
            return "everyone"
        case _:
            return condition_to_words(rule)


def condition_to_words(condition: Condition) -> str:
    match condition:
        case AttributeCondition():
            return _attribute(condition)
        case EventCondition():
            return _event(condition)
        case RelationCondition():
            return _relation(condition)
        case EndCondition():
            return _end(condition)
        case RegularCondition():
            return _regular(condition)
        case SequenceCondition(_, steps, windows):
            return f"performed {steps_to_words(steps)}{windows_to_words(windows)}"
        case SegmentCondition(keys):
            return f"in segment {' or '.join(keys)}"
        case MoveCondition(keys, move, windows):
            return f"{move.replace('_', ' ')} segment {' or '.join(keys)}{windows_to_words(windows)}"
        case StaticMembers(path, keys):
            return f"named in {path} ({len(keys)} keys)"
        case _:
            assert_never(condition)


def _joined(rules: tuple[Rule, ...], word: str) -> str:
    parts = [rule_to_words(rule) for rule in rules]
    grouped = [f"({part})" if isinstance(rule, All | AnyOf) else part for rule, part in zip(rules, parts, strict=True)]
    return word.join(grouped) if len(parts) > 1 else parts[0]


def _attribute(condition: AttributeCondition) -> str:
    said = f"{condition.attribute.name} {test_to_words(condition.test, condition.negated)}"
    if condition.unknown != condition.negated and not isinstance(condition.test, IsKnown):
        said = f"{said} ({'or' if condition.unknown else 'and not'} unknown)"
    return f"{said} for at least {_length_of(condition.held_from)}" if condition.held_from else said


def _length_of(held_from: RelativeDay) -> str:
    return length_to_words(held_from.months, held_from.days)


def test_to_words(test: Test, negated: bool) -> str:
    match test:
        case IsKnown():
            return "is unknown" if negated else "has any value"
        case IsAnyOf(values):
            return f"{'is not' if negated else 'is'} {_values(values)}"
        case Compare(operator, value):
            said = _share(value) if isinstance(value, Share) else value
            return f"{'is not' if negated and operator == '=' else _COMPARED[operator]} {said}"
        case TextTest(kind, pattern):
            return f"{_verb(kind, negated)} {pattern}"
        case HasAny(values):
            return f"{'include none of' if negated else 'include'} {_values(values)}"
        case HasAll(values):
            return f"include all of {', '.join(values)}"
        case AnyElement(passed, failed):
            asked = [test_to_words(each, False) for each in passed] + [test_to_words(each, True) for each in failed]
            return f"include one that {' and '.join(asked)}"
        case Within(window):
            return f"is {window_to_words(window)}"
        case Anniversary(window):
            return f"has its anniversary {'today' if window.first == window.last else window_to_words(window)}"
        case Rank(side, places, share, within):
            limit = f"{places}" if share is None else f"{(share * 100).normalize():f}%"
            return f"is in the {side} {limit}{f' within {within.name}' if within else ''}"
        case _:
            assert_never(test)


def _share(share: Share) -> str:
    whole = share.share == 1
    return share.attribute.name if whole else f"{(share.share * 100).normalize():f}% of {share.attribute.name}"


def _verb(kind: str, negated: bool) -> str:
    if kind == "domain":
        return "is at domain"
    if negated:
        return f"does not {kind.removesuffix('es') if kind == 'matches' else kind.removesuffix('s')}"
    return kind.replace("_", " ")


def _values(values: tuple[Value, ...]) -> str:
    shown = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return " or ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def window_to_words(window: Window) -> str:
    """The window as it was written; of one that nobody wrote, its days."""
    match window:
        case DayWindow(said=said) | InstantWindow(said=said) if said:
            return said
        case DayWindow(None, None):
            return "ever"
        case DayWindow(RelativeDay(0, 1, None), RelativeDay(months, days, None)) if days >= 1 or months >= 1:
            return f"in the next {length_to_words(months, days)}"
        case DayWindow(RelativeDay(months, days, None), RelativeDay(0, 0, None)) if (
            days <= (months < 0) and months <= 0
        ):
            return f"in the last {length_to_words(months, days - 1)}"
        case DayWindow(first, last) if first and first == last:
            return f"on {_day(first)}"
        case DayWindow(first, last):
            return _from_to(_day(first) if first else "", _day(last) if last else "")
        case InstantWindow(start, end):
            return _from_to(_instant(start) if start else "", _instant(end) if end else "")
        case _:
            assert_never(window)


def _from_to(start: str, end: str) -> str:
    if start and end:
        return f"from {start} to {end}"
    return f"from {start}" if start else f"up to {end}"


def length_to_words(months: int, days: int) -> str:
    parts = []
    if months:
        whole_years = months % 12 == 0
        parts.append(_plural(abs(months) // 12, "year") if whole_years else _plural(abs(months), "month"))
    if days:
        parts.append(_plural(abs(days), "day"))
    return " and ".join(parts) or "0 days"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _day(day: Day) -> str:
    match day:
        case RelativeDay(0, 0, None):
            return "the day"
        case RelativeDay(months, days, since):
            return _moved(months, days, "" if since is None else _day(since))
        case PeriodDay(unit, periods, days):
            return f"the {'first' if not days else 'last'} day of {_PERIODS.get(periods, periods)} {unit}"
        case FixedDay(fixed):
            return fixed.isoformat()
        case _:
            assert_never(day)


def _moved(months: int, days: int, since: str) -> str:
    """`30 days ago`, or where months and days go opposite ways, `1 day after 2 months ago`."""
    if months and days and (months > 0) != (days > 0):
        return f"{_plural(abs(days), 'day')} {'after' if days > 0 else 'before'} {_moved(months, 0, since)}"
    ahead = (months or days) > 0
    if since:
        return f"{length_to_words(months, days)} {'after' if ahead else 'before'} {since}"
    return f"{length_to_words(months, days)} {'from now' if ahead else 'ago'}"


def _instant(instant: Instant) -> str:
    match instant:
        case HoursFromEnd(hours):
            return f"{abs(hours)} hours {'from now' if hours > 0 else 'ago'}"
        case FixedInstant(fixed):
            return f"{fixed.isoformat(sep=' ')} UTC"
        case _:
            assert_never(instant)


def number_to_words(number: Number) -> str:
    """What is said about a count or an aggregate."""
    return " and ".join(test_to_words(test, number.negated) for test in number.tests)


def windows_to_words(windows: Sequence[Window]) -> str:
    """The windows after what they choose, each with a space before it."""
    return "".join(f" {window_to_words(window)}" for window in windows)


def _where(where: Rule | None) -> str:
    return f" where {rule_to_words(where)}" if where else ""


def names_to_words(names: Sequence[str] | None) -> str:
    """The names of events, any of which will do."""
    return " or ".join(names) if names else "any event"


def _end(condition: EndCondition) -> str:
    name = names_to_words(condition.names) if isinstance(condition.source, EventRows) else condition.source.name
    chosen = f"{condition.end} {name}{_where(condition.where)}{windows_to_words(condition.windows)}"
    asked = [test_to_words(test, False) for test in condition.tests]
    if condition.having is not None:
        asked.append(f"has {rule_to_words(condition.having)}")
    return f"{chosen} {' and '.join(asked)}{' (or unknown)' if condition.unknown else ''}"


def _regular(condition: RegularCondition) -> str:
    chosen = f"{names_to_words(condition.names)}{_where(condition.where)}"
    times = (
        "" if condition.times == (AT_LEAST_ONE,) else f" {' and '.join(map(number_to_words, condition.times))} times"
    )
    return f"performed {chosen}{times} in at least {condition.at_least} of the last {condition.said}"


def steps_to_words(steps: Sequence[Step]) -> str:
    """The steps of a sequence, each after the one before."""
    said = []
    for number, step in enumerate(steps):
        within = f" within {_hours(step.within)}" if step.within else ""
        said.append(f"{', then ' if number else ''}{'not ' if step.negated else ''}")
        said.append(f"{names_to_words(step.names)}{_where(step.where)}{within}")
    return "".join(said)


def _hours(hours: int) -> str:
    return _plural(hours // 24, "day") if hours % 24 == 0 else _plural(hours, "hour")


def _event(condition: EventCondition) -> str:
    chosen = f"{names_to_words(condition.names)}{_where(condition.where)}{windows_to_words(condition.windows)}"
    number = condition.number
    if number == AT_LEAST_ONE:
        return f"performed {chosen}"
    if number == NONE_AT_ALL:
        return f"has not performed {chosen}"
    return f"{_counted(number, 'times', 'of')} {chosen} {number_to_words(number)}"


def _counted(number: Number, counted: str, of: str) -> str:
    match number.aggregate:
        case Aggregate.COUNT:
            return f"number of {counted} {of}".strip() if counted else "number of"
        case Aggregate.DAYS:
            return "number of days with"
        case _:
            assert number.attribute is not None, "an aggregate has an attribute"
            return f"{number.aggregate} of {number.attribute.name} over"


def _relation(condition: RelationCondition) -> str:
    chosen = f"{condition.relation.name}{_where(condition.where)}{windows_to_words(condition.windows)}"
    number = condition.number
    if number == AT_LEAST_ONE:
        return f"has {chosen}"
    return f"{_counted(number, '', '')} {chosen} {number_to_words(number)}"
