"""A segment in one plain English sentence: for the `segments` table, docs and messages."""

from __future__ import annotations

import re

from orchestration.compiler.catalog import EventRows, Link
from orchestration.compiler.segment import (
    AT_LEAST_ONE,
    NONE_AT_ALL,
    Aggregate,
    All,
    AnyOf,
    AttributeCondition,
    Compare,
    Condition,
    EndCondition,
    EventCondition,
    Everyone,
    MoveCondition,
    Not,
    Number,
    RegularCondition,
    RelationCondition,
    Rule,
    Segment,
    SegmentCondition,
    SequenceCondition,
    StaticMembers,
    Status,
)
from orchestration.compiler.window import Window
from orchestration.compiler.words import (
    condition_to_words,
    names_to_words,
    rule_to_words,
    steps_to_words,
    test_to_words,
    windows_to_words,
)

PERSONS = ("person", "user", "customer", "member", "subscriber", "contact", "lead", "visitor", "patient", "student")
_COUNTED = {">": "more than", ">=": "at least", "<": "less than", "<=": "at most", "=": "exactly"}
_AGGREGATES = {
    Aggregate.SUM: "sum of",
    Aggregate.AVERAGE: "average of",
    Aggregate.MINIMUM: "smallest",
    Aggregate.MAXIMUM: "largest",
    Aggregate.DISTINCT: "number of different values of",
}


def segment_to_sentence(segment: Segment) -> str:
    """The segment's rule as one sentence, as in "People whose plan is pro and who have performed login."."""
    named = plural(segment.entity)
    who = "who" if segment.entity in PERSONS else "that"
    match segment.rule:
        case Everyone():
            said = f"all {named}"
        case rule:
            said = f"{named} {_clause(rule, who)}"
    ended = {Status.PAUSED: " (paused: as last judged)", Status.ARCHIVED: " (archived)"}.get(segment.status, "")
    return f"{said[0].upper()}{said[1:]}{ended}."


def plural(noun: str) -> str:
    """The plural of an entity's name."""
    spoken = noun.replace("_", " ")
    if spoken.endswith("person"):
        return f"{spoken.removesuffix('person')}people"
    if re.search(r"[^aeiou]y\Z", spoken):
        return f"{spoken[:-1]}ies"
    return f"{spoken}es" if re.search(r"(s|x|z|ch|sh)\Z", spoken) else f"{spoken}s"


def _clause(rule: Rule, who: str) -> str:
    """A relative clause: `who have performed login`."""
    match rule:
        case All(rules):
            return _joined(rules, who, "and")
        case AnyOf(rules):
            return _joined(rules, who, "or")
        case Not(SegmentCondition(keys)):
            return f"{who} are not in {_segments(keys)}"
        case Not(AnyOf(rules)) if len(rules) > 1:
            return f"{who} meet none of ({'; '.join(map(rule_to_words, rules))})"
        case Not(inner):
            return f"{who} do not meet ({rule_to_words(inner)})"
        case Everyone():
            return f"{who} exist"
        case _:
            return _condition(rule, who)


def _joined(rules: tuple[Rule, ...], who: str, word: str) -> str:
    said = [_clause(rule, who) for rule in rules]
    if len(said) == 1:
        return said[0]
    return _listed(_bracketed(rules, said), word)


def _bracketed(rules: tuple[Rule, ...], said: list[str]) -> list[str]:
    """Groups of several parts in parentheses."""
    return [
        f"({each})" if isinstance(rule, All | AnyOf) and len(rule.rules) > 1 else each
        for rule, each in zip(rules, said, strict=True)
    ]


def _listed(said: list[str], word: str) -> str:
    return f" {word} ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def _condition(condition: Condition, who: str) -> str:
    match condition:
        case AttributeCondition():
            return f"whose {condition_to_words(condition)}"
        case EventCondition():
            return _event(condition, who)
        case RelationCondition():
            return _relation(condition, who)
        case EndCondition():
            return _end(condition)
        case RegularCondition():
            return f"{who} have {condition_to_words(condition)}"
        case SequenceCondition(_, steps, windows):
            during = f", all{windows_to_words(windows)}" if windows else ""
            return f"{who} have performed {steps_to_words(steps)}{during}"
        case SegmentCondition(keys):
            return f"{who} are in {_segments(keys)}"
        case MoveCondition(keys, move, windows):
            moved = {"entered": "entered", "left": "left", "was_in": "were in"}[move]
            return f"{who} {moved} {_segments(keys)}{windows_to_words(windows)}"
        case StaticMembers(path):
            return f"{who} are listed in {path}"


def _segments(keys: tuple[str, ...]) -> str:
    return f"the segment {' or '.join(keys)}"


def _event(condition: EventCondition, who: str) -> str:
    chosen = f"{names_to_words(condition.names)}{_where(condition.where)}"
    when, number = _windows(condition.windows, condition.where), condition.number
    match number.aggregate:
        case Aggregate.COUNT if number == AT_LEAST_ONE:
            return f"{who} have performed {chosen}{when}"
        case Aggregate.COUNT if number == NONE_AT_ALL:
            return f"{who} have not performed {chosen}{when}"
        case Aggregate.COUNT if counted := _counted(number):
            return f"{who} have performed {chosen} {counted} {_times(counted)}{when}"
        case Aggregate.DAYS if counted := _counted(number):
            return f"{who} have performed {chosen} on {counted} {'day' if counted.endswith(' 1') else 'days'}{when}"
        case Aggregate.COUNT:
            return f"whose number of {chosen}{_closed(when)} {_tests(number)}"
        case Aggregate.DAYS:
            return f"whose number of days with {chosen}{_closed(when)} {_tests(number)}"
        case _:
            return f"whose {_aggregate(number)} over {chosen}{_closed(when)} {_tests(number)}"


def _relation(condition: RelationCondition, who: str) -> str:
    name = condition.relation.name
    joined = "are attached to" if isinstance(condition.relation, Link) else "have"
    where = _where(condition.where) if condition.related is None else _of_attached(condition)
    number = condition.number
    if number.aggregate is Aggregate.COUNT and number not in (AT_LEAST_ONE, NONE_AT_ALL):
        name = plural(name) if condition.related and name == condition.related.name else name
    when = _windows(condition.windows, condition.where)
    chosen = f"{name}{where}{when}"
    if number == AT_LEAST_ONE:
        return f"{who} {joined} {'a ' if joined != 'have' and not name.endswith('e') else ''}{chosen}"
    if number == NONE_AT_ALL:
        return f"{who} {joined} no {chosen}"
    counted = _counted(number)
    if number.aggregate is Aggregate.COUNT and counted:
        return f"{who} {joined} {counted} {chosen}"
    if number.aggregate is Aggregate.COUNT:
        return f"whose number of {name}{where}{_closed(when)} {_tests(number)}"
    return f"whose {_aggregate(number)} over {name}{where}{_closed(when)} {_tests(number)}"


def _of_attached(condition: RelationCondition) -> str:
    match condition.where:
        case None:
            return ""
        case SegmentCondition(keys):
            return f" in {_segments(keys)}"
        case Not(SegmentCondition(keys)):
            return f" not in {_segments(keys)}"
        case where:
            return f" {_clause(where, 'that')}"


def _counted(number: Number) -> str:
    """`at least 3`, where a number is only counted."""
    if number.negated or not all(isinstance(test, Compare) for test in number.tests):
        return ""
    said = [f"{_COUNTED[test.operator]} {test.value}" for test in number.tests if isinstance(test, Compare)]
    return " and ".join(said)


def _aggregate(number: Number) -> str:
    assert number.attribute is not None, "an aggregate has an attribute"
    return f"{_AGGREGATES[number.aggregate]} {number.attribute.name}"


def _tests(number: Number) -> str:
    said = " and ".join(test_to_words(test, number.negated) for test in number.tests)
    return f"{said}{_unknown(number)}"


def _unknown(number: Number) -> str:
    if number.unknown is number.negated or number.aggregate in (Aggregate.COUNT, Aggregate.DAYS, Aggregate.SUM):
        return ""
    return " (or unknown)" if number.unknown else " (and not unknown)"


def _end(condition: EndCondition) -> str:
    source, names = condition.source, condition.names
    name = (" or ".join(names) if names else "event of any kind") if isinstance(source, EventRows) else source.name
    of = "" if isinstance(source, EventRows) else "of their "
    chosen = f"{condition.end} {of}{name}{_where(condition.where)}{_windows(condition.windows, condition.where)}"
    asked = [test_to_words(test, False) for test in condition.tests]
    if condition.having is not None:
        asked.append(f"is one {_where(condition.having).strip()}")
    return f"whose {chosen} {' and '.join(asked)}{' (or there is none)' if condition.unknown else ''}"


def _times(counted: str) -> str:
    return "time" if counted.endswith(" 1") else "times"


def _windows(windows: tuple[Window, ...], where: Rule | None) -> str:
    """The windows, set off from what is said of the rows before them."""
    said = " and".join(windows_to_words([window]) for window in windows)
    return f",{said}" if said and where else said


def _closed(when: str) -> str:
    return f"{when}," if when.startswith(",") else when


def _where(where: Rule | None) -> str:
    """What is said about rows: ` where plan is pro`."""
    return f" where {_row(where)}" if where else ""


def _row(rule: Rule) -> str:
    match rule:
        case All(rules) | AnyOf(rules):
            word = "and" if isinstance(rule, All) else "or"
            said = [_row(each) for each in rules]
            return _listed(_bracketed(rules, said), word) if len(said) > 1 else said[0]
        case Not(inner):
            return f"not ({_row(inner)})"
        case Everyone():
            return "anything is so"
        case _:
            return condition_to_words(rule)
