"""Sequences: of all events up to a step, the latest that fits is the best one to go on from."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from orchestration.compiler.building import Building
from orchestration.compiler.imports import Import, select, where
from orchestration.compiler.names import Namer, slug
from orchestration.compiler.rows import named_rows
from orchestration.compiler.segment import Step
from orchestration.compiler.sql import (
    aliased,
    any_of,
    column,
    compared,
    conjunction,
    either_of,
    end_of_day,
    is_known,
    is_null,
    later,
    number,
    table,
)
from orchestration.compiler.trait import SequenceTrait
from orchestration.compiler.trait_words import trait_name
from orchestration.compiler.words import names_to_words, rule_to_words

EARLIER = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="1", end_side="PRECEDING")
LATER = exp.WindowSpec(kind="ROWS", start="1", start_side="FOLLOWING", end="UNBOUNDED", end_side="FOLLOWING")


DERIVED = ("{}_at", "last_{}_at", "next_{}_at")


def add_sequences(building: Building) -> None:
    """Whether the events of each sequence follow each other as asked."""
    for trait in building.of_kind(SequenceTrait):
        wanted = slug("sequence", trait_name(trait))
        query = _Sequence(building, trait).reached()
        name = building.join(wanted, query, repr(trait))
        building.values[trait] = is_known(column(building.key, name))


class _Sequence:
    """The CTEs of one sequence: the moments of its events, and for each step the moments at which it is reached.

    There is one row for each subject and instant, so that an earlier row is strictly earlier. From the latest moment at
    which a step was reached the next one is nearest, and the least can have happened in between; so no other counts.
    """

    def __init__(self, building: Building, trait: SequenceTrait) -> None:
        self.building = building
        self.trait = trait
        self.reading: Import = building.rows(trait.events)
        namer = Namer(building.key, "at")
        steps = enumerate(trait.steps)
        self.names = [namer.name(_step_name(step), repr((place, step)), DERIVED) for place, step in steps]
        self.at = column("at")

    def reached(self) -> exp.Select:
        """The keys of those who reach the end."""
        source, previous = self._moments(), self.names[0]
        for place, blocked in self._stretches():
            if place == len(self.trait.steps):
                break
            source = self._nearest(source, previous, blocked)
            source = self._step(source, place, previous, blocked)
            previous = self.names[place]
        last = self.trait.steps[-1]
        conditions = [is_known(column(_reached(previous)))]
        if last.negated:
            source = self._next(source)
            conditions += self._stayed_away(last, previous)
        query = where(select(column(self.building.key)).from_(table(source), copy=False), conditions)
        return query.group_by(column(self.building.key), copy=False)

    def _stretches(self) -> Iterator[tuple[int, list[int]]]:
        """Each later step that has to happen, with the ones before it that must not."""
        blocked: list[int] = []
        for place, step in enumerate(self.trait.steps[1:], 1):
            if step.negated:
                blocked.append(place)
            else:
                yield place, blocked
                blocked = []

    def _add(self, what: str, query: exp.Select) -> str:
        return self.building.add(slug(what), query, f"{what} {self.trait!r}")

    def _moments(self) -> str:
        """One row for each instant, with the steps that happened then."""
        events = self.trait.events
        assert events.at, "events are dated"
        at = self.reading.instant(events.at)
        happened: list[exp.Expr] = []
        each: list[list[exp.Expr]] = []
        for step, name in zip(self.trait.steps, self.names, strict=True):
            windows = () if step.negated else self.trait.windows
            found = named_rows(events, step.names, step.where, windows, self.reading)
            each.append(found)
            passed = exp.If(this=conjunction(found), true=number(1)) if found else None
            passing = exp.Case(ifs=[passed], default=number(0)) if passed else number(1)
            happened.append(aliased(exp.Max(this=passing), name))
        first = exp.Case(ifs=[exp.If(this=compared(happened[0].this.copy(), "=", number(1)), true=at.copy())])
        columns = [column(self.building.key), aliased(at, "at"), *happened, aliased(first, _reached(self.names[0]))]
        query = where(select(*columns).from_(table(self.reading.name), copy=False), [is_known(at.copy())])
        if all(each):
            query = where(
                query, [any_of([exp.Paren(this=conjunction([one.copy() for one in found])) for found in each])]
            )
        query = query.group_by(column(self.building.key), at.copy(), copy=False)
        return self._add(f"moments of {names_to_words(self.trait.steps[0].names)}", query)

    def _nearest(self, source: str, previous: str, blocked: list[int]) -> str:
        """With the latest moments before: of the previous step being reached, and of what must not happen."""
        nearest = [aliased(self._over(exp.Max, column(_reached(previous)), EARLIER), _since(previous))]
        for place in blocked:
            name = self.names[place]
            nearest.append(aliased(self._over(exp.Max, self._moment_of(name), EARLIER), _since(name)))
        query = select(exp.Star(), *nearest).from_(table(source), copy=False)
        return self._add(f"after {previous}", query)

    def _step(self, source: str, place: int, previous: str, blocked: list[int]) -> str:
        name, step = self.names[place], self.trait.steps[place]
        since = column(_since(previous))
        conditions = [compared(column(name), "=", number(1)), is_known(since)]
        if step.within:
            conditions.append(compared(self.at.copy(), "<=", later(since.copy(), step.within)))
        for other in blocked:
            at = column(_since(self.names[other]))
            conditions.append(either_of(is_null(at), compared(at.copy(), "<=", since.copy())))
        reached = exp.Case(ifs=[exp.If(this=conjunction(conditions), true=self.at.copy())])
        query = select(exp.Star(), aliased(reached, _reached(name))).from_(table(source), copy=False)
        return self._add(f"reached {name}", query)

    def _next(self, source: str) -> str:
        name = self.names[-1]
        following = aliased(self._over(exp.Min, self._moment_of(name), LATER), DERIVED[2].format(name))
        query = select(exp.Star(), following).from_(table(source), copy=False)
        return self._add(f"until {name}", query)

    def _stayed_away(self, last: Step, previous: str) -> list[exp.Expr]:
        assert last.within, "a last step that must not happen has a time"
        end, following = later(column(_reached(previous)), last.within), column(DERIVED[2].format(self.names[-1]))
        none = either_of(is_null(following), compared(following.copy(), ">", end))
        return [none, compared(end.copy(), "<=", end_of_day(self.building.clock))]

    def _moment_of(self, name: str) -> exp.Expr:
        return exp.Case(ifs=[exp.If(this=compared(column(name), "=", number(1)), true=self.at.copy())])

    def _over(self, function: type[exp.AggFunc], value: exp.Expr, spec: exp.WindowSpec) -> exp.Expr:
        order = exp.Order(expressions=[exp.Ordered(this=self.at.copy())])
        return exp.Window(
            this=function(this=value), partition_by=[column(self.building.key)], order=order, spec=spec.copy()
        )


def _step_name(step: Step) -> str:
    said = [names_to_words(step.names)]
    if step.where:
        said.append(f"where {rule_to_words(step.where)}")
    return slug(*(["not", *said] if step.negated else said))


def _reached(name: str) -> str:
    return DERIVED[0].format(name)


def _since(name: str) -> str:
    return DERIVED[1].format(name)
