"""What an audience's spec says, in sentences, without the values of anybody's attributes."""

from __future__ import annotations

import re
from decimal import Decimal

from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.catalog import Catalog, Entity
from orchestration.compiler.compile import Compilation
from orchestration.compiler.words import length_to_words, names_to_words, rule_to_words
from orchestration.site.personal import STEP, Personal, names_somebody
from orchestration.site.said import listed

SENDS = {
    "full": "Each delivery says the whole set.",
    "changes": "Each delivery says what changed since the last one that was acknowledged.",
    "entries_once": "Each subject is sent at most once, ever.",
}
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def audience_to_words(compilation: Compilation, spec: AudienceSpec, personal: Personal) -> tuple[tuple[str, str], ...]:
    """What is said of an audience, under headings: how it is sent, who may be sent, what stops a push, and when."""
    entity = compilation.catalog.entities[compilation.segments[spec.segment.text].entity]
    found = (
        ("Send", SENDS[spec.send]),
        ("Identified by", listed([each.text for each in spec.identify_by])),
        ("Fields", listed([field.name for field in spec.fields]) or "None beside what identifies."),
        ("Consent", _consent(spec, entity)),
        ("Left out", _left_out(spec, entity)),
        ("Split", _split(spec)),
        ("Exit", _exit(compilation, spec, personal)),
        ("Goal", _goal(compilation, spec)),
        ("Group", _group(spec)),
        ("Guard", _guard(spec)),
        ("Schedule", schedule_to_words(spec.schedule, compilation.catalog)),
        ("Freshness", f"At most {spec.freshness} hours between two pushes." if spec.freshness else ""),
    )
    return tuple((name, said) for name, said in found if said)


def _consent(spec: AudienceSpec, entity: Entity) -> str:
    if spec.consent is None:
        return f"No attribute of the {entity.name} is asked for consent."
    return f"Only where {spec.consent.text} is true; unknown is no."


def _left_out(spec: AudienceSpec, entity: Entity) -> str:
    keys = dict.fromkeys(each.text for each in (*entity.suppressed_by, *spec.exclude_segments))
    return f"Members of {listed([*keys])}." if keys else ""


def _split(spec: AudienceSpec) -> str:
    return listed([f"{share.variant} {_percent(share.percent)}" for share in spec.split])


def _percent(value: Decimal) -> str:
    return f"{value.normalize():f} %"


def _exit(compilation: Compilation, spec: AudienceSpec, personal: Personal) -> str:
    found = compilation.segments.get(spec.exit_key) if spec.exit_when else None
    return f"Let go, and not sent again in this stay: {personal.words(spec.exit_key)}" if found else ""


def _goal(compilation: Compilation, spec: AudienceSpec) -> str:
    goal = compilation.aims[spec.key].goal if spec.key in compilation.aims else None
    if goal is None:
        return ""
    asked = goal.measure.where
    where = f" where {STEP if names_somebody(asked) else rule_to_words(asked)}" if asked else ""
    within = length_to_words(goal.months, goal.days)
    return f"Performed {names_to_words(goal.measure.names)}{where} within {within} of the first delivery."


def _group(spec: AudienceSpec) -> str:
    if spec.group is None:
        return ""
    first = f"Of the audiences of “{spec.group.text}” the first that wants a subject has it"
    return f"{first}; this one has priority {spec.priority}."


def _guard(spec: AudienceSpec) -> str:
    empty = "An empty audience is sent too." if spec.allow_empty else "An empty audience stops the push."
    if spec.max_change is None:
        return f"There is no limit to what one push may change. {empty}"
    return f"A push that would change more than {_percent(100 * spec.max_change)} of the audience is stopped. {empty}"


def schedule_to_words(cron: str | None, catalog: Catalog) -> str:
    """When it is pushed: plain schedules in words, others as they are written."""
    if cron is None:
        return "No schedule of its own: pushed with `muster export`, or after the day is judged."
    minute, hour, *day = cron.split()
    if re.fullmatch(r"\d+", minute) and re.fullmatch(r"\d+", hour) and day[:2] == ["*", "*"]:
        at = f"at {int(hour):02}:{int(minute):02} ({catalog.timezone})"
        if day[2] == "*":
            return f"Every day {at}."
        if re.fullmatch(r"[0-7]", day[2]):
            return f"Every {WEEKDAYS[int(day[2])]} {at}."
    return f"By the schedule {cron} ({catalog.timezone})."
