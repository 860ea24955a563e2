"""The select of an entity's traits while it is put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from sqlglot import exp

from orchestration.compiler.catalog import Rows
from orchestration.compiler.imports import Bases, Import, bare, seen
from orchestration.compiler.names import Namer, comment, uncut
from orchestration.compiler.plan import Plan
from orchestration.compiler.sql import Clock, aliased, column, compared, number
from orchestration.compiler.trait import Trait
from orchestration.compiler.trait_words import trait_to_words

T = TypeVar("T", bound=Trait)
Later: TypeAlias = Callable[[], exp.Query]


@dataclass
class Building:
    """CTEs in order, a left join for each aggregate, and the expression of each trait."""

    plan: Plan
    bases: Bases
    namer: Namer = field(default_factory=Namer)
    ctes: list[tuple[str, Later]] = field(default_factory=list)
    imports: dict[str, Import] = field(default_factory=dict)
    joins: list[tuple[str, exp.Expr]] = field(default_factory=list)
    values: dict[Trait, exp.Expr] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return self.plan.entity.key

    @property
    def clock(self) -> Clock:
        return self.bases.clock

    @property
    def base(self) -> str:
        """The CTE with one row per subject, which all others are joined to."""
        return self.ctes[0][0]

    def of_kind(self, kind: type[T]) -> list[T]:
        return [trait for trait in self.plan.traits if isinstance(trait, kind)]

    def name_of(self, trait: Trait) -> str:
        return self.plan.traits[trait]

    def named(self, value: exp.Expr, trait: Trait) -> exp.Expr:
        """A value under its trait's name."""
        return aliased(value, self.name_of(trait))

    def add(self, wanted: str, query: exp.Query, meaning: str) -> str:
        """A CTE; its name."""
        name = self.namer.name(wanted, meaning)
        self.ctes.append((name, lambda: query))
        return name

    def rows(self, rows: Rows) -> Import:
        """The CTE that reads dated or undated rows, once for all that look at them."""
        identity = f"{type(rows).__name__} {rows.name}"
        if identity not in self.imports:
            name = self.namer.name(bare(rows.model), identity)
            reading = Import(name, self.clock, rows.subject, self.key)
            self.imports[identity] = reading
            self.ctes.append((name, lambda: reading.select(rows.model, seen(rows.at, self.clock))))
        return self.imports[identity]

    def join(self, wanted: str, query: exp.Query, meaning: str) -> str:
        """A CTE with at most one row per subject, joined to the base by its key; its name."""
        name = self.add(wanted, query, meaning)
        self.joins.append((name, compared(column(self.key, name), "=", column(self.key, self.base))))
        return name

    def take(self, trait: Trait, cte: str, *, zero: bool = False) -> None:
        """A trait from the column of a joined CTE; with `zero` that is its value where there is no row."""
        value: exp.Expr = column(self.name_of(trait), cte)
        self.values[trait] = exp.Coalesce(this=value, expressions=[number(0)]) if zero else value

    def finished(self) -> list[tuple[str, exp.Query]]:
        """The CTEs, with all columns that were asked for."""
        return [(name, query()) for name, query in self.ctes]

    def columns(self) -> list[exp.Expr]:
        """The select list; a column whose name had to be cut gets its whole meaning as a comment."""
        found: list[exp.Expr] = [column(self.key, self.base)]
        for trait, value in self.values.items():
            named = aliased(value, self.name_of(trait))
            words = trait_to_words(trait)
            if self.name_of(trait) != uncut(words):
                if named is value:
                    named = value.copy()
                named.add_comments([comment(words)])
            found.append(named)
        return found
