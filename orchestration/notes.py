"""What a run should say about the days it judged, though nothing failed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from orchestration.document import DEFINITION_HISTORY, relations
from orchestration.warehouse import Warehouse


def run_notes(warehouse: Warehouse, document: Mapping[str, Any], days: list[date]) -> tuple[str, ...]:
    """Edits whose moves could not be told from those by data, and files that seem to have been renamed unsaid."""
    span = [days[0], days[-1]]
    edits = warehouse.rows(
        "select as_of_date, segment, problem from ledger.edits "
        "where not told_apart and as_of_date between ? and ? order by all",
        span,
    )
    history = relations(document)[DEFINITION_HISTORY]
    renamed = warehouse.rows(
        f"select cast(begun.dbt_valid_from as date), begun.segment, ended.segment from {history} as ended "
        f"inner join {history} as begun on begun.dbt_valid_from = ended.dbt_valid_to "
        "and begun.definition = ended.definition and begun.segment <> ended.segment "
        "where cast(begun.dbt_valid_from as date) between ? and ? "
        f"and ended.segment not in (select segment from {history} where dbt_valid_to is null) order by all",
        span,
    )
    return (
        *(
            f"{day}: all moves of `{segment}` count as its edit's: the definition before cannot be asked ({problem})"
            for day, segment, problem in edits
        ),
        *(
            f"{day}: `{new}` began as `{old}` ended, with the same definition: if the file was renamed, write "
            f"`formerly: {old}` into it, and the next run joins their histories"
            for day, new, old in renamed
        ),
    )
