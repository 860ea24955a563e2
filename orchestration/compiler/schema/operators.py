"""What may stand under an attribute's name, by its type and by where the condition stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.operators import (
    BARE,
    COMPARISONS,
    LIST_WORDS,
    MODIFIERS,
    RANK_WORDS,
    TEXT_WORDS,
)
from orchestration.compiler.schema.operands import DATE, LISTS, SHARE, windows
from orchestration.compiler.schema.pieces import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Schema,
    choice,
    described,
    either,
    labelled,
    listed,
    mapping,
    more_than,
    one_or_more,
    pattern,
    ref,
)
from orchestration.compiler.schema.said import SAID

EQUALITY = ("is", "is_not", "in", "not_in")


@dataclass(frozen=True)
class Place:
    """Where a condition on an attribute stands: beside which others, and which more words it may use there."""

    name: str
    attributes: dict[str, Attribute]
    ranked: bool = False
    held: bool = False

    @property
    def types(self) -> list[Type]:
        return sorted({each.type for each in self.attributes.values()})

    @property
    def numeric(self) -> list[str]:
        return [each.name for each in self.attributes.values() if each.type.numeric]


def place_definitions(place: Place) -> dict[str, Schema]:
    """What may stand under the attributes of one place, by their types."""
    found: dict[str, Schema] = {}
    if place.numeric:
        found |= _number_definitions(place)
    if place.ranked:
        grouping = (each.name for each in place.attributes.values() if each.type is not Type.LIST)
        found[f"{place.name}:within"] = described(choice(grouping), "within")
    for kind in place.types:
        found |= _type_definitions(kind, place)
    return found | {f"{place.name}.{name}": _attribute(each, place) for name, each in place.attributes.items()}


def _type_definitions(kind: Type, place: Place) -> dict[str, Schema]:
    """The operators of a type, also beside `attribute: NAME`, and all that may stand under an attribute's name."""
    plain = Attribute("", "", kind)
    operators = operator_fields(plain, place)
    name = f"{place.name}:operators:{kind}"
    return {
        name: mapping(operators, **more_than(MODIFIERS)),
        f"{place.name}:named:{kind}": mapping({"attribute": {}, **operators}, **more_than(("attribute", *MODIFIERS))),
        f"{place.name}:is:{kind}": either(ref(name), _bare(), *_values(plain, place)),
    }


def _number_definitions(place: Place) -> dict[str, Schema]:
    """Number operators: the place's own numeric attributes stand on the right as well."""
    names, right = place.numeric, ref(f"{place.name}:number")
    share = pattern(f"({SHARE}\\s+of\\s+)?({'|'.join(names)})", *(f"80% of {name}" for name in names))
    found: dict[str, Schema] = {f"{place.name}:number": either(NUMBER, choice(names), share)}
    for word in (*COMPARISONS, "not_equals"):
        found[f"{place.name}:{word}"] = described(right, word)
    return {**found, f"{place.name}:between": described(listed(right, 2, 2), "between")}


def _attribute(attribute: Attribute, place: Place) -> Schema:
    """All that may stand under the attribute's name: a value, a list of them, or operators."""
    said = f"{attribute.type}, personal" if attribute.personal else str(attribute.type)
    description = f"{attribute.description} ({said})" if attribute.description else said.capitalize()
    if not attribute.values:
        return labelled(ref(f"{place.name}:is:{attribute.type}"), description)
    operators = mapping(operator_fields(attribute, place), **more_than(MODIFIERS))
    return labelled(either(operators, *_values(attribute, place), _bare()), description)


def _bare() -> Schema:
    return choice(BARE, (SAID[word] for word in BARE))


def _values(attribute: Attribute, place: Place) -> tuple[Schema, ...]:
    """What may stand under the attribute's name without an operator."""
    match attribute.type:
        case Type.TEXT:
            return (_one(attribute, TEXT), listed(_one(attribute, TEXT)))
        case Type.INTEGER | Type.NUMBER | Type.FLOAT:
            return (ref(f"{place.name}:number"), listed(_one(attribute, NUMBER)))
        case Type.BOOLEAN:
            return (BOOLEAN,)
        case Type.LIST:
            return (one_or_more(_one(attribute, TEXT)),)
        case Type.DATE | Type.TIMESTAMP:
            return (pattern(DATE, "2026-01-31"),)
        case _:
            assert_never(attribute.type)


def _one(attribute: Attribute, kind: Schema) -> Schema:
    """One value; those that the catalog names are offered, others are possible."""
    return either(choice(attribute.values), kind) if attribute.values else kind


def operator_fields(attribute: Attribute, place: Place) -> dict[str, Schema]:
    """The operators of an attribute, and what may stand beside them."""
    asked = {word: described(BOOLEAN, word) for word in BARE}
    found = {**_operators(attribute, place), **asked, "unknown": ref("-unknown")}
    if place.held:
        found["for_at_least"] = ref("-for_at_least")
    if place.ranked and (attribute.type.numeric or attribute.type.temporal):
        found |= rank_fields(place)
    return found


def rank_fields(place: Place) -> dict[str, Schema]:
    return {**{word: ref(f"-{word}") for word in RANK_WORDS}, "within": ref(f"{place.name}:within")}


def _operators(attribute: Attribute, place: Place) -> dict[str, Schema]:
    match attribute.type:
        case Type.TEXT:
            named = {word: _equality(attribute, word) for word in EQUALITY} if attribute.values else {}
            return {word: ref(f"text-{word}") for word in TEXT_WORDS} | named
        case Type.INTEGER | Type.NUMBER | Type.FLOAT:
            words = (*COMPARISONS, "not_equals", "between")
            return {word: ref(f"{place.name}:{word}") for word in words} | {
                word: ref(f"count-{word}") for word in LISTS
            }
        case Type.BOOLEAN:
            return {word: described(BOOLEAN, word) for word in ("is", "is_not")}
        case Type.LIST:
            return {word: described(_elements(attribute, word), word) for word in LIST_WORDS}
        case Type.DATE | Type.TIMESTAMP:
            return {**windows(attribute.type), "anniversary": ref("-anniversary")}
        case _:
            assert_never(attribute.type)


def _equality(attribute: Attribute, word: str) -> Schema:
    value = _one(attribute, TEXT)
    return described(listed(value) if word in LISTS else value, word)


def _elements(attribute: Attribute, word: str) -> Schema:
    element = _one(attribute, TEXT)
    match word:
        case "has":
            return element
        case "any_element":
            tests = {each: ref(f"text-{each}") for each in TEXT_WORDS}
            return either(TEXT, mapping(tests, minProperties=1))
        case _:
            return listed(element)
