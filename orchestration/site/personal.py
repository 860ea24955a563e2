"""Rules that name somebody: what they compare a personal attribute with is for no page that anybody may be sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property

from orchestration.compiler.catalog import Attribute, Catalog, Entity, Link
from orchestration.compiler.compile import Compilation
from orchestration.compiler.segment import AnyElement, AttributeCondition, HasAll, HasAny, IsAnyOf, TextTest
from orchestration.compiler.sentence import segment_to_sentence
from orchestration.site.reading import Figures, Rows, Step, Version

WITHHELD = "Its rule names values of personal attributes, so it stands in the spec and on no page."
STEP = "a condition on a personal attribute"


@dataclass(frozen=True)
class Personal:
    """What may not be shown of a project's rules.

    A rule of today is known: it names somebody where it compares a personal attribute with texts, other than with the
    domain of an address. Of what was published by former rules only the words are known: those that mention a personal
    attribute are withheld, whatever they say of it.
    """

    compilation: Compilation

    def in_rule(self, key: str) -> bool:
        """Whether a segment's own rule names somebody."""
        return names_somebody(self.compilation.segments[key].rule)

    def in_query(self, key: str) -> bool:
        """Whether its rule, or that of a segment that it refers to, does."""
        return any(self.in_rule(each) for each in self.compilation.with_references((key,)))

    def in_text(self, text: str) -> bool:
        """Whether words or SQL mention a personal attribute."""
        return bool(self._mentioned and self._mentioned.search(text))

    def words(self, key: str) -> str:
        """A segment's rule as a sentence, if it may be shown."""
        return WITHHELD if self.in_rule(key) else segment_to_sentence(self.compilation.segments[key])

    @cached_property
    def _mentioned(self) -> re.Pattern[str] | None:
        names = {name for found in _attributes(self.compilation.catalog) for name in (found.name, found.column)}
        return re.compile(rf"\b({'|'.join(map(re.escape, sorted(names)))})\b") if names else None

    def without(self, figures: Figures) -> Figures:
        """The figures without what may not be shown."""
        versions = {
            key: tuple(self._version(key, each) for each in found) for key, found in figures.versions.by_key.items()
        }
        today = {key for key, found in figures.versions.by_key.items() if found and self._holds_today(key, found[0])}
        steps = {
            key: tuple(self._step(key, each, is_of_today=key in today) for each in found)
            for key, found in figures.steps.by_key.items()
        }
        return replace(figures, versions=Rows(versions), steps=Rows(steps))

    def _version(self, key: str, version: Version) -> Version:
        if self._holds_today(key, version):
            shown = version.query if not self.in_query(key) else None
            return version._replace(rule=WITHHELD if self.in_rule(key) else version.rule, query=shown)
        query = version.query if version.query and not self.in_text(version.query) else None
        return version._replace(rule=WITHHELD if self.in_text(version.rule) else version.rule, query=query)

    def _holds_today(self, key: str, version: Version) -> bool:
        return key in self.compilation.segments and self.compilation.definition(key) == version.definition

    def _step(self, key: str, step: Step, *, is_of_today: bool) -> Step:
        names = self.in_rule(key) if is_of_today else self.in_text(step.condition)
        return step._replace(condition=STEP) if names and step.number else step


def names_somebody(rule: object) -> bool:
    """Whether a rule, or any part of it, compares a personal attribute with a text."""
    match rule:
        case AttributeCondition(attribute=Attribute(personal=True), test=asked):
            is_text = isinstance(asked, IsAnyOf | HasAny | HasAll | AnyElement | TextTest)
            return is_text and not (isinstance(asked, TextTest) and asked.kind == "domain")
        case tuple():
            return any(map(names_somebody, rule))
        case Entity() | Attribute() | str():
            return False
        case _ if is_dataclass(rule):
            return any(names_somebody(getattr(rule, each.name)) for each in fields(rule))
        case _:
            return False


def _attributes(catalog: Catalog) -> Iterator[Attribute]:
    """Every personal attribute: of entities, of events, of rows."""
    for entity in catalog.entities.values():
        found = [*entity.attributes.values(), *(entity.events.attributes.values() if entity.events else ())]
        for relation in entity.relations.values():
            found += relation.attributes.values() if not isinstance(relation, Link) else ()
        yield from (each for each in found if each.personal)
