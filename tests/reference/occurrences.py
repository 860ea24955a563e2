"""What a subject has many of: events, related rows and attached entities, and how a condition chooses among them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.reference import values
from tests.reference.days import WINDOW_WORDS, Interval, is_time, window
from tests.reference.rules import AsOf, Scope, before_end, column_of, fields_of, holds

COUNT_WORDS = values.NUMBER_WORDS | {"exactly"}


@dataclass(frozen=True)
class Occurrence:
    """One event, row or attachment: what conditions may ask of it, and its date if it has one."""

    scope: Scope
    at: dt.date | dt.datetime | None

    @property
    def instant(self) -> dt.datetime | None:
        """Return the instant, or the first one of a date."""
        return None if self.at is None else self.scope.world.clock.instant(self.at)


def events(scope: Scope, names: str | list[str]) -> list[Occurrence]:
    """Return the subject's events of the name, of any name in the list, or all of them (`any`)."""
    source = scope.definition()["events"]
    wanted = names if isinstance(names, list) else [names]
    fields = fields_of(source.get("properties", {}))
    return [
        Occurrence(Scope(scope.world, fields, row), row[column_of(source["at"])])
        for row in scope.world.rows_of(source["model"], source["subject"], scope.key)
        if names == "any" or row[source["name"]] in wanted
    ]


def rows(scope: Scope, name: str) -> list[Occurrence]:
    """Return the rows of a relation, or the attached entities, one for each link row."""
    relation = relation_of(scope, name)
    mine = scope.world.rows_of(relation.get("model") or relation["through"], relation["subject"], scope.key)
    dates = [row[column_of(relation["at"])] if "at" in relation else None for row in mine]
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
    inside = [one for one in seen(scope, found) if all(lies_in(one, span) for span in spans)]
    return [one for one in inside if "where" not in rule or holds(one.scope, rule["where"])]


def seen(scope: Scope, found: list[Occurrence]) -> list[Occurrence]:
    """Keep what is not dated after D; what has no date is seen."""
    return [one for one in found if one.at is None or before_end(scope.world.clock, one.at)]


def lies_in(one: Occurrence, span: Interval) -> bool:
    """Tell whether its date lies in a window; without one it lies in none."""
    return one.instant is not None and span.contains(one.instant)


def is_window(rule: dict[str, Any], word: str) -> bool:
    """Tell a window from the number condition of an aggregate: they share some words."""
    return word not in COUNT_WORDS or is_time(rule[word])
