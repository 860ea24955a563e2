"""Running the tests of all segments: many of them by one query, each failure explained by a query of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlglot import exp

from orchestration.compiler.catalog import Entity
from orchestration.compiler.compile import Compilation
from orchestration.compiler.problem import Problem
from orchestration.compiler.segment import Rule, Segment
from orchestration.compiler.spectest import GivenSubject, SpecTest
from orchestration.compiler.words import rule_to_words
from orchestration.questions.explaining import explain, finding_to_lines
from orchestration.questions.question import awakened, only, rules_to_question, sees_others
from orchestration.spectests.world import Key, World
from orchestration.warehouse import DuckDB, Value, Warehouse, WarehouseError

SEGMENTS_A_QUERY = 200


@dataclass(frozen=True)
class Outcome:
    """How many tests ran, and a problem for each that failed."""

    count: int
    failures: tuple[Problem, ...]


@dataclass(frozen=True)
class _Placed:
    """A test whose subject lives in a world."""

    segment: Segment
    test: SpecTest
    world: World
    key: Key


def run_tests(compilation: Compilation) -> Outcome:
    """Run the tests of all segments, whatever the segments' status, in memory."""
    compilation = awakened(compilation)
    tests = [(segment, test) for segment in compilation.segments.values() for test in segment.tests]
    if not tests:
        return Outcome(0, ())
    with DuckDB(Path(":memory:")) as warehouse:
        warehouse.execute("set threads = 1")
        running = _Running(compilation, warehouse)
        placed = running.place(tests)
        failures = [failure for batch in _batches(placed) for failure in running.failures(batch)]
    return Outcome(len(tests), tuple(sorted(failures, key=lambda failure: failure.order)))


def _batches(placed: Sequence[_Placed]) -> Iterator[list[_Placed]]:
    """Tests that one query answers: of one world, entity and day, and of not too many segments."""
    groups: dict[tuple[str, str, date], dict[str, list[_Placed]]] = {}
    for each in placed:
        group = groups.setdefault((each.world.schema, each.segment.entity, each.test.as_of), {})
        group.setdefault(each.segment.key, []).append(each)
    for group in groups.values():
        of_segments = list(group.values())
        for start in range(0, len(of_segments), SEGMENTS_A_QUERY):
            yield [each for some in of_segments[start : start + SEGMENTS_A_QUERY] for each in some]


@dataclass(frozen=True)
class _Running:
    compilation: Compilation
    warehouse: Warehouse

    def place(self, tests: Sequence[tuple[Segment, SpecTest]]) -> list[_Placed]:
        """Most subjects share a world, unseen by each other; one who lives with others has a world of its own."""
        taken: set[tuple[str, str]] = set()
        sharing: list[tuple[Segment, SpecTest]] = []
        alone: list[tuple[Segment, SpecTest]] = []
        ranked = {key for key in {segment.key for segment, _ in tests} if sees_others(self.compilation, key)}
        for segment, test in tests:
            keys = set(_keys(test.subject))
            own = bool(test.others or keys & taken or segment.key in ranked)
            (alone if own else sharing).append((segment, test))
            taken |= set() if own else keys
        shared = self._world(0, [test for _, test in sharing])
        placed = [_Placed(segment, test, shared, _settle(shared, test)) for segment, test in sharing]
        for number, (segment, test) in enumerate(alone, 1):
            world = self._world(number, [test])
            placed.append(_Placed(segment, test, world, _settle(world, test)))
            for other in test.others:
                world.add(other)
        return placed

    def _world(self, number: int, tests: Sequence[SpecTest]) -> World:
        given = [key for test in tests for key in _typed_keys(test)]
        integers = bool(given) and all(isinstance(key, int) for key in given)
        return World(self.warehouse, self.compilation, f"world_{number}", integers)

    def _rows(self, query: exp.Select) -> list[tuple[Value, ...]]:
        return self.warehouse.rows(query.sql(self.warehouse.dialect, copy=False))

    def failures(self, batch: Sequence[_Placed]) -> list[Problem]:
        """What failed of tests that one query answers; where it is refused, each is tried alone."""
        try:
            members = self._members(batch)
        except WarehouseError as refused:
            if len(batch) == 1:
                return [_refused(batch[0], refused)]
            return [failure for each in batch for failure in self.failures([each])]
        return [self._failure(each) for each in batch if ((each.segment.key, each.key) in members) != each.test.member]

    def _members(self, batch: Sequence[_Placed]) -> set[tuple[str, object]]:
        first = batch[0]
        rules = {each.segment.key: each.segment.rule for each in batch}
        places = {key: place for place, key in enumerate(rules, 1)}
        question = rules_to_question(
            self.compilation,
            first.segment.entity,
            list(rules.values()),
            first.test.as_of,
            first.world.locate,
            recorded=first.world.recorded,
        )
        flags = {row[0]: row for row in self._rows(only(question, [each.key for each in batch]))}
        counted = (each for each in batch if each.key in flags)
        return {(each.segment.key, each.key) for each in counted if flags[each.key][places[each.segment.key]] is True}

    def _failure(self, placed: _Placed) -> Problem:
        segment, test = placed.segment, placed.test
        entity = self.compilation.catalog.entities[segment.entity]
        finding = explain(
            self.compilation,
            entity.name,
            segment.rule,
            placed.key,
            test.as_of,
            self._rows,
            placed.world.locate,
            placed.world.recorded,
        )
        notes = finding_to_lines(finding) if finding else _not_counted(entity, self.compilation, test)
        expected, found = ("a member", "none") if test.member else ("no member", "one")
        message = f"{_called(placed)}: expected {expected} on {test.as_of}, is {found}"
        return Problem("failed-test", message, test.span, notes=notes)


def _settle(world: World, test: SpecTest) -> Key:
    """The test's subject in a world, with what was recorded of it."""
    key = world.add(test.subject)
    world.stays[test.subject.entity, key] = test.stays
    return key


def _keys(subject: GivenSubject) -> Iterator[tuple[str, str]]:
    """The keys that were given, by entity."""
    if subject.key is not None:
        yield subject.entity, str(subject.key)
    for _, attached in subject.attached:
        yield from _keys(attached)


def _typed_keys(test: SpecTest) -> Iterator[Key]:
    waiting = [test.subject, *test.others]
    while waiting:
        subject = waiting.pop()
        if subject.key is not None:
            yield subject.key
        waiting.extend(attached for _, attached in subject.attached)


def _called(placed: _Placed) -> str:
    return f"{placed.segment.key} ({placed.test.name})" if placed.test.name else placed.segment.key


def _refused(placed: _Placed, why: WarehouseError) -> Problem:
    return Problem("failed-test", f"{_called(placed)}: cannot be judged: {str(why).splitlines()[0]}", placed.test.span)


def _not_counted(entity: Entity, compilation: Compilation, test: SpecTest) -> tuple[str, ...]:
    """Why a subject may be missing in the base population."""
    population: Rule | None = compilation.bases.populations.get(entity.name)
    asked = [f"{entity.since.column} is no later than {test.as_of}"] if entity.since else []
    asked += [rule_to_words(population)] if population else []
    return (f"the {entity.name} does not count on that day", f"a {entity.name} counts when {' and '.join(asked)}")
