"""Conditions over many rows of a subject: events performed, related rows and attached entities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.reference import values
from tests.reference.days import WINDOW_WORDS, is_time, window
from tests.reference.rules import AsOf, Rule, Scope, alone, before_end, condition, fields_of, holds, unknown_of

AGGREGATES = ("sum", "average", "minimum", "maximum", "distinct")
COUNT_WORDS = values.NUMBER_WORDS | {"exactly"}


@dataclass(frozen=True)
class Occurrence:
    """One event, row or attachment: what conditions may ask of it, and its date if it has one."""

    scope: Scope
    at: dt.date | dt.datetime | None


@condition
def performed(scope: Scope, rule: Rule) -> bool:
    """At least one event, unless `times`, `on_days` or an aggregate asks for something else."""
    alone(rule, "performed", "where", "times", "on_days", "unknown", *AGGREGATES, *COUNT_WORDS, *WINDOW_WORDS)
    chosen = choose(scope, events(scope, rule["performed"]), rule)
    days = {scope.world.clock.day_of(event.at) for event in chosen if event.at is not None}
    return enough(scope, chosen, rule, {"times": len(chosen), "on_days": len(days)})


@condition
def not_performed(scope: Scope, rule: Rule) -> bool:
    """No such event in the window."""
    alone(rule, "not_performed", "where", *WINDOW_WORDS)
    return not choose(scope, events(scope, rule["not_performed"]), rule)


@condition
def related(scope: Scope, rule: Rule) -> bool:
    """At least one row, unless `count` or an aggregate asks for something else."""
    alone(rule, "related", "where", "count", "unknown", *AGGREGATES, *COUNT_WORDS, *WINDOW_WORDS)
    chosen = choose(scope, rows(scope, rule["related"]), rule)
    return enough(scope, chosen, rule, {"count": len(chosen)})


def events(scope: Scope, names: str | list[str]) -> list[Occurrence]:
    """Return the subject's events of the name, of any name in the list, or all of them (`any`)."""
    source = scope.definition()["events"]
    wanted = names if isinstance(names, list) else [names]
    fields = fields_of(source.get("properties", {}))
    found = [row for row in scope.world.tables[source["model"]] if row[source["subject"]] == scope.key]
    return [
        Occurrence(Scope(scope.world, fields, row), row[source["at"]])
        for row in found
        if names == "any" or row[source["name"]] in wanted
    ]


def rows(scope: Scope, name: str) -> list[Occurrence]:
    """Return the rows of a relation, or the attached entities, one for each link row."""
    relation = relation_of(scope, name)
    table = scope.world.tables[relation.get("model") or relation["through"]]
    mine = [row for row in table if scope.key is not None and row[relation["subject"]] == scope.key]
    dates = [row[relation["at"]] if "at" in relation else None for row in mine]
    if "entity" not in relation:
        fields = fields_of(relation["attributes"])
        return [Occurrence(Scope(scope.world, fields, row), at) for row, at in zip(mine, dates, strict=True)]
    base = scope.world.base(relation["entity"])
    found = zip([base.get(row[relation["related"]]) for row in mine], dates, strict=True)
    return [Occurrence(other, at) for other, at in found if other is not None]


def relation_of(scope: Scope, name: str) -> dict[str, Any]:
    """Return the catalog's relation, or one that points here, backwards, under its entity's model name."""
    declared: dict[str, Any] = scope.definition().get("relations", {})
    return declared[name] if name in declared else backwards(scope.world, scope.entity, name)


def backwards(world: AsOf, entity: str | None, name: str) -> dict[str, Any]:
    """Turn around the one relation by which the entity with that model reaches this one."""
    ways = [
        (other, relation)
        for other, definition in world.catalog["entities"].items()
        for relation in definition.get("relations", {}).values()
        if definition["model"] == name and relation.get("entity") == entity
    ]
    ((other, relation),) = ways
    turned = {"subject": relation["related"], "related": relation["subject"]}
    return {**relation, **turned, "entity": other}


def choose(scope: Scope, found: list[Occurrence], rule: dict[str, Any]) -> list[Occurrence]:
    """Keep what is not dated after D, lies in every window and passes `where`."""
    clock = scope.world.clock
    spans = [window(clock, word, rule[word]) for word in rule if word in WINDOW_WORDS and is_window(rule, word)]
    seen = [one for one in found if one.at is None or before_end(clock, one.at)]
    inside = [one for one in seen if all(one.at is not None and s.contains(clock.instant(one.at)) for s in spans)]
    return [one for one in inside if "where" not in rule or holds(one.scope, rule["where"])]


def is_window(rule: dict[str, Any], word: str) -> bool:
    """Tell a window from the number condition of an aggregate: they share some words."""
    return word not in COUNT_WORDS or is_time(rule[word])


def enough(scope: Scope, chosen: list[Occurrence], rule: dict[str, Any], counts: dict[str, int]) -> bool:
    """All of the asked counts and aggregates hold; nothing asked means at least one."""
    rule = dict(rule)
    unknown = unknown_of(rule)
    asked = [count_holds(scope, counts[word], rule[word]) for word in counts if word in rule]
    operators = {word: rule[word] for word in rule if word in COUNT_WORDS and not is_window(rule, word)}
    kinds = [word for word in AGGREGATES if word in rule]
    if len(kinds) != bool(operators):
        raise ValueError("one aggregate has one number condition")
    for kind in kinds:
        found = aggregate(kind, [one.scope.value(rule[kind]) for one in chosen])
        asked += [number_holds(scope, found, word, operators[word], unknown) for word in operators]
    return all(asked) if asked else bool(chosen)


def count_holds(scope: Scope, found: int, body: Any) -> bool:
    """Judge a count: a bare number equals, several operators all hold."""
    operators = body if isinstance(body, dict) else {"equals": body}
    verdicts = [number_holds(scope, found, word, operators[word], None) for word in operators]
    return all(verdicts)


def number_holds(scope: Scope, found: values.Number | None, word: str, operand: Any, unknown: str | None) -> bool:
    """Judge a number operator, or `exactly`; the right side may name an attribute of the subject."""
    word = "equals" if word == "exactly" else word
    verdict = None if found is None else values.number(word, found, operand, scope.value)
    return values.decided(verdict, word, unknown)


def aggregate(kind: str, found: list[Any]) -> values.Number | None:
    """Aggregate the known values; over none of them a sum and a distinct count are 0, the others unknown."""
    numbers = [value for value in found if value is not None]
    if kind == "distinct":
        return len(set(numbers))
    exact = [value if isinstance(value, float) else Fraction(value) for value in numbers]
    functions: dict[str, Callable[[list[Any]], values.Number]] = {
        "sum": sum,
        "average": lambda items: sum(items) / len(items),
        "minimum": min,
        "maximum": max,
    }
    return functions[kind](exact) if exact or kind == "sum" else None
