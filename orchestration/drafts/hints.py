"""What can be said in a condition about an entity's subjects, for somebody who is asked for one."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.compiler.catalog import Attribute, Entity, Type
from orchestration.compiler.operators import BARE, WORDS
from orchestration.compiler.problem import nearest
from orchestration.compiler.resolve import EVENTS, GROUPS, MOVES

EXAMPLES: dict[Type, str] = {
    Type.TEXT: "{is_not: …}",
    Type.INTEGER: "{at_least: 10}",
    Type.NUMBER: "{greater_than: 250}",
    Type.FLOAT: "{at_most: 0.5}",
    Type.BOOLEAN: "true",
    Type.DATE: "{before: 2026-01-31}",
    Type.TIMESTAMP: "{more_than: 14 days ago}",
    Type.LIST: "{has: …}",
}


def entity_to_hints(entity: Entity) -> list[str]:
    """The entity's attributes, events and relations, one a line, and the words that go with them."""
    lines = [f"attributes of a {entity.name}:"]
    width = max((len(name) for name in entity.attributes), default=0)
    lines += [_attribute_line(each, width) for each in entity.attributes.values()]
    if entity.events:
        known = ", ".join(entity.events.names) or "names are not given in the catalog"
        lines += [f"events: {known}", f"  {', '.join(name for name in EVENTS)}"]
    if entity.relations:
        lines += [f"relations: {', '.join(entity.relations)}", "  related: NAME with where, count, sum …"]
    lines += [f"segments: in_segment, not_in_segment, {', '.join(MOVES)}", f"groups: {', '.join(GROUPS)}"]
    return [*lines, "`? NAME` tells more of an attribute"]


def _attribute_line(attribute: Attribute, width: int) -> str:
    line = f"  {attribute.name:<{width}}  {attribute.type:<9}  {attribute.description}"
    return line.rstrip()


def name_to_hints(entity: Entity, name: str) -> list[str]:
    """What can be asked of one attribute."""
    attribute = entity.attributes.get(name)
    if attribute is None:
        return [f"a {entity.name} has no attribute `{name}`: {nearest(name, entity.attributes)}"]
    return list(_attribute_hints(attribute))


def _attribute_hints(attribute: Attribute) -> Iterator[str]:
    yield f"{attribute.name}: {attribute.type}{', ' if attribute.description else ''}{attribute.description}"
    if attribute.values:
        yield f"  values: {', '.join(map(str, attribute.values))}"
    yield f"  words: {', '.join((*WORDS[attribute.type], *BARE))}"
    value = attribute.values[0] if attribute.values else "…"
    yield f"  as in `{attribute.name}: {EXAMPLES[attribute.type].replace('…', str(value))}`"
