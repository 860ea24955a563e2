"""JSON Lines: one object a line in UTF-8, every line with all columns in their order, ended by LF.

An unknown value is null; a field keeps its JSON type, so exact decimals and times are text.
"""

from __future__ import annotations

import json

from orchestration.audiences.files.table import Table


def table_to_json_lines(table: Table) -> bytes:
    """The table's rows; there is no line for the columns' names."""
    lines = ({column: row.get(column) for column in table.columns} for row in table.rows)
    return "".join(
        json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n" for line in lines
    ).encode()
