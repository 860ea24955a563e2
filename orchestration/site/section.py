"""What a page is made of: sections of a text, charts and the tables that say the same as the charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Cell = str | int | float | None
Dataset = Mapping[str, Sequence[Cell]]


def dataset(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Dataset:
    """Values by column, as a chart is given them."""
    return {name: [row[place] for row in rows] for place, name in enumerate(columns)}


@dataclass(frozen=True)
class Table:
    """What a table shows, as text. Columns whose title is among `words` are set left, the others are figures.

    The cells of the first column head their rows; `links` leads from one of their texts to a page.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chart:
    """A chart by its specification's name, what it shows in a sentence, its data, and the same as a table."""

    name: str
    title: str
    sentence: str
    data: Mapping[str, Dataset]
    table: Table


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading of its own; without charts `text` says why there are none."""

    id: str
    title: str
    text: str = ""
    charts: tuple[Chart, ...] = ()
    table: Table | None = None
    note: str = ""
