"""Why one subject is in a segment or not, since when, and what was recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlglot import exp

from orchestration.compiler.catalog import Entity
from orchestration.compiler.imports import Bases, in_base
from orchestration.compiler.knowledge import knows_now
from orchestration.compiler.render import put_tables, to_text
from orchestration.compiler.segment import Status
from orchestration.compiler.sql import column, conjunction, model, number
from orchestration.compiler.words import rule_to_words
from orchestration.errors import MusterError
from orchestration.questions.counting import Questions
from orchestration.questions.explaining import Asked, Finding, rule_to_branch
from orchestration.questions.question import is_one_of, only
from orchestration.warehouse import Value


class Standing(StrEnum):
    """Whether a subject counts on a day, and if not, why."""

    COUNTED = "counted"
    MISSING = "not in the warehouse"
    WITHOUT_VERSION = "without a version on the day"
    NOT_BEGUN = "not begun"
    LEFT_OUT = "left out by the population's rule"


@dataclass(frozen=True)
class Stay:
    """A recorded stay: from `entered_on` until before `exited_on`, which is None while it lasts.

    Where `entry_observed` is false it was found there already on the segment's first judged day.
    """

    entered_on: date
    exited_on: date | None
    entry_reason: str
    exit_reason: str | None
    entry_observed: bool

    def covers(self, day: date) -> bool:
        return self.entered_on <= day and (self.exited_on is None or day < self.exited_on)


@dataclass(frozen=True)
class Membership:
    """What there is to say about a subject and a segment as of a day.

    `computed` is what today's rule says on what the warehouse holds now, and `recorded` what was recorded for the day,
    None where nothing was; `basis` says whether that day was observed or reconstructed later, and `differs` why the
    two are not the same. `stays` are those begun by the day, in order. `finding` is None for a subject that does not
    count, and `told` says why it does not.
    """

    segment: str
    entity: str
    subject: str
    day: date
    status: Status
    standing: Standing
    told: str
    computed: bool
    recorded: bool | None
    basis: str | None
    finding: Finding | None
    stays: tuple[Stay, ...]
    differs: tuple[str, ...]

    @property
    def is_member(self) -> bool:
        return self.computed if self.recorded is None else self.recorded

    @property
    def stay(self) -> Stay | None:
        """The recorded stay that covers the day."""
        return next((stay for stay in self.stays if stay.covers(self.day)), None)


def explain_member(
    questions: Questions, segment: str, subject: str, day: date, *, with_personal: bool = False
) -> Membership:
    """Ask why a subject, by its key as text, is in a segment or not.

    Raises UnknownNameError for a segment that is none, MusterError for a subject of which nothing is known.
    """
    entity = questions.entity_of(segment)
    asked = questions.compilation.segments[segment]
    stays = tuple(stay for stay in _stays(questions, entity, segment, subject) if stay.entered_on <= day)
    standing, told = _standing(questions, entity, subject, day)
    if standing is Standing.MISSING and not stays:
        raise MusterError(
            f"the warehouse's table `{entity.model}` has no {entity.name} of that key, and nothing is recorded of one: "
            "write the key as it stands there, capitals and leading zeros too"
        )
    finding = _finding(questions, segment, subject, day, with_personal) if standing is Standing.COUNTED else None
    last = stays[-1] if stays else None
    match asked.status:
        case Status.ACTIVE:
            computed = finding is not None and finding.holds
        case Status.PAUSED:
            computed = finding is not None and last is not None and last.covers(day)
        case Status.ARCHIVED:
            computed = False
    basis = _basis(questions, segment, day)
    recorded = any(stay.covers(day) for stay in stays) if basis else None
    return Membership(
        segment=segment,
        entity=entity.name,
        subject=subject,
        day=day,
        status=asked.status,
        standing=standing,
        told=told,
        computed=computed,
        recorded=recorded,
        basis=basis,
        finding=finding,
        stays=stays,
        differs=() if recorded in (None, computed) else _reasons(questions, segment, day, basis),
    )


def _finding(questions: Questions, segment: str, subject: str, day: date, with_personal: bool) -> Finding | None:
    compilation = questions.compilation
    found = compilation.segments[segment]
    asked = Asked(
        rule_to_branch(found.rule, compilation),
        compilation,
        found.entity,
        day,
        questions.places.locate,
        questions.recorded_before(day),
    )
    rows = questions.warehouse.rows(to_text(only(asked.question, [subject]), questions.warehouse.dialect))
    return asked.finding(rows[0], with_personal=with_personal) if rows else None


# --- whether a subject counts


def _standing(questions: Questions, entity: Entity, subject: str, day: date) -> tuple[Standing, str]:
    """Whether the subject is in the base population, or else what keeps it out, in words."""
    bases = questions.compilation.bases
    anybody = Bases(bases.clock, {})
    versions = in_base(replace(entity, since=None), anybody)
    begun = in_base(entity, anybody)
    counted = in_base(entity, bases)
    query = exp.Select(expressions=[_rows_that(conditions) for conditions in ([], versions, begun, counted)])
    query = query.from_(model(entity.model), copy=False).where(is_one_of(column(entity.key), [subject]), copy=False)
    sql = to_text(put_tables(query, questions.places.locate, day), questions.warehouse.dialect)
    [row] = questions.warehouse.rows(sql)
    rows, versions_held, versions_begun, versions_counted = (int(str(each or 0)) for each in row)
    population = bases.populations.get(entity.name)
    if not rows:
        return Standing.MISSING, f"`{entity.model}` has no row of this {entity.name} any more"
    if not versions_held:
        return Standing.WITHOUT_VERSION, f"`{entity.model}` has no version of this {entity.name} that held on {day}"
    if not versions_begun:
        assert entity.since, "who has begun is told by a date"
        return Standing.NOT_BEGUN, f"this {entity.name} had not begun: {entity.since.column} is later or unknown"
    if not versions_counted:
        assert population, "all count where no rule says who does"
        return Standing.LEFT_OUT, f"a {entity.name} counts when {rule_to_words(population)}"
    return Standing.COUNTED, ""


def _rows_that(conditions: list[exp.Expr]) -> exp.Expr:
    if not conditions:
        return exp.Count(this=exp.Star())
    one = exp.Case(ifs=[exp.If(this=conjunction(conditions), true=number(1))], default=number(0))
    return exp.Sum(this=one)


# --- what was recorded


def _stays(questions: Questions, entity: Entity, segment: str, subject: str) -> list[Stay]:
    if not questions.places.columns(f"{entity.name}_spells"):
        return []
    names = ("entered_on", "exited_on", "entry_reason", "exit_reason", "entry_observed")
    query = exp.Select(expressions=[column(name) for name in names])
    query = query.from_(questions.places.locate(f"{entity.name}_spells"), copy=False)
    chosen = exp.EQ(this=column("segment"), expression=exp.Literal.string(segment))
    query = query.where(chosen, is_one_of(column(entity.key), [subject]), copy=False)
    query = query.order_by(column("entered_on"), copy=False)
    rows = questions.warehouse.rows(to_text(query, questions.warehouse.dialect))
    return [_row_to_stay(row) for row in rows]


def _row_to_stay(row: tuple[Value, ...]) -> Stay:
    entered, exited, why_in, why_out, observed = row
    assert isinstance(entered, date), "a stay begins on a day"
    ended = exited if isinstance(exited, date) else None
    return Stay(entered, ended, str(why_in), None if why_out is None else str(why_out), observed is True)


def _basis(questions: Questions, segment: str, day: date) -> str | None:
    """By what a segment was judged on a day: as observed then, or as reconstructed later; None where it was not."""
    if not questions.places.columns("segment_counts_daily"):
        return None
    counts = questions.places.locate("segment_counts_daily").sql(questions.warehouse.dialect)
    asked = f"select basis from {counts} where segment = ? and as_of_date = ?"
    rows = questions.warehouse.rows(asked, [segment, day])
    return str(rows[0][0]) if rows else None


def _reasons(questions: Questions, segment: str, day: date, basis: str | None) -> tuple[str, ...]:
    """Why what was recorded for a day may differ from what is computed for it now."""
    compilation = questions.compilation
    found: list[str] = []
    then = _definition_then(questions, segment, day)
    if then and then[0] != compilation.definition(segment):
        found.append(f"the definition has changed since; then it was: {then[1]}")
    if basis == "reconstructed":
        found.append("that day was judged after it was over, by what was known then")
    if knows_now(compilation, compilation.segments[segment]):
        found.append("the rule looks at values that keep no past, so what is computed takes those of today")
    if not found:
        found.append("what the warehouse holds of that day has changed since it was judged, by late or corrected rows")
    return tuple(found)


def _definition_then(questions: Questions, segment: str, day: date) -> tuple[str, str] | None:
    """The definition in force on a day, and its rule in words."""
    if not questions.places.columns("segment_versions"):
        return None
    versions = questions.places.locate("segment_versions").sql(questions.warehouse.dialect)
    within = "segment = ? and valid_from <= ? and (valid_to is null or valid_to > ?)"
    rows = questions.warehouse.rows(f"select definition, rule from {versions} where {within}", [segment, day, day])
    return (str(rows[0][0]), str(rows[0][1])) if rows else None
