"""The values that a condition looked at, as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from orchestration.compiler.segment import (
    Aggregate,
    Anniversary,
    AttributeCondition,
    Compare,
    EndCondition,
    EventCondition,
    MoveCondition,
    Number,
    Rank,
    RelationCondition,
    Rule,
    SequenceCondition,
    Share,
    StaticMembers,
)
from orchestration.compiler.window import RelativeDay


class Personal:
    """What stands for a value of a personal attribute where those are not shown."""

    def __str__(self) -> str:
        return "(personal)"


PERSONAL = Personal()


def shown(value: object) -> str:
    """One value; instants are in UTC."""
    match value:
        case None:
            return "unknown"
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return f"{value.isoformat(sep=' ')} UTC"
        case date():
            return value.isoformat()
        case list():
            return ", ".join(map(shown, value))
        case Personal():
            return "personal"
        case "":
            return "an empty text"
        case _:
            return str(value)


def shown_values(rule: Rule, values: Sequence[object]) -> str:
    """All values of a condition, in the order in which its test takes them; empty where the answer itself is all."""
    match rule:
        case SequenceCondition() | StaticMembers() | AttributeCondition(held_from=RelativeDay()):
            return ""
        case AttributeCondition(test=Anniversary()):
            return _unless_known(values)
        case EndCondition(having=having) if having is not None:
            return _unless_known(values)
        case AttributeCondition(test=Rank() as rank) if len(values) > 1:
            return _place(rank, values)
        case EventCondition(number=number) | RelationCondition(number=number) if len(values) > 1:
            return _numbers(number, values)
        case AttributeCondition(test=Compare(value=Share())):
            return " of ".join(map(shown, values))
        case MoveCondition(keys) if len(values) == 2 * len(keys):
            return "; ".join(map(_moves, values[::2], values[1::2]))
        case _:
            return ", ".join(map(shown, values))


def _moves(earlier: object, was_in: object) -> str:
    """What was recorded before the day; today's own move is told by where the subject was the day before."""
    before = {True: ", in it the day before", False: ", not in it the day before"}.get(was_in is True, "")
    return f"{shown(earlier)} before the day{before if was_in is not None else ''}"


def _unless_known(values: Sequence[object]) -> str:
    return "unknown" if None in values else ""


def _numbers(number: Number, values: Sequence[object]) -> str:
    ranks = [test for test in number.tests if isinstance(test, Rank)]
    if ranks:
        return _place(ranks[0], values)
    assert number.aggregate is Aggregate.AVERAGE, "only an average is told by two values"
    total, known = map(shown, values)
    return "unknown: no values" if known == "0" else f"{total} over {known} value{'' if known == '1' else 's'}"


def _place(rank: Rank, values: Sequence[object]) -> str:
    """`place 3 of 40 in IE, with 310.5`; without a place the value or its group is unknown."""
    place, *rest = map(shown, values)
    count = f" of {rest.pop(0)}" if rank.share is not None else ""
    group = f" in {rest.pop(0)}" if rank.within else ""
    told = "no place" if place == "unknown" else f"place {place}"
    return f"{told}{count if place != 'unknown' else ''}{group}, with {', '.join(rest)}"
