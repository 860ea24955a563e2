"""All lints over all specs."""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.compile import Compilation
from orchestration.compiler.lints import costs, operands
from orchestration.compiler.lints.activity import of_activity
from orchestration.compiler.lints.claims import claims
from orchestration.compiler.lints.mentions import mentions, placed_rule
from orchestration.compiler.lints.truth import Scope
from orchestration.compiler.problem import Problem
from orchestration.compiler.segment import Segment
from orchestration.compiler.source import Mapping


def lint(compilation: Compilation) -> tuple[Problem, ...]:
    """What the specs say that is most likely not meant, in the order of the files."""
    found = dict.fromkeys(problem for each in compilation.segments.values() for problem in _of_rule(compilation, each))
    for spec in compilation.audiences.values():
        found |= dict.fromkeys(_of_goal(compilation, spec))
    for mention in mentions(compilation):
        found |= dict.fromkeys(operands.of_condition(mention.placed, compilation.catalog.week_starts_on))
    return tuple(sorted(found, key=lambda problem: problem.order))


def _of_goal(compilation: Compilation, spec: AudienceSpec) -> Iterator[Problem]:
    segment = compilation.segments.get(spec.segment.text)
    if segment and isinstance(spec.goal, Mapping):
        performed = next((entry.value for entry in spec.goal.entries if entry.name == "performed"), None)
        yield from of_activity(performed, compilation.catalog.entities[segment.entity])


def _of_rule(compilation: Compilation, segment: Segment) -> Iterator[Problem]:
    placed, catalog = placed_rule(compilation, segment), compilation.catalog
    yield from of_activity(compilation.specs[segment.key].active_by, catalog.entities[segment.entity])
    if placed:
        scope = Scope(catalog, dict(compilation.bases.populations), catalog.entities[segment.entity])
        yield from claims(placed, scope)
        yield from costs.of_rule(placed)
