"""Lints never cry wolf: what they call true for nobody, for everyone, or idle is so in every generated world.

The rules put together what easily clashes: several conditions on one attribute, one kind of event, one relation.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.documents import to_yaml
from orchestration.compiler.lints import lint
from orchestration.compiler.problem import Problem, SourceFile
from tests.reference import pools, strategy_rows
from tests.reference.evaluator import base_population, members
from tests.reference.pools import Pen
from tests.reference.strategy_rules import LEAVES, Place, attribute_body, chosen_rows, entity_place, event_names

RULES, WORLDS = 500, 8
PLACES = {"person": entity_place("person", {}), "company": entity_place("company", {})}


@dataclass(frozen=True)
class Rows:
    """Rows for a catalog, and the day they are judged on."""

    tables: dict[str, list[dict[str, Any]]]
    as_of: dt.date


def pen_of(seed: int, timezone: str, week_starts_on: str) -> tuple[Pen, dt.date]:
    random = Random(seed)
    as_of = random.choice(pools.AS_OF_DAYS)
    return Pen(random, pools.clock_of(as_of, timezone, week_starts_on)), as_of


def rows(catalog: dict[str, Any], seed: int) -> Rows:
    pen, as_of = pen_of(seed, catalog["timezone"], catalog["week_starts_on"])
    return Rows(strategy_rows.tables(pen, catalog), as_of)


def clashing(pen: Pen, place: Place) -> list[Any]:
    """Two or three conditions about the same thing."""
    number = pen.number(2, 3)
    match pen.pick("attribute", "attribute", "attribute", "events", "ends", "rows"):
        case "attribute":
            name = pen.pick(*place.fields)
            found = [{name: attribute_body(pen, place, name)} for _ in range(number)]
        case "events" if place.entity == "person":
            found = [events(pen) for _ in range(number)]
        case "ends" if place.entity == "person":
            word = pen.pick("first_performed", "last_performed")
            found = [{word: "login", "in_last": "30 days", **window(pen)} for _ in range(number)]
        case _:
            made = pen.pick(*LEAVES[place.entity or ""])
            found = [made(pen, place) for _ in range(number)]
    single = [part for rule in found for part in apart(rule)]
    return [{"not": rule} if pen.once_in(4) else rule for rule in single]


def apart(rule: dict[str, Any]) -> list[dict[str, Any]]:
    """The operators of an attribute one by one, so that each is a part of its own."""
    (name, body), *more = rule.items()
    if more or not isinstance(body, dict):
        return [rule]
    unknown = {"unknown": body["unknown"]} if "unknown" in body else {}
    found: list[dict[str, Any]] = []
    for word, operand in body.items():
        if word == "between" and isinstance(operand[0], int | float):
            found += [{name: {"at_least": operand[0], **unknown}}, {name: {"at_most": operand[1], **unknown}}]
        elif word != "unknown":
            found.append({name: {word: operand, **unknown}})
    return found


def events(pen: Pen) -> dict[str, Any]:
    """A condition on the most common event, mostly without more than a window."""
    name = pen.pick("login", "login", "login", event_names(pen))
    if pen.once_in(3):
        return {"not_performed": name, **window(pen)}
    count = {"times": {pen.pick("at_least", "at_most", "exactly"): pen.number(0, 3)}} if pen.once_in(2) else {}
    return {"performed": name, **count, **window(pen)}


def window(pen: Pen) -> dict[str, Any]:
    lengths = ("7 days", "1 week", "8 days", "30 days", "4 weeks", "1 month", "2 months")
    match pen.pick("last", "ago", "none", "any"):
        case "last":
            return {"in_last": pen.pick(*lengths)}
        case "ago":
            return {pen.pick("more_than", "at_least", "less_than"): f"{pen.pick(*lengths)} ago"}
        case "none":
            return {}
        case _:
            place = Place(strategy_rows.EVENT_COLUMNS, at="timestamp")
            return {word: found for word, found in chosen_rows(pen, place, counts=()).items() if word != "where"}


def lints_of(catalog: str, specs: dict[str, Any]) -> list[Problem]:
    files = tuple(SourceFile(f"segment_specs/all/{key}.yml", to_yaml(spec)) for key, spec in specs.items())
    return list(lint(compile_sources(Sources(SourceFile("segment_specs/catalog.yml", catalog), files))))


def made_rule(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """A catalog, and a segment of clashing conditions beside segments of each of them alone."""
    zone = pools.ZONES[seed % len(pools.ZONES)]
    pen, _ = pen_of(seed, zone, "monday")
    catalog = strategy_rows.catalog(pen, zone, pools.WEEK_STARTS[seed % 3])
    entity = pen.pick("person", "person", "company")
    group, parts = pen.pick("all", "any"), clashing(pen, PLACES[entity])
    specs = {"asked": {"entity": entity, "where": {group: parts}}}
    return catalog, specs | {f"part_{at}": {"entity": entity, "where": part} for at, part in enumerate(parts)}


def test_what_lints_claim_is_so_in_every_world() -> None:
    claimed: Counter[str] = Counter()
    for seed in range(RULES):
        catalog, specs = made_rule(seed)
        text = to_yaml(catalog)
        found = lints_of(text, specs)
        claimed.update(kind for key in specs for kind in kinds(found, key))
        for number in range(WORLDS if found else 0):
            check(found, catalog, specs, rows(catalog, seed * 100 + number))
    assert claimed["nobody"] > RULES / 30
    assert claimed["everyone"] > RULES / 100
    assert claimed["repeated-condition"] > RULES / 30


def kinds(found: list[Problem], key: str) -> set[str]:
    """What is claimed of a segment."""
    mine = [problem for problem in found if problem.span.source.path.endswith(f"/{key}.yml")]
    claimed = {problem.code for problem in mine}
    for words, kind in (("nobody is ever in the segment", "nobody"), ("the whole base population is", "everyone")):
        if any(words in problem.message for problem in mine):
            claimed.add(kind)
    return claimed


def check(found: list[Problem], catalog: dict[str, Any], specs: dict[str, Any], world: Rows) -> None:
    who = {key: members(catalog, world.tables, specs, key, world.as_of) for key in specs}
    base = base_population(catalog, world.tables, specs["asked"]["entity"], world.as_of)
    for key, keys in who.items():
        said = (specs[key], world.as_of)
        claimed = kinds(found, key)
        assert "nobody" not in claimed or not keys, said
        assert "everyone" not in claimed or keys == base, said
    asked = kinds(found, "asked")
    inside = any(
        "where" in part or "where" in part.get("not", {}) for part in next(iter(specs["asked"]["where"].values()))
    )
    if "repeated-condition" in asked and not inside and not asked & {"never-true", "always-true"}:
        group = set.intersection if "all" in specs["asked"]["where"] else set.union
        parts = [keys for key, keys in who.items() if key != "asked"]
        without = [group(*(part for other, part in enumerate(parts) if other != at)) for at in range(len(parts))]
        assert who["asked"] in without, (specs["asked"], world.as_of)
