"""Rules put to a warehouse: the one place where tests and explanations reach the plan and its inline rendering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from graphlib import CycleError, TopologicalSorter

from sqlglot import exp

from orchestration.compiler.compile import Compilation
from orchestration.compiler.names import Namer
from orchestration.compiler.plan import references
from orchestration.compiler.render import NOTHING_RECORDED, Recorded, inline_name, to_inline
from orchestration.compiler.segment import Condition, Rule, Segment, Status, ranks
from orchestration.compiler.sql import cast, column, compared, table, text
from orchestration.compiler.trait import condition_to_traits, tells_personal

Locate = Callable[[str], exp.Table]


@dataclass(frozen=True)
class Question:
    """A query of subjects: key, whether each rule holds, then the values that conditions look at.

    `values` says in which columns the values of a condition stand; `names` are those of all columns, and `personal` the
    columns that tell values of personal attributes.
    """

    query: exp.Select
    key: exp.Column
    values: dict[Rule, tuple[int, ...]]
    names: tuple[str, ...] = ()
    personal: frozenset[int] = frozenset()


def rules_to_question(
    compilation: Compilation,
    entity: str,
    rules: Sequence[Rule],
    day: date,
    locate: Locate,
    *,
    looked_at: Sequence[Condition] = (),
    recorded: Recorded = NOTHING_RECORDED,
) -> Question:
    """The inline rendering of segments made up for these rules, over the entity's base population."""
    key = compilation.catalog.entities[entity].key
    namer = Namer(key, *compilation.segments)
    names = [namer.name(f"rule_{number}", f"rule {number}") for number in range(len(rules))]
    made_up = {name: _segment(name, entity, rule) for name, rule in zip(names, rules, strict=True)}
    plans = replace(compilation, segments={**compilation.segments, **made_up}).plans_of(entity, *names)
    plan = plans[-1]
    query = to_inline(plans, compilation.bases, day, locate, recorded)
    flags, traits = inline_name(f"{entity}_segments"), inline_name(f"{entity}_traits")
    found = [column(name, flags) for name in (key, *names)]
    values: dict[Rule, tuple[int, ...]] = {}
    personal: set[int] = set()
    for condition in looked_at:
        shown = [trait for trait in condition_to_traits(condition) if trait in plan.traits]
        places = range(len(found), len(found) + len(shown))
        values[condition] = tuple(places)
        personal |= {place for place, trait in zip(places, shown, strict=True) if tells_personal(trait)}
        found += (column(plan.traits[trait], traits) for trait in shown)
    query.set("expressions", found)
    if looked_at:
        query = query.join(table(traits), on=compared(column(key, traits), "=", column(key, flags)), copy=False)
    return Question(query, column(key, flags), values, tuple(each.name for each in found), frozenset(personal))


def only(question: Question, keys: Sequence[object]) -> exp.Select:
    """The question's query about these subjects alone, whose keys are given as texts."""
    return question.query.where(is_one_of(question.key, keys), copy=False)


def is_one_of(key: exp.Expr, keys: Sequence[object]) -> exp.In:
    """That a key, as a text, is one of these."""
    return exp.In(this=cast(key.copy(), "text"), expressions=[text(str(each)) for each in keys])


def _segment(key: str, entity: str, rule: Rule) -> Segment:
    return Segment(
        key=key,
        path="",
        name=key,
        entity=entity,
        description="",
        owner="",
        labels=(),
        status=Status.ACTIVE,
        hidden=False,
        rule=rule,
    )


def sees_others(compilation: Compilation, key: str) -> bool:
    """Whether a segment, or one that it refers to, ranks subjects."""
    return any(ranks(compilation.segments[each].rule) for each in compilation.with_references((key,)))


def awakened(compilation: Compilation) -> Compilation:
    """Every segment judged by its own rule; a paused one sleeps on only where that would make a circle."""
    asleep: set[str] = set()
    while True:
        segments = {key: each if key in asleep else _awake(each) for key, each in compilation.segments.items()}
        try:
            TopologicalSorter({key: references(each) for key, each in segments.items()}).prepare()
        except CycleError as cycle:
            asleep |= {key for key in cycle.args[1] if compilation.segments[key].status is not Status.ACTIVE}
        else:
            return replace(compilation, segments=segments)


def _awake(segment: Segment) -> Segment:
    return segment if segment.status is Status.ACTIVE else replace(segment, status=Status.ACTIVE)
