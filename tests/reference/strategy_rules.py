"""Hypothesis-made rules: valid ones by construction, over the fixed shape of generated worlds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.reference import pools, strategy_rows
from tests.reference.pools import NUMBERS, Pen

Rule = Any
NUMBER_WORDS = ("at_least", "at_most", "greater_than", "less_than", "equals", "not_equals")
LENGTHS = ("1 day", "2 days", "7 days", "8 days", "30 days", "60 days", "1 week", "4 weeks", "1 month", "2 months")
LONG = ("3 months", "12 months", "1 year", "2 years")
HOURS = ("1 hour", "12 hours", "23 hours", "24 hours", "25 hours", "48 hours")
PERIODS = ("week", "month", "quarter", "year")
AGO_WORDS = ("more_than", "at_least", "exactly", "at_most", "less_than")
FROM_NOW_WORDS = ("more_than", "exactly", "less_than")
ABSOLUTE_WORDS = ("on_or_after", "on_or_before", "before", "after", "on", "between")


@dataclass(frozen=True)
class Place:
    """Where a rule stands: what it may name there. Rows of events and relations have fields only.

    `own` is a segment's own rule, as against the `where` of an attached entity; `past` has the entities with history;
    `at` is the type of the rows' date, where they have one.
    """

    fields: dict[str, str]
    entity: str | None = None
    segments: dict[str, list[str]] = field(default_factory=dict)
    past: frozenset[str] = frozenset()
    own: bool = False
    at: str = ""

    def before(self) -> tuple[str, ...]:
        """Return the segments of this entity that may be referred to."""
        return tuple(self.segments.get(self.entity or "", ()))

    def leaves(self) -> tuple[Leaf, ...]:
        """Return the kinds of condition that make sense here."""
        found = LEAVES.get(self.entity or "", (attribute,)) if self.own else (attribute,)
        return (*found, in_segment, in_segment) if self.before() and self.own else found

    def attached(self, entity: str) -> Place:
        """Return the place of the `where` of an attached entity."""
        return Place(fields_of(entity), entity, self.segments, self.past)


Leaf = Callable[[Pen, Place], Rule]
Fits = Callable[[Place], bool]
LATER: list[tuple[str, Fits, Leaf]] = []


def later(word: str, fits: Fits) -> Callable[[Leaf], Leaf]:
    """Register the maker of conditions with a later word, and the places where it fits."""

    def register(make: Leaf) -> Leaf:
        LATER.append((word, fits, make))
        return make

    return register


def fields_of(entity: str) -> dict[str, str]:
    """Return the attributes of an entity."""
    columns = {"person": strategy_rows.PERSON_COLUMNS, "company": strategy_rows.COMPANY_COLUMNS}[entity]
    return {"seats" if name == "order" else name: kind for name, kind in columns.items()}


def entity_place(entity: str, segments: dict[str, list[str]], past: frozenset[str] = frozenset()) -> Place:
    """Return the place of a segment's own rule."""
    return Place(fields_of(entity), entity, segments, past, own=True)


def rule(pen: Pen, place: Place, depth: int) -> Rule:
    """Return one condition or group, nested up to `depth` groups deep."""
    if depth == 0 or pen.once_in(3):
        return leaf(pen, place)
    word = pen.pick(*["all", "any"] * 4, "none", "not", "everyone" if pen.once_in(20) else "not")
    match word:
        case "everyone":
            return {"everyone": True}
        case "not":
            return {"not": rule(pen, place, depth - 1)}
        case _:
            return {word: [rule(pen, place, depth - 1) for _ in range(pen.number(1, 3))]}


def leaf(pen: Pen, place: Place) -> Rule:
    """Return one condition, every other time with a later word where there are any."""
    later = later_leaves(pen, place)
    return pen.pick(*(later if later and pen.once_in(2) else place.leaves()))(pen, place)


def later_leaves(pen: Pen, place: Place) -> list[Leaf]:
    """Return the makers of conditions with later words that make sense here."""
    return [make for word, fits, make in LATER if word in pen.words and fits(place)]


def where(pen: Pen, place: Place, depth: int) -> Rule:
    """Return what stands under `where`: a group, one condition, or a list that means all."""
    if pen.once_in(4):
        return [rule(pen, place, max(depth - 1, 0)) for _ in range(pen.number(1, 2))]
    return rule(pen, place, depth)


def attribute(pen: Pen, place: Place) -> Rule:
    """Return a condition on one attribute."""
    name = pen.pick(*place.fields)
    return {name: attribute_body(pen, place, name)}


def attribute_body(pen: Pen, place: Place, name: str) -> Any:
    """Return what stands under an attribute's name, now and then with `unknown:`."""
    if pen.once_in(10):
        return pen.pick("has_any_value", "is_unknown")
    body = BODIES[place.fields[name]](pen, place)
    if isinstance(body, dict) and pen.once_in(5):
        return {**body, "unknown": pen.pick("include", "exclude")}
    return body


def word_body(pen: Pen, _: Place) -> Any:
    return text_body(pen, pools.EXACT_WORDS)


def email_body(pen: Pen, _: Place) -> Any:
    return {"domain": pen.pick(*pools.DOMAINS)} if pen.once_in(3) else text_body(pen, pools.EXACT_EMAILS)


def text_body(pen: Pen, exact: tuple[str, ...]) -> Any:
    """Return a condition on a text."""
    match pen.pick("scalar", "list", "exact", "in", "piece", "pattern", "two"):
        case "scalar":
            return pen.pick(*exact)
        case "list":
            return pen.some(exact)
        case "exact":
            return {pen.pick("is", "is_not"): pen.pick(*exact, "is_unknown")}
        case "in":
            return {pen.pick("in", "not_in"): pen.some(exact)}
        case "piece":
            return piece(pen)
        case "pattern":
            return {pen.pick("matches", "not_matches"): pen.pick(*pools.PATTERNS)}
        case _:
            return {"is_not": pen.pick(*exact), **piece(pen)}


def piece(pen: Pen) -> dict[str, Any]:
    """Return an operator that looks for a part of a text."""
    return {pen.pick("contains", "not_contains", "starts_with", "ends_with"): pen.pick(*pools.PIECES)}


def number_body(kind: str) -> Callable[[Pen, Place], Any]:
    """Return the maker of conditions on a number of this type."""

    def body(pen: Pen, place: Place) -> Any:
        match pen.pick("scalar", "one", "one", "between", "two", "right"):
            case "scalar":
                return pen.pick(*NUMBERS[kind])
            case "one":
                return {pen.pick(*NUMBER_WORDS): pen.pick(*NUMBERS[kind])}
            case "between":
                return {"between": ordered(pen, NUMBERS[kind])}
            case "two":
                low, high = ordered(pen, NUMBERS[kind])
                return {pen.pick("at_least", "greater_than"): low, pen.pick("at_most", "less_than"): high}
            case _:
                return {pen.pick(*NUMBER_WORDS): right_side(pen, place, kind)}

    return body


def ordered(pen: Pen, numbers: tuple[int | float, ...]) -> list[int | float]:
    """Return two numbers, the smaller first."""
    return sorted((pen.pick(*numbers), pen.pick(*numbers)))


def right_side(pen: Pen, place: Place, kind: str) -> Any:
    """Return another attribute or a share of one; halves only for floats, where others would be rounded."""
    names = [name for name, other in place.fields.items() if other in ("integer", "number")]
    share = pen.pick("", "50% of ", "25% of ") if kind == "float" else pen.pick("", "80% of ", "12.5% of ", "200% of ")
    return share + pen.pick(*names)


def boolean_body(pen: Pen, _: Place) -> Any:
    """Return a condition on a boolean."""
    return pen.pick(True, False, {"is_not": True}, {"is_not": False}, {"is": True})


def list_body(pen: Pen, _: Place) -> Any:
    """Return a condition on a list."""
    match pen.pick("scalar", "list", "has", "many", "element"):
        case "scalar":
            return pen.pick(*pools.TAGS)
        case "list":
            return pen.some(pools.TAGS)
        case "has":
            return {"has": pen.pick(*pools.TAGS)}
        case "many":
            return {pen.pick("has_any", "has_all", "has_none"): pen.some(pools.TAGS, 2)}
        case _:
            word = pen.pick("starts_with", "is", "is_not", "ends_with", "contains")
            return {"any_element": {word: pen.pick("VIP", "b", "v", "beta")}}


def date_body(pen: Pen, _: Place) -> dict[str, Any]:
    """Return a condition on a date."""
    return time_body(pen, instants=False, future=True)


def timestamp_body(pen: Pen, _: Place) -> dict[str, Any]:
    """Return a condition on a timestamp."""
    return time_body(pen, instants=True, future=True)


def time_body(pen: Pen, *, instants: bool, future: bool, taken: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return one or two date operators, none of them a word that is taken."""
    found = date_operator(pen, instants=instants, future=future)
    if pen.once_in(4):
        found |= date_operator(pen, instants=instants, future=future)
    kept = {word: found[word] for word in found if word not in taken}
    return kept or {"in_last": pen.pick(*LENGTHS)}


def date_operator(pen: Pen, *, instants: bool, future: bool) -> dict[str, Any]:
    """Return one date operator; hours and timestamps only where there are instants."""
    kinds = ["in_last", "ago", "during", "absolute", *(["hours"] if instants else []), *(["next", "from"] * future)]
    match pen.pick(*kinds):
        case "in_last":
            return {"in_last": pen.pick(*LENGTHS, *LONG)}
        case "ago":
            return {pen.pick(*AGO_WORDS): pen.pick(*LENGTHS, *LONG) + " ago"}
        case "hours":
            word = pen.pick("in_last", "more_than", "at_most")
            return {word: pen.pick(*HOURS) + (" ago" if word != "in_last" else "")}
        case "next":
            return {"in_next": pen.pick(*LENGTHS, *LONG)}
        case "from":
            return {pen.pick(*FROM_NOW_WORDS): pen.pick(*LENGTHS) + " from now"}
        case "during":
            which = pen.pick("this", "last", "next") if future else pen.pick("this", "last")
            return {"during": f"{which} {pen.pick(*PERIODS)}"}
        case _:
            return absolute(pen, instants)


def absolute(pen: Pen, instants: bool) -> dict[str, Any]:
    """Return an absolute date operator."""
    word = pen.pick(*ABSOLUTE_WORDS)
    whole_day = word == "on" or not instants or not pen.once_in(3)
    pool = pools.days(pen.clock) if whole_day else pools.instants(pen.clock)
    if word == "between":
        return {word: [written(pen, value) for value in sorted((pen.pick(*pool), pen.pick(*pool)))]}
    return {word: written(pen, pen.pick(*pool))}


def written(pen: Pen, value: dt.date) -> Any:
    """Return a date or timestamp as YAML has it, or quoted."""
    if isinstance(value, dt.datetime):
        return pen.pick(value, value.isoformat(sep=" "), value.isoformat() + "Z")
    return pen.pick(value, value.isoformat())


BODIES: dict[str, Callable[[Pen, Place], Any]] = {
    "text": word_body,
    "email": email_body,
    "integer": number_body("integer"),
    "number": number_body("number"),
    "float": number_body("float"),
    "boolean": boolean_body,
    "seldom": boolean_body,
    "list": list_body,
    "date": date_body,
    "timestamp": timestamp_body,
}


def performed(pen: Pen, place: Place) -> Rule:
    """Return a condition on events that happened."""
    return {"performed": event_names(pen), **chosen_rows(pen, events_of(place), counts=("times", "on_days"))}


def not_performed(pen: Pen, place: Place) -> Rule:
    """Return a condition on events that did not happen."""
    return {"not_performed": event_names(pen), **chosen_rows(pen, events_of(place), counts=())}


def events_of(place: Place) -> Place:
    """Return what may be asked of a subject's events."""
    return Place(strategy_rows.EVENT_COLUMNS, at="timestamp" if place.entity == "person" else "date")


def event_names(pen: Pen) -> Any:
    """Return an event's name, some names, or any."""
    names = strategy_rows.EVENT_NAMES
    return pen.pick(*names, *names, "any", pen.some(names[1:], 2))


def related_rows(name: str) -> Callable[[Pen, Place], Rule]:
    """Return the maker of conditions on a relation's rows."""

    def condition(pen: Pen, _: Place) -> Rule:
        return {"related": name, **chosen_rows(pen, RELATIONS[name], counts=("count",))}

    return condition


def related_company(pen: Pen, place: Place) -> Rule:
    """Return a condition on attached companies."""
    return {"related": "company", **chosen_rows(pen, place.attached("company"), counts=("count",))}


def dotted_company(pen: Pen, place: Place) -> Rule:
    """Return the short form of a condition on an attached company."""
    company = place.attached("company")
    name = pen.pick(*company.fields)
    return {f"company.{name}": attribute_body(pen, company, name)}


def in_segment(pen: Pen, place: Place) -> Rule:
    """Return a reference to one or some of the segments that came before."""
    return {pen.pick("in_segment", "not_in_segment"): some_segments(pen, place)}


def some_segments(pen: Pen, place: Place) -> Any:
    """Return the key of a segment that came before, or some of them."""
    return pen.pick(place.before()[0], place.before()[0], place.before()[-1], pen.some(place.before(), 2))


def chosen_rows(pen: Pen, place: Place, *, counts: tuple[str, ...]) -> dict[str, Any]:
    """Return what stands beside `performed` or `related`: where, windows, counts or an aggregate."""
    found: dict[str, Any] = {}
    taken: tuple[str, ...] = ()
    if pen.once_in(3):
        found["where"] = where(pen, place, 1)
    match pen.pick("plain", "count", "aggregate") if counts else "plain":
        case "count":
            found[pen.pick(*counts)] = count_body(pen)
        case "aggregate":
            found |= aggregate(pen, place)
            taken = (*AGO_WORDS, "between")
    if place.at and pen.once_in(2):
        found |= time_body(pen, instants=place.at == "timestamp", future=False, taken=taken)
    return found


def count_body(pen: Pen) -> Any:
    """Return a condition on how many."""
    number = pen.number(0, 4)
    word = pen.pick("at_least", "at_most", "exactly", "between", "less_than", "greater_than", "scalar")
    match word:
        case "scalar":
            return number
        case "between":
            return {word: [number, number + pen.number(0, 2)]}
        case _:
            return {word: number}


def aggregate(pen: Pen, place: Place) -> dict[str, Any]:
    """Return an aggregate with its number condition beside it."""
    numeric = [name for name, kind in place.fields.items() if kind in ("integer", "number")]
    kind, name = pen.pick("sum", "average", "minimum", "maximum"), pen.pick(*numeric)
    numbers = NUMBERS[place.fields[name]]
    word = pen.pick(*NUMBER_WORDS, "between")
    found = {kind: name, word: ordered(pen, numbers) if word == "between" else pen.pick(*numbers)}
    return {**found, "unknown": pen.pick("include", "exclude")} if kind != "sum" and pen.once_in(6) else found


RELATIONS = {
    "orders": Place(strategy_rows.ORDER_COLUMNS, at="timestamp"),
    "notes": Place(strategy_rows.NOTE_COLUMNS),
    "deals": Place(strategy_rows.DEAL_COLUMNS, at="date"),
}
LEAVES: dict[str, tuple[Leaf, ...]] = {
    "person": (
        *(attribute, attribute, attribute, performed, performed, not_performed),
        *(related_rows("orders"), related_rows("notes"), related_company, dotted_company),
    ),
    "company": (attribute, attribute, attribute, performed, not_performed, related_rows("deals")),
}
