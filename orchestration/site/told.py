"""A segment of which figures are told: what several of its sections ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from orchestration.site.reading import Day, Figures, Version

WEEK = 7


@dataclass(frozen=True)
class Told:
    """`nouns` are the segment's subjects in words; `names` are the names of the segments that have a page, by key."""

    key: str
    nouns: str
    figures: Figures
    names: Mapping[str, str]

    @property
    def days(self) -> tuple[Day, ...]:
        return self.figures.days.of(self.key)

    @property
    def moves(self) -> tuple[Day, ...]:
        """The days but the segment's first one, on which nobody was seen to enter."""
        return tuple(each for each in self.days if not each.is_first)

    @property
    def last(self) -> Day | None:
        """The as-of day's figures, if the segment was judged then."""
        return self.days[-1] if self.days and self.days[-1].day == self.figures.as_of else None

    @property
    def week_before(self) -> Day | None:
        """The figures of seven days before the as-of day."""
        wanted = self.figures.as_of - timedelta(days=WEEK)
        return next((each for each in self.days[-WEEK - 1 :] if each.day == wanted), None)

    @property
    def change(self) -> int | None:
        """Members now less those seven days before; null where one of the two days was not judged."""
        return self.last.members - self.week_before.members if self.last and self.week_before else None

    @property
    def versions(self) -> tuple[Version, ...]:
        """The definitions, the last one first."""
        return self.figures.versions.of(self.key)

    @property
    def current(self) -> Version | None:
        """The definition that holds as of the day, if the segment has one."""
        return next((each for each in self.versions if each.valid_to is None), None)

    @cached_property
    def edited(self) -> tuple[date, ...]:
        """The days from which another definition held than on the day before."""
        pairs = zip(self.versions, self.versions[1:], strict=False)
        return tuple(later.valid_from for later, earlier in pairs if later.definition != earlier.definition)

    def name(self, key: str | None) -> str:
        """A segment's name, with its key where the name alone could be another's."""
        return "no segment" if key is None else self.names.get(key, key)

    def links(self, keys: Iterable[str | None]) -> dict[str, str]:
        """The pages of segments by their names."""
        return {self.names[key]: f"{key}.html" for key in keys if key is not None and key in self.names}
