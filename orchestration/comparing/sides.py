"""The two understandings of the specs, and what has to be judged by each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from orchestration.comparing.changes import Change, is_judged
from orchestration.comparing.judging import Side
from orchestration.comparing.movement import member, segment_to_rules
from orchestration.comparing.sending import audience_to_rules
from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.compile import Compilation
from orchestration.compiler.plan import Plan
from orchestration.compiler.segment import Rule, Segment
from orchestration.questions import Questions
from orchestration.questions.question import Locate

Touched = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Both:
    """The two understandings of the specs, whom to ask by each, and where the one after finds its tables."""

    before: Compilation
    after: Compilation
    asked_before: Questions
    asked_after: Questions
    day: date
    locate_after: Locate

    @cached_property
    def _renamed_audiences(self) -> dict[str, str]:
        """By the key of an audience that is gone, the one that goes on as it."""
        old, new = self.before.audiences, self.after.audiences
        formers = {each.text: key for key, spec in new.items() if key not in old for each in spec.formerly}
        return {former: heir for former, heir in formers.items() if former in old and former not in new}

    def audience_now(self, key: str) -> str:
        """The key that an audience has after."""
        return self._renamed_audiences.get(key, key)

    def former_audience(self, key: str) -> str:
        """The key that an audience had before."""
        return next((former for former, heir in self._renamed_audiences.items() if heir == key), key)

    @cached_property
    def has_same_surroundings(self) -> bool:
        """Whether catalog and destinations say the same of audiences."""
        sides = [
            (each.catalog, [entity.suppressed_by for entity in each.catalog.entities.values()], each.destinations)
            for each in (self.before, self.after)
        ]
        return sides[0] == sides[1]

    @cached_property
    def flags_before(self) -> dict[str, Plan]:
        return _flags(self.before)

    @cached_property
    def flags_after(self) -> dict[str, Plan]:
        return _flags(self.after)

    def sides(
        self, entity: str, moving: Sequence[Change], touched: Touched, *, in_full: bool = True
    ) -> tuple[Side, Side]:
        """What has to be judged of an entity; of changes only who is in the segments, unless `in_full`.

        After it is every other segment too, to tell with whom a change overlaps.
        """
        others = [member(each) for each in self.after.segments.values() if each.entity == entity and is_judged(each)]
        before = [
            *rules_of((each.before for each in moving), in_full),
            *_audience_rules(self.before, entity, touched),
        ]
        after = [
            *rules_of((each.after for each in moving), in_full),
            *_audience_rules(self.after, entity, touched),
            *others,
        ]
        return (
            Side("before", self.asked_before, tuple(dict.fromkeys(before)), self.asked_before.places.locate),
            Side("after", self.asked_after, tuple(dict.fromkeys(after)), self.locate_after),
        )


def rules_of(segments: Iterable[Segment | None], in_full: bool) -> Iterator[Rule]:
    for segment in segments:
        if segment and in_full:
            yield from segment_to_rules(segment)
        elif segment and is_judged(segment):
            yield member(segment)


def _audience_rules(compilation: Compilation, entity: str, touched: Touched) -> Iterator[Rule]:
    for spec in audiences_of(compilation, entity, touched):
        yield from audience_to_rules(compilation, spec)


def audiences_of(compilation: Compilation, entity: str, touched: Touched) -> list[AudienceSpec]:
    return [
        spec for key, spec in compilation.audiences.items() if key in touched and entity_of(compilation, spec) == entity
    ]


def entity_of(compilation: Compilation, spec: AudienceSpec) -> str:
    return compilation.segments[spec.segment.text].entity


def _flags(compilation: Compilation) -> dict[str, Plan]:
    """The plan that judges each segment."""
    return {segment.key: plan for plan in compilation.plans() for segment in plan.judged}
