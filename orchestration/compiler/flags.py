"""Flags: one row per subject, one boolean column per segment, and the selects that read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlglot import exp

from orchestration.compiler.catalog import Attribute
from orchestration.compiler.imports import select, with_ctes
from orchestration.compiler.plan import AttributeTrait, Plan, Total, Trait, condition_to_traits
from orchestration.compiler.predicates import Truth, answered, attribute_truth, rule_to_truth, test
from orchestration.compiler.segment import (
    AttributeCondition,
    Condition,
    EventCondition,
    IsAnyOf,
    Number,
    RelationCondition,
    Segment,
    SegmentCondition,
    StaticMembers,
    Status,
)
from orchestration.compiler.sql import (
    Clock,
    ValueOf,
    aliased,
    column,
    compared,
    conjunction,
    either_of,
    factor,
    identifier,
    model,
    negated,
    number,
    table,
)
from orchestration.compiler.words import Namer, comment

HISTORY_BEFORE = "history_before__"
TRAITS = "traits"


def flags_select(plan: Plan, clock: Clock) -> exp.Select:
    """One row per subject; segments that refer to others stand in a later CTE than those."""
    key, name = plan.entity.key, plan.entity.name
    ctes: list[tuple[str, exp.Query]] = [(TRAITS, _star(f"{name}_traits"))]
    paused = [segment for segment in plan.segments if segment.status is Status.PAUSED]
    if paused:
        ctes.append(("history", _star(HISTORY_BEFORE + name)))
    within = _names_within(plan)
    source, judged = TRAITS, list[Segment]()
    for level in plan.levels:
        is_last = level is plan.levels[-1]
        joins_history = any(segment in paused for segment in level)
        prefix = source if joins_history else None
        truths = {segment.key: flag(plan, segment, clock, prefix, within) for segment in level}
        flags = [_named(plan, key_, found, key_ if is_last else within[key_]) for key_, found in truths.items()]
        named = [column(key, prefix), *(aliased(column(within[each.key], prefix), each.key) for each in judged)]
        passed: list[exp.Expr] = [*named] if is_last else [_all_of(prefix)]
        query = select(*passed, *flags).from_(table(source), copy=False)
        if joins_history:
            on = compared(column(key, "history"), "=", column(key, source))
            query = query.join(table("history"), on=on, join_type="left", copy=False)
        if is_last:
            return with_ctes(query, ctes)
        judged += level
        source = _level_name(source, level)
        ctes.append((source, query))
    return with_ctes(select(column(key)).from_(table(TRAITS), copy=False), ctes)


def _names_within(plan: Plan) -> dict[str, str]:
    """What each segment's column is called beside the traits: by its key, unless a trait is called so."""
    namer = Namer(plan.entity.key, *plan.traits.values())
    return {segment.key: namer.name(segment.key, f"segment {segment.key}") for segment in plan.segments}


def _named(plan: Plan, key: str, flag_: exp.Expr, name: str) -> exp.Expr:
    found = aliased(flag_, name)
    if not isinstance(found, exp.Alias):
        found = exp.Alias(this=flag_, alias=identifier(name))
    (said,) = (segment.name for segment in plan.segments if segment.key == key)
    found.add_comments([comment(said)])
    return found


def _all_of(source: str | None) -> exp.Column:
    return exp.Column(this=exp.Star(), table=exp.to_identifier(source) if source else None)


def _level_name(source: str, level: tuple[Segment, ...]) -> str:
    """The first level is named for what it looks at, a later one for a segment that is new in it."""
    return "judged_on_traits" if source == TRAITS else f"with_{level[0].key}"


def _star(name: str) -> exp.Select:
    return select(exp.Star()).from_(model(name), copy=False)


def flag(plan: Plan, segment: Segment, clock: Clock, source: str | None, within: Mapping[str, str]) -> exp.Expr:
    """The segment's rule on the subject's traits, or, while it is paused, what was recorded last."""
    if segment.status is Status.PAUSED:
        return exp.Coalesce(this=column(segment.key, "history"), expressions=[exp.false()])
    return rule_to_truth(segment.rule, lambda condition: _leaf(plan, condition, clock, source, within)).two_valued


def _leaf(plan: Plan, condition: Condition, clock: Clock, source: str | None, within: Mapping[str, str]) -> Truth:
    def of_trait(trait: Trait) -> exp.Column:
        return column(plan.traits[trait], source)

    def of_attribute(attribute: Attribute, as_day: bool) -> exp.Column:
        return of_trait(AttributeTrait(attribute, as_day))

    match condition:
        case AttributeCondition():
            return attribute_truth(condition, of_attribute, clock)
        case EventCondition() | RelationCondition():
            traits = condition_to_traits(condition)
            totals = [total for trait in traits if isinstance(total := getattr(trait, "total", None), Total)]
            return number_truth(condition.number, [of_trait(trait) for trait in traits], totals[0], clock, of_attribute)
        case SegmentCondition(keys):
            found = [column(within[key], source) for key in keys]
            return Truth(either_of(*found), False)
        case StaticMembers():
            (trait,) = condition_to_traits(condition)
            return Truth(of_trait(trait), False)


def number_truth(asked: Number, values: list[exp.Column], total: Total, clock: Clock, value_of: ValueOf) -> Truth:
    """A comparison of a total; an average is compared without dividing, so that it stays exact."""
    if len(values) == 2:
        return _average_truth(asked, *values)
    passing = conjunction([test(values[0].copy(), each, clock, value_of) for each in asked.tests])
    if total.zero_when_empty:
        return Truth(answered(passing, asked.negated, False).expression, False)
    return answered(passing, asked.negated, asked.unknown)


def _average_truth(asked: Number, total: exp.Column, known: exp.Column) -> Truth:
    """`total ≥ limit · known`, of an unknown average when nothing is known."""
    parts: list[exp.Expr] = []
    for each in asked.tests:
        operands = each.values if isinstance(each, IsAnyOf) else (each.value,)
        operator = "=" if isinstance(each, IsAnyOf) else each.operator
        compares = [
            compared(total.copy(), operator, exp.Mul(this=factor(operand), expression=known.copy()))
            for operand in operands
            if isinstance(operand, int | Decimal)
        ]
        parts.append(either_of(*compares))
    has_values = compared(known.copy(), ">", number(0))
    passing = answered(conjunction(parts), asked.negated, False).expression
    if asked.unknown:
        return Truth(either_of(negated(has_values), passing), False)
    return Truth(conjunction([has_values, passing]), False)
