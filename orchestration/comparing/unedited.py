"""Who moves on the day itself by the rules before a change: a run of that day tells these moves from an edit's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from sqlglot import exp

from orchestration.comparing.changes import Change, is_judged
from orchestration.comparing.judging import temporary
from orchestration.comparing.movement import member
from orchestration.compiler.catalog import Entity
from orchestration.compiler.plan import Plan
from orchestration.compiler.render import EDITS, EDITS_TABLE, to_text
from orchestration.compiler.segment import Segment
from orchestration.compiler.sql import text
from orchestration.questions import Questions
from orchestration.questions.question import rules_to_question
from orchestration.warehouse import Warehouse, quoted_name

TABLE = "muster_unedited_moves"


@contextmanager
def unedited(
    warehouse: Warehouse, before: Questions, changes: Iterable[Change], plans: Iterable[Plan], day: date
) -> Iterator[str | None]:
    """A temporary table of moves apart from edits, the day's own among them; none where no rule asks for moves.

    `plans` are those after the change. Raises QuestionError, WarehouseError.
    """
    asked = {key for plan in plans for key in plan.recorded}
    edited = [
        (each.before, each.after)
        for each in changes
        if each.moves and each.before and each.after and each.after.key in asked and is_judged(each.before)
    ]
    selects = [_moves(before, old, new, day) for old, new in edited if _held(before, old, day)]
    if not selects:
        yield None
        return
    with temporary(warehouse, "table", TABLE, " union all ".join([*_earlier(before, day), *selects])):
        yield TABLE


def _held(before: Questions, segment: Segment, day: date) -> str | None:
    """The column of the history that has the segment."""
    return before.recorded_before(day).key(segment.entity, segment.key)


def _earlier(before: Questions, day: date) -> Iterator[str]:
    """What was recorded of edits on other days."""
    if before.recorded_before(day).has_edits:
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in EDITS.items())
        where = before.places.locate(EDITS_TABLE).sql(before.warehouse.dialect)
        yield f"select {columns} from {where} where as_of_date <> date '{day}'"


def _moves(before: Questions, old: Segment, new: Segment, day: date) -> str:
    """Who would change sides on the day by the rule before, under the key that the segment has after."""
    entity = before.compilation.catalog.entities[old.entity]
    dialect = before.warehouse.dialect
    names = ", ".join(text(each).sql(dialect) for each in (old.entity, new.key))
    return (
        f"select date '{day}', {names}, coalesce(now_in.subject, was_in.subject), "
        "case when coalesce(now_in.is_member, false) then 'entered' else 'exited' end, 'data' "
        f"from ({_now(before, entity, old, day)}) as now_in "
        f"full outer join ({_then(before, entity, old, day)}) as was_in on was_in.subject = now_in.subject "
        "where coalesce(now_in.is_member, false) <> coalesce(was_in.is_member, false)"
    )


def _now(before: Questions, entity: Entity, segment: Segment, day: date) -> str:
    asked = rules_to_question(
        before.compilation,
        entity.name,
        [member(segment)],
        day,
        before.places.locate,
        recorded=before.recorded_before(day),
    )
    key, flag = asked.query.expressions
    asked.query.set("expressions", [exp.alias_(exp.cast(key, "text"), "subject"), exp.alias_(flag, "is_member")])
    return to_text(asked.query, before.warehouse.dialect)


def _then(before: Questions, entity: Entity, segment: Segment, day: date) -> str:
    history = before.places.locate(f"{entity.name}_history").sql(before.warehouse.dialect)
    key, flag = quoted_name(entity.key), quoted_name(_held(before, segment, day) or segment.key)
    return (
        f"select cast({key} as text) as subject, {flag} as is_member from {history} "
        f"where dbt_valid_from < date '{day}' and (dbt_valid_to is null or dbt_valid_to >= date '{day}')"
    )
