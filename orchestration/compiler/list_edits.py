"""Adding keys to a fixed list and taking them out; all else in the file stays as it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.compiler.lists import StaticList


@dataclass(frozen=True)
class ListEdit:
    """The file's new text; the keys that changed it, and those that did not."""

    text: str
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]


def add_keys(found: StaticList, text: str, column: str, keys: Iterable[str]) -> ListEdit:
    """Keys that are not in the list yet, each in a row at its end. `text` is the file's, as it is on the disk."""
    known = found.keys(column)
    wanted = tuple(dict.fromkeys(keys))
    added = tuple(key for key in wanted if key not in known)
    ends = "\r\n" if "\r\n" in text else "\n"
    place, width = found.header.values.index(column), len(found.header.values)
    rows = "".join(_row(key, place, width, ends) for key in added)
    before = text if text.endswith("\n") or not rows else text + ends
    return ListEdit(before + rows, added, tuple(key for key in wanted if key in known))


def _row(key: str, place: int, width: int, ends: str) -> str:
    values = [""] * width
    values[place] = key
    written = io.StringIO()
    if values[0].startswith("#"):  # a line that begins so would be a comment
        csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator=ends).writerow(values)
    else:
        csv.writer(written, lineterminator=ends).writerow(values)
    return written.getvalue()


def remove_keys(found: StaticList, text: str, column: str, keys: Iterable[str]) -> ListEdit:
    """The list without the rows of these keys."""
    known = found.keys(column)
    wanted = tuple(dict.fromkeys(keys))
    removed = tuple(key for key in wanted if key in known)
    place = found.header.values.index(column)
    rows = (row for row in found.rows if row.values[place].strip() in removed)
    gone = {line for row in rows for line in range(row.first, row.last + 1)}
    lines = enumerate(text.split("\n"), start=1)
    kept = "\n".join(line for number, line in lines if number not in gone)
    return ListEdit(kept, removed, tuple(key for key in wanted if key not in known))
