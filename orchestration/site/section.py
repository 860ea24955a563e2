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

    Words stand in the first twelve columns at most. The cells of the first column head their rows; `links` leads from
    one of their texts to a page.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def word_places(self) -> tuple[int, ...]:
        """The places of the columns of words, from 1 on; the first column is always one."""
        return tuple(place for place, column in enumerate(self.columns, 1) if column in self.words and place > 1)


@dataclass(frozen=True)
class Chart:
    """A chart by its specification's name, what it shows in a sentence, and its data by name."""

    name: str
    title: str
    sentence: str
    data: Mapping[str, Dataset]


@dataclass(frozen=True)
class Section:
    """A part of a page under a heading of its own; `tables` say what its charts show, or stand by themselves.

    Without any of them `text` says why there are none.
    """

    id: str
    title: str
    text: str = ""
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    note: str = ""
