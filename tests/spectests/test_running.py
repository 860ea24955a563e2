"""A test passes when the subject is where it says; one that fails shows condition by condition what was true."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from orchestration.compiler.problem import render_problem
from orchestration.spectests.running import run_tests
from orchestration.warehouse import DuckDB, Value, WarehouseError
from tests.spectests.shop import CATALOG, compiled, outcome, spec

PASSING = [
    # values, each of its type; what is not said is unknown
    ("plan: pro", "subject: {plan: pro}, member: true", "person"),
    ("plan: pro", "member: false", "person"),
    ("plan: is_unknown", "subject: {plan: null}, member: true", "person"),
    ("seats: 5", "subject: {seats: 5}, member: true", "person"),
    ("spend: {greater_than: 0.1}", "subject: {spend: 0.100000001}, member: true", "person"),
    ("spend: {equals: 123456789012345678}", "subject: {spend: 123456789012345678}, member: true", "person"),
    ("score: {at_least: 0.5}", "subject: {score: 0.5}, member: true", "person"),
    ("active: {is_not: true}", "member: true", "person"),
    ("active: true", "subject: {active: true}, member: true", "person"),
    ("born_on: {on: 1990-05-01}", "subject: {born_on: 1990-05-01}, member: true", "person"),
    ('tags: {has: "it\'s"}', 'subject: {tags: ["it\'s", null]}, member: true', "person"),
    ("tags: is_unknown", "subject: {tags: [null]}, member: true", "person"),
    # events, relations, attached subjects
    ("{performed: bought, times: 3}", "events: [{name: bought, at: 2026-05-01, times: 3}], member: true", "person"),
    ("{performed: bought}", "events: [{name: bought, at: 2026-06-02}], member: false", "person"),
    ("{performed: bought, in_last: 9 days}", "events: [{name: bought, at: null}], member: false", "person"),
    (
        "{performed: bought, where: {name: x}, sum: amount, equals: 0.3}",
        "events: [{name: bought, at: 2026-05-01, amount: 0.1, properties: {name: x}, times: 3}], member: true",
        "person",
    ),
    ("{related: notes, count: 2}", "related: {notes: [{length: 1}, {}]}, member: true", "person"),
    ("{related: orders, in_last: 1 day}", "related: {orders: [{at: 2026-06-01}]}, member: true", "person"),
    ("{related: orders, sum: amount, at_least: 9}", "related: {orders: [{amount: 9}]}, member: true", "person"),
    ("company.plan: pro", "related: {company: [{plan: free}, {plan: pro}]}, member: true", "person"),
    ("company.plan: pro", "related: {company: [{plan: pro, archived: true}]}, member: false", "person"),
    ("company.id: acme", "related: {company: [{id: acme}]}, member: true", "person"),
    ("company.plan: pro", "related: {company: [{company_id: 7, plan: pro}]}, member: true", "person"),
    ("{related: people, where: {seats: 2}}", "related: {people: [{seats: 2}]}, member: true", "company"),
    (
        "{related: people, count: 1}",
        "related: {people: [{events: [], related: {notes: [{length: 1}], company: []}}]}, member: true",
        "company",
    ),
    # who counts
    ("everyone: true", "member: true", "person"),
    ("everyone: true", "subject: {signed_up_at: 2026-06-01}, member: true", "person"),
    ("everyone: true", "subject: {signed_up_at: 2026-06-02}, member: false", "person"),
    ("everyone: true", "subject: {signed_up_at: null}, member: false", "person"),
    ("everyone: true", "member: true", "company"),
    ("everyone: true", "subject: {archived: true}, member: false", "company"),
    # earlier versions
    ("plan: pro", "subject: {plan: pro}, before: [{until: 2026-06-01, plan: free}], member: true", "company"),
    ("plan: pro", "subject: {plan: pro}, before: [{until: 2026-06-02, plan: free}], member: false", "company"),
    (
        "plan: a",
        "before: [{until: 2026-06-03, plan: b}, {until: 2026-06-02, plan: a}], subject: {plan: c}, member: true",
        "company",
    ),
    ("open: true", "subject: {open: true}, before: [{until: 2026-06-01, open: false}], member: true", "store"),
    ("open: false", "subject: {open: true}, before: [{until: 2026-06-02, open: false}], member: true", "store"),
    ("email: {contains: b}", 'subject: {email: "ab\\n\\U0001F600"}, member: true', "person"),
    # keys and others
    ("everyone: true", "subject: {person_id: p1}, others: [{seats: 1}], member: true", "person"),
]


@pytest.mark.parametrize(("rule", "test", "entity"), PASSING, ids=[f"{rule} {test}" for rule, test, _ in PASSING])
def test_what_a_test_gives_is_what_the_rule_sees(rule: str, test: str, entity: str) -> None:
    assert outcome(rule, test, entity=entity).failures == ()
    turned = test.replace("member: true", "member: no way")
    turned = turned.replace("member: false", "member: true").replace("member: no way", "member: false")
    (failure,) = outcome(rule, turned, entity=entity).failures
    assert failure.code == "failed-test"


def test_a_failure_shows_what_was_true_of_each_part() -> None:
    rule = """
all:
    - seen_at: {more_than: 30 days ago}
    - spend: {greater_than: 250}
    - photos: {at_least: 80% of seats}
    - not_performed: report_created
      in_last: 60 days
    - any:
        - tags: {has: VIP}
        - company.plan: [pro, enterprise]
    - not: {in_segment: friends}
    - none: [{email: is_unknown}, {active: false}]
"""
    test = """name: a border, subject: {seen_at: 2026-04-01, spend: 200.50, photos: 8, seats: 10, tags: [a, b],
    email: ''}, events: [{name: report_created, at: 2026-05-30, times: 2}], related: {company: [{plan: pro}]},
    member: true"""
    friends = "entity: person\nwhere: {any: [{tags: {has: friend}}, {plan: pro}]}\n"
    (failure,) = outcome(rule, test, friends=friends).failures
    assert render_problem(failure) == (
        "error[failed-test]: tested (a border): expected a member on 2026-06-01, is none\n"
        "  --> segment_specs/people/tested.yml:17:13\n"
        "   |\n"
        "17 |     member: true}\n"
        "   |             ^^^^\n"
        "   = all of                                                  false\n"
        "   =   seen_at is more than 30 days ago                      true    (2026-04-01)\n"
        "   =   spend is more than 250                                false   (200.5)\n"
        "   =   photos is at least 80% of seats                       true    (8 of 10)\n"
        "   =   has not performed report_created in the last 60 days  false   (2)\n"
        "   =   any of                                                true\n"
        "   =     tags include VIP                                    false   (a, b)\n"
        "   =     has company where plan is pro or enterprise         true    (1)\n"
        "   =   not                                                   true\n"
        "   =     in segment friends                                  false\n"
        "   =       any of                                            false\n"
        "   =         tags include friend                             false   (a, b)\n"
        "   =         plan is pro                                     false   (unknown)\n"
        "   =   none of                                               true\n"
        "   =     email is unknown                                    false   (an empty text)\n"
        "   =     active is false                                     false   (unknown)"
    )


def test_a_failure_outside_of_the_base_population_says_who_counts() -> None:
    (failure,) = outcome("plan: pro", "subject: {plan: pro, archived: true}, member: true", entity="company").failures
    assert failure.notes == ("the company does not count on that day", "a company counts when archived is false")


def test_days_tests_and_segments_do_not_disturb_each_other() -> None:
    moving = (
        f"as_of: 2026-06-{day:02}, subject: {{seen_at: 2026-06-05}}, member: {'true' if day in (5, 6) else 'false'}"
        for day in range(1, 11)
    )
    seen = spec("seen_at: {in_last: 2 days}", *moving)
    pro = spec("plan: pro", "subject: {plan: pro}, member: true", "subject: {plan: free}, member: false")
    also = spec("{in_segment: pro}", "subject: {plan: pro}, member: true", "member: true")
    found = run_tests(compiled({"seen": seen, "pro": pro, "also": also}))
    assert found.count == 14
    assert [(failure.span.source.path.rpartition("/")[2], failure.span.line) for failure in found.failures] == [
        ("also.yml", 6)
    ]


def test_one_key_may_live_in_several_tests() -> None:
    found = outcome(
        "{related: orders, count: 1}",
        *("subject: {person_id: p1}, related: {orders: [{amount: 1}]}, member: true",) * 3,
        "subject: {person_id: p1}, member: false",
    )
    assert (found.count, found.failures) == (4, ())


def test_members_of_a_fixed_list_are_told_by_key() -> None:
    text = spec("everyone: true", "subject: {person_id: p1}, member: true", "subject: {person_id: p2}, member: false")
    found = run_tests(compiled({"testers": text.replace("where:\n  everyone: true", "members: static/testers.csv")}))
    assert (found.count, found.failures) == (2, ())


@pytest.mark.parametrize("status", ["paused", "archived"])
def test_segments_that_nobody_judges_are_tested_by_their_rules(status: str) -> None:
    text = spec("plan: pro", "subject: {plan: pro}, member: true", "member: true")
    found = run_tests(compiled({"tested": f"status: {status}\n{text}"}))
    assert (found.count, len(found.failures)) == (2, 1)


def test_a_reference_to_a_paused_segment_follows_its_rule() -> None:
    paused = "entity: person\nstatus: paused\nwhere: {plan: pro}\n"
    assert outcome("in_segment: resting", "subject: {plan: pro}, member: true", resting=paused).failures == ()


def test_a_paused_segment_in_a_circle_sleeps_on() -> None:
    paused = "entity: person\nstatus: paused\nwhere: {in_segment: tested}\n"
    found = outcome("{any: [{in_segment: resting}, {plan: pro}]}", "member: false", resting=paused)
    assert (found.count, found.failures) == (1, ())


def test_what_the_warehouse_refuses_fails_that_test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    real = DuckDB.rows

    def refuse(self: DuckDB, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        if "'forbidden'" in sql:
            raise WarehouseError("Out of range\nwith details")
        return real(self, sql, parameters)

    monkeypatch.setattr(DuckDB, "rows", refuse)
    good = spec("plan: pro", "subject: {plan: pro}, member: true")
    bad = spec("plan: [pro, forbidden]", "subject: {plan: pro}, member: true")
    found = run_tests(compiled({"good": good, "bad": bad}))
    assert [failure.message for failure in found.failures] == ["bad: cannot be judged: Out of range"]


ZONES = [
    # the catalog's zone, the event as given, the day it lies on
    ("Europe/Dublin", "2026-05-31 23:30:00", "2026-06-01"),  # UTC without an offset
    ("Europe/Dublin", "2026-06-01 00:30:00+02:00", "2026-05-31"),
    ("Europe/Dublin", "2026-06-01", "2026-06-01"),
    ("Pacific/Auckland", "2026-06-01", "2026-06-01"),  # noon of the local day
    ("Pacific/Kiritimati", "2026-06-01", "2026-06-01"),
    ("America/Los_Angeles", "2026-06-01", "2026-06-01"),
    ("America/Los_Angeles", "2026-06-01T06:59:59Z", "2026-05-31"),
    ("America/New_York", "2026-03-08", "2026-03-08"),  # a day of 23 hours
]


@pytest.mark.parametrize(("zone", "given", "day"), ZONES)
def test_dates_are_noon_of_the_local_day(zone: str, given: str, day: str) -> None:
    text = spec(
        f"{{performed: bought, on: '{day}'}}",
        f"as_of: 2026-06-09, events: [{{name: bought, at: '{given}'}}], member: true",
    )
    assert run_tests(compiled({"tested": text}, CATALOG.replace("Europe/Dublin", zone))).failures == ()


@pytest.mark.parametrize("zone", ["Europe/Dublin", "Pacific/Auckland", "America/Los_Angeles"])
def test_earlier_versions_end_with_the_local_day(zone: str) -> None:
    """On a store's day the version that ended at the day's beginning is over, in any zone."""
    tests = (
        f"as_of: {day}, subject: {{plan: new}}, before: [{{until: 2026-03-29, plan: old}}], member: {held}"
        for day, held in (("2026-03-28", "false"), ("2026-03-29", "true"), ("2026-03-30", "true"))
    )
    text = spec("plan: new", *tests, entity="company")
    assert run_tests(compiled({"tested": text}, CATALOG.replace("Europe/Dublin", zone))).failures == ()
