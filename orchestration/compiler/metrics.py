"""Metrics: an entity's numbers over the members of each segment, one row per segment and number of the day."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from orchestration.compiler.catalog import Type
from orchestration.compiler.imports import select, union_all, where, with_ctes
from orchestration.compiler.names import Namer, slug
from orchestration.compiler.plan import Plan
from orchestration.compiler.sql import (
    aliased,
    as_of,
    cast,
    column,
    compared,
    identifier,
    model,
    number,
    said,
    table,
    text,
)
from orchestration.compiler.trait import AttributeTrait, MeasureTrait, RowsTrait, Total, Trait
from orchestration.compiler.trait_words import trait_to_words
from orchestration.compiler.waterfall import BASE

EXACT = "decimal(38, 9)"
ROUNDED = "decimal(38, 6)"
LARGEST_FLOAT = 10**20
COLUMNS = {"as_of_date": "date", "segment": "text", "metric": "text", "known_values": "bigint"}
COLUMNS |= {"mean": ROUNDED, "median": ROUNDED, "sum": EXACT}
PARTS = ("known values", "sum", "median")


def metrics_select(plan: Plan) -> exp.Query:
    """One row of the day per segment and metric of which some member's value is known; the base population too."""
    if not plan.metrics:
        nothing = (exp.alias_(cast(exp.Null(), kind), identifier(name)) for name, kind in COLUMNS.items())
        return where(select(*nothing), [exp.false()])
    names = _part_names(plan)
    known, total, median = (column(name) for name in ("known_values", "total", "median"))
    mean = exp.Div(this=cast(total, "double"), expression=known)
    query = select(
        aliased(as_of(), "as_of_date"),
        column("segment"),
        column("metric"),
        known.copy(),
        aliased(cast(mean, ROUNDED), "mean"),
        median,
        exp.alias_(total.copy(), identifier("sum")),
    )
    query = where(query.from_(table("by_metric"), copy=False), [compared(known.copy(), ">", number(0))])
    ctes = [
        ("traits", _traits(plan)),
        ("segments", select(exp.Star()).from_(model(f"{plan.name}_segments"), copy=False)),
        ("members", union_all(list(_members(plan)))),
        ("by_segment", _by_segment(plan, names)),
        ("by_metric", union_all(list(_by_metric(plan, names)))),
    ]
    return with_ctes(query, ctes)


def _part_names(plan: Plan) -> dict[Trait, tuple[str, ...]]:
    """What the numbers of each metric are called side by side."""
    namer = Namer("segment")
    return {
        trait: tuple(namer.name(slug(f"{trait_to_words(trait)} {part}"), f"{trait!r} {part}") for part in PARTS)
        for trait in plan.metrics
    }


def _traits(plan: Plan) -> exp.Select:
    """The values of the metrics; a float as the decimal that is nearest, so that the order of adding has no say."""
    columns = [_value(trait, plan.traits[trait]) for trait in plan.metrics]
    return select(column(plan.entity.key), *columns).from_(model(f"{plan.name}_traits"), copy=False)


def _value(trait: Trait, name: str) -> exp.Expr:
    if _type(trait) is not Type.FLOAT:
        return column(name)
    is_small = compared(exp.Abs(this=column(name)), "<", exp.Literal.number(LARGEST_FLOAT))
    return exp.alias_(exp.Case(ifs=[exp.If(this=is_small, true=cast(column(name), EXACT))]), identifier(name))


def _type(trait: Trait) -> Type:
    """The type of a metric's values."""
    match trait:
        case AttributeTrait(attribute):
            return attribute.type
        case MeasureTrait(measure, total):
            attribute = measure.attribute
        case RowsTrait(total=total, attribute=attribute):
            pass
        case _:
            raise AssertionError("metrics are numbers")
    counted = total in (Total.COUNT, Total.DAYS, Total.DISTINCT)
    return Type.INTEGER if counted or attribute is None else attribute.type


def _members(plan: Plan) -> Iterator[exp.Select]:
    """One row per segment and member, and one per subject for the base population."""
    key = column(plan.entity.key)
    yield select(aliased(text(BASE), "segment"), key).from_(table("traits"), copy=False)
    for segment in plan.segments:
        named = select(aliased(text(segment.key), "segment"), key.copy()).from_(table("segments"), copy=False)
        yield where(named, [column(segment.key)])


def _by_segment(plan: Plan, names: dict[Trait, tuple[str, ...]]) -> exp.Select:
    segment, key = column("segment", "members"), plan.entity.key
    numbers = (
        said(value, name, words)
        for trait, (known, total, median) in names.items()
        for value, name, words in zip(
            _numbers(trait, plan.traits[trait]), (known, total, median), _part_words(trait), strict=True
        )
    )
    query = select(segment, *numbers).from_(table("members"), copy=False)
    on = compared(column(key, "traits"), "=", column(key, "members"))
    query = query.join(table("traits"), on=on, join_type="inner", copy=False)
    return query.group_by(segment.copy(), copy=False)


def _part_words(trait: Trait) -> tuple[str, ...]:
    return tuple(f"{trait_to_words(trait)} {part}" for part in PARTS)


def _numbers(trait: Trait, name: str) -> tuple[exp.Expr, ...]:
    """How many values are known, their exact sum, and their median; of an even number the mean of the middle two."""
    value = column(name, "traits")
    ordered = value.copy() if _type(trait) is Type.INTEGER else cast(value.copy(), "double")
    return (
        exp.Count(this=value),
        cast(exp.Sum(this=value.copy()), EXACT),
        cast(exp.Median(this=ordered), ROUNDED),
    )


def _by_metric(plan: Plan, names: dict[Trait, tuple[str, ...]]) -> Iterator[exp.Select]:
    """The numbers of each metric below each other."""
    for trait, metric in metric_names(plan).items():
        known, total, median = (column(name) for name in names[trait])
        yield select(
            column("segment"),
            aliased(text(metric), "metric"),
            exp.alias_(known, "known_values"),
            exp.alias_(total, "total"),
            exp.alias_(median, "median"),
        ).from_(table("by_segment"), copy=False)


def metric_names(plan: Plan) -> dict[Trait, str]:
    """What each metric is called in words; two of the same words are told apart by their columns' names."""
    said = [trait_to_words(trait) for trait in plan.metrics]
    return {
        trait: words if said.count(words) == 1 else f"{words} ({plan.traits[trait]})"
        for trait, words in zip(plan.metrics, said, strict=True)
    }
