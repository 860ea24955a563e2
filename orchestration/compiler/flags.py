"""Flags: one row per subject, one boolean column per segment, and the selects that read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias, assert_never

from sqlglot import exp

from orchestration.compiler.catalog import Attribute
from orchestration.compiler.imports import select, where, with_ctes
from orchestration.compiler.names import Namer, comment
from orchestration.compiler.past import HISTORY_BEFORE
from orchestration.compiler.plan import Plan, references
from orchestration.compiler.predicates import Truth, all_pass, answered, attribute_truth, rule_to_truth
from orchestration.compiler.segment import (
    Anniversary,
    AttributeCondition,
    Condition,
    EndCondition,
    EventCondition,
    IsAnyOf,
    MoveCondition,
    Number,
    Rank,
    RegularCondition,
    RelationCondition,
    Rule,
    Segment,
    SegmentCondition,
    SequenceCondition,
    StaticMembers,
    Status,
)
from orchestration.compiler.sql import (
    Clock,
    aliased,
    as_of,
    column,
    compared,
    conjunction,
    either_of,
    factor,
    identifier,
    in_window,
    is_null,
    model,
    negated,
    number,
    table,
)
from orchestration.compiler.trait import (
    AttributeTrait,
    BeforeTrait,
    MoveTrait,
    PeriodsTrait,
    PlacesTrait,
    PlaceTrait,
    ReturnTrait,
    TotalTrait,
    Trait,
    condition_to_traits,
    end_traits,
    total_traits,
)
from orchestration.compiler.window import has_today

OfTrait: TypeAlias = Callable[[Trait], exp.Expr]
OfSegment: TypeAlias = Callable[[str], exp.Expr]
TRAITS = "traits"


def flags_select(plan: Plan, clock: Clock) -> exp.Select:
    """One row per subject; segments that refer to others stand in a later CTE than those."""
    key = plan.entity.key
    within = _names_within(plan)
    ctes: list[tuple[str, exp.Query]] = [(TRAITS, _star(f"{plan.name}_traits"))]
    source = _with_given(plan, within, ctes)
    paused = [segment for segment in plan.judged if segment.status is Status.PAUSED]
    if paused:
        lasting = where(_star(HISTORY_BEFORE + plan.entity.name), [is_null(column("valid_to"))])
        ctes.append(("history", lasting))
    judged = [segment for segment, _ in plan.given]
    levels = plan.levels or ((),)
    for place, level in enumerate(levels, 1):
        is_last = place == len(levels)
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
    raise AssertionError("the last level returns")


def _with_given(plan: Plan, within: Mapping[str, str], ctes: list[tuple[str, exp.Query]]) -> str:
    """The traits together with the flags that earlier plans gave; the name of that CTE."""
    models = dict.fromkeys(name for _, name in plan.given)
    if not models:
        return TRAITS
    ctes += [(name, _star(name)) for name in models]
    flags = [exp.alias_(column(segment.key, name), identifier(within[segment.key])) for segment, name in plan.given]
    query = select(_all_of(TRAITS), *flags).from_(table(TRAITS), copy=False)
    for name in models:
        on = compared(column(plan.entity.key, name), "=", column(plan.entity.key, TRAITS))
        query = query.join(table(name), on=on, join_type="left", copy=False)
    ctes.append(("judged_before", query))
    return "judged_before"


def _names_within(plan: Plan) -> dict[str, str]:
    """What each segment's column is called beside the traits: by its key, unless a trait is called so."""
    namer = Namer(plan.entity.key, *plan.traits.values())
    return {segment.key: namer.name(segment.key, f"segment {segment.key}") for segment in plan.segments}


def _named(plan: Plan, key: str, flag_: exp.Expr, name: str) -> exp.Expr:
    found = aliased(flag_, name)
    if not isinstance(found, exp.Alias):
        found = exp.Alias(this=flag_, alias=identifier(name))
    found.add_comments([comment(plan.names[key])])
    return found


def _all_of(source: str | None) -> exp.Column:
    return exp.Column(this=exp.Star(), table=exp.to_identifier(source) if source else None)


def _level_name(source: str, level: tuple[Segment, ...]) -> str:
    """The first level is named for what it looks at, a later one for a segment that is new in it."""
    return f"with_{level[0].key}" if source.startswith(("judged_on", "with_")) else "judged_on_traits"


def _star(name: str) -> exp.Select:
    return select(exp.Star()).from_(model(name), copy=False)


def flag(plan: Plan, segment: Segment, clock: Clock, source: str | None, within: Mapping[str, str]) -> exp.Expr:
    """The segment's rule on the subject's traits, or, while it is paused, what was recorded last."""

    def of_trait(trait: Trait) -> exp.Expr:
        return column(plan.traits[trait], source)

    def of_segment(key: str) -> exp.Expr:
        return column(within[key], source)

    if segment.status is Status.PAUSED:
        return exp.Coalesce(this=column(segment.key, "history"), expressions=[exp.false()])
    return rule_to_flag(segment.rule, clock, of_trait, of_segment)


def segment_to_flag(plan: Plan, segment: Segment, clock: Clock) -> exp.Expr:
    """A judged segment's column, as it stands in the plan's model of flags."""
    # the names of many segments take their time, and most rules name none
    return flag(plan, segment, clock, None, _names_within(plan) if references(segment) else {})


def rule_to_flag(rule: Rule, clock: Clock, of_trait: OfTrait, of_segment: OfSegment) -> exp.Expr:
    """Whether the subject passes the rule; the values of its traits and its other flags are given."""
    return rule_to_truth(rule, lambda condition: _leaf(condition, clock, of_trait, of_segment)).two_valued


def _leaf(condition: Condition, clock: Clock, of_trait: OfTrait, of_segment: OfSegment) -> Truth:
    def of_attribute(attribute: Attribute, as_day: bool) -> exp.Expr:
        return of_trait(AttributeTrait(attribute, as_day))

    match condition:
        case AttributeCondition(held_from=None, test=Rank() as rank):
            value = AttributeTrait(condition.attribute, False)
            return answered(_ranked(value, rank, of_trait), condition.negated, condition.unknown)
        case AttributeCondition(held_from=None, test=Anniversary(window)):
            returns = of_trait(ReturnTrait(condition.attribute, window))
            return answered(returns, condition.negated, condition.unknown)
        case AttributeCondition(held_from=None):
            return attribute_truth(condition, of_attribute, clock)
        case EventCondition() | RelationCondition():
            return _number_truth(condition, of_trait, clock)
        case EndCondition():
            return _end_truth(condition, of_trait, clock)
        case RegularCondition():
            return _regular_truth(condition, of_trait)
        case SegmentCondition(keys):
            return Truth(either_of(*(of_segment(key) for key in keys)), False)
        case MoveCondition():
            return _move_truth(condition, of_trait, of_segment, clock)
        case AttributeCondition() | SequenceCondition() | StaticMembers():
            (trait,) = condition_to_traits(condition)
            return Truth(of_trait(trait), False)
        case _:
            assert_never(condition)


def _ranked(value: TotalTrait | AttributeTrait, rank: Rank, of_trait: OfTrait) -> exp.Expr:
    """That a place is among the first; a share is compared without dividing, so that it stays exact."""
    place = of_trait(PlaceTrait(value, rank.side, rank.within))
    if rank.share is None:
        assert rank.places is not None, "a rank has places or a share"
        return compared(place, "<=", number(rank.places))
    above = exp.Paren(this=exp.Sub(this=place, expression=number(1)))
    share = exp.Mul(this=number(rank.share.normalize()), expression=of_trait(PlacesTrait(value, rank.within)))
    return compared(above, "<", share)


def _number_truth(condition: EventCondition | RelationCondition, of_trait: OfTrait, clock: Clock) -> Truth:
    """A comparison of a total; an average is compared without dividing, so that it stays exact."""
    asked, totals = condition.number, total_traits(condition)
    if len(totals) == 2:
        total, known = (of_trait(each) for each in totals)
        return _average_truth(asked, total, known)
    (total_trait,) = totals
    if isinstance(asked.tests[0], Rank):
        return answered(_ranked(total_trait, asked.tests[0], of_trait), asked.negated, asked.unknown)
    value = of_trait(total_trait)
    passing = all_pass(value, asked.tests, clock)
    if total_trait.total.zero_when_empty:
        return Truth(answered(passing, asked.negated, False).expression, False)
    return answered(passing, asked.negated, asked.unknown)


def _end_truth(condition: EndCondition, of_trait: OfTrait, clock: Clock) -> Truth:
    """Tests of the date of the first or last row, unknown without one."""
    traits = end_traits(condition)
    if condition.having is not None:
        return answered(of_trait(traits[0]), False, condition.unknown)
    passing = [all_pass(of_trait(trait), (asked,), clock) for trait, asked in zip(traits, condition.tests, strict=True)]
    return answered(conjunction(passing), False, condition.unknown)


def _regular_truth(condition: RegularCondition, of_trait: OfTrait) -> Truth:
    (trait,) = condition_to_traits(condition)
    assert isinstance(trait, PeriodsTrait), "periods are counted"
    if trait.failing:
        return Truth(compared(of_trait(trait), "<=", number(len(condition.periods) - condition.at_least)), False)
    return Truth(compared(of_trait(trait), ">=", number(condition.at_least)), False)


def _move_truth(condition: MoveCondition, of_trait: OfTrait, of_segment: OfSegment, clock: Clock) -> Truth:
    """What was recorded before, or today's own move, where the day lies in the windows."""
    windows = [window for window in condition.windows if not has_today(window)]
    today = [each for window in windows for each in in_window(as_of(), window, clock)]
    found: list[exp.Expr] = []
    for key in condition.keys:
        found.append(compared(of_trait(MoveTrait(key, condition.move, condition.windows)), ">", number(0)))
        now = of_segment(key)
        if condition.move == "was_in":
            turned = [now]
        else:
            before = of_trait(BeforeTrait(key))
            turned = [now, negated(before)] if condition.move == "entered" else [negated(now), before]
        found.append(conjunction([*turned, *(each.copy() for each in today)]))
    return Truth(either_of(*found), True)


def _average_truth(asked: Number, total: exp.Expr, known: exp.Expr) -> Truth:
    """`total ≥ limit · known`, of an unknown average when nothing is known."""
    parts: list[exp.Expr] = []
    for each in asked.tests:
        assert not isinstance(each, Rank), "averages are not ranked"
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
