"""The tests of a segment as understood: made-up subjects, the day they are judged, and what is expected of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TypeAlias

from orchestration.compiler.catalog import Link, Rows
from orchestration.compiler.problem import Span

Given: TypeAlias = str | int | Decimal | bool | date | datetime | tuple[str | None, ...] | None
Values: TypeAlias = Mapping[str, Given]


@dataclass(frozen=True)
class GivenRow:
    """A row of events or of a relation, by column; it stands there so many times."""

    rows: Rows
    values: Values
    times: int = 1


@dataclass(frozen=True)
class GivenVersion:
    """What was different, by column, until the end of the day before `until`."""

    until: date
    values: Values


@dataclass(frozen=True)
class GivenSubject:
    """A made-up subject: its values by column, earlier versions of them, its rows, and who is attached to it.

    Columns that are not given are unknown; the key is made up where none is given.
    """

    entity: str
    key: str | int | None
    values: Values
    earlier: tuple[GivenVersion, ...] = ()
    rows: tuple[GivenRow, ...] = ()
    attached: tuple[tuple[Link, GivenSubject], ...] = ()


@dataclass(frozen=True)
class GivenStay:
    """A recorded stay of the subject in a segment; `until` is the first day out."""

    segment: str
    since: date
    until: date | None


@dataclass(frozen=True)
class SpecTest:
    """Whether the subject is a member on a day, in a world where it lives with `others`; `span` is `member`'s."""

    name: str
    as_of: date
    subject: GivenSubject
    others: tuple[GivenSubject, ...]
    stays: tuple[GivenStay, ...]
    member: bool
    span: Span
