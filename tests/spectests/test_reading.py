"""Whatever a test mentions is known and of its type; everything else is a problem at its place."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.compiler.problem import Problem, Problems
from orchestration.compiler.spectest import GivenStay
from tests.spectests.shop import compiled

HEAD = "entity: person\nwhere: {plan: pro}\ntests:\n"
COMPANY = HEAD.replace("person", "company")
OTHERS = {
    "pros": "entity: person\nwhere: {plan: pro}\n",
    "big": "entity: company\nwhere: {plan: pro}\n",
}
BROKEN = [
    ("subject: {}, member: true", "missing-field", "{", "as_of"),
    ("as_of: 2026-06-01", "missing-field", "{", "member"),
    ("as_of: 2026-06-31, member: true", "bad-date", "2026-06-31", "2026-01-31"),
    ("as_of: '2026-06-01 10:00:00', member: true", "bad-date", "'2026", "time of day"),
    ("as_of: null, member: true", "bad-date", "null", ""),
    ("as_of: 2026-06-01, member: yes", "not-boolean", "yes", ""),
    ("as_of: 2026-06-01, member: true, evnts: []", "unknown-field", "evnts", "`events`"),
    ("as_of: 2026-06-01, member: true, name: [x]", "not-text", "[", ""),
    ("as_of: 2026-06-01, member: true, subject: []", "not-a-mapping", "[", ""),
    ("as_of: 2026-06-01, member: true, subject: {plann: pro}", "unknown-attribute", "plann", "`plan`"),
    ("as_of: 2026-06-01, member: true, subject: {plan: 5}", "wrong-value", "5", '"5"'),
    ("as_of: 2026-06-01, member: true, subject: {plan: [pro]}", "wrong-value", "[", ""),
    ("as_of: 2026-06-01, member: true, subject: {seats: 5.5}", "wrong-value", "5.5", ""),
    ("as_of: 2026-06-01, member: true, subject: {seats: '5'}", "wrong-value", "'5'", ""),
    ("as_of: 2026-06-01, member: true, subject: {seats: true}", "wrong-value", "true", ""),
    ("as_of: 2026-06-01, member: true, subject: {spend: many}", "wrong-value", "many", ""),
    ("as_of: 2026-06-01, member: true, subject: {spend: 1e30}", "number-range", "1e30", ""),
    ("as_of: 2026-06-01, member: true, subject: {score: true}", "wrong-value", "true", ""),
    ("as_of: 2026-06-01, member: true, subject: {active: 1}", "wrong-value", "1", ""),
    ("as_of: 2026-06-01, member: true, subject: {born_on: 1990}", "wrong-value", "1990", ""),
    ("as_of: 2026-06-01, member: true, subject: {born_on: '1990-01-01 10:00:00'}", "bad-date", "'1990", "time of day"),
    ("as_of: 2026-06-01, member: true, subject: {seen_at: soon}", "bad-date", "soon", "2026-01-31"),
    ("as_of: 2026-06-01, member: true, subject: {tags: VIP}", "not-a-list", "VIP", "[a, b]"),
    ("as_of: 2026-06-01, member: true, subject: {tags: [1]}", "wrong-value", "1", '"1"'),
    ("as_of: 2026-06-01, member: true, subject: {person_id: [1]}", "wrong-value", "[", ""),
    ("as_of: 2026-06-01, member: true, subject: {events: []}", "unknown-attribute", "events", ""),
    ("as_of: 2026-06-01, member: true, events: {name: x}", "not-a-list", "{", ""),
    ("as_of: 2026-06-01, member: true, events: [{at: 2026-05-01}]", "missing-field", "{at", "name"),
    ("as_of: 2026-06-01, member: true, events: [{name: x}]", "missing-field", "{name", "at"),
    ("as_of: 2026-06-01, member: true, events: [{name: [x], at: 2026-05-01}]", "not-text", "[x", ""),
    ("as_of: 2026-06-01, member: true, events: [{name: x, at: 5}]", "bad-date", "5", ""),
    ("as_of: 2026-06-01, member: true, events: [{name: x, at: null, fromat: pdf}]", "unknown-attribute", "fromat", ""),
    ("as_of: 2026-06-01, member: true, events: [{name: x, at: null, times: 0}]", "wrong-value", "0", "10,000"),
    ("as_of: 2026-06-01, member: true, related: {order: []}", "unknown-relation", "order", "`orders`"),
    ("as_of: 2026-06-01, member: true, related: {orders: {amount: 1}}", "not-a-list", "{", ""),
    ("as_of: 2026-06-01, member: true, related: {orders: [{ammount: 1}]}", "unknown-attribute", "ammount", "`amount`"),
    ("as_of: 2026-06-01, member: true, related: {orders: [{at: '2026-05-01 10:00'}]}", "bad-date", "'2026", ""),
    ("as_of: 2026-06-01, member: true, related: {notes: [{at: 2026-05-01}]}", "no-date", "2026-05-01", "at:"),
    ("as_of: 2026-06-01, member: true, related: {company: [{plam: x}]}", "unknown-attribute", "plam", "`plan`"),
    ("as_of: 2026-06-01, member: true, related: {company: [{events: []}]}", "no-events", "[", "events:"),
    ("as_of: 2026-06-01, member: true, related: {known: [{plan: a}]}", "not-here", "known", "`subject`"),
    ("as_of: 2026-06-01, member: true, before: [{until: 2026-05-01}]", "no-history", "[", ""),
    ("as_of: 2026-06-01, member: true, others: [{plann: x}]", "unknown-attribute", "plann", ""),
    ("as_of: 2026-06-01, member: true, stays: {prose: []}", "unknown-segment", "prose", "`pros`"),
    ("as_of: 2026-06-01, member: true, stays: {big: []}", "wrong-entity", "big", ""),
    ("as_of: 2026-06-01, member: true, stays: {pros: [{until: 2026-05-01}]}", "missing-field", "{until", "from"),
    (
        "as_of: 2026-06-01, member: true, stays: {pros: [{from: 2026-05-01, until: 2026-05-01}]}",
        "bad-stay",
        "2026-05-01}",
        "",
    ),
]


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(Problems) as found:
        compiled({**OTHERS, "broken": text})
    return found.value.problems


@pytest.mark.parametrize(("test", "code", "at", "remedy"), BROKEN, ids=[test for test, *_ in BROKEN])
def test_what_makes_no_sense_is_one_problem_at_its_place(test: str, code: str, at: str, remedy: str) -> None:
    (problem,) = problems(f"{HEAD}  - {{{test}}}\n")
    assert (problem.code, problem.span.line) == (code, 4)
    assert problem.span.source.lines[3][problem.span.column - 1 :].startswith(at)
    assert remedy in problem.help + problem.message


@pytest.mark.parametrize(
    ("before", "code"),
    [
        ("{plan: free}", "missing-field"),
        ("{until: soon, plan: free}", "bad-date"),
        ("{until: 2026-05-01, plam: free}", "unknown-attribute"),
        ("{until: 2026-05-01, plan: a}, {until: 2026-05-01, plan: b}", "same-day"),
    ],
)
def test_earlier_versions_are_read_as_strictly(before: str, code: str) -> None:
    (problem,) = problems(f"{COMPANY}  - {{as_of: 2026-06-01, before: [{before}], member: true}}\n")
    assert problem.code == code


def test_tests_are_a_list() -> None:
    (problem,) = problems("entity: person\nwhere: {plan: pro}\ntests: {as_of: 2026-06-01, member: true}\n")
    assert problem.code == "not-a-list"


def test_all_problems_come_at_once_with_those_of_the_rule() -> None:
    found = problems(
        "entity: person\nwhere: {plann: pro}\ntests:\n"
        "  - {subject: {plann: pro, seats: x}, member: true}\n"
        "  - {as_of: 2026-06-01, events: [{name: x, at: y, fromat: z}], member: 1}\n"
    )
    assert [(problem.span.line, problem.code) for problem in found] == [
        (2, "unknown-attribute"),
        (4, "missing-field"),
        (4, "unknown-attribute"),
        (4, "wrong-value"),
        (5, "bad-date"),
        (5, "unknown-attribute"),
        (5, "not-boolean"),
    ]


def test_a_value_that_the_catalog_does_not_list_is_a_warning() -> None:
    text = f"{HEAD}  - {{as_of: 2026-06-01, subject: {{plan: gold}}, member: true}}\n"
    (warning,) = compiled({"fine": text}).warnings
    assert (warning.code, warning.severity, warning.span.line) == ("unknown-value", "warning", 4)


def test_what_a_test_means_is_kept_and_changes_no_definition() -> None:
    stays = "stays: {pros: [{from: 2026-01-01, until: 2026-02-01}, {from: 2026-03-01}]}"
    plain = "entity: person\nwhere: {plan: pro}\n"
    text = f"{plain}tests:\n  - {{name: kept, as_of: 2026-06-01, {stays}, member: false}}\n"
    compilation = compiled({**OTHERS, "tested": text})
    (test,) = compilation.segments["tested"].tests
    assert (test.name, test.as_of, test.member, test.subject.key) == ("kept", date(2026, 6, 1), False, None)
    assert test.stays == (
        GivenStay("pros", date(2026, 1, 1), date(2026, 2, 1)),
        GivenStay("pros", date(2026, 3, 1), None),
    )
    assert compilation.definition("tested") == compilation.definition("pros")
