"""The road from sources to plans: everything the later stages ask for, understood once."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

from orchestration.compiler.activity import Activity, node_to_activity
from orchestration.compiler.aim import Aim, audience_to_aim
from orchestration.compiler.audience_checks import (
    check_audience,
    check_former_audiences,
    check_groups,
    check_places,
    check_suppression,
)
from orchestration.compiler.audience_spec import AudienceSpec, source_to_audience_spec, with_place
from orchestration.compiler.canonical import digest_of
from orchestration.compiler.catalog import Catalog, Entity, node_to_catalog
from orchestration.compiler.destination_spec import DestinationSpec, source_to_destinations
from orchestration.compiler.fields import Report, TooManyProblems, error
from orchestration.compiler.imports import Bases
from orchestration.compiler.lists import StaticList, node_to_members, source_to_list
from orchestration.compiler.plan import Plan, attached_entities, references, segments_to_plans
from orchestration.compiler.problem import Problem, Problems, SourceFile, Span, nearest
from orchestration.compiler.reading_tests import SpecTestScope, node_to_tests
from orchestration.compiler.resolve import node_to_rule
from orchestration.compiler.scope import row_scope, subject_scope
from orchestration.compiler.segment import Rule, Segment, Status
from orchestration.compiler.source import Mapping, Node, Scalar, Sequence, parse
from orchestration.compiler.spec import SegmentSpec, source_to_segment_spec
from orchestration.compiler.sql import catalog_to_clock
from orchestration.compiler.trait import Measure

MAX_CYCLES = 20
NO_EVENTS = "add `events:` to the catalog, or take `active_by` out"


@dataclass(frozen=True)
class Sources:
    """The text of everything under `segment_specs/`; lists by their path below that folder.

    `problems` are those met on the way to the files.
    """

    catalog: SourceFile
    segments: tuple[SourceFile, ...] = ()
    audiences: tuple[SourceFile, ...] = ()
    destinations: SourceFile | None = None
    lists: Mapping_[str, SourceFile] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Compilation:
    """What was understood: the catalog, base populations, segments by key, audiences; and the warnings."""

    catalog: Catalog
    bases: Bases
    segments: dict[str, Segment]
    audiences: dict[str, AudienceSpec]
    destinations: dict[str, DestinationSpec]
    lists: Mapping_[str, StaticList] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    specs: Mapping_[str, SegmentSpec] = field(default_factory=dict, repr=False)
    aims: Mapping_[str, Aim] = field(default_factory=dict)
    sources: Sources | None = field(default=None, repr=False, compare=False)

    def plans(self, *keys: str) -> tuple[Plan, ...]:
        """The plans of all segments, or of those named and the ones they refer to, each after those it looks at.

        Metrics are followed, and audiences' goals rolled up, over all segments only.
        """
        wanted = self.with_references(keys) if keys else set(self.segments)
        chosen = [each for each in self.segments.values() if each.key in wanted]
        goals = {} if keys else self._goals()
        return segments_to_plans(self.catalog, self.bases.populations, chosen, with_metrics=not keys, goals=goals)

    def _goals(self) -> dict[str, list[Measure]]:
        """What counts as reaching a goal, by entity."""
        found: dict[str, list[Measure]] = {}
        for key, aim in self.aims.items():
            if aim.goal:
                entity = self.segments[self.audiences[key].segment.text].entity
                found.setdefault(entity, []).append(aim.goal.measure)
        return found

    def plans_of(self, entity: str, *keys: str) -> tuple[Plan, ...]:
        """The plans that an entity's segments need, its own last."""
        mine = keys or tuple(each.key for each in self.segments.values() if each.entity == entity)
        plans = self.plans(*mine) if mine else segments_to_plans(self.catalog, self.bases.populations, ())
        last = next(plan for plan in plans if plan.name == entity)
        others = (plan for plan in plans if plan is not last and plan.judged)
        return (*others, last)

    def plan(self, entity: str, *keys: str) -> Plan:
        """The last plan of an entity, which has all its segments."""
        return self.plans_of(entity, *keys)[-1]

    def with_references(self, keys: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(references(self.segments[key]))
        return found

    @cached_property
    def definitions(self) -> dict[str, str]:
        """A digest for each segment of all that decides who is in it: rule, catalog, lists, referenced segments."""
        found: dict[str, str] = {}
        graph = {key: references(segment) for key, segment in self.segments.items()}
        for key in TopologicalSorter(graph).static_order():
            segment = self.segments[key]
            entity, population = self.catalog.entities[segment.entity], self.bases.populations[segment.entity]
            attached = [self.bases.populations[each] for each in attached_entities(segment.rule)]
            referenced = [found[each] for each in references(segment)]
            of_entity = (self.bases.clock, entity, population, attached)
            found[key] = digest_of(*of_entity, segment.status, segment.rule, referenced)
        return found

    def served_from_spells(self, entity: str) -> tuple[str, ...]:
        """An entity's segments whose daily membership is served from their stays."""
        return tuple(each.key for each in self.segments.values() if each.entity == entity and not each.daily)

    def definition(self, key: str) -> str:
        """A digest of all that decides who is in the segment."""
        return self.definitions[key]


def compile_sources(sources: Sources) -> Compilation:
    """Understand everything, or raise Problems with all that is wrong."""
    report = Report()
    try:
        found = _understood(sources, report)
    except TooManyProblems as many:
        raise Problems(dict.fromkeys((*report.problems, *many.problems))) from None
    report.close()
    assert found is not None, "what cannot be understood is a problem"
    warnings = sorted(dict.fromkeys(report.problems), key=lambda problem: problem.order)
    return replace(found, warnings=tuple(warnings), sources=sources)


def _understood(sources: Sources, report: Report) -> Compilation | None:
    """What can be understood; nothing is asked of the catalog where that is broken."""
    for problem in sources.problems:
        report.add(problem)
    catalog = report.attempt(lambda: node_to_catalog(parse(sources.catalog)))
    specs = _specs(sources.segments, source_to_segment_spec, report)
    destinations = source_to_destinations(sources.destinations, report) if sources.destinations else {}
    audiences = {
        key: with_place(spec, destinations, report)
        for key, spec in _specs(sources.audiences, source_to_audience_spec, report).items()
    }
    specs = _with_exits(specs, audiences, report)
    lists = {path: report.attempt(partial(source_to_list, file)) for path, file in sources.lists.items()}
    if catalog is None:
        return None
    populations = {
        entity.name: report.attempt(partial(_population, catalog, entity, report))
        for entity in catalog.entities.values()
    }
    segments: dict[str, Segment] = {}
    for spec in specs.values():
        segment = report.attempt(partial(_segment, spec, catalog, specs, lists, report))
        if segment:
            segments[segment.key] = segment
    _check_cycles(segments, specs, report)
    _check_former_keys(specs, report)
    for audience in audiences.values():
        check_audience(audience, catalog, specs, destinations, report)
    aims = {key: audience_to_aim(spec, catalog, specs, report) for key, spec in audiences.items()}
    check_groups(audiences, specs, report)
    check_places(audiences, destinations, report)
    check_suppression(catalog, specs, report)
    check_former_audiences(audiences, report)
    read = {path: found for path, found in lists.items() if found}
    bases = Bases(catalog_to_clock(catalog), populations, _recorded(catalog))
    return Compilation(catalog, bases, segments, audiences, destinations, lists=read, specs=specs, aims=aims)


def _recorded(catalog: Catalog) -> tuple[Entity, ...]:
    return tuple(entity for entity in catalog.entities.values() if entity.is_recorded)


def _population(catalog: Catalog, entity: Entity, report: Report) -> Rule | None:
    if entity.population is None:
        return None
    scope = row_scope(subject_scope(catalog, entity, {}, report), f"the population of {entity.name}", entity.attributes)
    return node_to_rule(entity.population, scope)


S = TypeVar("S", SegmentSpec, AudienceSpec)


def _specs(
    sources: tuple[SourceFile, ...], read: Callable[[SourceFile, Report], S | None], report: Report
) -> dict[str, S]:
    """The specs of one kind, by key; of two with the same key the first counts."""
    specs: dict[str, S] = {}
    for source in sources:
        spec = read(source, report)
        if spec is None:
            continue
        if spec.key in specs:
            message = f"the key `{spec.key}` is also that of {specs[spec.key].source.path}"
            report.error("same-key", message, Span(spec.source, 1, 1, 1), "rename one of the two files")
            continue
        specs[spec.key] = spec
    return dict(sorted(specs.items()))


def _with_exits(
    specs: dict[str, SegmentSpec], audiences: dict[str, AudienceSpec], report: Report
) -> dict[str, SegmentSpec]:
    """The segments' specs, and those of everybody who meets an audience's `exit_when`: recorded like any other."""
    found = dict(specs)
    for audience in audiences.values():
        segment = specs.get(audience.segment.text)
        if audience.exit_when is None or segment is None:
            continue
        if audience.exit_key in specs:
            message = f"`exit_when` makes a segment `{audience.exit_key}`, which is the key of "
            message += specs[audience.exit_key].source.path
            report.error("same-key", message, audience.exit_when.span, "rename that file or the audience's")
            continue
        found[audience.exit_key] = SegmentSpec(
            key=audience.exit_key,
            source=audience.source,
            name=f"{audience.name}: exit",
            entity=segment.entity,
            entity_span=audience.segment.span,
            description=f"Whom the audience {audience.key} lets go, by its exit_when.",
            owner=audience.owner,
            labels=(),
            status=Status.ACTIVE,
            hidden=True,
            where=audience.exit_when,
            members=None,
            daily=False,
            formerly=tuple(replace(each, text=f"{each.text}_exit") for each in audience.formerly),
        )
    return dict(sorted(found.items()))


def _segment(
    spec: SegmentSpec,
    catalog: Catalog,
    specs: dict[str, SegmentSpec],
    lists: Mapping_[str, StaticList | None],
    report: Report,
) -> Segment | None:
    """The segment as understood; None where its file could not be read. Raises Problems."""
    if not spec.entity:
        return None
    entity = catalog.entities.get(spec.entity)
    if entity is None:
        known = nearest(spec.entity, catalog.entities)
        raise error("unknown-entity", f"the catalog has no entity `{spec.entity}`", spec.entity_span, known)
    if spec.key == entity.key.lower():
        message = f"the file's name gives the key `{spec.key}`, which is the key column of {entity.name}"
        raise error("bad-key", message, Span(spec.source, 1, 1, 1), "call the file otherwise")
    tests = node_to_tests(spec.tests, SpecTestScope(catalog, entity, specs, report))
    rule = _rule(spec, catalog, entity, specs, lists, report)
    if rule is None:
        return None
    return Segment(
        key=spec.key,
        path=spec.source.path,
        name=spec.name,
        entity=spec.entity,
        description=spec.description,
        owner=spec.owner,
        labels=spec.labels,
        status=spec.status,
        hidden=spec.hidden,
        daily=spec.daily,
        formerly=tuple(each.text for each in spec.formerly),
        rule=rule,
        tests=tests,
        active_by=_activity(spec.active_by, entity, report),
    )


def _activity(node: Node | None, entity: Entity, report: Report) -> Activity | None:
    """What a segment takes for activity: what it says itself, or what the catalog says of its entity's events."""
    if node is None:
        return entity.events.active_by if entity.events else None
    if entity.events is None:
        report.error("no-events", f"the catalog gives no events for {entity.name}", node.span, NO_EVENTS)
        return None
    return report.attempt(partial(node_to_activity, node))


def _rule(
    spec: SegmentSpec,
    catalog: Catalog,
    entity: Entity,
    specs: dict[str, SegmentSpec],
    lists: Mapping_[str, StaticList | None],
    report: Report,
) -> Rule | None:
    if spec.where is None:
        return None if spec.members is None else node_to_members(spec.members, entity, lists)
    if spec.status is Status.ARCHIVED:
        specs = {key: replace(each, status=Status.ACTIVE) for key, each in specs.items()}
    return node_to_rule(spec.where, subject_scope(catalog, entity, specs, report))


def _check_cycles(segments: dict[str, Segment], specs: dict[str, SegmentSpec], report: Report) -> None:
    """Report circles of references, each where it can be cut."""
    graph = {key: list(references(segment)) for key, segment in segments.items()}
    for _ in range(MAX_CYCLES):
        try:
            TopologicalSorter(graph).prepare()
            return
        except CycleError as cycle:
            path = _from_smallest(cycle.args[1][:0:-1])
            message = f"these segments refer to each other in a circle: {' → '.join((*path, path[0]))}"
            after = path[1 % len(path)]
            span = _place_of(after, specs[path[0]].where) or Span(specs[path[0]].source, 1, 1, 1)
            report.error("cycle", message, span, "take one of these references out")
            graph[path[0]].remove(after)


def _check_former_keys(specs: dict[str, SegmentSpec], report: Report) -> None:
    """Report former keys that are another segment's, now or formerly: a history belongs to one segment."""
    claimed: dict[str, str] = {}
    for spec in specs.values():
        for former in spec.formerly:
            if former.text in specs:
                message = f"`{former.text}` is the key of {specs[former.text].source.path}"
                help_ = "name a key that no file has; once the renamed segment was judged, this line may go"
                report.error("bad-former-key", message, former.span, help_)
            elif former.text in claimed:
                message = f"`{former.text}` is also a former key of `{claimed[former.text]}`"
                report.error("bad-former-key", message, former.span, "remove one of the two: a history has one heir")
            claimed.setdefault(former.text, spec.key)


def _from_smallest(circle: list[str]) -> list[str]:
    start = circle.index(min(circle))
    return circle[start:] + circle[:start]


def _place_of(text: str, node: Node | None) -> Span | None:
    """Where a value stands in a rule."""
    match node:
        case Scalar():
            return node.span if node.text == text else None
        case Sequence(items):
            found = (_place_of(text, item) for item in items)
        case Mapping(entries):
            found = (_place_of(text, entry.value) for entry in entries)
        case None:
            return None
    return next((span for span in found if span), None)
