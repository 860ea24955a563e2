"""Waterfalls: how many of the base population pass each condition of a segment, alone and after those before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from orchestration.compiler.flags import rule_to_flag
from orchestration.compiler.imports import select, union_all, where, with_ctes
from orchestration.compiler.names import Namer, slug
from orchestration.compiler.plan import Plan
from orchestration.compiler.segment import All, MoveCondition, Rule, Segment, SegmentCondition, Status, conditions
from orchestration.compiler.sql import (
    Clock,
    aliased,
    all_of,
    as_of,
    cast,
    column,
    compared,
    model,
    number,
    said,
    table,
    text,
)
from orchestration.compiler.trait import Trait
from orchestration.compiler.words import rule_to_words

BASE = "base population"
COLUMNS = ("segment", "step", "condition", "passing_alone", "passing")
MAX_STEPS = 700  # a step takes up to two columns, and PostgreSQL's selects end at 1,664


def rule_to_steps(rule: Rule) -> tuple[Rule, ...]:
    """What members pass one after the other: the parts of an `all`, each group in it as a whole."""
    match rule:
        case All((only,)):
            return rule_to_steps(only)
        case All(rules):
            return rules
        case _:
            return (rule,)


def waterfall_select(plans: Sequence[Plan], clock: Clock) -> exp.Query:
    """One row per active segment of an entity and step of its rule; step 0 is the base population."""
    parts = [part for plan in plans for part in _parts(plan)]
    ctes = [cte for part in parts for cte in part.ctes(clock)]
    rows = [row for part in parts for row in part.rows()]
    steps = union_all(rows) if rows else where(_row("", 0, "", number(0), number(0)), [exp.false()])
    by_step = exp.Order(expressions=[exp.Ordered(this=column("step"))])
    before = exp.Window(this=exp.Lag(this=column("passing")), partition_by=[column("segment")], order=by_step)
    lost = exp.Coalesce(this=exp.Sub(this=before, expression=column("passing")), expressions=[number(0)])
    query = select(
        aliased(as_of(), "as_of_date"),
        *(column(name) for name in COLUMNS[:3]),
        *(aliased(cast(_counted(name), "bigint"), name) for name in COLUMNS[3:]),
        aliased(cast(lost, "bigint"), "lost"),
    )
    return with_ctes(query.from_(table("steps"), copy=False), [*dict(ctes).items(), ("steps", steps)])


def _counted(name: str) -> exp.Expr:
    """A number of subjects; over none of them some engines count nothing instead of 0."""
    return exp.Coalesce(this=column(name), expressions=[number(0)])


def _row(segment: str, step: int, condition: str, passing_alone: exp.Expr, passing: exp.Expr) -> exp.Select:
    values = (text(segment), number(step), text(condition), passing_alone, passing)
    return select(*(aliased(value, name) for name, value in zip(COLUMNS, values, strict=True)))


def _parts(plan: Plan) -> Iterator[_Part]:
    """The plan's active segments, as many together as one select can count."""
    held: list[Segment] = []
    steps = 0
    for segment in plan.judged:
        if segment.status is not Status.ACTIVE:
            continue
        more = len(rule_to_steps(segment.rule))
        if held and steps + more > MAX_STEPS:
            yield _Part(plan, tuple(held), f"_from_{held[0].key}")
            held, steps = [], 0
        held.append(segment)
        steps += more
    if held:
        yield _Part(plan, tuple(held), f"_from_{held[0].key}" if held[0] is not _first(plan) else "")


def _first(plan: Plan) -> Segment:
    return next(segment for segment in plan.judged if segment.status is Status.ACTIVE)


@dataclass(frozen=True)
class _Part:
    """Segments of one plan whose conditions one select counts; `suffix` tells it from the plan's other parts."""

    plan: Plan
    segments: tuple[Segment, ...]
    suffix: str

    @property
    def traits(self) -> str:
        return f"{self.plan.name}_traits"

    @property
    def flags(self) -> str:
        return f"{self.plan.name}_segments"

    @property
    def passed(self) -> str:
        return f"{self.plan.name}_conditions{self.suffix}"

    @property
    def counted(self) -> str:
        return f"{self.plan.name}_counted{self.suffix}"

    @cached_property
    def conditions(self) -> dict[Rule, str]:
        """What each condition's column is called, however many segments share it."""
        rules = dict.fromkeys(step for segment in self.segments for step in rule_to_steps(segment.rule))
        namer = Namer("base")
        return {rule: namer.name(slug(rule_to_words(rule)), repr(rule)) for rule in rules}

    @cached_property
    def reached(self) -> dict[tuple[str, int], str]:
        """What the numbers of each segment's second step and those after it are called."""
        namer = Namer("base", *self.conditions.values())
        return {
            (segment.key, step): namer.name(slug(f"{segment.key} up to {rule_to_words(rule)}"), f"{segment.key} {step}")
            for segment in self.segments
            for step, rule in enumerate(rule_to_steps(segment.rule), 1)
            if step > 1
        }

    @cached_property
    def looks_at_flags(self) -> bool:
        asked = (each for segment in self.segments for each in conditions(segment.rule))
        return any(isinstance(each, SegmentCondition | MoveCondition) for each in asked)

    def ctes(self, clock: Clock) -> list[tuple[str, exp.Query]]:
        """What is read, one row per subject with what it passes, and one row with the numbers."""
        imports = [self.traits, self.flags] if self.looks_at_flags else [self.traits]
        return [
            *((name, select(exp.Star()).from_(model(name), copy=False)) for name in imports),
            (self.passed, self._passes(clock)),
            (self.counted, select(*self._counts()).from_(table(self.passed), copy=False)),
        ]

    def _passes(self, clock: Clock) -> exp.Select:
        source = self.traits if self.looks_at_flags else None

        def of_trait(trait: Trait) -> exp.Expr:
            return column(self.plan.traits[trait], source)

        def of_segment(key: str) -> exp.Expr:
            return column(key, self.flags)

        found = [
            said(rule_to_flag(rule, clock, of_trait, of_segment), name, rule_to_words(rule))
            for rule, name in self.conditions.items()
        ]
        query = select(*found).from_(table(self.traits), copy=False)
        if self.looks_at_flags:
            key = self.plan.entity.key
            on = compared(column(key, self.flags), "=", column(key, self.traits))
            query = query.join(table(self.flags), on=on, join_type="inner", copy=False)
        return query

    def _counts(self) -> Iterator[exp.Expr]:
        """The base population, each condition alone, and each segment's conditions up to each after the first."""
        yield aliased(exp.Count(this=exp.Star()), "base")
        for name in self.conditions.values():
            yield exp.alias_(exp.CountIf(this=column(name)), name)
        for (key, step), name in self.reached.items():
            passed = [column(each) for each in self._steps(key)[:step]]
            yield aliased(exp.CountIf(this=all_of([*passed])), name)

    def _steps(self, key: str) -> list[str]:
        (segment,) = (each for each in self.segments if each.key == key)
        return [self.conditions[rule] for rule in rule_to_steps(segment.rule)]

    def rows(self) -> Iterator[exp.Query]:
        """One row per segment and step, read from the row with the numbers."""
        for segment in self.segments:
            base = column("base")
            yield _row(segment.key, 0, BASE, base, base.copy()).from_(table(self.counted), copy=False)
            for step, rule in enumerate(rule_to_steps(segment.rule), 1):
                alone = self.conditions[rule]
                passing = column(self.reached.get((segment.key, step), alone))
                row = _row(segment.key, step, rule_to_words(rule), column(alone), passing)
                yield row.from_(table(self.counted), copy=False)
