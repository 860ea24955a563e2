"""The plan: what has to be computed for all segments, each thing once, however many rules share it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from orchestration.compiler.catalog import Catalog, Entity
from orchestration.compiler.names import Namer
from orchestration.compiler.segment import (
    MoveCondition,
    RelationCondition,
    Rule,
    Segment,
    SegmentCondition,
    Status,
    conditions,
)
from orchestration.compiler.trait import (
    AttributeTrait,
    BeforeTrait,
    ListTrait,
    Measure,
    MeasureTrait,
    MoveTrait,
    PeriodsTrait,
    Trait,
    condition_to_traits,
    is_number,
    lasts,
)
from orchestration.compiler.trait_words import measure_name, trait_name


@dataclass(frozen=True)
class Plan:
    """What judges segments of one entity: measures, traits and flags by name.

    An entity has one plan, called like it, unless its segments and another entity's look at each other: then those
    that others look at are judged by an earlier plan. `given` are those, with the model that holds their flags; `seen`
    are models of flags that relations look at; `levels` are the segments judged here, references first.
    `activities` are measures by which no rule judges: they say on which days subjects were active.
    `goals` are measures that audiences are judged by. `metrics` are the traits that are followed day by day, whoever
    asks for them.
    """

    name: str
    entity: Entity
    population: Rule | None
    measures: dict[Measure, str]
    activities: dict[Measure, str]
    traits: dict[Trait, str]
    levels: tuple[tuple[Segment, ...], ...]
    given: tuple[tuple[Segment, str], ...]
    seen: dict[str, str]
    metrics: tuple[Trait, ...] = ()
    goals: Mapping[Measure, str] = field(default_factory=dict)

    @property
    def rolled_up(self) -> dict[Measure, str]:
        """All measures that the entity's table of them holds."""
        return {**self.measures, **self.activities, **self.goals}

    @property
    def is_last(self) -> bool:
        return self.name == self.entity.name

    @property
    def judged(self) -> tuple[Segment, ...]:
        return tuple(segment for level in self.levels for segment in level)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All whose flags the plan's model of flags has."""
        return (*(segment for segment, _ in self.given), *self.judged)

    @cached_property
    def names(self) -> dict[str, str]:
        """What the segments are called, by key."""
        return {segment.key: segment.name for segment in self.segments}

    @property
    def lists(self) -> tuple[ListTrait, ...]:
        return tuple(trait for trait in self.traits if isinstance(trait, ListTrait))

    @property
    def recorded(self) -> tuple[str, ...]:
        """Segments of which the past is looked at."""
        moved = [trait.segment for trait in self.traits if isinstance(trait, MoveTrait | BeforeTrait)]
        paused = [segment.key for segment in self.judged if segment.status is Status.PAUSED]
        return tuple(sorted({*moved, *paused}))


def _own(rule: Rule) -> Iterator[str]:
    """The keys of the segments that a rule asks of the subject itself."""
    for condition in conditions(rule):
        match condition:
            case SegmentCondition(keys) | MoveCondition(keys):
                yield from keys
            case _:
                pass


def _of_attached(rule: Rule) -> Iterator[str]:
    """The keys of the segments that a rule asks of subjects reached through a relation, the same entity's too."""
    for condition in conditions(rule):
        match condition:
            case RelationCondition(where=where) if where:
                yield from _own(where)
            case _:
                pass


def references(segment: Segment) -> tuple[str, ...]:
    """The keys of the segments that a judged segment's rule refers to."""
    found = (*_own(segment.rule), *_of_attached(segment.rule))
    return tuple(dict.fromkeys(found)) if segment.status is Status.ACTIVE else ()


def linked(segment: Segment) -> frozenset[str]:
    """Those of them whose flags have to be there before the traits of this one."""
    return frozenset(_of_attached(segment.rule)) if segment.status is Status.ACTIVE else frozenset()


def attached_entities(rule: Rule) -> tuple[str, ...]:
    """The entities whose subjects a rule reaches through relations."""
    found = (each.related for each in conditions(rule) if isinstance(each, RelationCondition))
    return tuple(dict.fromkeys(entity.name for entity in found if entity))


# --- which segments are judged together


@dataclass(frozen=True)
class _Block:
    """Segments of one entity that one plan judges."""

    name: str
    entity: str
    segments: tuple[Segment, ...]


def segments_to_plans(
    catalog: Catalog,
    populations: Mapping[str, Rule | None],
    segments: Iterable[Segment],
    with_metrics: bool = False,
    goals: Mapping[str, Iterable[Measure]] = MappingProxyType({}),
) -> tuple[Plan, ...]:
    """The plans of all entities, each after those it looks at; `with_metrics` they have the traits of metrics too.

    `goals` are the measures of audiences' goals, by entity.

    Active segments are judged, paused ones repeat, archived ones are left out.
    """
    every = tuple(segments)
    kept = {segment.key: segment for segment in every if segment.status is not Status.ARCHIVED}
    blocks = _blocks(catalog, kept)
    needs = [_needs(block) for block in blocks]
    metrics = {name: _metrics(each, blocks, needs) for name, each in catalog.entities.items() if with_metrics}
    needs = [
        {**traits, **dict.fromkeys(metrics.get(block.name, ()))} for block, traits in zip(blocks, needs, strict=True)
    ]
    measures = {
        entity: _name_measures(
            trait for block, traits in zip(blocks, needs, strict=True) if block.entity == entity for trait in traits
        )
        for entity in catalog.entities
    }
    plans: list[Plan] = []
    tables: dict[str, str] = {}
    for block, traits in zip(blocks, needs, strict=True):
        entity = catalog.entities[block.entity]
        given = [each for plan in plans if plan.entity is entity for each in plan.judged] if _is_last(block) else []
        own = {key for segment in block.segments for key in _own(segment.rule)}
        seen = {key for segment in block.segments for key in linked(segment)}
        needed = given or [kept[key] for key in sorted(own & tables.keys())]
        activities = _name_activities(every, entity, measures[entity.name])
        plans.append(
            Plan(
                name=block.name,
                entity=entity,
                population=populations[entity.name],
                measures=measures[entity.name],
                activities=activities,
                traits=_name_traits(entity, traits),
                levels=_levels(block.segments),
                given=tuple((segment, tables[segment.key]) for segment in needed),
                seen={key: tables[key] for key in sorted(seen)},
                metrics=metrics.get(block.name, ()),
                goals=_name_goals(goals.get(entity.name, ()), {**measures[entity.name], **activities}),
            )
        )
        tables |= {segment.key: f"{block.name}_segments" for segment in block.segments}
    return tuple(plans)


def _is_last(block: _Block) -> bool:
    return block.name == block.entity


def _blocks(catalog: Catalog, kept: Mapping[str, Segment]) -> list[_Block]:
    """One block for each entity; where entities look at each other, first some of what others look at."""
    early: list[_Block] = []
    waiting = _early_blocks(catalog, kept)
    left = dict(kept)
    while True:
        try:
            ordered = _in_order(_looks_at(catalog, left))
            break
        except CycleError:
            early.append(next(waiting))
            left = {key: each for key, each in left.items() if each not in early[-1].segments}
    last = [_Block(name, name, tuple(each for each in left.values() if each.entity == name)) for name in ordered]
    return early + last


def _looks_at(catalog: Catalog, segments: Mapping[str, Segment]) -> dict[str, set[str]]:
    """Which entities each entity's segments look at, as far as those are still to be judged."""
    found: dict[str, set[str]] = {entity: set() for entity in catalog.entities}
    for segment in segments.values():
        found[segment.entity] |= {segments[key].entity for key in linked(segment) if key in segments}
    return found


def _in_order(graph: Mapping[str, set[str]]) -> list[str]:
    """The nodes, each after those it depends on, otherwise as given. Raises CycleError."""
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    found: list[str] = []
    while sorter.is_active():
        ready = set(sorter.get_ready())
        found += [node for node in graph if node in ready]
        sorter.done(*ready)
    return found


def _early_blocks(catalog: Catalog, kept: Mapping[str, Segment]) -> Iterator[_Block]:
    """What other entities look at, by how often the looking changes between entities on the way there."""
    stages: dict[str, int] = {}
    for key in _in_order({key: set(references(segment)) for key, segment in kept.items()}):
        steps = (stages[each] + (each in linked(kept[key])) for each in references(kept[key]))
        stages[key] = max(steps, default=0)
    consumers = _consumers(kept)
    namer = Namer(*catalog.entities)
    for stage in range(max(stages.values(), default=0) + 1):
        for entity in catalog.entities:
            keys = [key for key in consumers if stages[key] == stage and kept[key].entity == entity]
            if keys:
                others = sorted({each for key in keys for each in consumers[key]})
                name = namer.name("_".join([entity, "for", *others]), " ".join(keys))
                yield _Block(name, entity, tuple(kept[key] for key in keys))


def _consumers(kept: Mapping[str, Segment]) -> dict[str, set[str]]:
    """The segments that are looked at through relations, or that those need, with the entities for whose sake."""
    found: dict[str, set[str]] = {}
    waiting = [(each, segment.entity) for segment in kept.values() for each in linked(segment)]
    while waiting:
        key, consumer = waiting.pop()
        if consumer in found.setdefault(key, set()):
            continue
        found[key].add(consumer)
        waiting += [(each, consumer) for each in references(kept[key]) if each not in linked(kept[key])]
    return {key: found[key] for key in kept if key in found}


# --- what they need, and what it is called


def _needs(block: _Block) -> dict[Trait, None]:
    """What the rules need, in the order of first mention."""
    found: dict[Trait, None] = {}
    for segment in block.segments:
        if segment.status is Status.ACTIVE:
            for condition in conditions(segment.rule):
                found.update(dict.fromkeys(condition_to_traits(condition)))
    return found


def _metrics(entity: Entity, blocks: list[_Block], needs: list[dict[Trait, None]]) -> tuple[Trait, ...]:
    """The numbers of an entity that are followed: those that it names, or by default what its rules look at."""
    if isinstance(entity.metrics, tuple):
        return tuple(AttributeTrait(entity.attributes[name], False) for name in entity.metrics)
    ours = [traits for block, traits in zip(blocks, needs, strict=True) if block.entity == entity.name]
    mentioned = dict.fromkeys(trait for traits in ours for trait in traits if is_number(trait))
    followed = (trait for trait in mentioned if entity.metrics == "all" or isinstance(trait, AttributeTrait))
    return tuple(trait for trait in followed if not (isinstance(trait, AttributeTrait) and trait.attribute.personal))


def _name_traits(entity: Entity, traits: Iterable[Trait]) -> dict[Trait, str]:
    namer = Namer(entity.key)
    ordered = sorted(traits, key=lambda trait: not isinstance(trait, AttributeTrait))
    return {trait: namer.name(trait_name(trait), repr(trait)) for trait in ordered}


def trait_measure(trait: Trait) -> Measure | None:
    """The measure a trait reads, if it reads one."""
    match trait:
        case MeasureTrait(measure):
            return measure
        case PeriodsTrait(measure) if lasts(measure.where):
            return measure
        case _:
            return None


def _name_measures(traits: Iterable[Trait]) -> dict[Measure, str]:
    namer = Namer()
    measures = dict.fromkeys(measure for measure in map(trait_measure, traits) if measure)
    return {measure: namer.name(measure_name(measure), repr(measure)) for measure in measures}


def activity_measure(segment: Segment) -> Measure | None:
    """The measure whose days are those on which a subject was active."""
    return Measure(segment.active_by.names, None, None) if segment.active_by else None


def _name_activities(segments: Iterable[Segment], entity: Entity, named: Mapping[Measure, str]) -> dict[Measure, str]:
    """Archived segments' too: those who entered one are followed for a while."""
    if entity.events is None or entity.events.at is None:
        return {}
    namer = Namer(*named.values())
    found = dict.fromkeys(activity_measure(each) for each in segments if each.entity == entity.name)
    measures = [measure for measure in found if measure]
    return {each: named.get(each) or namer.name(measure_name(each), repr(each)) for each in measures}


def _name_goals(measures: Iterable[Measure], named: Mapping[Measure, str]) -> dict[Measure, str]:
    namer = Namer(*named.values())
    return {each: named.get(each) or namer.name(measure_name(each), repr(each)) for each in dict.fromkeys(measures)}


def _levels(segments: Iterable[Segment]) -> tuple[tuple[Segment, ...], ...]:
    """The segments in layers, each of which refers to earlier layers only; cycles were refused before."""
    left = {segment.key: segment for segment in segments}
    levels: list[tuple[Segment, ...]] = []
    while left:
        ready = [segment for segment in left.values() if not any(key in left for key in references(segment))]
        assert ready, "a cycle of segments"
        levels.append(tuple(ready))
        for segment in ready:
            del left[segment.key]
    return tuple(levels)
