"""The cases that numbers over a subject's rows can be in, and those of its first or last row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import permutations, product
from math import floor, prod
from typing import NamedTuple, TypeAlias

from orchestration.compiler.catalog import Attribute, Relation, Rows, Type
from orchestration.compiler.lints.calendar import is_empty, lies_within
from orchestration.compiler.lints.values import (
    MAX_CASES,
    UNKNOWN,
    Special,
    TooManyCases,
    ValueCase,
    Values,
    around,
)
from orchestration.compiler.segment import (
    Aggregate,
    All,
    AttributeCondition,
    Compare,
    DateTest,
    EndCondition,
    EventCondition,
    IsAnyOf,
    NumberTest,
    Rank,
    RelationCondition,
    Rule,
    Share,
    Value,
    Within,
    compares,
)
from orchestration.compiler.window import Window

RowsCondition: TypeAlias = EventCondition | RelationCondition
Amount: TypeAlias = Fraction | Special
WHOLE = (Aggregate.COUNT, Aggregate.DAYS, Aggregate.DISTINCT)


class Chosen(NamedTuple):
    """Which rows count."""

    source: Relation
    names: tuple[str, ...] | None
    where: Rule | None
    windows: tuple[Window, ...]


class Total(NamedTuple):
    chosen: Chosen
    aggregate: Aggregate
    attribute: Attribute | None


class Ranked(NamedTuple):
    total: Total
    rank: Rank


@dataclass(frozen=True)
class RowsCase:
    amounts: dict[Total, Amount]
    ranks: dict[Ranked, bool]


def chosen_by(condition: RowsCondition | EndCondition) -> Chosen:
    match condition:
        case EventCondition(events, names, where, windows):
            return Chosen(events, names, where, windows)
        case RelationCondition(relation, _, where, windows):
            return Chosen(relation, None, where, windows)
        case EndCondition(source, names, where, windows):
            return Chosen(source, names, where, windows)


def total_of(condition: RowsCondition) -> Total:
    return Total(chosen_by(condition), condition.number.aggregate, condition.number.attribute)


@dataclass(frozen=True)
class Totals:
    """The cases of numbers over rows of one source; `impossible` says that no row passes a `where`."""

    conditions: tuple[RowsCondition, ...]
    week_starts_on: str
    impossible: Callable[[Chosen], bool]

    @cached_property
    def totals(self) -> tuple[Total, ...]:
        """The counts first: the others are told by them."""
        found = dict.fromkeys(total_of(each) for each in self.conditions)
        counts = dict.fromkeys(Total(each.chosen, Aggregate.COUNT, None) for each in found)
        return tuple({**counts, **found})

    def cases(self) -> Iterator[RowsCase]:
        """Every case. Raises TooManyCases."""
        choices = [self._amounts(total) for total in self.totals]
        ranks = [
            Ranked(total_of(each), test)
            for each in self.conditions
            for test in each.number.tests
            if isinstance(test, Rank)
        ]
        if prod(map(len, choices)) * 2 ** len(ranks) > MAX_CASES:
            raise TooManyCases
        for combined in product(*choices):
            amounts = dict(zip(self.totals, combined, strict=True))
            if self._is_possible(amounts):
                for answers in product((True, False), repeat=len(ranks)):
                    yield RowsCase(amounts, dict(zip(ranks, answers, strict=True)))

    def _amounts(self, total: Total) -> tuple[Amount, ...]:
        """One amount of each kind that the tests tell apart."""
        if total.aggregate in WHOLE:
            nothing = total.chosen in self._without_rows
            return (Fraction(0),) if nothing else tuple(self._whole_numbers)
        limits = {
            _exact(value, total.attribute)
            for each in self.conditions
            if total_of(each) == total
            for test in each.number.tests
            for value in _limits(test)
        }
        return (*around({*limits, Fraction(0)}), UNKNOWN)

    @cached_property
    def _without_rows(self) -> set[Chosen]:
        chosen = {total_of(each).chosen for each in self.conditions}
        return {each for each in chosen if is_empty(each.windows, self.week_starts_on) or self.impossible(each)}

    @cached_property
    def _whole_numbers(self) -> list[Fraction]:
        """The same for all counts, so that cases keep the order of the counts they stand for."""
        tests = [test for each in self.conditions if each.number.aggregate in WHOLE for test in each.number.tests]
        limits = {floor(_exact(value, None)) for test in tests for value in _limits(test)}
        found = {limit + step for limit in (*limits, 0) for step in (-1, 0, 1)}
        return [Fraction(number) for number in sorted({*found, max(found) + 1}) if number >= 0]

    def _is_possible(self, amounts: dict[Total, Amount]) -> bool:
        return all(self._follows(total, amount, amounts) for total, amount in amounts.items()) and all(
            _at_most(amounts[small], amounts[large]) for small, large in self._ordered
        )

    def _follows(self, total: Total, amount: Amount, amounts: dict[Total, Amount]) -> bool:
        """Whether a number fits the count of the same rows."""
        count = amounts[Total(total.chosen, Aggregate.COUNT, None)]
        match total.aggregate:
            case Aggregate.COUNT:
                return True
            case Aggregate.DAYS:
                dated = bool(total.chosen.windows)
                return _at_most(amount, count) and not (dated and amount == 0 and count != 0)
            case Aggregate.DISTINCT:
                return _at_most(amount, count)
            case Aggregate.SUM:
                return amount == 0 if count == 0 else True
            case _:
                return amount is UNKNOWN if count == 0 else True

    @cached_property
    def _ordered(self) -> list[tuple[Total, Total]]:
        """Pairs of counts of which the first is never more than the second: its rows are among the other's."""
        counts = [each for each in self.totals if each.aggregate in (Aggregate.COUNT, Aggregate.DAYS)]
        return [
            (small, large)
            for small, large in permutations(counts, 2)
            if small.aggregate is large.aggregate and are_among(small.chosen, large.chosen, self.week_starts_on)
        ]

    def holds(self, condition: RowsCondition, case: RowsCase) -> bool:
        number, total = condition.number, total_of(condition)
        amount = case.amounts[total]
        if isinstance(amount, Special):
            return number.unknown
        passed = all(_passes(test, amount, total, case) for test in number.tests)
        return passed != number.negated


def _limits(test: NumberTest) -> tuple[Value, ...]:
    match test:
        case IsAnyOf(values):
            return values
        case Compare(_, value) if not isinstance(value, Share):
            return (value,)
        case _:
            return ()


def _exact(value: object, attribute: Attribute | None) -> Fraction:
    is_float = attribute is not None and attribute.type is Type.FLOAT
    return Fraction(float(str(value))) if is_float else Fraction(str(value))


def _passes(test: NumberTest, amount: Fraction, total: Total, case: RowsCase) -> bool:
    match test:
        case IsAnyOf(values):
            return amount in {_exact(value, total.attribute) for value in values}
        case Compare(operator, value):
            return compares(operator, amount, _exact(value, total.attribute))
        case Rank():
            return case.ranks[Ranked(total, test)]


def _at_most(small: Amount, large: Amount) -> bool:
    return isinstance(small, Special) or isinstance(large, Special) or small <= large


def are_among(small: Chosen, large: Chosen, week_starts_on: str) -> bool:
    """Whether surely every row of the one is a row of the other."""
    named = large.names is None or (small.names is not None and set(small.names) <= set(large.names))
    asked = large.where is None or set(_parts(large.where)) <= set(_parts(small.where))
    return named and asked and lies_within(small.windows, large.windows, week_starts_on)


def _parts(where: Rule | None) -> tuple[Rule, ...]:
    match where:
        case None:
            return ()
        case All(rules):
            return tuple(part for rule in rules for part in _parts(rule))
        case _:
            return (where,)


@dataclass(frozen=True)
class EndCase:
    at: ValueCase
    having: dict[Rule, bool]


@dataclass(frozen=True)
class Ends:
    """The cases of the first or the last of some rows: that there is none, or when it was and what it was like."""

    conditions: tuple[EndCondition, ...]
    week_starts_on: str
    impossible: Callable[[Chosen], bool]

    @cached_property
    def values(self) -> Values:
        tests = [test for each in self.conditions for test in (*each.tests, *map(Within, each.windows))]
        return Values(self._at, tuple(map(self._about, dict.fromkeys(tests))), self.week_starts_on, seen=True)

    @property
    def _at(self) -> Attribute:
        rows: Rows = self.conditions[0].source
        assert rows.at, "the first and last are told by a date"
        return Attribute("at", rows.at.column, rows.at.type)

    def _about(self, test: DateTest) -> AttributeCondition:
        return AttributeCondition(self._at, test, negated=False, unknown=False)

    def cases(self) -> Iterator[EndCase]:
        having = list(dict.fromkeys(each.having for each in self.conditions if each.having))
        nothing = self.impossible(chosen_by(self.conditions[0]))
        windows = [self._about(Within(window)) for window in self.conditions[0].windows]
        for case in self.values.cases():
            known = case.value is not UNKNOWN
            if known and (nothing or not all(self.values.holds(each, case) for each in windows)):
                continue
            for answers in product((True, False), repeat=len(having) if known else 0):
                yield EndCase(case, dict(zip(having, answers, strict=False)))

    def holds(self, condition: EndCondition, case: EndCase) -> bool:
        if case.at.value is UNKNOWN:
            return condition.unknown
        dated = all(self.values.holds(self._about(test), case.at) for test in condition.tests)
        return dated and (condition.having is None or case.having[condition.having])
