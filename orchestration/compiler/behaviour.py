"""Reading conditions about many rows: what a subject performed, and the rows related to it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from orchestration.compiler.activity import event_names
from orchestration.compiler.catalog import Attribute, EventRows, TimeColumn, Type
from orchestration.compiler.dates import WINDOW_WORDS, is_window, node_to_windows
from orchestration.compiler.fields import Fields, as_text, error
from orchestration.compiler.operators import (
    COMPARISONS,
    NEGATIVE,
    RANK_WORDS,
    Around,
    as_number,
    entry_to_group,
    entry_to_rank,
    node_to_comparisons,
)
from orchestration.compiler.problem import nearest
from orchestration.compiler.segment import (
    AT_LEAST_ONE,
    NONE_AT_ALL,
    Aggregate,
    All,
    EventCondition,
    IsAnyOf,
    Number,
    NumberTest,
    Rank,
    Rule,
)
from orchestration.compiler.source import Entry, Mapping, Node, Sequence
from orchestration.compiler.window import Window

AGGREGATES = (Aggregate.SUM, Aggregate.AVERAGE, Aggregate.MINIMUM, Aggregate.MAXIMUM, Aggregate.DISTINCT)
NUMBER_WORDS = (*COMPARISONS, "exactly", "not_equals", "between", "in", "not_in", *RANK_WORDS)


def performed(events: EventRows, fields: Fields, where: Rule | None, around: Around) -> Rule:
    """The condition of `performed:` or `not_performed:`, its `where` already read. Raises Problems."""
    negative = "not_performed" in fields.left
    node = fields.require("not_performed" if negative else "performed")
    windows = take_windows(fields, events.at, "events")
    if negative:
        _refuse_numbers(fields)
        numbers: tuple[Number, ...] = (NONE_AT_ALL,)
    else:
        numbers = event_numbers(fields, events.attributes, around)
    found = tuple(EventCondition(events, event_names(node), where, windows, number) for number in numbers)
    return found[0] if len(found) == 1 else All(found)


def _refuse_numbers(fields: Fields) -> None:
    for word in ("times", "on_days", *AGGREGATES):
        if word in fields.left:
            key = fields.left[word].key
            raise error("not-here", f"`not_performed` takes no `{word}`", key.span, "use `performed` with `at_most`")


def take_windows(fields: Fields, at: TimeColumn | None, what: str) -> tuple[Window, ...]:
    """The windows among the fields; they intersect. Raises Problems: a window where there is no date."""
    found: list[Window] = []
    for word in WINDOW_WORDS:
        entry = fields.left.get(word)
        if entry is None or not is_window(word, entry.value):
            continue
        node = fields.require(word)
        if at is None:
            help_ = "give it `at:` in the catalog"
            fields.report.error("no-date", f"`{what}` has no date, so no window", entry.key.span, help_)
        else:
            found.extend(fields.report.attempt(partial(node_to_windows, word, node, at.type)) or ())
    fields.known.extend(WINDOW_WORDS)
    return tuple(found)


def event_numbers(fields: Fields, attributes: dict[str, Attribute], around: Around) -> tuple[Number, ...]:
    """`times`, `on_days` and aggregates of events; at least one event when nothing is said."""
    counts = {"times": Aggregate.COUNT, "on_days": Aggregate.DAYS}
    return tuple(_numbers(fields, counts, attributes, around)) or (AT_LEAST_ONE,)


def rows_number(fields: Fields, attributes: dict[str, Attribute], around: Around) -> tuple[Number, ...]:
    """`count` and aggregates of related rows; none when nothing is said."""
    return tuple(_numbers(fields, {"count": Aggregate.COUNT}, attributes, around))


def _numbers(
    fields: Fields, counts: dict[str, Aggregate], attributes: dict[str, Attribute], around: Around
) -> Iterator[Number]:
    override = fields.choice("unknown", ("include", "exclude"), "")
    unknown = override == "include" if override else None
    for word, aggregate in counts.items():
        yield from fields.read(word, partial(node_to_numbers, aggregate, around=around, unknown=unknown), ())
    asked = [aggregate for aggregate in AGGREGATES if aggregate in fields.left]
    beside = [entry for entry in fields.left.values() if entry.name in (*NUMBER_WORDS, "within")]
    if len(asked) > 1:
        key = fields.left[asked[1]].key
        raise error("two-subjects", f"`{asked[1]}` begins a second number", key.span, "give each its own condition")
    if beside and not asked:
        what = ", ".join(f"`{word}`" for word in (*counts, *AGGREGATES))
        raise error("no-number", f"`{beside[0].name}` of what?", beside[0].key.span, f"name it by one of {what}")
    for aggregate in asked:
        node = fields.require(aggregate)
        if not beside:
            help_ = "add an operator beside it, as in `greater_than: 100`"
            raise error("no-operator", f"nothing is said about the {aggregate}", node.span, help_)
        for entry in beside:
            fields.take(entry.name)
        attribute = _aggregated(aggregate, node, attributes)
        yield from _entries_to_numbers(aggregate, attribute, tuple(beside), around, unknown)
    fields.known.extend((*AGGREGATES, *NUMBER_WORDS))


def _aggregated(aggregate: Aggregate, node: Node, attributes: dict[str, Attribute]) -> Attribute:
    name = as_text(node)
    attribute = attributes.get(name)
    if attribute is None:
        raise error("unknown-attribute", f"there is no `{name}` here", node.span, nearest(name, attributes))
    if aggregate is Aggregate.DISTINCT and attribute.type is Type.LIST:
        help_ = "count the distinct values of another type"
        raise error("wrong-operand", f"`{name}` is a list, whose values are not counted apart", node.span, help_)
    if aggregate is not Aggregate.DISTINCT and not attribute.type.numeric:
        numbers = [each.name for each in attributes.values() if each.type.numeric]
        message = f"`{name}` has the type {attribute.type}, so it is no number"
        raise error("not-a-number", message, node.span, nearest(name, numbers) or "count instead: `times`, `count`")
    return attribute


def node_to_numbers(
    aggregate: Aggregate, node: Node, around: Around, unknown: bool | None = None
) -> tuple[Number, ...]:
    """What is said about a count: a number, a list of numbers, or operators in a mapping. Raises Problems."""
    if isinstance(node, Mapping):
        return _entries_to_numbers(aggregate, None, node.entries, around, unknown)
    word = "in" if isinstance(node, Sequence) else "equals"
    return (_number(aggregate, None, word, node, unknown),)


def _entries_to_numbers(
    aggregate: Aggregate, attribute: Attribute | None, entries: tuple[Entry, ...], around: Around, unknown: bool | None
) -> tuple[Number, ...]:
    found: list[Number] = []
    within = next((entry for entry in entries if entry.name == "within"), None)
    group = entry_to_group(within, around) if within else None
    for entry in entries:
        if entry is within:
            continue
        if entry.name not in NUMBER_WORDS:
            help_ = nearest(entry.name, NUMBER_WORDS)
            raise error("wrong-operator", f"`{entry.name}` compares no numbers", entry.key.span, help_)
        if entry.name in RANK_WORDS:
            found.append(_ranked(aggregate, attribute, entry, group, around, unknown))
        else:
            found.append(_number(aggregate, attribute, entry.name, entry.value, unknown))
    if within and not any(isinstance(test, Rank) for number in found for test in number.tests):
        raise error("not-here", "`within` what?", within.key.span, "`within` goes with `top` or `bottom`")
    if not found:
        raise error("no-operator", "nothing is said about the number", entries[0].key.span, "add `at_least: …`")
    return tuple(found)


def _ranked(
    aggregate: Aggregate,
    attribute: Attribute | None,
    entry: Entry,
    group: Attribute | None,
    around: Around,
    unknown: bool | None,
) -> Number:
    if aggregate is Aggregate.AVERAGE:
        help_ = "rank the sum, or make the average an attribute of the table"
        raise error("not-here", "averages are not ranked", entry.key.span, help_)
    return Number(aggregate, attribute, (entry_to_rank(entry, group, around),), False, bool(unknown))


def _number(aggregate: Aggregate, attribute: Attribute | None, word: str, node: Node, unknown: bool | None) -> Number:
    negated = word in NEGATIVE
    plain = NEGATIVE.get(word, word)
    tests: tuple[NumberTest, ...]
    if plain == "in":
        if not isinstance(node, Sequence) or not node.items:
            raise error("empty-list", "expected a list of numbers", node.span, "as in `[1, 2]`")
        tests = (IsAnyOf(tuple(as_number(item) for item in node.items)),)
    else:
        tests = node_to_comparisons("equals" if plain == "exactly" else plain, node, {})
    return Number(aggregate, attribute, tests, negated, negated if unknown is None else unknown)
