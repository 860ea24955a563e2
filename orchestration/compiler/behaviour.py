"""Reading conditions about many rows: what a subject performed, and the rows related to it."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.compiler.catalog import Attribute, EventRows, TimeColumn
from orchestration.compiler.dates import WINDOW_WORDS, is_window, node_to_windows
from orchestration.compiler.fields import Fields, as_choice, as_text, as_texts, error
from orchestration.compiler.operators import COMPARISONS, NEGATIVE, as_number, node_to_comparisons
from orchestration.compiler.problem import nearest
from orchestration.compiler.segment import (
    Aggregate,
    All,
    Compare,
    EventCondition,
    IsAnyOf,
    Number,
    Rule,
)
from orchestration.compiler.source import Entry, Mapping, Node, Sequence
from orchestration.compiler.window import Window

ANY = "any"
AT_LEAST_ONE = Number(Aggregate.COUNT, None, (Compare(">=", 1),))
NONE_AT_ALL = Number(Aggregate.COUNT, None, (Compare("=", 0),))
AGGREGATES = (Aggregate.SUM, Aggregate.AVERAGE, Aggregate.MINIMUM, Aggregate.MAXIMUM)
NUMBER_WORDS = (*COMPARISONS, "exactly", "not_equals", "between", "in", "not_in")


def performed(events: EventRows, fields: Fields, where: Rule | None) -> Rule:
    """The condition of `performed:` or `not_performed:`, its `where` already read. Raises Problems."""
    negative = "not_performed" in fields.left
    node = fields.require("not_performed" if negative else "performed")
    windows = take_windows(fields, events.at, "events")
    if negative:
        _refuse_numbers(fields)
        numbers: tuple[Number, ...] = (NONE_AT_ALL,)
    else:
        numbers = event_numbers(fields, events.attributes)
    found = tuple(EventCondition(events, _names(node), where, windows, number) for number in numbers)
    return found[0] if len(found) == 1 else All(found)


def _names(node: Node) -> tuple[str, ...] | None:
    names = as_texts(node)
    if not names:
        raise error("empty-list", "an empty list names no event", node.span)
    return None if ANY in names else tuple(sorted(set(names)))


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
        if at is None:
            raise error(
                "no-date", f"`{what}` has no date, so no window", entry.key.span, "give it `at:` in the catalog"
            )
        node = fields.require(word)
        found.extend(node_to_windows(word, node, at.type))
    fields.known.extend(WINDOW_WORDS)
    return tuple(found)


def event_numbers(fields: Fields, attributes: dict[str, Attribute]) -> tuple[Number, ...]:
    """`times`, `on_days` and aggregates of events; at least one event when nothing is said."""
    counts = {"times": Aggregate.COUNT, "on_days": Aggregate.DAYS}
    return tuple(_numbers(fields, counts, attributes)) or (AT_LEAST_ONE,)


def rows_number(fields: Fields, attributes: dict[str, Attribute]) -> tuple[Number, ...]:
    """`count` and aggregates of related rows; at least one row when nothing is said."""
    return tuple(_numbers(fields, {"count": Aggregate.COUNT}, attributes)) or (AT_LEAST_ONE,)


def _numbers(fields: Fields, counts: dict[str, Aggregate], attributes: dict[str, Attribute]) -> Iterator[Number]:
    override = fields.take("unknown")
    unknown = None if override is None else as_choice(override, ("include", "exclude")) == "include"
    for word, aggregate in counts.items():
        node = fields.take(word)
        if node is not None:
            yield from _tests(aggregate, None, _entries(node), node, unknown)
    asked = [aggregate for aggregate in AGGREGATES if aggregate in fields.left]
    beside = [entry for entry in fields.left.values() if entry.name in NUMBER_WORDS]
    if len(asked) > 1:
        key = fields.left[asked[1]].key
        raise error("two-subjects", f"`{asked[1]}` begins a second number", key.span, "give each its own condition")
    if beside and not asked:
        what = ", ".join(f"`{word}`" for word in (*counts, *AGGREGATES))
        raise error("no-number", f"`{beside[0].name}` of what?", beside[0].key.span, f"name it by one of {what}")
    for aggregate in asked:
        node = fields.require(aggregate)
        if not beside:
            raise error("no-operator", f"nothing is said about the {aggregate}", node.span, "add `greater_than: …`")
        for entry in beside:
            fields.take(entry.name)
        yield from _tests(aggregate, _numeric(node, attributes), tuple(beside), node, unknown)
    fields.known.extend((*AGGREGATES, *NUMBER_WORDS))


def _numeric(node: Node, attributes: dict[str, Attribute]) -> Attribute:
    name = as_text(node)
    attribute = attributes.get(name)
    if attribute is None:
        raise error("unknown-attribute", f"there is no `{name}` here", node.span, nearest(name, attributes))
    if not attribute.type.numeric:
        raise error("not-a-number", f"`{name}` is a {attribute.type}, not a number", node.span)
    return attribute


def _entries(node: Node) -> tuple[Entry, ...] | None:
    return node.entries if isinstance(node, Mapping) else None


def _tests(
    aggregate: Aggregate,
    attribute: Attribute | None,
    entries: tuple[Entry, ...] | None,
    node: Node,
    unknown: bool | None,
) -> Iterator[Number]:
    if entries is None:
        word = "in" if isinstance(node, Sequence) else "equals"
        yield _number(aggregate, attribute, word, node, unknown)
        return
    for entry in entries:
        if entry.name not in NUMBER_WORDS:
            help_ = nearest(entry.name, NUMBER_WORDS)
            raise error("wrong-operator", f"`{entry.name}` compares no numbers", entry.key.span, help_)
        yield _number(aggregate, attribute, entry.name, entry.value, unknown)


def _number(aggregate: Aggregate, attribute: Attribute | None, word: str, node: Node, unknown: bool | None) -> Number:
    negated = word in NEGATIVE
    plain = NEGATIVE.get(word, word)
    tests: tuple[Compare | IsAnyOf, ...]
    if plain == "in":
        if not isinstance(node, Sequence) or not node.items:
            raise error("empty-list", "expected a list of numbers", node.span, "as in `[1, 2]`")
        tests = (IsAnyOf(tuple(as_number(item) for item in node.items)),)
    else:
        tests = node_to_comparisons("equals" if plain == "exactly" else plain, node, {})
    return Number(aggregate, attribute, tests, negated, negated if unknown is None else unknown)
