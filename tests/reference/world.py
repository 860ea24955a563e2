"""All that decides about membership, as plain values: made up, or written down as a case."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from tests.reference import evaluator, recorded

Tables = dict[str, list[dict[str, Any]]]
Columns = dict[str, dict[str, str]]
MOVES = frozenset({"entered_segment", "left_segment", "was_in_segment"})


@dataclass(frozen=True)
class World:
    """A catalog, rows, segments and a day.

    `static` has keys by the path that `members:` names, `judged_from` the first judged day of segments by key (D where
    nothing is said), and `columns` the catalog's type of every column of every table.
    """

    catalog: dict[str, Any]
    tables: Tables
    specs: dict[str, dict[str, Any]]
    as_of: dt.date
    columns: Columns
    static: dict[str, list[str]] = field(default_factory=dict)
    judged_from: dict[str, dt.date] = field(default_factory=dict)

    def members(self, key: str) -> set[Any]:
        """Return the members of a segment, as the evaluator judges."""
        return evaluator.members(self.catalog, self.tables, self.specs, key, self.as_of, self.static, self.judged_from)

    def looks_back(self) -> bool:
        """Tell whether a rule mentions what was recorded on earlier days, and there were any."""
        asked = any(word in str(self.specs) for word in MOVES)
        return asked and any(day < self.as_of for day in self.judged_from.values())

    def recorded(self, definitions: dict[str, str]) -> Tables:
        """Return what the warehouse would have recorded before the day."""
        return recorded.recorded(
            self.catalog, self.tables, self.specs, self.as_of, self.static, self.judged_from, definitions
        )

    def recorded_columns(self) -> Columns:
        """Return the catalog's type of every recorded column."""
        entities = self.catalog["entities"]
        keys = {name: self.columns[entity["model"]][entity["key"]] for name, entity in entities.items()}
        return recorded.recorded_types(self.catalog, self.specs, keys)
