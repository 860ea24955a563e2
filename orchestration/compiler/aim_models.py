"""Models of what came of audiences: the days on which goals were reached, and the messages that were sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from orchestration.compiler.aim import Aim, Goal, Messages
from orchestration.compiler.canonical import digest_of
from orchestration.compiler.catalog import MESSAGE, Entity, TimeColumn
from orchestration.compiler.compile import Compilation
from orchestration.compiler.imports import Import, not_after, select, union_all, where, with_ctes
from orchestration.compiler.pieces import Document, column_document, model_document
from orchestration.compiler.plan import Plan
from orchestration.compiler.predicates import row_truth, row_values
from orchestration.compiler.sql import (
    Clock,
    aliased,
    all_of,
    as_of,
    cast,
    column,
    compared,
    is_known,
    model,
    moved,
    table,
    text,
)
from orchestration.compiler.words import length_to_words, names_to_words, rule_to_words

ENROLLED = "enrolled"
EMPTY_GOALS = {"audience": "text", "subject_key": "text", "enrolled_on": "date", "reached_on": "date"}
EMPTY_MESSAGES = {
    "audience": "text",
    "subject_key": "text",
    "sent_on": "date",
    **{f"{word}_on": "date" for word in MESSAGE},
}


def goals_select(compilation: Compilation, plans: Sequence[Plan]) -> exp.Query:
    """One row per audience and subject that reached its goal in time: the first day on which it did."""
    last = {plan.name: plan for plan in plans}
    ctes: list[tuple[str, exp.Query]] = [(ENROLLED, select(exp.Star()).from_(model("audience_enrolments"), copy=False))]
    parts: list[exp.Query] = []
    for key, goal in _goals(compilation):
        name = f"{key}_goal"
        ctes.append((name, _days(last[_entity(compilation, key).name], goal)))
        parts.append(_reached(key, goal, name))
    return with_ctes(union_all(parts), ctes) if parts else _nothing(EMPTY_GOALS)


def _goals(compilation: Compilation) -> Iterator[tuple[str, Goal]]:
    return ((key, aim.goal) for key, aim in compilation.aims.items() if aim.goal)


def _entity(compilation: Compilation, audience: str) -> Entity:
    segment = compilation.audiences[audience].segment.text
    return compilation.catalog.entities[compilation.segments[segment].entity]


def _days(plan: Plan, goal: Goal) -> exp.Select:
    """The days on which each subject did what counts as the goal."""
    key = aliased(cast(column(plan.entity.key), "text"), "subject_key")
    query = select(key, column("day")).from_(model(f"{plan.entity.name}_measures"), copy=False)
    named = compared(column("measure"), "=", text(plan.rolled_up[goal.measure]))
    return where(query, [named, is_known(column("day"))])


def _reached(audience: str, goal: Goal, name: str) -> exp.Select:
    """A day counts after the day of the first delivery: what was done on that day was done before it."""
    subject, start = column("subject_key", ENROLLED), column("enrolled_on", ENROLLED)
    on = [
        compared(column("subject_key", name), "=", subject.copy()),
        compared(column("day", name), ">", start.copy()),
        compared(column("day", name), "<=", moved(start.copy(), goal.months, goal.days)),
    ]
    first = aliased(exp.Min(this=column("day", name)), "reached_on")
    query = select(aliased(text(audience), "audience"), subject, start, first).from_(table(ENROLLED), copy=False)
    query = query.join(table(name), on=all_of(on), join_type="inner", copy=False)
    query = where(query, [compared(column("audience", ENROLLED), "=", text(audience))])
    return query.group_by(subject.copy(), start.copy(), copy=False)


def messages_select(compilation: Compilation) -> exp.Query:
    """One row per message that counts as an audience's."""
    ctes: list[tuple[str, exp.Query]] = []
    parts: list[exp.Query] = []
    for audience, aim in compilation.aims.items():
        if aim.messages:
            key, name = _entity(compilation, audience).key, f"{audience}_messages"
            reading = Import(name, compilation.bases.clock, aim.messages.relation.subject, key)
            parts.append(_sent(audience, key, aim.messages, reading))
            ctes.append((name, reading.select(aim.messages.relation.model, _chosen(aim.messages, reading.clock))))
    return with_ctes(union_all(parts), ctes) if parts else _nothing(EMPTY_MESSAGES)


def _chosen(messages: Messages, clock: Clock) -> list[exp.Expr]:
    """That a row is one of the messages, and was sent by the end of the as-of day."""
    at = _sent_at(messages)
    found = [not_after(at, clock)]
    if messages.where:
        found.append(row_truth(messages.where, row_values(clock), clock).expression)
    return found


def _sent_at(messages: Messages) -> TimeColumn:
    assert messages.relation.at, "messages are dated"
    return messages.relation.at


def _sent(audience: str, key: str, messages: Messages, reading: Import) -> exp.Select:
    days = {"sent": reading.day(_sent_at(messages))}
    days |= {word: reading.day(at) for word, at in messages.relation.told.items()}
    columns = [
        aliased(text(audience), "audience"),
        aliased(cast(column(key), "text"), "subject_key"),
        aliased(days["sent"], "sent_on"),
        *(aliased(_by_now(days.get(word)), f"{word}_on") for word in MESSAGE),
    ]
    return select(*columns).from_(table(reading.name), copy=False)


def _by_now(day: exp.Expr | None) -> exp.Expr:
    """A day, unless it is later than the as-of day."""
    if day is None:
        return cast(exp.Null(), "date")
    return exp.Case(ifs=[exp.If(this=compared(day, "<=", as_of()), true=day.copy())])


def _nothing(kinds: dict[str, str]) -> exp.Select:
    return select(*(aliased(cast(exp.Null(), kind), name) for name, kind in kinds.items())).where(
        exp.false(), copy=False
    )


def aim_to_meta(compilation: Compilation, audience: str) -> dict[str, object]:
    """What the marts have to know of an audience's goal and messages.

    `definition` is a digest of what decides about both; `days` is how long, at most, a goal may take; `told` is what is
    known of messages.
    """
    aim = compilation.aims.get(audience, Aim())
    found: dict[str, object] = {}
    if aim.goal:
        found["goal"] = {"words": _goal_to_words(aim.goal), "days": aim.goal.most_days}
    if aim.messages:
        found["messages"] = {"relation": aim.messages.relation.name, "told": ["sent", *aim.messages.relation.told]}
    if found:
        found["definition"] = _definition(compilation, audience, aim)
    return found


def _definition(compilation: Compilation, audience: str, aim: Aim) -> str:
    entity = _entity(compilation, audience)
    told: list[object] = [entity.key, compilation.bases.clock.timezone]
    if aim.goal:
        told += [entity.events, aim.goal]
    if aim.messages:
        told += [aim.messages, aim.messages.relation.told]
    return digest_of(*told)[:12]


def _goal_to_words(goal: Goal) -> str:
    where = f" where {rule_to_words(goal.measure.where)}" if goal.measure.where else ""
    return f"{names_to_words(goal.measure.names)}{where} within {length_to_words(goal.months, goal.days)}"


def aim_documents() -> list[Document]:
    """The models of goals and messages."""
    subject = [column_document("audience", "The audience's key."), column_document("subject_key", "The subject's key.")]
    reached = [
        *subject,
        column_document("enrolled_on", "The day of the first delivery, or the first day held out."),
        column_document("reached_on", "The first later day with the goal's event, in time."),
    ]
    sent = [
        *subject,
        column_document("sent_on", "The local day on which the message was sent."),
        *(column_document(f"{word}_on", f"The local day on which it was {word}; null before.") for word in MESSAGE),
    ]
    return [
        model_document("audience_goals", "Who reached an audience's goal, and when.", reached, materialized="view"),
        model_document("audience_messages", "The messages that audiences were sent.", sent, materialized="view"),
    ]
