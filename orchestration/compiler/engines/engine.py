"""An engine: the functions that turn the neutral tree's odd nodes into what the engine understands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlglot import ErrorLevel, exp

Rewrite: TypeAlias = Callable[[Any], exp.Expr]


@dataclass(frozen=True)
class Engine:
    """`name` is sqlglot's dialect; a node without a rewrite is left to sqlglot's generator."""

    name: str
    rewrites: Mapping[type[exp.Expr], Rewrite] = field(hash=False, default_factory=dict)

    def rewritten(self, root: exp.Expr) -> exp.Expr:
        """The tree, which is used up, as the engine needs it; its leaves first."""
        for found in reversed(list(root.bfs())):
            rewrite = self.rewrites.get(type(found))
            made = rewrite(found) if rewrite else found
            if made is not found:
                root = made if found is root else root
                found.replace(made)
        return root

    def spelled(self, name: exp.Expr) -> str:
        """A name, or a path of names, in the engine's quotes."""
        return self.rewritten(name.copy()).sql(dialect=self.name)

    def to_sql(self, query: exp.Expr) -> str:
        """The tree, which is used up, as SQL, laid out. Raises UnsupportedError for what the engine does not have."""
        root = self.rewritten(query)
        root.parent = exp.Tuple()  # what has a parent keeps its inner CTEs inside: outside their names could meet
        return root.sql(
            dialect=self.name,
            pretty=True,
            indent=4,
            pad=4,
            max_text_width=100,
            normalize_functions="lower",
            copy=False,
            unsupported_level=ErrorLevel.RAISE,
        )
