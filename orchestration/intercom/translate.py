"""From a query to the conditions of a segment that hold for the same contacts, or to what stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeVar, assert_never
from zoneinfo import ZoneInfo

from orchestration.compiler.catalog import Type
from orchestration.compiler.operators import BARE
from orchestration.compiler.problem import nearest
from orchestration.compiler.resolve import WORDS
from orchestration.drafts.handwriting import Data
from orchestration.intercom.document import Json, below
from orchestration.intercom.fault import Told
from orchestration.intercom.fields import ALL_OPERATORS, FIELDS, OPERATORS, Kind
from orchestration.intercom.query import Filter, Group, Query
from orchestration.intercom.subject import Subject, Subjects
from orchestration.intercom.values import midnight, to_boolean, to_day, to_list, to_number, to_text

T = TypeVar("T", str, bool)
PARTS = {"~": "contains", "!~": "not_contains", "^": "starts_with", "$": "ends_with"}
COMPARED = {"<": "less_than", ">": "greater_than", "<=": "at_most", ">=": "at_least"}
OPPOSITE = {"!=": "=", "NIN": "IN", "!~": "~"}
CASE = "`=`, `!=`, `IN` and `NIN` compare texts exactly; `~`, `!~`, `^` and `$` ignore case"
UNKNOWN = "`!=`, `NIN` and `!~` find those whose value is unknown, too; `unknown: exclude` leaves them out"


class Rule(NamedTuple):
    """A segment's conditions, and whether all of them must hold or one is enough."""

    conditions: tuple[Data, ...]
    joined: Literal["all", "any"]


@dataclass(frozen=True)
class Translator:
    """`zone` is the time zone of Intercom's workspace, whose days its filters mean; `ours` that of the catalog."""

    subjects: Subjects
    zone: ZoneInfo
    ours: ZoneInfo
    told: Told

    def rule(self, query: Query) -> Rule:
        """The query as conditions; what cannot be said is told and left out."""
        if isinstance(query, Filter):
            return Rule(self._parts((query,)), "all")
        return Rule(self._parts(query.parts), "all" if query.operator == "AND" else "any")

    def _parts(self, parts: tuple[Query, ...]) -> tuple[Data, ...]:
        return tuple(found for part in parts if (found := self._condition(part)) is not None)

    def _condition(self, query: Query) -> Data:
        if isinstance(query, Filter):
            return self._filter(query)
        return _group(query, self._parts(query.parts))

    def _filter(self, asked: Filter) -> Data:
        if asked.operator not in ALL_OPERATORS:
            reason = f"Intercom has no operator `{asked.operator}`"
            self.told.fault(below(asked.path, "operator"), reason, nearest(asked.operator, ALL_OPERATORS))
            return None
        subject = self.subjects.find(asked)
        if subject is None:
            self._look_further(asked)
            return None
        if not self._fits(asked, subject):
            return None
        if asked.operator in OPPOSITE and asked.value is not None:
            self.told.note(UNKNOWN)
        if subject.attached and asked.operator in OPPOSITE:
            positive = self._said(Filter(asked.field, OPPOSITE[asked.operator], asked.value, asked.path), subject)
            return None if positive is None else {"not": positive}
        return self._said(asked, subject)

    def _look_further(self, asked: Filter) -> None:
        """Find what else is wrong with a filter on a field that the catalog lacks."""
        kind = FIELDS.get(asked.field)
        if kind in (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE):
            lacking = Subject(asked.field, kind, Type.TIMESTAMP)
            if self._fits(asked, lacking):
                self._said(asked, lacking)

    def _fits(self, asked: Filter, subject: Subject) -> bool:
        if asked.operator not in OPERATORS[subject.kind]:
            reason = f"Intercom takes no `{asked.operator}` for `{asked.field}`, which is a {subject.kind}"
            known = ", ".join(f"`{operator}`" for operator in OPERATORS[subject.kind])
            self.told.fault(below(asked.path, "operator"), reason, f"use {known}")
            return False
        if asked.value is None:
            return self._may_be_null(asked, subject)
        return True

    def _may_be_null(self, asked: Filter, subject: Subject) -> bool:
        place = below(asked.path, "value")
        if asked.operator not in ("=", "!="):
            self.told.fault(place, f"`{asked.operator}` compares with a value, and this is null", "use `=` or `!=`")
        elif subject.kind in (Kind.SEGMENT, Kind.DOMAIN) or subject.attached:
            self.told.fault(place, f"whether `{asked.field}` is unknown cannot be told here", "compare with a value")
        else:
            return True
        return False

    def _said(self, asked: Filter, subject: Subject) -> Data:
        if asked.value is None:
            return _about(subject, "is", "is_unknown" if asked.operator == "=" else "has_any_value", bare=True)
        match subject.kind:
            case Kind.TEXT:
                return self._text(asked, subject)
            case Kind.NUMBER:
                return self._number(asked, subject)
            case Kind.BOOLEAN:
                return self._boolean(asked, subject)
            case Kind.DATE:
                return self._date(asked, subject)
            case Kind.TAG:
                return self._tag(asked, subject)
            case Kind.SEGMENT:
                return self._segment(asked, subject)
            case Kind.DOMAIN:
                return self._domain(asked, subject)
            case _:
                assert_never(subject.kind)

    def _values(self, asked: Filter, read: Callable[[Json, str], T | None]) -> list[T] | None:
        """What a filter compares with, whether it is one value or an array."""
        place = below(asked.path, "value")
        if asked.operator in ("IN", "NIN"):
            return to_list(asked.value, place, read, self.told)
        found = read(asked.value, place)
        return None if found is None else [found]

    def _text(self, asked: Filter, subject: Subject) -> Data:
        if asked.operator in PARTS:
            return self._part_of_text(asked, subject)
        self.told.note(CASE)
        values = self._values(asked, partial(self._named, asked=asked, subject=subject))
        if values is None:
            return None
        if asked.operator in ("IN", "NIN"):
            return _about(subject, "in" if asked.operator == "IN" else "not_in", values)
        return _about(subject, "is" if asked.operator == "=" else "is_not", values[0])

    def _part_of_text(self, asked: Filter, subject: Subject) -> Data:
        self.told.note(CASE)
        place = below(asked.path, "value")
        if subject.names is not None:
            reason = f"the mapping gives `{asked.field}` other values, so nothing is known of parts of them"
            self.told.fault(place, reason, "compare with whole values, by `=` or `IN`")
            return None
        text = to_text(asked.value, place, self.told)
        return None if text is None else _about(subject, PARTS[asked.operator], text)

    def _named(self, value: Json, path: str, asked: Filter, subject: Subject) -> str | None:
        """A text, or what stands for it in the mapping."""
        text = to_text(value, path, self.told)
        if text is None or subject.names is None or text in subject.names:
            return text if text is None or subject.names is None else subject.names[text]
        heading = {Kind.TAG: "tags:", Kind.SEGMENT: "segments:"}.get(subject.kind, f"values: {asked.field}:")
        remedy = f"name it in the mapping file (--attributes), under `{heading}`, as in `'{text}': …`"
        self.told.fault(path, f"the mapping does not say what `{text}` stands for", remedy)
        return None

    def _number(self, asked: Filter, subject: Subject) -> Data:
        place = below(asked.path, "value")
        if asked.operator in ("IN", "NIN"):
            found = to_list(asked.value, place, partial(to_number, told=self.told), self.told)
            return None if found is None else _about(subject, "in" if asked.operator == "IN" else "not_in", found)
        number = to_number(asked.value, place, self.told)
        words = {"=": "equals", "!=": "not_equals", **COMPARED}
        return None if number is None else _about(subject, words[asked.operator], number)

    def _boolean(self, asked: Filter, subject: Subject) -> Data:
        values = self._values(asked, partial(to_boolean, told=self.told))
        if values is None:
            return None
        negative = asked.operator in OPPOSITE
        if len(set(values)) > 1:
            return _about(subject, "is", "is_unknown" if negative else "has_any_value", bare=True)
        return _about(subject, "is_not" if negative else "is", values[0])

    def _date(self, asked: Filter, subject: Subject) -> Data:
        day = to_day(asked.value, below(asked.path, "value"), self.zone, self.told)
        if day is None:
            return None
        if self.zone.key == self.ours.key or subject.type is Type.DATE:
            self.told.note(f"days are those of {self.zone.key}; --timezone names another zone of Intercom's workspace")
            return _about(subject, {"=": "on", ">": "after", "<": "before"}[asked.operator], day.isoformat())
        return self._instants(asked, subject, day)

    def _instants(self, asked: Filter, subject: Subject, day: date) -> Data:
        """A day of another time zone, from instant to instant."""
        self.told.note(f"days are those of {self.zone.key}, not of {self.ours.key} as in the catalog: instants in UTC")
        begins, ends = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
        match asked.operator:
            case "=":
                return _asked(subject, {"on_or_after": begins, "before": ends})
            case ">":
                return _about(subject, "on_or_after", ends)
            case _:
                return _about(subject, "before", begins)

    def _tag(self, asked: Filter, subject: Subject) -> Data:
        tag = self._named(asked.value, below(asked.path, "value"), asked, subject)
        if tag is None:
            return None
        return _asked(subject, {"has": tag} if asked.operator == "=" else {"has_none": [tag]})

    def _segment(self, asked: Filter, subject: Subject) -> Data:
        keys = self._values(asked, partial(self._named, asked=asked, subject=subject))
        if keys is None:
            return None
        word = "not_in_segment" if asked.operator in OPPOSITE else "in_segment"
        return {word: keys[0] if len(keys) == 1 else keys}

    def _domain(self, asked: Filter, subject: Subject) -> Data:
        domains = self._values(asked, partial(to_text, told=self.told))
        if domains is None:
            return None
        found: list[Data] = [_about(subject, "domain", domain) for domain in domains]
        if asked.operator in OPPOSITE:
            return {"none": found} if len(found) > 1 else {"not": found[0]}
        return {"any": found} if len(found) > 1 else found[0]


def _group(group: Group, parts: tuple[Data, ...]) -> Data:
    if len(parts) < 2:
        return parts[0] if parts else None
    return {"all" if group.operator == "AND" else "any": parts}


def _about(subject: Subject, word: str, operand: Data, *, bare: bool = False) -> Data:
    """One condition on an attribute, as short as it can be written; `bare` operands are words, not texts."""
    if bare and isinstance(operand, str):
        return _asked(subject, {operand: True}) if subject.name in WORDS else {subject.name: operand}
    is_word = isinstance(operand, str) and operand in BARE
    short = word in ("is", "equals", "in", "has") and not is_word and subject.name not in WORDS
    return {subject.name: operand} if short else _asked(subject, {word: operand})


def _asked(subject: Subject, said: Mapping[str, Data]) -> Data:
    """Operators on an attribute, which may be called like a word of the language."""
    return {"attribute": subject.name, **said} if subject.name in WORDS else {subject.name: said}
