"""Conditions about many rows, as JSON Schema: what a subject performed, and the rows related to it."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.compiler.behaviour import AGGREGATES
from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.operators import RANK_WORDS
from orchestration.compiler.resolve import QUANTIFIERS
from orchestration.compiler.schema.operands import (
    AMOUNT,
    COUNT_WORDS,
    DAYS,
    ELAPSED_LENGTH,
    LENGTH,
    SHARED,
    counted,
    windows,
)
from orchestration.compiler.schema.operators import Place, rank_fields
from orchestration.compiler.schema.pieces import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Schema,
    chain,
    choice,
    described,
    either,
    excluding,
    has,
    has_any,
    listed,
    mapping,
    more_than,
    one_or_more,
    pattern,
    ref,
)
from orchestration.compiler.timing import MAX_PERIODS

ENDS = ("first_performed", "last_performed")
WHOLE: Schema = {"type": "integer", "minimum": 1, "maximum": MAX_PERIODS}


@dataclass(frozen=True)
class Rowset:
    """Rows that a condition chooses from; `kind` is the type of their date, `ranked` the place of their subjects."""

    name: str
    attributes: dict[str, Attribute]
    kind: Type | None
    ranked: Place
    where: str = ""

    @property
    def rule(self) -> Schema:
        return ref(f"{self.where or self.name}:rule")

    @property
    def counts(self) -> Schema:
        return ref(f"{self.ranked.name}:counts")

    @property
    def windows(self) -> dict[str, Schema]:
        return windows(self.kind) if self.kind else {}


def event_definitions(rows: Rowset) -> dict[str, Schema]:
    """Every condition about events, as `<name>:<word>`."""
    named = one_or_more(ref(f"{rows.name}:names"))
    counts = {word: described(rows.counts, word) for word in ("times", "on_days")}
    chosen = {"where": described(rows.rule, "where")}
    found = {
        "performed": with_numbers({"performed": described(named, "performed"), **chosen, **counts}, rows),
        "not_performed": mapping(
            {"not_performed": described(named, "not_performed"), **chosen, **rows.windows}, "not_performed"
        ),
        "sequence": _sequence(rows, named),
        "performed_regularly": _regularly(named, chosen),
        "stopped_performing": _silence("stopped_performing", ("was_in", "silent_for"), named, chosen),
        "resumed_performing": _silence("resumed_performing", ("silent_for", "back_in"), named, chosen),
        **{word: _end(word, named, chosen, rows) for word in ENDS},
    }
    return {f"{rows.name}:{word}": schema for word, schema in found.items()} | _aggregate_definitions(rows)


def relation_definitions(rows: Rowset, relation: str) -> dict[str, Schema]:
    """What may stand beside `related: NAME`."""
    fields: dict[str, Schema] = {
        "related": described({"const": relation}, "related"),
        "where": described(rows.rule, "where"),
        "count": described(rows.counts, "count"),
    }
    quantifiers = {word: described(rows.rule, f"{word}_row") for word in QUANTIFIERS}
    quantifiers["or_none"] = described(BOOLEAN, "or_none")
    ends = {word: described(_date(rows), word) for word in ("first", "last")} if rows.kind else {}
    found = with_numbers(fields, rows, {**quantifiers, **ends})
    return {rows.name: found, **_aggregate_definitions(rows)}


def counts_definitions(place: Place) -> dict[str, Schema]:
    """What stands under `times`, `on_days` and `count`; the times of a period have no rank."""
    ranked = mapping({**counted(), **rank_fields(place)}, **more_than(("within",)))
    plain = mapping(counted(), minProperties=1)
    return {
        f"{place.name}:counts": either(ranked, NUMBER, listed(NUMBER)),
        "-counts": either(plain, NUMBER, listed(NUMBER)),
    }


def _aggregate_definitions(rows: Rowset) -> dict[str, Schema]:
    return {f"{rows.name}:{word}": described(choice(_aggregated(rows, word)), word) for word in _aggregates(rows)}


def _aggregates(rows: Rowset) -> list[str]:
    return [word for word in AGGREGATES if _aggregated(rows, word)]


def with_numbers(fields: dict[str, Schema], rows: Rowset, plain: dict[str, Schema] | None = None) -> Schema:
    """Two shapes: with an aggregate and the number operators beside it, or without and with `plain` words instead."""
    subject = next(iter(fields))
    offered = {word: ref(f"{rows.name}:{word}") for word in _aggregates(rows)}
    common = {**fields, **offered, "unknown": ref("-unknown")}
    simple = mapping({**common, **rows.windows, **(plain or {})}, subject)
    if plain:
        simple |= _alone(plain)
    if not offered:
        return simple
    beside = (
        rows.windows
        | counted()
        | ({word: ref(f"number-or-{rows.kind}-{word}") for word in SHARED} if rows.kind else {})
    )
    numbered = mapping({**common, **beside, **rank_fields(rows.ranked)}, subject)
    numbered["oneOf"] = [has(word) for word in offered]
    numbered["dependencies"] = {"average": {"not": has_any(RANK_WORDS)}}
    numbered |= _says_something(rows)
    return chain([(has_any(offered), numbered)], simple)


def _alone(plain: dict[str, Schema]) -> Schema:
    """One thing is asked of the rows: a quantifier, a count, or their first and last."""
    found = excluding((*QUANTIFIERS, "count"), [word for word in ("first", "last") if word in plain])
    dependencies = found["dependencies"]
    assert isinstance(dependencies, dict), "as excluding makes it"
    return {"dependencies": {**dependencies, "or_none": ["every"]}}


def _says_something(rows: Rowset) -> Schema:
    """Something is said about the aggregate; a word that windows share counts where its operand is a number."""
    shared = SHARED if rows.kind else ()
    numbers = [word for word in (*COUNT_WORDS, *RANK_WORDS) if word not in shared]
    dates = {word: {"items": TEXT} if word == "between" else TEXT for word in shared}
    return {"not": {"propertyNames": {"not": {"enum": numbers}}, "properties": dates}}


def _aggregated(rows: Rowset, word: str) -> list[str]:
    """The attributes that an aggregate can be taken of."""
    fits = [
        each for each in rows.attributes.values() if each.type.numeric or (word == "distinct" and each.type != "list")
    ]
    return [each.name for each in fits]


def _date(rows: Rowset) -> Schema:
    return mapping({**rows.windows, "anniversary": ref("-anniversary")}, minProperties=1)


def _end(word: str, named: Schema, chosen: dict[str, Schema], rows: Rowset) -> Schema:
    fields: dict[str, Schema] = {
        word: described(named, word),
        **chosen,
        "having": described(rows.rule, "having"),
        **rows.windows,
        "anniversary": ref("-anniversary"),
        "unknown": ref("-unknown"),
    }
    return mapping(fields, word, **more_than((word, "where", "unknown")))


def _regularly(named: Schema, chosen: dict[str, Schema]) -> Schema:
    fields: dict[str, Schema] = {
        "performed_regularly": described(named, "performed_regularly"),
        **chosen,
        "in_at_least": described(WHOLE, "in_at_least"),
        "of_last": described(either(WHOLE, pattern(AMOUNT + DAYS, "4 weeks")), "of_last"),
        "period": described(LENGTH, "period"),
        "times": described(ref("-counts"), "times"),
    }
    lengths: Schema = {
        "if": {"type": "object", "properties": {"of_last": {"type": "integer"}}, "required": ["of_last"]},
        "then": {"required": ["period"]},
        "else": {"not": {"required": ["period"]}},
    }
    return mapping(fields, "performed_regularly", "in_at_least", "of_last", allOf=[lengths])


def _silence(word: str, lengths: tuple[str, str], named: Schema, chosen: dict[str, Schema]) -> Schema:
    fields = {word: described(named, word), **chosen, **{each: described(LENGTH, each) for each in lengths}}
    return mapping(fields, word, *lengths)


def _sequence(rows: Rowset, named: Schema) -> Schema:
    beside = {"where": described(rows.rule, "where"), "within": described(ELAPSED_LENGTH, "within_step")}
    positive = mapping({"performed": described(named, "performed"), **beside}, "performed")
    negated = mapping({"not_performed": described(named, "not_performed"), **beside}, "not_performed")
    first = mapping({"performed": described(named, "performed"), "where": beside["where"]}, "performed")
    step = chain([(has("not_performed"), negated)], positive)
    steps: Schema = {"type": "array", "items": [first], "additionalItems": step, "minItems": 2}
    return mapping({"sequence": described(steps, "sequence"), **rows.windows}, "sequence")
