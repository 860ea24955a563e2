"""A rule over one subject: groups, attribute conditions and references to segments, always true or false.

Each word of the language is a function registered under its name, so a new kind of condition is one more function.
All parts of a rule are judged, also when the first one decides: an invalid part never hides behind a valid one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.reference import values
from tests.reference.days import Clock

Row = Mapping[str, Any]
Rule = Any


@dataclass(frozen=True)
class Field:
    """A name that rules may mention: its type and its column."""

    type: str
    column: str


@dataclass
class AsOf:
    """All rows, all specs and the day they are judged on."""

    catalog: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]
    specs: dict[str, dict[str, Any]]
    static: dict[str, list[str]]
    clock: Clock
    judged_from: Mapping[str, dt.date] = field(default_factory=dict)
    bases: dict[str, dict[Any, Scope]] = field(default_factory=dict)
    judged: dict[str, set[Any]] = field(default_factory=dict)
    days: dict[dt.date, AsOf] = field(default_factory=dict)
    found: dict[tuple[str, str], dict[Any, list[Row]]] = field(default_factory=dict)

    def base(self, entity: str) -> dict[Any, Scope]:
        """Return the base population: the rows as of the day, begun and counted, by key."""
        if entity not in self.bases:
            self.bases[entity] = base_population(self, entity)
        return self.bases[entity]

    def members(self, segment: str) -> set[Any]:
        """Return the keys of a segment's members."""
        if segment not in self.judged:
            self.judged[segment] = judge(self, self.specs[segment])
        return self.judged[segment]

    def on(self, day: dt.date) -> AsOf:
        """Return the same rows and specs as of the end of another day."""
        if day == self.clock.as_of:
            return self
        if day not in self.days:
            self.days[day] = replace(self, clock=replace(self.clock, as_of=day), bases={}, judged={})
        return self.days[day]

    def rows_of(self, table: str, column: str, key: Any) -> list[Row]:
        """Return the table's rows that have a subject's key in a column."""
        if (table, column) not in self.found:
            by_key: dict[Any, list[Row]] = {}
            for row in self.tables[table]:
                by_key.setdefault(row[column], []).append(row)
            self.found[table, column] = by_key
        return [] if key is None else self.found[table, column].get(key, [])


@dataclass(frozen=True)
class Scope:
    """What a condition is about: a subject of an entity, or one row (entity None) of events or of a relation."""

    world: AsOf
    fields: Mapping[str, Field]
    row: Row
    entity: str | None = None
    key: Any = None

    def value(self, name: str) -> Any:
        """Return the value under a name, None when unknown."""
        return values.known(self.row[self.fields[name].column])

    def definition(self) -> dict[str, Any]:
        """Return the catalog's entry of the subject's entity."""
        if self.entity is None:
            raise ValueError("rows of events and relations have attributes only")
        entry: dict[str, Any] = self.world.catalog["entities"][self.entity]
        return entry


Word = Callable[[Scope, Any], bool]
Modifier = Callable[[Scope, str, dict[str, Any]], bool]
GROUPS: dict[str, Word] = {}
CONDITIONS: dict[str, Word] = {}
MODIFIERS: dict[str, Modifier] = {}


def group(function: Word) -> Word:
    """Register a group: it gets what stands under its word."""
    GROUPS[function.__name__.rstrip("_")] = function
    return function


def condition(function: Word) -> Word:
    """Register a condition: it gets its whole mapping."""
    CONDITIONS[function.__name__] = function
    return function


def modifier(*words: str) -> Callable[[Modifier], Modifier]:
    """Register a word among an attribute's operators: it gets the attribute's name and all of them."""

    def register(function: Modifier) -> Modifier:
        MODIFIERS.update(dict.fromkeys(words, function))
        return function

    return register


def holds(scope: Scope, rule: Rule) -> bool:
    """Tell whether a rule holds: a list means all, a mapping has exactly one subject."""
    if isinstance(rule, list):
        return all_(scope, rule)
    if not isinstance(rule, dict) or not rule:
        raise ValueError(f"no rule: {rule!r}")
    words = [key for key in rule if key in CONDITIONS]
    if len(words) == 1:
        return CONDITIONS[words[0]](scope, rule)
    if len(rule) != 1:
        raise ValueError(f"not exactly one subject: {rule!r}")
    ((subject, body),) = rule.items()
    return GROUPS[subject](scope, body) if subject in GROUPS else named(scope, subject, body)


def parts(body: Rule) -> list[Rule]:
    """Return a group's conditions."""
    found: list[Rule] = body if isinstance(body, list) else [body]
    if not found:
        raise ValueError("a group over the empty list")
    return found


@group
def all_(scope: Scope, body: Rule) -> bool:
    """Every part holds."""
    verdicts = [holds(scope, part) for part in parts(body)]
    return all(verdicts)


@group
def any_(scope: Scope, body: Rule) -> bool:
    """At least one part holds."""
    verdicts = [holds(scope, part) for part in parts(body)]
    return any(verdicts)


@group
def none(scope: Scope, body: Rule) -> bool:
    """No part holds."""
    return not any_(scope, body)


@group
def not_(scope: Scope, body: Rule) -> bool:
    """The rule does not hold; a list means all."""
    return not all_(scope, body)


@group
def everyone(scope: Scope, body: Rule) -> bool:
    """True for the whole base population."""
    if body is not True:
        raise ValueError("`everyone` takes true")
    return True


@condition
def attribute(scope: Scope, rule: Rule) -> bool:
    """`attribute: NAME` with its operators beside it, for names that are words of the language."""
    return attribute_holds(scope, rule["attribute"], {word: rule[word] for word in rule if word != "attribute"})


@condition
def in_segment(scope: Scope, rule: Rule) -> bool:
    """The subject is a member of the segment, or of any in the list, as of the same day."""
    alone(rule, "in_segment")
    return any(scope.key in scope.world.members(segment) for segment in segments_of(scope, rule["in_segment"]))


def segments_of(scope: Scope, written: str | list[str]) -> list[str]:
    """Return the segments that a reference names, all of them of the subject's own entity."""
    segments = written if isinstance(written, list) else [written]
    if not segments or any(scope.world.specs[segment]["entity"] != scope.entity for segment in segments):
        raise ValueError(f"segments of another entity: {segments}")
    return segments


@condition
def not_in_segment(scope: Scope, rule: Rule) -> bool:
    """The complement of `in_segment`: a member of none of them."""
    alone(rule, "not_in_segment")
    return not in_segment(scope, {"in_segment": rule["not_in_segment"]})


def alone(rule: dict[str, Any], *words: str) -> None:
    """Raise when anything else stands beside the words."""
    if extra := set(rule) - set(words):
        raise ValueError(f"unknown keys: {sorted(extra)}")


def named(scope: Scope, subject: str, body: Any) -> bool:
    """An attribute, or `company.plan: C`, short for `related: company, where: {plan: C}`."""
    relation, dot, rest = subject.partition(".")
    if dot:
        return CONDITIONS["related"](scope, {"related": relation, "where": {rest: body}})
    return attribute_holds(scope, subject, body)


def attribute_holds(scope: Scope, name: str, body: Any) -> bool:
    """All operators of one mapping hold for the attribute's value; some words look at more than this value."""
    operators = operators_of(scope.fields[name].type, body)
    for word, judge_with in MODIFIERS.items():
        if word in operators:
            return judge_with(scope, name, operators)
    return operators_hold(scope, name, operators)


def operators_hold(scope: Scope, name: str, operators: dict[str, Any]) -> bool:
    """All operators hold for the attribute's value as of the day."""
    type_, operators = scope.fields[name].type, dict(operators)
    unknown = unknown_of(operators)
    if not operators:
        raise ValueError(f"no operator for {name}")
    value = scope.value(name)
    verdicts = [operator_holds(scope, type_, value, word, operators[word], unknown) for word in operators]
    return all(verdicts)


def unknown_of(operators: dict[str, Any]) -> str | None:
    """Take `unknown: include | exclude` out of a mapping."""
    unknown: str | None = operators.pop("unknown", None)
    if unknown not in (None, "include", "exclude"):
        raise ValueError(f"unknown is include or exclude, not {unknown!r}")
    return unknown


def operators_of(type_: str, body: Any) -> dict[str, Any]:
    """Write the short forms out: a scalar means is, a list means in, two bare words are operators."""
    match body:
        case dict():
            return dict(body)
        case "is_unknown" | "has_any_value":
            return {body: True}
        case None:
            raise ValueError("null is no condition; ask with is_unknown")
        case list():
            return {{"list": "has_any"}.get(type_, "in"): body}
        case _:
            return {scalar_word(type_): body}


def scalar_word(type_: str) -> str:
    """Return the operator that a bare scalar means."""
    match type_:
        case "integer" | "number" | "float":
            return "equals"
        case "list":
            return "has"
        case "date" | "timestamp":
            return "on"
        case _:
            return "is"


def operator_holds(scope: Scope, type_: str, value: Any, word: str, operand: Any, unknown: str | None) -> bool:
    """Judge one operator; an unknown value leaves the decision to the operator's sign or to `unknown:`."""
    match word:
        case "is_unknown":
            return (value is None) is operand
        case "has_any_value":
            return (value is not None) is operand
    verdict = None if value is None else verdict_of(scope, type_, value, word, operand)
    return values.decided(verdict, word, unknown)


def verdict_of(scope: Scope, type_: str, value: Any, word: str, operand: Any) -> bool | None:
    """Judge an operator on a known value, by the attribute's type."""
    match type_:
        case "text":
            return values.text(word, value, operand)
        case "boolean":
            return values.boolean(word, value, operand)
        case "list":
            return values.elements(word, value, operand)
        case "date" | "timestamp":
            return values.date(word, value, operand, scope.world.clock)
        case "integer" | "number" | "float":
            return number_verdict(scope, value, word, operand)
    raise ValueError(f"no type: {type_!r}")


def number_verdict(scope: Scope, value: values.Number, word: str, operand: Any) -> bool | None:
    """Judge a number operator; a list as a short form means any of its numbers."""
    if word in ("in", "not_in"):
        return any(values.number("equals", value, item, scope.value) for item in operand) is (word == "in")
    return values.number(word, value, operand, scope.value)


def fields_of(attributes: Mapping[str, Any]) -> dict[str, Field]:
    """Read the catalog's attributes, each a type or a mapping with a type."""
    written = {name: entry if isinstance(entry, dict) else {"type": entry} for name, entry in attributes.items()}
    return {name: Field(entry["type"], entry.get("column", name)) for name, entry in written.items()}


def base_population(world: AsOf, entity: str) -> dict[Any, Scope]:
    """Return the entity's rows as of the day, begun (`since`) and counted (`population`), by key."""
    definition = world.catalog["entities"][entity]
    fields = fields_of(definition["attributes"])
    found: dict[Any, Scope] = {}
    for row in world.tables[definition["model"]]:
        scope = Scope(world, fields, row, entity, row[definition["key"]])
        if not (valid(world.clock, definition, row) and begun(scope) and counted(scope)):
            continue
        if scope.key in found:
            raise ValueError(f"{entity} {scope.key!r} has two rows as of {world.clock.as_of}")
        found[scope.key] = scope
    return found


def column_of(written: str | Mapping[str, str]) -> str:
    """Return the column of a date: written by name, or with its type."""
    return written if isinstance(written, str) else written["column"]


def valid(clock: Clock, definition: dict[str, Any], row: Row) -> bool:
    """Tell whether the row is the one as of the day: valid_from < end of D, valid_to null or ≥ end of D."""
    if "history" not in definition:
        return True
    begin, end = (row[definition["history"].get(bound, bound)] for bound in ("valid_from", "valid_to"))
    return before_end(clock, begin) and (end is None or not before_end(clock, end))


def before_end(clock: Clock, value: dt.date | dt.datetime | None) -> bool:
    """Tell whether a known date or timestamp lies before the end of D."""
    return value is not None and clock.instant(value) < clock.end


def begun(scope: Scope) -> bool:
    """Tell whether the subject exists by the end of D."""
    since = scope.definition().get("since")
    if since is None:
        return True
    column = scope.fields[since].column if str(since) in scope.fields else column_of(since)
    return before_end(scope.world.clock, scope.row[column])


def counted(scope: Scope) -> bool:
    """Tell whether the entity's population rule counts the subject."""
    rule = scope.definition().get("population")
    return rule is None or holds(scope, rule)


def judge(world: AsOf, spec: dict[str, Any]) -> set[Any]:
    """Return the members of one segment within its entity's base population."""
    if spec.get("status", "active") != "active":
        raise ValueError("only active segments are judged from rows alone")
    base = world.base(spec["entity"])
    if "members" in spec:
        keys = set(world.static[spec["members"]])
        return {key for key in base if str(key) in keys}
    return {key for key, scope in base.items() if holds(scope, spec["where"])}
