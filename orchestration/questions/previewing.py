"""Who would be in a segment: how many, whom unknown values decided, and some of the members with what decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlglot import exp

from orchestration.compiler.render import to_text
from orchestration.compiler.segment import Condition, Rule, Segment, SegmentCondition, Status, conditions
from orchestration.compiler.sql import cast, column
from orchestration.compiler.unknown import rule_to_bounds
from orchestration.compiler.words import rule_to_words
from orchestration.questions.counting import QuestionError, Questions, how_many
from orchestration.questions.deciding import deciding
from orchestration.questions.explaining import Asked, Finding, rule_to_branch
from orchestration.questions.question import Question
from orchestration.warehouse import Value


@dataclass(frozen=True)
class Doubt:
    """A condition that unknown values left open, for so many of the subjects whom unknown values decided."""

    said: str
    subjects: int


@dataclass(frozen=True)
class Example:
    """A member, and the conditions that made it one."""

    key: Value
    decided_by: tuple[Finding, ...]


@dataclass(frozen=True)
class Preview:
    """A segment as of a day: its members among so many of the base population.

    Of the subjects whom an unknown value decided, `unknown_in` are members and `unknown_out` are not.
    """

    segment: str
    entity: str
    day: date
    status: Status
    members: int
    base: int
    unknown_in: int
    unknown_out: int
    doubts: tuple[Doubt, ...]
    examples: tuple[Example, ...]


def preview(
    questions: Questions, segment: str, day: date, *, examples: int = 5, with_personal: bool = False
) -> Preview:
    """Ask for a segment by its rule; of a paused one, for those recorded last.

    One query counts and a second one takes the examples, the same again while they are members. Values of personal
    attributes are told only when asked for. Raises UnknownNameError, QuestionError, WarehouseError.
    """
    entity = questions.entity_of(segment).name
    asked = questions.compilation.segments[segment]
    rule = segment_to_rule(asked)
    members, base, unknown_in, unknown_out, doubts = _counted(questions, entity, rule, day)
    found = _examples(questions, entity, rule, day, examples, with_personal) if examples and members else ()
    return Preview(segment, entity, day, asked.status, members, base, unknown_in, unknown_out, doubts, found)


def segment_to_rule(segment: Segment) -> Rule:
    """The rule that tells who is in a segment now. Raises QuestionError for an archived one."""
    if segment.status is Status.ARCHIVED:
        raise QuestionError(f"`{segment.key}` is archived, so nobody is in it")
    return segment.rule if segment.status is Status.ACTIVE else SegmentCondition((segment.key,))


def _counted(questions: Questions, entity: str, rule: Rule, day: date) -> tuple[int, int, int, int, tuple[Doubt, ...]]:
    bounds = rule_to_bounds(rule)
    open_: dict[Condition, tuple[Rule, Rule]] = {}
    for condition in conditions(rule):
        found = rule_to_bounds(condition)
        if found.differ:
            open_[condition] = found.least, found.most
    rules = tuple(dict.fromkeys((rule, bounds.least, bounds.most, *(end for ends in open_.values() for end in ends))))
    question = questions.question(entity, rules, day)
    flags = dict(zip(rules, question.names[1:], strict=True))
    decided = _between(flags[bounds.least], flags[bounds.most])
    asked = [flags[rule], f"{decided} and {flags[rule]}", f"{decided} and not {flags[rule]}"]
    asked += [f"{decided} and {_between(flags[least], flags[most])}" for least, most in open_.values()]
    sums = ", ".join(map(how_many, asked))
    inline = to_text(question.query, questions.warehouse.dialect)
    [row] = questions.warehouse.rows(f"select count(*), {sums} from ({inline}) as flags")
    base, members, unknown_in, unknown_out, *doubted = (int(str(each)) for each in row)
    doubts = (Doubt(rule_to_words(each), count) for each, count in zip(open_, doubted, strict=True) if count)
    return members, base, unknown_in, unknown_out, tuple(sorted(doubts, key=lambda doubt: -doubt.subjects))


def _between(least: str, most: str) -> str:
    return f"{most} and not {least}"


def _examples(
    questions: Questions, entity: str, rule: Rule, day: date, count: int, with_personal: bool
) -> tuple[Example, ...]:
    compilation = questions.compilation
    asked = Asked(
        rule_to_branch(rule, compilation),
        compilation,
        entity,
        day,
        questions.places.locate,
        questions.recorded_before(day),
    )
    rows = questions.warehouse.rows(to_text(_some(asked.question, count), questions.warehouse.dialect))
    return tuple(Example(row[0], deciding(asked.finding(row, with_personal=with_personal))) for row in rows)


def _some(question: Question, count: int) -> exp.Select:
    """So many members, in an order that is none and stays the same."""
    flags = question.key.table
    shuffled = exp.MD5(this=cast(question.key.copy(), "text"))
    query = question.query.where(column(question.names[1], flags), copy=False)
    return query.order_by(shuffled, question.key.copy(), copy=False).limit(count, copy=False)
