"""The road from sources to plans: everything the later stages ask for, understood once."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from graphlib import CycleError, TopologicalSorter
from hashlib import sha256

from orchestration.compiler.catalog import Catalog, Entity, node_to_catalog
from orchestration.compiler.fields import Report, error
from orchestration.compiler.imports import Bases
from orchestration.compiler.plan import Plan, references, segments_to_plan
from orchestration.compiler.problem import Problem, SourceFile, Span, nearest
from orchestration.compiler.reading_tests import SpecTestScope, node_to_tests
from orchestration.compiler.resolve import node_to_members, node_to_rule, row_scope, subject_scope
from orchestration.compiler.segment import Rule, Segment, Status
from orchestration.compiler.source import parse
from orchestration.compiler.spec import (
    AudienceSpec,
    DestinationSpec,
    SegmentSpec,
    source_to_audience_spec,
    source_to_destinations,
    source_to_segment_spec,
)
from orchestration.compiler.sql import catalog_to_clock


@dataclass(frozen=True)
class Sources:
    """The text of everything under `segment_specs/`; lists by their path below that folder."""

    catalog: SourceFile
    segments: tuple[SourceFile, ...] = ()
    audiences: tuple[SourceFile, ...] = ()
    destinations: SourceFile | None = None
    lists: Mapping[str, SourceFile] = field(default_factory=dict)


@dataclass(frozen=True)
class Compilation:
    """What was understood: the catalog, base populations, segments by key, audiences; and the warnings."""

    catalog: Catalog
    bases: Bases
    segments: dict[str, Segment]
    audiences: dict[str, AudienceSpec]
    destinations: dict[str, DestinationSpec]
    warnings: tuple[Problem, ...] = ()

    def plan(self, entity: str, *keys: str) -> Plan:
        """The plan of an entity's segments, or of those named and the ones they refer to."""
        wanted = self.with_references(keys) if keys else set(self.segments)
        chosen = [each for each in self.segments.values() if each.entity == entity and each.key in wanted]
        return segments_to_plan(self.catalog.entities[entity], self.bases.populations[entity], chosen)

    def with_references(self, keys: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        waiting = list(keys)
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting.extend(references(self.segments[key]))
        return found

    def definition(self, key: str) -> str:
        """A digest of all that decides who is in the segment: rule, catalog entries, lists, referenced segments."""
        segment = self.segments[key]
        entity = self.catalog.entities[segment.entity]
        referenced = [self.definition(each) for each in references(segment)]
        population = self.bases.populations[segment.entity]
        parts = (self.bases.clock, entity, population, segment.status, segment.rule, referenced)
        return sha256("\n".join(map(repr, parts)).encode()).hexdigest()


def compile_sources(sources: Sources) -> Compilation:
    """Understand everything, or raise Problems with all that is wrong."""
    report = Report()
    catalog = node_to_catalog(parse(sources.catalog))
    populations = {
        entity.name: report.attempt(partial(_population, catalog, entity)) for entity in catalog.entities.values()
    }
    specs = _segment_specs(sources.segments, report)
    segments: dict[str, Segment] = {}
    lists = {path: list(csv.reader(io.StringIO(file.text))) for path, file in sources.lists.items()}
    for spec in specs.values():
        segment = report.attempt(partial(_segment, spec, catalog, specs, lists, report))
        if segment:
            segments[segment.key] = segment
    _check_cycles(segments, specs, report)
    destinations = report.attempt(partial(source_to_destinations, sources.destinations)) if sources.destinations else {}
    audiences = _audiences(sources, catalog, specs, destinations or {}, report)
    report.close()
    warnings = tuple(dict.fromkeys(report.problems))
    bases = Bases(catalog_to_clock(catalog), populations)
    return Compilation(catalog, bases, segments, audiences, destinations or {}, warnings)


def _population(catalog: Catalog, entity: Entity) -> Rule | None:
    if entity.population is None:
        return None
    report = Report()
    scope = row_scope(subject_scope(catalog, entity, {}, report), f"the population of {entity.name}", entity.attributes)
    rule = node_to_rule(entity.population, scope)
    report.close()
    return rule


def _segment_specs(sources: tuple[SourceFile, ...], report: Report) -> dict[str, SegmentSpec]:
    specs: dict[str, SegmentSpec] = {}
    for source in sources:
        spec = report.attempt(partial(source_to_segment_spec, source))
        if spec is None:
            continue
        if spec.key in specs:
            where = specs[spec.key].source.path
            report.error("same-key", f"`{spec.key}` is also {where}", Span(source, 1, 1, 1), "rename one of the files")
            continue
        specs[spec.key] = spec
    return dict(sorted(specs.items()))


def _segment(
    spec: SegmentSpec,
    catalog: Catalog,
    specs: dict[str, SegmentSpec],
    lists: dict[str, list[list[str]]],
    report: Report,
) -> Segment:
    entity = catalog.entities.get(spec.entity)
    if entity is None:
        known = nearest(spec.entity, catalog.entities)
        raise error("unknown-entity", f"the catalog has no entity `{spec.entity}`", spec.entity_span, known)
    if spec.key == entity.key.lower():
        raise error("bad-key", f"`{spec.key}` is the key column of {entity.name}", Span(spec.source, 1, 1, 1))
    tests = node_to_tests(spec.tests, SpecTestScope(catalog, entity, specs, report))
    if spec.members is not None:
        rule: Rule = node_to_members(spec.members, entity, lists)
    else:
        assert spec.where is not None, "a spec has one of the two"
        rule = node_to_rule(spec.where, subject_scope(catalog, entity, specs, report))
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
        rule=rule,
        tests=tests,
    )


def _check_cycles(segments: dict[str, Segment], specs: dict[str, SegmentSpec], report: Report) -> None:
    graph = {key: references(segment) for key, segment in segments.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as cycle:
        path = list(reversed(cycle.args[1]))
        spec = specs[path[0]]
        message = f"these segments refer to each other in a circle: {' → '.join(path)}"
        report.error("cycle", message, Span(spec.source, 1, 1, 1), "take one reference out")


def _audiences(
    sources: Sources,
    catalog: Catalog,
    specs: dict[str, SegmentSpec],
    destinations: dict[str, DestinationSpec],
    report: Report,
) -> dict[str, AudienceSpec]:
    found: dict[str, AudienceSpec] = {}
    for source in sources.audiences:
        spec = report.attempt(partial(source_to_audience_spec, source))
        if spec and report.attempt(partial(_check_audience, spec, catalog, specs, destinations)):
            found[spec.key] = spec
    return dict(sorted(found.items()))


def _check_audience(
    spec: AudienceSpec,
    catalog: Catalog,
    specs: dict[str, SegmentSpec],
    destinations: dict[str, DestinationSpec],
) -> bool:
    report = Report()
    for named in (spec.segment, *spec.exclude_segments):
        if named.text not in specs:
            report.error(
                "unknown-segment", f"there is no segment `{named.text}`", named.span, nearest(named.text, specs)
            )
        elif specs[named.text].status is Status.ARCHIVED:
            report.error("archived-segment", f"`{named.text}` is archived", named.span, "name an active one")
        elif specs[named.text].entity not in catalog.entities:
            report.error("unknown-entity", f"`{named.text}` is of no known entity", named.span)
    if spec.destination.text not in destinations:
        known = nearest(spec.destination.text, destinations)
        report.error(
            "unknown-destination", f"there is no destination `{spec.destination.text}`", spec.destination.span, known
        )
    report.close()
    entity = catalog.entities[specs[spec.segment.text].entity]
    for named in spec.exclude_segments:
        if specs[named.text].entity != entity.name:
            other = specs[named.text].entity
            report.error("wrong-entity", f"`{named.text}` is a segment of {other}, not of {entity.name}", named.span)
    known_names = {*entity.attributes, entity.key}
    consent = () if spec.consent is None else (spec.consent,)
    for named in (*spec.identify_by, *(value for _, value in spec.fields), *consent):
        if named.text not in known_names:
            help_ = nearest(named.text, known_names)
            report.error("unknown-attribute", f"{entity.name} has no attribute `{named.text}`", named.span, help_)
    if (
        spec.consent
        and spec.consent.text in entity.attributes
        and entity.attributes[spec.consent.text].type != "boolean"
    ):
        report.error("wrong-operand", f"`{spec.consent.text}` is no boolean", spec.consent.span)
    report.close()
    return True
