"""Made-up conditions with the later words: ranks, ends, habits, sequences, quantifiers, the past and segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.reference.pools import NUMBERS, Pen
from tests.reference.strategy_rules import (
    AGO_WORDS,
    LATER,
    NUMBER_WORDS,
    RELATIONS,
    Place,
    Rule,
    attribute_body,
    chosen_rows,
    count_body,
    event_names,
    events_of,
    later,
    ordered,
    rule,
    some_segments,
    time_body,
    where,
)

SHORT = ("1 day", "2 days", "3 days", "7 days", "8 days", "1 week")
ANNIVERSARY_LENGTHS = (*SHORT, "1 month", "6 months", "12 months", "1 year", "365 days")
HELD_LENGTHS = (*SHORT, "1 day", "2 days", "4 days", "5 days", "1 month", "30 days", "2 months")
PLACES = (1, 1, 2, 3, 500, "10%", "25%", "33.4%", "50%", "50%", "100%")
GAPS = ("1 hour", "24 hours", "1 day", "1 day", "2 days", "7 days")
NUMBERS_AND_DATES = ("integer", "number", "float", "date", "timestamp")


def own(place: Place) -> bool:
    """A segment's own rule."""
    return place.own


def has_past(place: Place) -> bool:
    """A subject, attached or not, whose attributes have history."""
    return place.entity in place.past


def has_dates(place: Place) -> bool:
    """Anything with a date among its attributes."""
    return any(kind in ("date", "timestamp") for kind in place.fields.values())


def has_segments(place: Place) -> bool:
    """A segment's own rule, with segments of the same entity before it."""
    return place.own and bool(place.before())


@later("anniversary", has_dates)
def anniversary(pen: Pen, place: Place) -> Rule:
    """Return a condition on the return of a date."""
    name = pen.pick(*(name for name, kind in place.fields.items() if kind in ("date", "timestamp")))
    return {name: {**anniversary_body(pen), **unknown(pen)}}


def anniversary_body(pen: Pen) -> dict[str, Any]:
    """Return a test of the return of a date."""
    if pen.once_in(3):
        return {"anniversary": "today"}
    return {"anniversary": {pen.pick("in_next", "in_last"): pen.pick(*ANNIVERSARY_LENGTHS)}}


def unknown(pen: Pen) -> dict[str, Any]:
    """Return `unknown:` now and then."""
    return {"unknown": pen.pick("include", "exclude")} if pen.once_in(4) else {}


@later("for_at_least", has_past)
def held(pen: Pen, place: Place) -> Rule:
    """Return a condition that held for some time, on an attribute that has operators in a mapping."""
    for _ in range(20):
        name = pen.pick(*place.fields)
        body = attribute_body(pen, place, name)
        if isinstance(body, dict):
            return {name: {**body, "for_at_least": pen.pick(*HELD_LENGTHS)}}
    return {"archived": {"is_not": True, "for_at_least": "2 days"}}


@later("rank", own)
def ranked(pen: Pen, place: Place) -> Rule:
    """Return a rank of an attribute, now and then with another operator beside it."""
    name = pen.pick(*(name for name, kind in place.fields.items() if kind in NUMBERS_AND_DATES))
    kind = place.fields[name]
    more = {"at_least": pen.pick(*NUMBERS[kind])} if kind in NUMBERS and pen.once_in(5) else {}
    return {name: {**rank_body(pen, place), **more, **unknown(pen)}}


def rank_body(pen: Pen, place: Place) -> dict[str, Any]:
    """Return `top` or `bottom`, every other time within groups."""
    found = {pen.pick("top", "bottom"): pen.pick(*PLACES)}
    if pen.once_in(2):
        found["within"] = pen.pick(*(name for name, kind in place.fields.items() if kind != "list"))
    return found


@later("rank", own)
def ranked_rows(pen: Pen, place: Place) -> Rule:
    """Return a rank of a number of events or rows."""
    head, rows, counts = pen.pick(*sources(pen, place))
    found = {**head, **chosen_rows(pen, rows, counts=())}
    if pen.once_in(2):
        return {**found, pen.pick(*counts): {**rank_body(pen, place), **({"at_least": 1} if pen.once_in(5) else {})}}
    numeric = [name for name, kind in rows.fields.items() if kind in ("integer", "number")]
    return {**found, pen.pick("sum", "minimum", "maximum"): pen.pick(*numeric), **rank_body(pen, place), **unknown(pen)}


@later("distinct", own)
def distinct(pen: Pen, place: Place) -> Rule:
    """Return a condition on how many different values there are."""
    head, rows, _ = pen.pick(*sources(pen, place))
    chosen = chosen_rows(pen, rows, counts=())
    word, number = pen.pick(*NUMBER_WORDS, "between", "exactly", "rank"), pen.number(0, 2)
    found = {name: chosen[name] for name in chosen if name not in (*AGO_WORDS, "between")}
    found |= {**head, "distinct": pen.pick(*(name for name, kind in rows.fields.items() if kind != "list"))}
    if word == "rank":
        return {**found, **rank_body(pen, place)}
    return {**found, word: ordered(pen, (number, number + 1)) if word == "between" else number}


def sources(pen: Pen, place: Place) -> list[tuple[dict[str, Any], Place, tuple[str, ...]]]:
    """Return what a subject may have many of: how it is asked for, what may be asked of each, its counts."""
    events = ({"performed": event_names(pen)}, events_of(place), ("times", "on_days"))
    names = ("orders", "notes") if place.entity == "person" else ("deals",)
    found = [events, events, *(({"related": name}, RELATIONS[name], ("count",)) for name in names)]
    if place.entity == "person":
        return [*found, ({"related": "company"}, place.attached("company"), ("count",))]
    people = ({"related": "people"}, place.attached("person"), ("count",))
    return [*found, people] if "related_people" in pen.words else found


@later("related_people", lambda place: place.own and place.entity == "company")
def related_people(pen: Pen, place: Place) -> Rule:
    """Return a condition on the people of a company."""
    if pen.once_in(3):
        person = place.attached("person")
        name = pen.pick(*person.fields)
        return {f"people.{name}": attribute_body(pen, person, name)}
    return {"related": "people", **chosen_rows(pen, place.attached("person"), counts=("count",))}


@later("related_segment", lambda place: not place.own and bool(place.before()))
def attached_segment(pen: Pen, place: Place) -> Rule:
    """Return a reference to segments, inside the `where` of an attached entity."""
    return {pen.pick("in_segment", "not_in_segment"): some_segments(pen, place)}


@later("related_segment", lambda place: place.own and bool(other(place).before()))
def dotted_segment(pen: Pen, place: Place) -> Rule:
    """Return a reference to the segments of attached companies or people."""
    attached, relation = other(place), "company" if place.entity == "person" else "people"
    word = pen.pick("in_segment", "not_in_segment")
    if pen.once_in(2):
        return {f"{relation}.{word}": some_segments(pen, attached)}
    found = {"related": relation, "where": {word: some_segments(pen, attached)}}
    return {**found, "count": count_body(pen)} if pen.once_in(3) else found


def other(place: Place) -> Place:
    """Return the place of the other entity, attached."""
    return place.attached("company" if place.entity == "person" else "person")


@later("first_performed", own)
def first_performed(pen: Pen, place: Place) -> Rule:
    """Return a condition on the first event."""
    return {"first_performed": event_names(pen), **end_of_events(pen, place)}


@later("last_performed", own)
def last_performed(pen: Pen, place: Place) -> Rule:
    """Return a condition on the last event."""
    return {"last_performed": event_names(pen), **end_of_events(pen, place)}


def end_of_events(pen: Pen, place: Place) -> dict[str, Any]:
    """Return `where`, a date condition, `having`, or both, and `unknown:`."""
    found: dict[str, Any] = {"where": where(pen, events_of(place), 1)} if pen.once_in(3) else {}
    asked = pen.pick("date", "having", "both")
    if asked != "having":
        found |= date_test(pen, events_of(place))
    if asked != "date":
        found["having"] = where(pen, events_of(place), 1)
    return {**found, **unknown(pen)}


def date_test(pen: Pen, rows: Place) -> dict[str, Any]:
    """Return a date condition on one event or row."""
    return anniversary_body(pen) if pen.once_in(4) else time_body(pen, instants=rows.at == "timestamp", future=False)


def end_of_rows(end: str) -> Callable[[Pen, Place], Rule]:
    """Return the maker of conditions on the first or last of a relation's rows."""

    def make(pen: Pen, place: Place) -> Rule:
        name = "orders" if place.entity == "person" else "deals"
        chosen = chosen_rows(pen, RELATIONS[name], counts=())
        return {"related": name, **chosen, end: date_test(pen, RELATIONS[name]), **unknown(pen)}

    return make


first = later("first", own)(end_of_rows("first"))
last = later("last", own)(end_of_rows("last"))


@later("quantifier", own)
def quantified(pen: Pen, place: Place) -> Rule:
    """Return a condition on each of the chosen rows."""
    head, rows, _ = pen.pick(*(one for one in sources(pen, place) if "related" in one[0]))
    word = pen.pick("any", "every", "every", "none")
    found = {**head, **chosen_rows(pen, rows, counts=()), word: rule(pen, rows, 1)}
    return {**found, "or_none": pen.pick(True, False)} if word == "every" and pen.once_in(2) else found


@later("performed_regularly", own)
def performed_regularly(pen: Pen, place: Place) -> Rule:
    """Return a condition on events that came regularly."""
    number = pen.number(2, 4)
    unit = pen.pick("days", "weeks", "months", "months", "years")
    span: dict[str, Any] = {"of_last": f"{number} {unit}"}
    if pen.once_in(2):
        span = {"of_last": number, "period": pen.pick(*SHORT, "30 days", "2 months")}
    found = {"performed_regularly": event_names(pen), "in_at_least": pen.number(1, 2), **span, **some_where(pen, place)}
    return {**found, "times": count_body(pen)} if pen.once_in(3) else found


def some_where(pen: Pen, place: Place) -> dict[str, Any]:
    """Return `where` now and then."""
    return {"where": where(pen, events_of(place), 1)} if pen.once_in(4) else {}


@later("stopped_performing", own)
def stopped_performing(pen: Pen, place: Place) -> Rule:
    """Return a condition on events that stopped."""
    lengths = {
        "was_in": pen.pick("8 days", "30 days", "60 days", "2 months", "1 year"),
        "silent_for": pen.pick(*SHORT[:5]),
    }
    lengths["silent_for"] = "7 days" if lengths["silent_for"] == lengths["was_in"] else lengths["silent_for"]
    return {"stopped_performing": pen.pick("any", event_names(pen)), **lengths, **some_where(pen, place)}


@later("resumed_performing", own)
def resumed_performing(pen: Pen, place: Place) -> Rule:
    """Return a condition on events that came back."""
    lengths = {"silent_for": pen.pick(*SHORT, "1 day"), "back_in": pen.pick(*SHORT, "1 month", "30 days", "1 year")}
    return {"resumed_performing": pen.pick("any", "any", "any", event_names(pen)), **lengths, **some_where(pen, place)}


@later("sequence", own)
def sequence(pen: Pen, place: Place) -> Rule:
    """Return two to four steps; negated ones stand between positive ones, or last with their time."""
    steps = [step(pen, place, "performed")]
    for _number in range(pen.number(1, 2)):
        negated = [step(pen, place, "not_performed") for _ in range(pen.pick(0, 0, 0, 1, 1, 2))]
        steps += [*negated, {**step(pen, place, "performed"), **gap(pen)}]
    if pen.once_in(2):
        steps[1:] = steps[1:] if pen.once_in(3) else []
        steps.append({**step(pen, place, "not_performed"), "within": pen.pick(*GAPS)})
    return {"sequence": steps, **(story_window(pen, events_of(place)) if pen.once_in(2) else {})}


def story_window(pen: Pen, events: Place) -> dict[str, Any]:
    """Return a window of a sequence, most often one that ends a little before D."""
    if pen.once_in(3):
        return time_body(pen, instants=events.at == "timestamp", future=False)
    found: dict[str, Any] = pen.pick({"more_than": "1 day ago"}, {"at_least": "2 days ago"}, {"in_last": "30 days"})
    return found


def step(pen: Pen, place: Place, word: str) -> dict[str, Any]:
    """Return a step without its time."""
    names = pen.pick("any", event_names(pen), event_names(pen)) if word == "performed" else event_names(pen)
    return {word: names, **({"where": where(pen, events_of(place), 0)} if pen.once_in(6) else {})}


def gap(pen: Pen) -> dict[str, Any]:
    """Return the time after the step before, now and then."""
    return {"within": pen.pick(*GAPS)} if pen.once_in(2) else {}


def lively(pen: Pen, place: Place) -> Rule:
    """Return a rule whose members come and go in the days before D, for the conditions on moves."""
    name = pen.pick(*(name for name, kind in place.fields.items() if kind in ("date", "timestamp")))
    window = {"in_last": pen.pick(*SHORT[:3])}
    happened = {pen.pick("performed", "not_performed"): pen.pick("any", "any", event_names(pen))}
    return pen.pick(
        {**happened, **window},
        {**happened, **window},
        {name: window},
        {name: {"more_than": f"{pen.number(1, 4)} days ago"}},
    )


@later("entered_segment", has_segments)
def entered_segment(pen: Pen, place: Place) -> Rule:
    """Return a condition on entries."""
    return {"entered_segment": some_segments(pen, place), **(days_of_moves(pen) if pen.once_in(3) else {})}


@later("left_segment", has_segments)
def left_segment(pen: Pen, place: Place) -> Rule:
    """Return a condition on exits."""
    return {"left_segment": some_segments(pen, place), **(days_of_moves(pen) if pen.once_in(3) else {})}


@later("was_in_segment", has_segments)
def was_in_segment(pen: Pen, place: Place) -> Rule:
    """Return a condition on days inside."""
    return {"was_in_segment": some_segments(pen, place), **days_of_moves(pen)}


def days_of_moves(pen: Pen) -> dict[str, Any]:
    """Return a window of days near D, or any."""
    if pen.once_in(4):
        return time_body(pen, instants=False, future=False)
    if pen.once_in(2):
        return {"in_last": pen.pick(*SHORT)}
    return {pen.pick("exactly", "at_most", "at_least", "more_than"): pen.pick(*SHORT[:3]) + " ago"}


WORDS = frozenset(word for word, _, _ in LATER)
