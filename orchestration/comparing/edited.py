"""Who would have moved on the day had no definition been edited: what a run notes before it judges by new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date

from sqlglot import exp

from orchestration.comparing.changes import Change, is_judged
from orchestration.comparing.judging import date_literal, temporary
from orchestration.comparing.movement import member
from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import EDITS, EDITS_TABLE, to_text
from orchestration.compiler.segment import Segment, moves
from orchestration.questions import Questions
from orchestration.questions.question import Locate
from orchestration.warehouse import Warehouse, quoted_name

NAME = "muster_unedited_moves"


@contextmanager
def unedited_moves(
    before: Questions, after: Questions, changes: Iterable[Change], warehouse: Warehouse, day: date
) -> Iterator[Locate]:
    """Where the specs after find their tables, with the moves of the day by the definitions before among them.

    `entered_segment` and `left_segment` count moves by data also on the day on which a definition is edited.
    """
    looked_at = _looked_at(after.compilation)
    edited = [each for each in changes if each.key in looked_at and _is_edited(before, after, each)]
    if not edited:
        yield after.places.locate
        return
    parts = [_moves(before, each.before, each.key, day) for each in edited if each.before]
    earlier = f"select {', '.join(EDITS)} from {EDITS_TABLE} where as_of_date < {date_literal(day)}"
    with temporary(warehouse, "table", NAME, " union all ".join((earlier, *parts))):
        yield lambda model: _table() if model == EDITS_TABLE else after.places.locate(model)


def _looked_at(compilation: Compilation) -> frozenset[str]:
    return frozenset(key for segment in compilation.segments.values() for key in moves(segment.rule))


def _is_edited(before: Questions, after: Questions, change: Change) -> bool:
    """Whether a segment that was recorded is judged by another definition now, and a run would tell that apart."""
    old, new = change.before, change.after
    if old is None or new is None or not is_judged(old) or not before.places.columns("unedited_moves"):
        return False
    is_recorded = old.key in before.places.columns(_history(old))
    return is_recorded and before.compilation.definition(old.key) != after.compilation.definition(new.key)


def _history(segment: Segment) -> str:
    return f"{segment.entity}_history"


def _moves(questions: Questions, segment: Segment, key: str, day: date) -> str:
    """Who of those that were there the day before changes sides by the definition before, under the key of today."""
    asked = questions.question(segment.entity, (member(segment),), day)
    dialect = questions.warehouse.dialect
    subject = quoted_name(questions.compilation.catalog.entities[segment.entity].key)
    at = f"timestamp '{day.isoformat()} 00:00:00'"
    history = questions.places.locate(_history(segment)).sql(dialect)
    return (
        f"select {date_literal(day)}, '{segment.entity}', '{key}', cast(unedited.{subject} as varchar), "
        f"case when unedited.{quoted_name(asked.names[1])} then 'entered' else 'exited' end, 'data' "
        f"from ({to_text(asked.query, dialect)}) as unedited inner join {history} as held "
        f"on held.{subject} = unedited.{subject} and held.dbt_valid_from < {at} "
        f"and (held.dbt_valid_to is null or held.dbt_valid_to >= {at}) "
        f"where coalesce(unedited.{quoted_name(asked.names[1])}, false) "
        f"<> coalesce(held.{quoted_name(segment.key)}, false)"
    )


def _table() -> exp.Table:
    return exp.Table(this=exp.to_identifier(NAME, quoted=True))
