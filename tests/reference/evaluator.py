"""The judge of the compiler: who is a member of a segment, by DESIGN.md part 4, in plain Python over rows.

Nothing here is fast or clever, and nothing is shared with the compiler. An error in a spec raises ValueError or
KeyError; the evaluator does not promise to find every error, only that a valid rule gets the right members.

Where DESIGN.md leaves a choice, this is what was chosen:

1.  A subject whose `since` is null has not begun (the positive reading of an unknown).
2.  A date in `since`, valid_from, valid_to or `at` stands for the first instant of its local day.
3.  `since` names an attribute where one is called so, otherwise a column.
4.  `less_than: N days from now` is D+1 … D+N−1, as `in_next` begins with D+1. `at_least` and `at_most … from now`,
    which are not listed, are D+N or later and D+1 … D+N.
5.  Hours: m is the end of D minus N hours. `in_last` and `at_most … ago` are m ≤ t < end of D, `more_than` is t < m,
    `at_least` is t ≤ m, `less_than` is m < t < end of D; `exactly` and `from now` have no hours; `in_next` has.
6.  `after` a timestamp is strictly later, `on_or_before` one and the ends of `between` include it.
7.  `during` is `this | last | next` with `week | month | quarter | year`, the whole period.
8.  An event without a time is treated like a row without a date: seen without a window, in no window, on no day.
9.  `sum: PROPERTY` and the other aggregates have their number condition beside them in the same mapping (`sum: amount`,
    `at_least: 100`), one aggregate in a condition. Under words that windows use too (`at_least`, `between` …) the
    operand tells: a number, or a date, `… ago`, `… from now`. With an aggregate, `on_days`, `times` or `count`,
    "at least one" is no longer asked; all that is asked holds together.
10. `unknown:` beside an aggregate decides where the aggregate is unknown; `not_equals` of an unknown one is true.
11. `unknown:` is applied operator by operator; they differ only where the right side of one operator is unknown.
12. A number literal is exact as written (0.1 is one tenth). When one side of a comparison is a float attribute, both
    are compared as doubles; otherwise comparison, shares, sums and averages are exact.
13. A bare list on a number means any of them, a bare date on a date attribute means `on`; neither is listed.
14. `domain` compares what follows the last @; text without an @ has no domain (false, and not unknown).
15. `has_none` and the other list operators see a list of nulls as empty, so as unknown. `any_element` tests known
    elements and is a positive condition, whatever operator stands inside; its operators are met by one element.
16. Case is folded character by character, by Unicode's simple mapping: no letter grows, and none depends on others.
17. `members:` lists keys as text, compared with the key as text; only those in the base population are members.
18. The dotted form works for every relation (`orders.status: paid`) and for `in_segment`. A relation backwards is
    called as the model of the entity it starts from (`related: people`), unless the catalog declares that name.
19. Link rows count one by one; one whose related subject is unknown or outside its base population does not exist.
20. A reversed `between` holds for nobody; two rows of one subject as of D are an error, as is a status but active.
21. The rule of `population` may use every condition that does not itself ask for the entity's base population.
22. `not:` over a list is the complement of all of them, as a list means all.
23. Ranks go by number of place, so equal values may fall on both sides of the border; keys are ordered as Python orders
    them (text by code point). Beside a rank other operators of the same mapping hold as well, by themselves.
24. With `for_at_least` all operators of the mapping are judged on each day by the day's version, right sides included.
    Links have no history: an attached company is one that is attached as of D.
25. `having` and the date condition of `first_performed` are met by one and the same event of the first instant.
26. In `performed_regularly` each period's length is counted back from D, so months are clamped from D's own day.
27. `within` of a sequence's step is counted from the step before that happened, to the microsecond.
28. A segment's first judged day is D where nothing is said. On a day before it the segment counts as not judged, though
    `in_segment` in a rule that is judged on that day reads it all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from tests.reference import counts, ends, habits, past, ranks, relations, sequences
from tests.reference.days import Clock
from tests.reference.rules import AsOf

__all__ = ["base_population", "members"]

Tables = dict[str, list[dict[str, Any]]]
JudgedFrom = dt.date | Mapping[str, dt.date] | None
NO_LISTS: Mapping[str, list[str]] = {}
MODULES = (counts, ends, habits, past, ranks, relations, sequences)


def members(
    catalog: dict[str, Any],
    tables: Tables,
    specs: dict[str, dict[str, Any]],
    segment: str,
    as_of: dt.date,
    static: Mapping[str, list[str]] = NO_LISTS,
    judged_from: JudgedFrom = None,
) -> set[Any]:
    """Return the keys of the segment's members as of the end of local day `as_of` in the catalog's time zone.

    `catalog` and `specs` (by key) are parsed YAML; `tables` has rows by model name, timestamps as naive UTC datetimes;
    `static` has the keys of each fixed list by the path that `members:` names; `judged_from` is the first judged day of
    all segments, or of each by key, and `as_of` where nothing is said. Raises ValueError or KeyError for a rule that is
    no valid one, and ValueError for a subject with two rows as of the day.
    """
    return world_as_of(catalog, tables, specs, as_of, static, judged_from).members(segment)


def base_population(catalog: dict[str, Any], tables: Tables, entity: str, as_of: dt.date) -> set[Any]:
    """Return the keys of the entity's base population: its rows as of the day, begun and counted."""
    return set(world_as_of(catalog, tables, {}, as_of, NO_LISTS).base(entity))


def world_as_of(
    catalog: dict[str, Any],
    tables: Tables,
    specs: dict[str, dict[str, Any]],
    as_of: dt.date,
    static: Mapping[str, list[str]],
    judged_from: JudgedFrom = None,
) -> AsOf:
    """Gather what the rules are judged on."""
    clock = Clock(as_of, ZoneInfo(catalog["timezone"]), catalog.get("week_starts_on", "monday"))
    first = judged_from if isinstance(judged_from, Mapping) else dict.fromkeys(specs, judged_from or as_of)
    return AsOf(catalog, tables, specs, dict(static), clock, {key: first.get(key, as_of) for key in specs})
