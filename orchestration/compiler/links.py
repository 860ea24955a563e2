"""Attached subjects: rows of a link with what is known of the subject at its other end."""

from __future__ import annotations

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.catalog import Entity, Link
from orchestration.compiler.held import held_by
from orchestration.compiler.imports import Import, bare, in_base, select
from orchestration.compiler.predicates import Leaf, Truth, row_leaf
from orchestration.compiler.segment import AttributeCondition, Condition, SegmentCondition
from orchestration.compiler.sql import aliased, column, compared, either_of, is_known, model, table
from orchestration.compiler.trait import RowsTrait


def add_link(building: Building, link: Link, traits: list[RowsTrait]) -> tuple[Import, exp.Select, Leaf]:
    """Pairs joined to the attached subjects, by subject; how conditions about these are told.

    Attached subjects count while they are in their own base population; every row of the link counts.
    """
    related = traits[0].related
    assert related, "a link leads to an entity"
    name = building.namer.name(bare(related.model), f"related {related.name}")
    reading = Import(name, building.clock, related.key, related.key, joined=True)
    building.ctes.append((name, lambda: reading.select(related.as_of, in_base(related, building.bases))))
    both = select(column(link.subject), column(link.related)).from_(model(link.model), copy=False)
    pairs = building.add(bare(link.model), both, f"link {link.name}")
    key = aliased(column(link.subject, pairs), building.key)
    query = select(key).from_(table(pairs), copy=False)
    on = compared(column(related.key, name), "=", column(link.related, pairs))
    query = query.join(table(name), on=on, join_type="inner", copy=False)
    query = query.group_by(column(link.subject, pairs), copy=False)
    return reading, query, _leaf(building, related, reading, query)


def _leaf(building: Building, related: Entity, reading: Import, query: exp.Select) -> Leaf:
    of_row = row_leaf(reading.value, reading.clock)
    joined: dict[object, str] = {}

    def beside(identity: object, wanted: str, cte: exp.Query) -> str:
        """Something known of attached subjects by their key, joined once."""
        if identity not in joined:
            joined[identity] = building.add(wanted, cte, f"{related.name} {identity!r}")
            on = compared(column(related.key, joined[identity]), "=", column(related.key, reading.name))
            query.join(table(joined[identity]), on=on, join_type="left", copy=False)
        return joined[identity]

    def flag(key: str) -> exp.Expr:
        flags = building.plan.seen[key]
        return column(key, beside(flags, flags, select(exp.Star()).from_(model(flags), copy=False)))

    def leaf(condition: Condition) -> Truth:
        match condition:
            case SegmentCondition(keys):
                return Truth(either_of(*(flag(key) for key in keys)), True)
            case AttributeCondition(held_from=held_from) if held_from:
                wanted, cte = held_by(building, related, condition)
                return Truth(is_known(column(related.key, beside(condition, wanted, cte))), False)
            case _:
                return of_row(condition)

    return leaf
