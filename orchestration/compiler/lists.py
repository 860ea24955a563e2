"""Fixed lists: a CSV file's rows with the lines they stand on, and the keys among them.

The first line names the columns. Lines that begin with `#` are comments; empty lines are nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from orchestration.compiler.catalog import Entity
from orchestration.compiler.conflicts import refuse_conflicts
from orchestration.compiler.fields import error
from orchestration.compiler.problem import Problem, Problems, SourceFile, Span, closest, nearest
from orchestration.compiler.segment import StaticMembers
from orchestration.compiler.source import Scalar, refuse_odd_characters

MAX_LIST_BYTES = 10_000_000
MAX_LINES = 250_000
MAX_COLUMNS = 1_000
SHOWN = 20


class Row(NamedTuple):
    """The values of one row, and the first and last line it stands on."""

    values: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class StaticList:
    """A fixed list as written."""

    source: SourceFile
    header: Row
    rows: tuple[Row, ...] = field(repr=False)

    def keys(self, column: str) -> dict[str, int]:
        """Each key of a column, with the first line it stands on."""
        place = self.header.values.index(column)
        found: dict[str, int] = {}
        for row in self.rows:
            found.setdefault(row.values[place].strip(), row.first)
        found.pop("", None)
        return found


def line_span(source: SourceFile, line: int) -> Span:
    """A whole line of a list."""
    text = source.lines[line - 1] if line <= len(source.lines) else ""
    return Span(source, line, 1, max(1, len(text)))


class _Lines:
    """A file's lines for the csv module, without the comments between rows."""

    def __init__(self, source: SourceFile) -> None:
        self.lines = enumerate(source.text.split("\n"), start=1)
        self.number = 0
        self.first: int | None = None

    def __iter__(self) -> Iterator[str]:
        for number, line in self.lines:
            self.number = number
            if self.first is None and (line.startswith("#") or not line.strip()):
                continue
            self.first = self.first or self.number
            yield f"{line}\n"


def source_to_list(source: SourceFile) -> StaticList:
    """The rows of a CSV file. Raises Problems: text that is no CSV, rows of another length than the first line."""
    if source.unreadable:
        raise Problems((source.unreadable,))
    refuse_conflicts(source)
    refuse_odd_characters(source)
    if "\r" in source.text:
        span = source.span_at(source.text.index("\r"))
        help_ = "save it with the line ends of Unix or Windows"
        raise error("bad-list", "a line ends with a carriage return alone", span, help_)
    if source.text.count("\n") > MAX_LINES:
        message, help_ = f"the list has more than {MAX_LINES:,} lines", "load it into a table of the warehouse"
        raise error("too-large", message, Span(source, 1, 1, 1), help_)
    rows = _rows(source)
    if not rows:
        help_ = "its first line names the columns, as in `person_id`"
        raise error("bad-list", "the list is empty", Span(source, 1, 1, 1), help_)
    if len(rows[0].values) > MAX_COLUMNS:
        message = f"the first line names more than {MAX_COLUMNS:,} columns"
        raise error("bad-list", message, line_span(source, rows[0].first), "remove the commas, or the columns")
    header = Row(tuple(name.strip() for name in rows[0].values), rows[0].first, rows[0].last)
    problems = [*_twice_named(source, header), *_uneven_rows(source, header, rows[1:])]
    if problems:
        raise Problems(problems)
    return StaticList(source, header, tuple(rows[1:]))


def _rows(source: SourceFile) -> list[Row]:
    lines = _Lines(source)
    found: list[Row] = []
    try:
        for values in csv.reader(lines, strict=True):
            assert lines.first is not None, "a row has a line"
            found.append(Row(tuple(values), lines.first, lines.number))
            lines.first = None
    except csv.Error as wrong:
        raise Problems((_csv_problem(source, lines.first or 1, lines.number, str(wrong)),)) from None
    return found


def _csv_problem(source: SourceFile, first: int, last: int, detail: str) -> Problem:
    if "field larger" in detail or "unexpected end" in detail:
        span, message = line_span(source, first), "a quoted value begins here that has no end"
        return Problem("bad-list", message, span, "close the quotes, or leave them out")
    message = "text after the end of a quoted value"
    return Problem("bad-list", message, line_span(source, last), 'write a quote inside of quotes twice: "a ""b"" c"')


def _twice_named(source: SourceFile, header: Row) -> list[Problem]:
    names = [name for name in header.values if name]
    twice = dict.fromkeys(name for name in names if names.count(name) > 1)
    span, help_ = line_span(source, header.first), "rename or remove one of the two"
    return [Problem("bad-list", f"the first line names the column `{name}` twice", span, help_) for name in twice]


def _uneven_rows(source: SourceFile, header: Row, rows: list[Row]) -> list[Problem]:
    wanted = len(header.values)
    help_ = "quote a value that holds a comma"
    uneven = islice((row for row in rows if len(row.values) != wanted), SHOWN)
    return [
        Problem(
            "bad-list",
            f"this row has {_counted(len(row.values))} and the first line {_counted(wanted)}",
            line_span(source, row.first),
            help_,
        )
        for row in uneven
    ]


def _counted(columns: int) -> str:
    return "one column" if columns == 1 else f"{columns} columns"


def node_to_members(path: Scalar, entity: Entity, lists: Mapping[str, StaticList | None]) -> StaticMembers | None:
    """The fixed list a segment names: the column with the name of the entity's key. Raises Problems.

    None for a list that could not be read; that is a problem already.
    """
    if path.text not in lists:
        raise error("no-list", f"there is no list `{path.text}`", path.span, _list_help(path.text, lists))
    found = lists[path.text]
    if found is None:
        return None
    if entity.key not in found.header.values:
        raise error(
            "bad-list",
            f"no column `{entity.key}` in the first line",
            line_span(found.source, found.header.first),
            _header_help(entity, found.header),
        )
    return StaticMembers(path.text, tuple(sorted(found.keys(entity.key))))


def _list_help(path: str, lists: Mapping[str, StaticList | None]) -> str:
    return nearest(path, lists) or "put a CSV file into segment_specs/static and name it as in `static/testers.csv`"


def _header_help(entity: Entity, header: Row) -> str:
    sign = next((sign for sign in ";\t|" if any(sign in name for name in header.values)), None)
    if sign:
        return "part columns by commas"
    if closest(entity.key, header.values):
        return f"rename a column to `{entity.key}`, the key of {entity.name}"
    return f"begin the file with a line that names the columns; `{entity.key}` is the key of {entity.name}"
