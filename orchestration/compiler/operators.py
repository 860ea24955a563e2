"""Reading what is said about one value: operators and operands by the value's type."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TypeAlias, cast, get_args

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.dates import WINDOW_WORDS, node_to_anniversary, node_to_length, node_to_windows
from orchestration.compiler.fields import as_choice, as_text, collected, error, found_instead
from orchestration.compiler.patterns import pattern_fault
from orchestration.compiler.problem import closest, nearest
from orchestration.compiler.segment import (
    Anniversary,
    AnyElement,
    AttributeCondition,
    Compare,
    Comparison,
    DateTest,
    ElementTest,
    HasAll,
    HasAny,
    IsAnyOf,
    IsKnown,
    Rank,
    Share,
    Side,
    Test,
    TextKind,
    TextTest,
    Value,
    Within,
)
from orchestration.compiler.source import Entry, Mapping, Node, Scalar, Sequence
from orchestration.compiler.window import RelativeDay

BARE = {"is_unknown": True, "has_any_value": False}
NEGATIVE = {
    "is_not": "is",
    "not_in": "in",
    "not_contains": "contains",
    "not_matches": "matches",
    "has_none": "has_any",
    "not_equals": "equals",
}
COMPARISONS: dict[str, Comparison] = {
    "equals": "=",
    "greater_than": ">",
    "at_least": ">=",
    "less_than": "<",
    "at_most": "<=",
}
TEXT_WORDS = (
    *("is", "in", "contains", "starts_with", "ends_with", "domain", "matches"),
    *("is_not", "not_in", "not_contains", "not_matches"),
)
NUMBER_WORDS = (*COMPARISONS, "not_equals", "between", "in", "not_in")
DATE_WORDS = (*WINDOW_WORDS, "anniversary")
LIST_WORDS = ("has", "has_any", "has_all", "has_none", "any_element")
RANK_WORDS = ("top", "bottom")
WORDS: dict[Type, tuple[str, ...]] = {
    Type.TEXT: TEXT_WORDS,
    Type.INTEGER: (*NUMBER_WORDS, *RANK_WORDS),
    Type.NUMBER: (*NUMBER_WORDS, *RANK_WORDS),
    Type.FLOAT: (*NUMBER_WORDS, *RANK_WORDS),
    Type.BOOLEAN: ("is", "is_not"),
    Type.DATE: (*DATE_WORDS, *RANK_WORDS),
    Type.TIMESTAMP: (*DATE_WORDS, *RANK_WORDS),
    Type.LIST: LIST_WORDS,
}
MODIFIERS = ("unknown", "for_at_least", "within")
_SCALAR_WORD = {Type.TEXT: "is", Type.BOOLEAN: "is", Type.LIST: "has", Type.DATE: "on", Type.TIMESTAMP: "on"}
_SHARE = re.compile(r"(?:(\d{1,6}(?:\.\d{1,6})?)\s*%\s+of\s+)?([A-Za-z_]\w*)\Z")
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%\Z")


Attributes: TypeAlias = Mapping_[str, Attribute]


@dataclass(frozen=True)
class Around:
    """What is known around a value: attributes that it may be compared with, its past, its rank among all subjects.

    `past` and `rank` say why there is none, and are empty where there is one.
    """

    attributes: Attributes = field(default_factory=dict)
    past: str = "only attributes have a past that is known"
    rank: str = "only subjects of a segment's own rule have a rank"


@dataclass(frozen=True)
class _Modifiers:
    """What stands beside the operators of one mapping and is meant for all of them."""

    unknown: bool | None = None
    held_from: RelativeDay | None = None
    within: Attribute | None = None


def node_to_conditions(attribute: Attribute, node: Node, around: Around) -> tuple[AttributeCondition, ...]:
    """The conditions that stand behind an attribute's name; all of them must hold. Raises Problems."""
    if isinstance(node, Mapping):
        return entries_to_conditions(attribute, node.entries, node, around)
    if isinstance(node, Scalar) and node.value is None:
        raise error("null-operand", "nothing equals null", node.span, "ask `is_unknown` or `has_any_value`")
    if isinstance(node, Scalar) and node.value in BARE and node.text == node.value:
        return (_known(attribute, BARE[node.text]),)
    word = _default_word(attribute.type, node)
    return _operator(attribute, word, node, _Modifiers(), around)


def entries_to_conditions(
    attribute: Attribute, entries: tuple[Entry, ...], node: Node, around: Around
) -> tuple[AttributeCondition, ...]:
    """The same for operators that stand in a mapping."""
    operators = [entry for entry in entries if entry.name not in MODIFIERS]
    if not operators:
        raise error("no-operator", f"nothing is said about `{attribute.name}`", node.span, _help(attribute.type, ""))
    modifiers = _modifiers(entries, around)
    found = collected(partial(_entry_to_conditions, attribute, entry, modifiers, around) for entry in operators)
    return tuple(condition for conditions in found for condition in conditions)


def _entry_to_conditions(
    attribute: Attribute, entry: Entry, modifiers: _Modifiers, around: Around
) -> tuple[AttributeCondition, ...]:
    if entry.name not in WORDS[attribute.type] and entry.name not in BARE:
        raise error(
            "wrong-operator",
            f"`{entry.name}` is no operator for `{attribute.name}`, which has the type {attribute.type}",
            entry.key.span,
            _help(attribute.type, entry.name),
        )
    if entry.name in RANK_WORDS and modifiers.held_from:
        help_ = "leave out `for_at_least`"
        raise error("not-here", "what rank a subject had on earlier days is not known", entry.key.span, help_)
    return _operator(attribute, entry.name, entry.value, modifiers, around)


def _modifiers(entries: tuple[Entry, ...], around: Around) -> _Modifiers:
    named = {entry.name: entry for entry in entries}
    unknown, lasting, within = (named.get(name) for name in MODIFIERS)
    if lasting and around.past:
        help_ = "`history:` in the catalog names columns that say when a row held; `history: recorded` begins to record"
        raise error("no-history", f"`for_at_least` cannot be told here: {around.past}", lasting.key.span, help_)
    if within and not set(RANK_WORDS) & set(named):
        help_ = "`within` goes with `top` or `bottom`; a window begins with `in_last`, for example"
        raise error("not-here", "`within` what?", within.key.span, help_)
    return _Modifiers(
        unknown=as_choice(unknown.value, ("include", "exclude")) == "include" if unknown else None,
        held_from=node_to_length(lasting.value).moved(-1) if lasting else None,
        within=entry_to_group(within, around) if within else None,
    )


def entry_to_group(within: Entry, around: Around) -> Attribute:
    """The attribute that ranks are told within. Raises Problems."""
    name = as_text(within.value)
    attribute = around.attributes.get(name)
    if attribute is None:
        help_ = nearest(name, around.attributes)
        raise error("unknown-attribute", f"there is no attribute `{name}`", within.value.span, help_)
    if attribute.type is Type.LIST:
        help_ = "name an attribute of another type"
        raise error("wrong-operand", f"`{name}` is a list, which makes no groups", within.value.span, help_)
    return attribute


def entry_to_rank(entry: Entry, within: Attribute | None, around: Around) -> Rank:
    """`top: 10%` or `bottom: 500`. Raises Problems."""
    node = entry.value
    if around.rank:
        help_ = "make it a segment of its own, and ask `in_segment` here"
        raise error("not-here", f"`{entry.name}` cannot be told here: {around.rank}", entry.key.span, help_)
    side: Side = "top" if entry.name == "top" else "bottom"
    places = node.value if isinstance(node, Scalar) and not isinstance(node.value, bool) else None
    if isinstance(places, int) and 0 < places < 10**9:
        return Rank(side, places, None, within)
    share = _PERCENT.match(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    if share and 0 < Decimal(share[1]) <= 100:
        return Rank(side, None, Decimal(share[1]) / 100, within)
    help_ = f"as in `{entry.name}: 500` or `{entry.name}: 10%`"
    raise error("bad-rank", "expected how many, or a share of up to 100%", node.span, help_)


def _help(kind: Type, word: str) -> str:
    close = closest(word, (*WORDS[kind], *BARE, *MODIFIERS))
    if close and not any(word in words for words in WORDS.values()):
        return f"did you mean `{close}`?"
    return "use " + ", ".join(f"`{known}`" for known in WORDS[kind])


def _known(attribute: Attribute, negated: bool) -> AttributeCondition:
    return AttributeCondition(attribute, IsKnown(), negated=negated, unknown=negated)


def _default_word(kind: Type, node: Node) -> str:
    if isinstance(node, Sequence):
        if kind.temporal:
            raise error("wrong-operator", "a list of dates has no meaning", node.span, "use `between` or `any`")
        return "has_any" if kind is Type.LIST else "in"
    return _SCALAR_WORD.get(kind, "equals")


def _operator(
    attribute: Attribute, word: str, node: Node, modifiers: _Modifiers, around: Around
) -> tuple[AttributeCondition, ...]:
    if word in BARE:
        return (_asked_of_all(attribute, word, node, modifiers),)
    negated = word in NEGATIVE
    answer = negated if modifiers.unknown is None else modifiers.unknown
    if word in RANK_WORDS:
        key = Scalar(word, word, node.span)
        tests: tuple[Test, ...] = (entry_to_rank(Entry(key, node), modifiers.within, around),)
    else:
        tests = _tests(attribute, NEGATIVE.get(word, word), node, around.attributes)
    return tuple(AttributeCondition(attribute, test, negated, answer, modifiers.held_from) for test in tests)


def _asked_of_all(attribute: Attribute, word: str, node: Node, modifiers: _Modifiers) -> AttributeCondition:
    """`is_unknown: true` in a mapping, where it may have lasted for a time."""
    asked = _boolean(attribute, node)
    negated = BARE[word] is asked
    return AttributeCondition(attribute, IsKnown(), negated, negated, modifiers.held_from)


def _tests(attribute: Attribute, word: str, node: Node, others: Attributes) -> tuple[Test, ...]:
    match attribute.type:
        case Type.TEXT:
            return (_text_test(attribute, word, node),)
        case Type.BOOLEAN:
            return (IsAnyOf((_boolean(attribute, node),)),)
        case Type.LIST:
            return (_list_test(attribute, word, node),)
        case Type.DATE | Type.TIMESTAMP:
            return node_to_date_tests(word, node, attribute.type)
        case Type.INTEGER | Type.NUMBER | Type.FLOAT:
            return _number_tests(word, node, others)


def node_to_date_tests(word: str, node: Node, kind: Type) -> tuple[DateTest, ...]:
    """The tests that a date operator stands for. Raises Problems."""
    if word == "anniversary":
        return (Anniversary(node_to_anniversary(node)),)
    return tuple(Within(window) for window in node_to_windows(word, node, kind))


def _number_tests(word: str, node: Node, others: Attributes) -> tuple[Test, ...]:
    if word == "in":
        return (IsAnyOf(_operands(node, as_number)),)
    return node_to_comparisons(word, node, others)


def node_to_comparisons(word: str, node: Node, others: Attributes) -> tuple[Compare, ...]:
    """The comparisons that a number operator stands for. Raises Problems."""
    if word != "between":
        return (Compare(COMPARISONS[word], _limit(node, others)),)
    if not isinstance(node, Sequence) or len(node.items) != 2:
        raise error("bad-between", "`between` takes two numbers", node.span, "as in `between: [1, 5]`")
    low, high = (_limit(item, others) for item in node.items)
    return Compare(">=", low), Compare("<=", high)


def _limit(node: Node, others: Attributes) -> int | Decimal | Share:
    """A number, another attribute, or a share of one as in `80% of photo_limit`."""
    found = _SHARE.match(node.value) if isinstance(node, Scalar) and isinstance(node.value, str) else None
    if not found or not others:
        return as_number(node)
    other = others.get(found[2])
    if other is None:
        raise error("unknown-attribute", f"there is no attribute `{found[2]}`", node.span, nearest(found[2], others))
    if not other.type.numeric:
        help_ = nearest(other.name, [each.name for each in others.values() if each.type.numeric])
        raise error("not-a-number", f"`{other.name}` has the type {other.type}, so it is no number", node.span, help_)
    return Share(Decimal(found[1] or 100) / 100, other)


def as_number(node: Node) -> int | Decimal:
    if isinstance(node, Scalar) and not isinstance(node.value, bool) and isinstance(node.value, int | Decimal):
        exact = Decimal(node.value)
        if abs(exact) >= 10**18 or exact != round(exact, 9):
            help_ = "at most 18 digits before the point and 9 after it"
            message = f"`{node.text}` has more digits than a warehouse compares exactly"
            raise error("number-range", message, node.span, help_)
        return node.value
    raise error(
        "wrong-operand", f"expected a number, and {found_instead(node)}", node.span, "as in `5`, without quotes"
    )


def _operands(node: Node, read: Callable[[Node], Value]) -> tuple[Value, ...]:
    """The values of a list, without doubles, in the order written."""
    if not isinstance(node, Sequence):
        raise error("not-a-list", f"expected a list, and {found_instead(node)}", node.span, "write `[a, b]`")
    if not node.items:
        raise error("empty-list", "an empty list holds nothing to compare with", node.span, "name at least one value")
    return tuple(dict.fromkeys(collected(partial(read, item) for item in node.items)))


def _text(attribute: Attribute, node: Node) -> str:
    if not isinstance(node, Scalar):
        message = f"expected one text for `{attribute.name}`, and {found_instead(node)}"
        raise error("wrong-operand", message, node.span, "write one text")
    if node.value is None:
        raise error("null-operand", "nothing equals null", node.span, "ask `is_unknown` or `has_any_value`")
    if not isinstance(node.value, str):
        raise error(
            "wrong-operand",
            f"`{attribute.name}` is compared with texts, and `{node.text}` is none",
            node.span,
            f'quote it to compare with the text: "{node.text}"',
        )
    return node.value


def _boolean(attribute: Attribute, node: Node) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    message = f"`{attribute.name}` is true or false, and {found_instead(node)}"
    raise error("wrong-operand", message, node.span, "write `true` or `false`, without quotes")


def _text_test(attribute: Attribute, word: str, node: Node) -> ElementTest:
    match word:
        case "is":
            return IsAnyOf((_text(attribute, node),))
        case "in":
            return IsAnyOf(_operands(node, lambda item: _text(attribute, item)))
        case "matches":
            return TextTest("matches", _pattern(attribute, node))
        case "domain":
            return TextTest("domain", _text(attribute, node).removeprefix("@"))
        case _:
            kinds: tuple[TextKind, ...] = get_args(TextKind)
            return TextTest(next(kind for kind in kinds if kind == word), _text(attribute, node))


def _pattern(attribute: Attribute, node: Node) -> str:
    pattern = _text(attribute, node)
    fault = pattern_fault(pattern)
    if fault:
        raise error("bad-pattern", fault.message, node.span, fault.help)
    return pattern


def _list_test(attribute: Attribute, word: str, node: Node) -> Test:
    match word:
        case "has":
            return HasAny((_text(attribute, node),))
        case "has_any" | "has_all":
            values = cast("tuple[str, ...]", _operands(node, lambda item: _text(attribute, item)))
            return HasAny(values) if word == "has_any" else HasAll(values)
        case _:
            return _any_element(attribute, node)


def _any_element(attribute: Attribute, node: Node) -> AnyElement:
    if not isinstance(node, Mapping):
        return AnyElement((_text_test(attribute, "is", node),))
    passed: list[ElementTest] = []
    failed: list[ElementTest] = []
    for entry in node.entries:
        if entry.name not in TEXT_WORDS:
            help_ = nearest(entry.name, TEXT_WORDS)
            raise error("wrong-operator", f"`{entry.name}` is no operator for a text", entry.key.span, help_)
        test = _text_test(attribute, NEGATIVE.get(entry.name, entry.name), entry.value)
        (failed if entry.name in NEGATIVE else passed).append(test)
    if not passed and not failed:
        raise error("no-operator", "nothing is said about the element", node.span, "as in `{starts_with: a}`")
    return AnyElement(tuple(passed), tuple(failed))
