"""Both sides of a change judged in one statement: a row per subject, what holds before and what holds after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlglot import exp

from orchestration.compiler.imports import select, with_ctes
from orchestration.compiler.render import to_text
from orchestration.compiler.segment import Rule
from orchestration.compiler.sql import aliased, cast, column, compared, is_known, table
from orchestration.questions import Questions
from orchestration.questions.counting import how_many
from orchestration.questions.question import Locate
from orchestration.warehouse import Value, Warehouse, quoted_name

SUBJECT = "subject"
CHUNK = 500  # sums in one select


@dataclass(frozen=True)
class Side:
    """One side of a comparison: whom to ask, which rules, and where tables lie. `name` is `before` or `after`."""

    name: str
    questions: Questions
    rules: tuple[Rule, ...]
    locate: Locate

    @cached_property
    def _columns(self) -> dict[Rule, str]:
        return {rule: f"{self.name}_{number}" for number, rule in enumerate(self.rules)}

    @property
    def key(self) -> str:
        """The column of the subject's key as this side's tables have it."""
        return f"{self.name}_key"

    @property
    def present(self) -> str:
        """The column that says whether a subject is in this side's base population."""
        return f"in_{self.name}"

    def column(self, rule: Rule) -> str:
        """The column that says whether a rule holds."""
        return self._columns[rule]

    def holds(self, rule: Rule) -> str:
        """Whether a rule holds, false outside of the base population, as SQL."""
        return f"coalesce({self.column(rule)}, false)"

    def judges(self, rule: Rule) -> bool:
        return rule in self._columns

    def knows(self, entity: str) -> bool:
        return entity in self.questions.compilation.catalog.entities

    def select(self, entity: str, day: date) -> exp.Select:
        """The inline query of this side's rules, with its columns named for the comparison."""
        asked = self.questions.question(entity, self.rules, day, self.locate)
        key, *found = asked.query.expressions
        named = [exp.alias_(each, self.column(rule)) for each, rule in zip(found, self.rules, strict=True)]
        keys = [exp.alias_(cast(key.copy(), "text"), SUBJECT), exp.alias_(key, self.key)]
        asked.query.set("expressions", [*keys, *named])
        return asked.query


@dataclass(frozen=True)
class Judged:
    """A temporary table of an entity's subjects, a column per rule and side."""

    warehouse: Warehouse
    table: str
    sides: tuple[Side, ...]

    def counts(self, conditions: Sequence[str], among: str = "true") -> list[int]:
        """How many subjects meet each of some conditions on the table's columns, among those who meet one."""
        found: list[int] = []
        for start in range(0, len(conditions), CHUNK):
            part = conditions[start : start + CHUNK]
            summed = ", ".join(map(how_many, part))
            found += (int(str(count)) for count in self._row(f"{summed} from {self.table} where {among}"))
        return found

    def _row(self, asked: str) -> tuple[Value, ...]:
        return self.warehouse.rows(f"select {asked}")[0]

    def some(self, condition: str, limit: int) -> list[str]:
        """The keys of a few subjects who meet a condition: the same ones whenever it is asked."""
        order = f"order by md5({SUBJECT}), {SUBJECT} limit {limit}"
        rows = self.warehouse.rows(f"select {SUBJECT} from {self.table} where {condition} {order}")
        return [str(key) for (key,) in rows]


@contextmanager
def judged(warehouse: Warehouse, entity: str, day: date, sides: Iterable[Side]) -> Iterator[Judged]:
    """Judge an entity's subjects by the rules of all sides, in one statement. Raises QuestionError, WarehouseError."""
    asked = tuple(side for side in sides if side.knows(entity))
    name = f"muster_compared_{entity}"
    statement = to_text(_both(entity, day, asked), warehouse.dialect)
    with temporary(warehouse, "table", name, statement):
        yield Judged(warehouse, quoted_name(name), asked)


def date_literal(day: date) -> str:
    """A day as SQL."""
    return f"date '{day.isoformat()}'"


@contextmanager
def temporary(warehouse: Warehouse, kind: str, name: str, statement: str) -> Iterator[None]:
    """A table or view of this connection alone: nothing of it is written to the warehouse."""
    warehouse.execute(f"create temporary {kind} {quoted_name(name)} as {statement}")
    try:
        yield
    finally:
        warehouse.execute(f"drop {kind} {quoted_name(name)}")


def _both(entity: str, day: date, sides: Sequence[Side]) -> exp.Select:
    ctes = [(side.name, side.select(entity, day)) for side in sides]
    names = [side.name for side in sides]
    subjects: list[exp.Expr] = [column(SUBJECT, name) for name in names]
    subject = subjects[0] if len(subjects) == 1 else exp.Coalesce(this=subjects[0], expressions=subjects[1:])
    columns: list[exp.Expr] = [aliased(subject, SUBJECT)]
    for side in sides:
        columns.append(aliased(is_known(column(SUBJECT, side.name)), side.present))
        columns.append(column(side.key, side.name))
        columns += (column(side.column(rule), side.name) for rule in side.rules)
    query = select(*columns).from_(table(names[0]), copy=False)
    for other in names[1:]:
        on = compared(column(SUBJECT, other), "=", column(SUBJECT, names[0]))
        query = query.join(table(other), on=on, join_type="full", copy=False)
    return with_ctes(query, [*ctes])
