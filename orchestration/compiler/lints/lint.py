"""All lints over all specs."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.compiler.compile import Compilation
from orchestration.compiler.lints import costs, operands
from orchestration.compiler.lints.claims import claims, leaves
from orchestration.compiler.lints.placed import Placed, place, rows_rules
from orchestration.compiler.lints.truth import Scope
from orchestration.compiler.problem import Problem


def lint(compilation: Compilation) -> tuple[Problem, ...]:
    """What the specs say that is most likely not meant, in the order of the files."""
    found = dict.fromkeys(problem for key in compilation.segments for problem in _of_segment(compilation, key))
    return tuple(sorted(found, key=lambda problem: problem.order))


def _of_segment(compilation: Compilation, key: str) -> Iterator[Problem]:
    segment, where = compilation.segments[key], compilation.specs[key].where
    if where is None:
        return
    catalog = compilation.catalog
    placed = place(where, segment.rule)
    scope = Scope(catalog, dict(compilation.bases.populations), catalog.entities[segment.entity])
    yield from claims(placed, scope)
    yield from _of_conditions(placed, catalog.week_starts_on)
    yield from costs.of_rule(placed)


def _of_conditions(placed: Placed, week_starts_on: str) -> Iterator[Problem]:
    for leaf in leaves(placed):
        yield from operands.of_condition(leaf, week_starts_on)
        for _, inner in rows_rules(leaf):
            yield from _of_conditions(inner, week_starts_on)
