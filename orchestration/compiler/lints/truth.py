"""Whether a rule holds for nobody or for everyone, whatever the data is; never claimed where it is not sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Protocol, TypeAlias, cast

from orchestration.compiler.catalog import Catalog, Entity, Link
from orchestration.compiler.lints.calendar import is_empty
from orchestration.compiler.lints.rows import Chosen, Ends, RowsCondition, Totals, chosen_by
from orchestration.compiler.lints.values import TooManyCases, Values
from orchestration.compiler.segment import (
    AT_LEAST_ONE,
    NONE_AT_ALL,
    All,
    AnyOf,
    AttributeCondition,
    Condition,
    EndCondition,
    EventCondition,
    Everyone,
    MoveCondition,
    Not,
    RelationCondition,
    Rule,
    SegmentCondition,
    SequenceCondition,
    StaticMembers,
    Within,
    conditions,
)
from orchestration.compiler.window import TODAY, DayWindow

Key: TypeAlias = tuple[object, ...]


class Family(Protocol):
    """Conditions that look at one thing, and the cases that it can be in."""

    def cases(self) -> Iterator[object]: ...

    def holds(self, condition: Condition, case: object, /) -> bool: ...


@dataclass(frozen=True)
class Answers:
    """Conditions of which nothing is known but that each is true or false; one that cannot be true is false."""

    conditions: tuple[Condition, ...]
    week_starts_on: str

    def cases(self) -> Iterator[dict[object, bool]]:
        choices = {atom: _choices(atom, self.week_starts_on) for each in self.conditions for atom in _atoms(each)}
        if len(choices) > 10:
            raise TooManyCases
        for answers in product(*choices.values()):
            yield dict(zip(choices, answers, strict=True))

    def holds(self, condition: Condition, case: dict[object, bool]) -> bool:
        return any(case[atom] for atom in _atoms(condition))


def _atoms(condition: Condition) -> tuple[object, ...]:
    return condition.keys if isinstance(condition, SegmentCondition) else (condition,)


def _choices(atom: object, week_starts_on: str) -> tuple[bool, ...]:
    late = isinstance(atom, SequenceCondition | MoveCondition) and is_empty(tuple(atom.windows), week_starts_on)
    return (False,) if late else (True, False)


def family_of(condition: Condition) -> Key:
    """What the condition looks at."""
    match condition:
        case AttributeCondition(attribute):
            return ("attribute", attribute)
        case EventCondition():
            return ("rows", "of events")
        case RelationCondition(relation):
            return ("rows", "of a relation", relation.name)
        case EndCondition(_, _, _, _, end):
            return ("end", end, *chosen_by(condition))
        case SegmentCondition():
            return ("segments",)
        case _:
            return ("alone", condition)


@dataclass(frozen=True)
class Scope:
    """What is known before a rule is asked: the base population's rule, which holds for all who are asked."""

    catalog: Catalog
    populations: dict[str, Rule | None] = field(hash=False)
    entity: Entity | None = None

    @property
    def assumed(self) -> tuple[Rule, ...]:
        """The rules that hold for everyone in the base population."""
        if self.entity is None:
            return ()
        population = self.populations.get(self.entity.name)
        begun = _begun(self.entity)
        return (*((population,) if population else ()), *((begun,) if begun else ()))

    def about(self, entity: Entity | None) -> Scope:
        """The scope of a rule about subjects of another entity, or about mere rows."""
        return Scope(self.catalog, self.populations, entity)


def _begun(entity: Entity) -> Rule | None:
    """What `since` says of the attribute that it names."""
    since = entity.since
    named = next((each for each in entity.attributes.values() if since and each.column == since.column), None)
    if named is None or not named.type.temporal:
        return None
    return AttributeCondition(named, Within(DayWindow(None, TODAY)), negated=False, unknown=False)


class Judge:
    """Tells rules of one scope that hold for nobody or for everyone."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.known: dict[Rule, bool | None] = {}
        self.assumed = [part for rule in scope.assumed for part in conjuncts(rule)]

    def verdict(self, rule: Rule) -> bool | None:
        """True: holds for everyone; False: for nobody; None: that depends."""
        if rule not in self.known:
            self.known[rule] = self._verdict(rule)
        return self.known[rule]

    def _verdict(self, rule: Rule) -> bool | None:
        match rule:
            case Everyone():
                return True
            case Not(inner):
                return _turned(self.verdict(inner))
            case AnyOf(rules):
                return _turned(self.verdict(All(tuple(Not(each) for each in rules))))
            case All(rules):
                return self._of_all(rules)
            case _ if self._is_open(rule):
                return None
            case _:
                return False if self.never(rule) else True if self.never(Not(rule)) else None

    def _is_open(self, condition: Condition) -> bool:
        """Whether a condition is of a kind that, alone, plainly holds for some and not for others."""
        match condition:
            case AttributeCondition(attribute, test):
                known = any(_common_key((each,)) == ("attribute", attribute) for each in self.assumed)
                return not known and not isinstance(test, Within)
            case EventCondition(windows=windows, number=number) | RelationCondition(windows=windows, number=number):
                plain = number in (AT_LEAST_ONE, NONE_AT_ALL)
                week = self.scope.catalog.week_starts_on
                return plain and not is_empty(windows, week) and not self._impossible(chosen_by(condition))
            case SegmentCondition() | StaticMembers():
                return True
            case _:
                return False

    def _of_all(self, rules: tuple[Rule, ...]) -> bool | None:
        verdicts = [self.verdict(each) for each in rules]
        if False in verdicts:
            return False
        if all(verdicts):
            return True
        parts = tuple(part for rule in rules for part in conjuncts(rule))
        return False if any(self.never(*group) for group in self.families(parts)) else None

    def families(self, rules: Sequence[Rule]) -> list[list[Rule]]:
        """The rules that look at one thing only, by what they look at."""
        found: dict[Key, list[Rule]] = {}
        for rule in rules:
            keys = {family_of(each) for each in conditions(rule)}
            if len(keys) == 1:
                found.setdefault(keys.pop(), []).append(rule)
        return list(found.values())

    def never(self, *rules: Rule) -> bool:
        """Whether surely nobody meets all of the rules; they must look at one and the same thing."""
        key = _common_key(rules)
        if key is None:
            return False
        assumed = [each for each in self.assumed if _common_key((each,)) == key]
        asked = tuple(dict.fromkeys(each for rule in (*rules, *assumed) for each in conditions(rule)))
        family = self._family(key, asked)
        try:
            return not any(all(_holds(rule, family, case) for rule in (*rules, *assumed)) for case in family.cases())
        except TooManyCases:
            return False

    def _family(self, key: Key, asked: tuple[Condition, ...]) -> Family:
        week = self.scope.catalog.week_starts_on
        match key[0]:
            case "attribute":
                mine = tuple(each for each in asked if isinstance(each, AttributeCondition))
                return cast("Family", Values(mine[0].attribute, mine, week))
            case "rows":
                rows = tuple(each for each in asked if isinstance(each, RowsCondition))
                return cast("Family", Totals(rows, week, self._impossible))
            case "end":
                ends = tuple(each for each in asked if isinstance(each, EndCondition))
                return cast("Family", Ends(ends, week, self._impossible))
            case _:
                return cast("Family", Answers(asked, week))

    def _impossible(self, chosen: Chosen) -> bool:
        """Whether no row passes the `where`."""
        if chosen.where is None:
            return False
        entity = self.scope.catalog.entities[chosen.source.entity] if isinstance(chosen.source, Link) else None
        return Judge(self.scope.about(entity)).verdict(chosen.where) is False


def _turned(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def _common_key(rules: Sequence[Rule]) -> Key | None:
    keys = {family_of(each) for rule in rules for each in conditions(rule)}
    return keys.pop() if len(keys) == 1 else None


def conjuncts(rule: Rule) -> tuple[Rule, ...]:
    """The rules that all have to hold for this one to hold."""
    match rule:
        case All(rules):
            return tuple(part for each in rules for part in conjuncts(each))
        case Not(AnyOf(rules)):
            return tuple(part for each in rules for part in conjuncts(Not(each)))
        case Not(Not(inner)):
            return conjuncts(inner)
        case Not(All((single,))):
            return conjuncts(Not(single))
        case _:
            return (rule,)


def _holds(rule: Rule, family: Family, case: object) -> bool:
    match rule:
        case All(rules):
            return all(_holds(each, family, case) for each in rules)
        case AnyOf(rules):
            return any(_holds(each, family, case) for each in rules)
        case Not(inner):
            return not _holds(inner, family, case)
        case Everyone():
            return True
        case _:
            return family.holds(rule, case)
