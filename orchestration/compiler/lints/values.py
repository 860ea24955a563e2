"""The cases that an attribute's value can be in, as far as the conditions on it tell values apart.

Every real value is in one of the cases; some cases may be those of no value. So what holds in no case holds for nobody,
and what holds in all cases holds for everyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import cached_property
from itertools import chain, combinations, pairwise, product
from math import prod
from typing import TypeAlias

from orchestration.compiler.catalog import Attribute, Type
from orchestration.compiler.lints import texts
from orchestration.compiler.lints.calendar import Line, Pattern, Stretch, line_of, patterns, positions
from orchestration.compiler.segment import (
    Anniversary,
    AnyElement,
    AttributeCondition,
    Compare,
    HasAll,
    HasAny,
    IsAnyOf,
    IsKnown,
    Rank,
    Share,
    Test,
    TextTest,
    Within,
    compares,
)
from orchestration.compiler.segment import Value as Operand
from orchestration.compiler.window import Window

MAX_CASES = 2_000


class TooManyCases(Exception):
    """There are more cases than it is worth to look at."""


class Special(Enum):
    UNKNOWN = "unknown"
    OTHER = "a value that no condition names"


UNKNOWN, OTHER = Special.UNKNOWN, Special.OTHER
Value: TypeAlias = Special | Fraction | str | bool | frozenset[str | Special]
# What decides a test beside the value: a share's sign, a place on a line, or the answer to what cannot be told.
Atom: TypeAlias = Share | Line | Test | AttributeCondition
Outcome: TypeAlias = bool | int | Fraction | None


@dataclass(frozen=True)
class ValueCase:
    value: Value
    outcomes: dict[Atom, Outcome] = field(default_factory=dict)
    stretches: dict[Window, Stretch] = field(default_factory=dict)


@dataclass(frozen=True)
class Values:
    """The cases of one attribute's value under these conditions."""

    attribute: Attribute
    conditions: tuple[AttributeCondition, ...]
    week_starts_on: str
    seen: bool = False

    @cached_property
    def tests(self) -> tuple[Test, ...]:
        return tuple(dict.fromkeys(each.test for each in self.conditions))

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        return tuple(test.window for test in self.tests if isinstance(test, Within))

    def cases(self) -> Iterator[ValueCase]:
        """Every case, for every way in which days can lie. Raises TooManyCases."""
        found = patterns(self.windows, self.week_starts_on)
        if found is None:
            raise TooManyCases
        return chain.from_iterable(map(self._cases_of, found))

    def _cases_of(self, pattern: Pattern) -> Iterator[ValueCase]:
        stretches = dict(zip(self.windows, pattern, strict=True))
        for value in (UNKNOWN, *self.known_values):
            atoms = self._held | (self._atoms(value, stretches) if value is not UNKNOWN else {})
            if prod(len(each) for each in atoms.values()) > MAX_CASES:
                raise TooManyCases
            for combined in product(*atoms.values()):
                outcomes = dict(zip(atoms, combined, strict=True))
                if _is_possible(outcomes):
                    yield ValueCase(value, outcomes, stretches)

    @cached_property
    def known_values(self) -> tuple[Value, ...]:
        """One known value of each kind that the tests tell apart."""
        match self.attribute.type:
            case Type.BOOLEAN:
                return (True, False)
            case Type.TEXT:
                return (*(value for value in self._named if isinstance(value, str)), OTHER)
            case Type.LIST:
                return tuple(self._lists())
            case Type.DATE | Type.TIMESTAMP:
                return (OTHER,)
            case _:
                return tuple(around(self._limits))

    @property
    def _named(self) -> dict[Operand, None]:
        """The values that tests name, in order."""
        return dict.fromkeys(value for test in self.tests for value in _named_by(test))

    @property
    def _limits(self) -> set[Fraction]:
        compared = [test.value for test in self.tests if isinstance(test, Compare)]
        named = (*compared, *self._named)
        return {self.exact(value) for value in named if not isinstance(value, str | Share)}

    def exact(self, value: Operand) -> Fraction:
        """A number as it is compared: with a float as a double."""
        return Fraction(float(value)) if self.attribute.type is Type.FLOAT else Fraction(value)

    def _lists(self) -> Iterator[frozenset[str | Special]]:
        elements: list[str | Special] = [value for value in self._named if isinstance(value, str)]
        if len(elements) > 8:
            raise TooManyCases
        elements.append(OTHER)
        for size in range(1, len(elements) + 1):
            yield from map(frozenset, combinations(elements, size))

    def _atoms(self, value: Value, stretches: dict[Window, Stretch]) -> dict[Atom, tuple[Outcome, ...]]:
        """What decides beside the value, each with its possible outcomes."""
        found: dict[Atom, tuple[Outcome, ...]] = {}
        lines: dict[Line, list[Stretch]] = {}
        for test in self.tests:
            match test:
                case Within(window):
                    lines.setdefault(line_of(window), []).append(stretches[window])
                case Compare(_, Share() as share):
                    found[share] = (-1, 0, 1, None)
                case Rank():
                    found[test] = (True, False, None)
                case Anniversary():
                    found[test] = (True, False)
                case TextTest() | AnyElement():
                    sure = judged(test, value)
                    found[test] = (True, False) if sure is None else (sure,)
                case _:
                    pass
        for line, each in lines.items():
            found[line] = tuple(positions(line, each, seen=self.seen))
        return found

    @property
    def _held(self) -> dict[Atom, tuple[Outcome, ...]]:
        """Whether a condition held on the days before is not told by today's value."""
        return {each: (True, False) for each in self.conditions if each.held_from}

    def holds(self, condition: AttributeCondition, case: ValueCase) -> bool:
        """Whether a condition holds in a case."""
        if condition.held_from and not case.outcomes[condition]:
            return False
        passed = None if case.value is UNKNOWN else self._passes(condition.test, case)
        return condition.unknown if passed is None else passed != condition.negated

    def _passes(self, test: Test, case: ValueCase) -> bool | None:
        """Whether the known value passes; None where what it is compared with is unknown."""
        match test:
            case IsKnown():
                return True
            case IsAnyOf(values):
                return self._is_any_of(case.value, values)
            case Compare(operator, Share() as share):
                sign = case.outcomes[share]
                return None if sign is None else compares(operator, Fraction(sign), Fraction(0))
            case Compare(operator, value):
                assert isinstance(case.value, Fraction) and not isinstance(value, Share), "a number is compared"
                return compares(operator, case.value, self.exact(value))
            case HasAny(values):
                assert isinstance(case.value, frozenset), "a list has elements"
                return bool(case.value & set(values))
            case HasAll(values):
                assert isinstance(case.value, frozenset), "a list has elements"
                return case.value >= set(values)
            case Within(window):
                place = case.outcomes[line_of(window)]
                assert isinstance(place, Fraction), "a line has places"
                return case.stretches[window].holds(place)
            case _:
                found = case.outcomes[test]
                return None if found is None else bool(found)

    def _is_any_of(self, value: Value, values: tuple[Operand, ...]) -> bool:
        if isinstance(value, Fraction):
            return value in {self.exact(each) for each in values if not isinstance(each, str)}
        return value in values


def _named_by(test: Test) -> Iterable[Operand]:
    match test:
        case IsAnyOf(values) | HasAny(values) | HasAll(values):
            return values
        case AnyElement(passed, failed):
            return [value for each in (*passed, *failed) if isinstance(each, IsAnyOf) for value in each.values]
        case _:
            return ()


def around(limits: set[Fraction]) -> list[Fraction]:
    """The limits, and a number between each two and beyond the outer ones."""
    marks = sorted(limits) or [Fraction(0)]
    between = [(low + high) / 2 for low, high in pairwise(marks)]
    return sorted([marks[0] - 1, *marks, *between, marks[-1] + 1])


def judged(test: TextTest | AnyElement, value: Value) -> bool | None:
    """Whether a value passes; None where it is not sure."""
    match test, value:
        case TextTest(), str():
            return texts.passes(test, value)
        case AnyElement(), frozenset():
            answers = {_element_passes(test, element) for element in value}
            return True if True in answers else None if None in answers else False
        case _:
            return None


def _element_passes(test: AnyElement, element: str | Special) -> bool | None:
    """Whether one element passes all tests and fails those it must; None where it is not sure."""
    passed = [_answer(each, element) for each in test.passed]
    failed = [_answer(each, element) for each in test.failed]
    if False in passed or True in failed:
        return False
    return None if None in (*passed, *failed) else True


def _answer(test: IsAnyOf | TextTest, element: str | Special) -> bool | None:
    if isinstance(test, IsAnyOf):
        return element in test.values
    return texts.passes(test, element) if isinstance(element, str) else None


def _is_possible(outcomes: dict[Atom, Outcome]) -> bool:
    """Whether the answers of the texts do not surely contradict each other."""
    tests = [test for test in outcomes if isinstance(test, TextTest)]
    for first, second in product(tests, tests):
        if outcomes[first] and not outcomes[second] and texts.implies(first, second):
            return False
        if first is not second and outcomes[first] and outcomes[second] and texts.excludes(first, second):
            return False
    return True
