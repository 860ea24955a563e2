"""CSV as RFC 4180 has it: UTF-8 without a mark, lines end with CR LF, cells are quoted where they must be.

An unknown value is an empty cell, booleans are `true` and `false`, lists are JSON.
"""

from __future__ import annotations

import csv
import io
import re
from typing import assert_never

from orchestration.audiences.files.form import Formulas
from orchestration.audiences.files.table import Table
from orchestration.audiences.values import Json, json_to_cell

BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def table_to_csv(table: Table, formulas: Formulas) -> bytes:
    """The table with its columns' names as the first line."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table.columns)
    writer.writerows([_cell(row.get(column), formulas) for column in table.columns] for row in table.rows)
    return text.getvalue().encode()


def _cell(value: Json, formulas: Formulas) -> str:
    match formulas:
        case Formulas.KEEP:
            return json_to_cell(value)
        case Formulas.NEUTRALISE:
            return harmless(json_to_cell(value))
        case _:
            assert_never(formulas)


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows as text: with an apostrophe in front where it would calculate."""
    formula = cell.startswith(BEGINS_A_FORMULA) and not NUMBER.fullmatch(cell)
    return f"'{cell}" if formula else cell
