"""Every condition of every segment as it is written, with the table whose rows it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from orchestration.compiler.catalog import Entity, Rows
from orchestration.compiler.compile import Compilation
from orchestration.compiler.lints.placed import Placed, leaves, place, rows_rules
from orchestration.compiler.segment import (
    Condition,
    EndCondition,
    EventCondition,
    RegularCondition,
    RelationCondition,
    Segment,
    SequenceCondition,
)

Owner: TypeAlias = Entity | Rows


@dataclass(frozen=True)
class Mention:
    """One written condition, and whose attributes it names."""

    segment: Segment
    placed: Placed
    owner: Owner


def placed_rule(compilation: Compilation, segment: Segment) -> Placed | None:
    """A segment's rule with its places; None for a fixed list."""
    where = compilation.specs[segment.key].where
    return None if where is None else place(where, segment.rule)


def mentions(compilation: Compilation) -> Iterator[Mention]:
    """Every written condition, those about rows after the one they belong to."""
    for segment in compilation.segments.values():
        placed = placed_rule(compilation, segment)
        if placed:
            yield from _mentions(segment, placed, compilation.catalog.entities[segment.entity])


def _mentions(segment: Segment, placed: Placed, owner: Owner) -> Iterator[Mention]:
    for leaf in leaves(placed):
        yield Mention(segment, leaf, owner)
        for condition, inner in rows_rules(leaf):
            yield from _mentions(segment, inner, _owner(condition))


def _owner(condition: Condition) -> Owner:
    """The rows, or the entity of the attached subjects, that a condition chooses from."""
    match condition:
        case EventCondition(source) | RegularCondition(source) | SequenceCondition(source) | EndCondition(source):
            return source
        case RelationCondition(_, Entity() as related):
            return related
        case RelationCondition(Rows() as rows):
            return rows
        case _:
            raise AssertionError("only these have rules about rows")
