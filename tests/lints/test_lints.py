"""What lints say, and what they leave alone."""

from __future__ import annotations

import pytest

from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.lints import lint
from orchestration.compiler.lints.usage import unused
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import parse
from tests.lints.warned import CATALOG, codes, compiled, source_of, warnings
from tests.project import REPOSITORY

NOBODY = [
    "[{plan: pro}, {plan: free}]",
    "[{plan: pro}, {none: [{plan: pro}]}]",
    "[{plan: pro}, {not: {plan: {in: [pro, free]}}}]",
    "{plan: {is: pro, starts_with: f}}",
    "[{email: {domain: a.com}}, {email: {ends_with: b.com}}]",
    "[{email: {contains: ab}}, {email: {not_contains: b}}]",
    "{seats: {greater_than: 5, less_than: 3}}",
    "{seats: {between: [5, 1]}}",
    "[{seats: {at_least: 3}}, {seats: is_unknown}]",
    "[{seats: {at_least: 80% of limit}}, {seats: {less_than: 80% of limit}}]",
    "[{active: true}, {active: false}]",
    "[{tags: {has: a}}, {tags: {has_none: [a, b]}}]",
    "[{tags: {has_all: [a, b]}}, {tags: {any_element: {is: a}}}, {not: {tags: {has: b}}}]",
    "{seen_at: {in_last: 7 days, more_than: 30 days ago}}",
    "[{seen_at: {in_last: 1 month}}, {seen_at: {more_than: 31 days ago}}]",
    "[{seen_at: {during: last week}}, {seen_at: {during: this week}}]",
    "{seen_at: {in_last: 5 hours, more_than: 8 hours ago}}",
    "{born_on: {between: [2026-02-01, 2026-01-01]}}",
    "{born_on: {before: 2000-01-01, after: 2010-01-01}}",
    "{joined_at: {in_next: 3 days}}",
    "{not: {everyone: true}}",
    "[{in_segment: pros}, {not_in_segment: [pros, early]}]",
    "[{performed: login, in_last: 7 days}, {not_performed: login, in_last: 30 days}]",
    "[{performed: login, where: {format: pdf}}, {not_performed: any}]",
    "[{performed: login, times: {at_least: 3}}, {performed: [login, purchase], times: {at_most: 2}}]",
    "{performed: login, on_days: {at_least: 3}, times: {at_most: 2}}",
    "{performed: login, in_next: 7 days}",
    "{performed: login, in_last: 7 days, more_than: 1 month ago}",
    "{performed: login, times: {less_than: 0}}",
    "{performed: purchase, sum: amount, greater_than: 5, less_than: 3}",
    "{performed: purchase, where: [{format: pdf}, {format: csv}]}",
    "{performed: purchase, where: {amount: {greater_than: 5, less_than: 3}}, times: 1}",
    "[{related: orders, count: 0}, {related: orders, where: {status: paid}}]",
    "{related: orders, every: {status: paid}, where: {amount: {between: [5, 1]}}}",
    "{company.archived: true}",
    "[{first_performed: login, in_last: 7 days}, {first_performed: login, more_than: 30 days ago}]",
    "{last_performed: login, in_next: 7 days}",
    "{sequence: [{performed: login}, {performed: purchase}], during: next month}",
    "{entered_segment: pros, in_next: 7 days}",
    "[{plan: {is: pro, for_at_least: 30 days}}, {plan: free}]",
]
EVERYONE = [
    "{any: [{plan: {is_not: pro}}, {plan: {is_not: free}}]}",
    "{any: [{seats: {at_least: 5}}, {seats: {less_than: 5, unknown: include}}]}",
    "{any: [{seats: {at_least: 5}}, {seats: {less_than: 7}}, {seats: is_unknown}]}",
    "{any: [{seats: {at_least: 5}}, {not: {seats: {at_least: 5}}}]}",
    "{any: [{plan: pro}, {everyone: true}]}",
    "{any: [{seen_at: has_any_value}, {seen_at: is_unknown}]}",
    "{none: [{performed: login, in_next: 7 days}]}",
    "{performed: login, times: {at_least: 0}}",
    "{any: [{performed: login}, {not_performed: login}]}",
    "{any: [{in_segment: pros}, {not_in_segment: pros}]}",
]
FINE = [
    "{any: [{seats: {at_least: 5}}, {seats: {less_than: 5}}]}",
    "[{seats: {at_least: 5}}, {seats: {at_most: 5}}]",
    "[{plan: {is_not: pro}}, {plan: {is_not: free}}]",
    "[{tags: {has: a}}, {tags: {has: b}}]",
    "[{tags: {any_element: {starts_with: a}}}, {tags: {any_element: {starts_with: b}}}]",
    "[{email: {starts_with: a}}, {email: {ends_with: b}}]",
    "[{email: {contains: É}}, {email: {not_contains: é}}]",
    "[{seen_at: {in_last: 1 month}}, {seen_at: {more_than: 28 days ago}}]",
    "[{seen_at: {in_last: 30 days}}, {seen_at: {before: 2020-01-01}}]",
    "[{born_on: {anniversary: today}}, {born_on: {anniversary: {in_next: 3 days}}}]",
    "[{company.size: 5}, {company.size: 6}]",
    "[{performed: login, where: {format: pdf}}, {not_performed: login, where: {format: csv}}]",
    "[{performed: login, in_last: 30 days}, {not_performed: login, in_last: 7 days}]",
    "[{performed: login}, {not_performed: login, in_last: 100 days}]",
    "[{performed: login, sum: amount, at_least: 5}, {performed: login, in_last: 7 days, sum: amount, at_least: 9}]",
    "[{first_performed: login, in_last: 7 days}, {last_performed: login, more_than: 30 days ago}]",
    "[{entered_segment: pros, in_last: 7 days}, {not_in_segment: pros}]",
    "{stopped_performing: login, was_in: 30 days, silent_for: 7 days}",
    "{resumed_performing: login, silent_for: 30 days, back_in: 7 days}",
    "{plan: {is: pro, for_at_least: 30 days}}",
    "{everyone: true}",
    "{performed_regularly: login, in_at_least: 2, of_last: 4 weeks}",
]


@pytest.mark.parametrize("rule", NOBODY)
def test_a_rule_for_nobody(rule: str) -> None:
    found = warnings(rule)
    assert [each.code for each in found if each.code != "repeated-condition"] == ["never-true"]
    assert any("nobody is ever in the segment" in each.message for each in found)


@pytest.mark.parametrize("rule", EVERYONE)
def test_a_rule_for_everyone(rule: str) -> None:
    found = warnings(rule)
    assert {each.code for each in found} in ({"always-true"}, {"never-true"})
    assert any("the whole base population is in the segment" in each.message for each in found)


@pytest.mark.parametrize("rule", FINE)
def test_what_may_hold_is_left_alone(rule: str) -> None:
    assert codes(rule) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("[{plan: pro}, {country: US}, {plan: pro}]", "`plan is pro` stands in this group twice"),
        ("[{seats: {at_least: 5}}, {seats: {greater_than: 3}}]", "follows from `seats is at least 5`"),
        ("{seats: {at_least: 5, greater_than: 3}}", "follows from `seats is at least 5`"),
        ("[{seen_at: {in_last: 1 week}}, {seen_at: {in_last: 7 days}}]", "means the same as"),
        ("{any: [{seats: {at_least: 5}}, {seats: {greater_than: 3}}]}", "is part of `seats is more than 3`"),
        ("[{performed: login, in_last: 2 weeks}, {performed: any, in_last: 30 days}]", "follows from `performed login"),
        ("[{email: {starts_with: ab}}, {email: {contains: B}}]", "follows from `email starts with ab`"),
        ("[{plan: pro}, {everyone: true}]", "`everyone` changes nothing"),
        ("[{plan: pro}, {seats: 1}, {all: [{seats: {at_most: 4}}, {active: true}]}]", "follows from `seats is 1`"),
    ],
)
def test_a_condition_that_changes_nothing(rule: str, said: str) -> None:
    (found,) = warnings(rule)
    assert found.code == "repeated-condition"
    assert said in found.message


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("{any: [{plan: {is_not: a}}, {country: {not_in: [b]}}]}", ["negatives-in-any"]),
        ("{any: [{plan: {is_not: a}}, {not_in_segment: pros}, {seats: 1}]}", ["negatives-in-any"]),
        ("{any: [{plan: {is_not: a}}, {plan: is_unknown}, {seats: 1}]}", ["repeated-condition"]),
        ("{none: [{plan: {is_not: a}}, {country: {is_not: b}}]}", []),
        ("{not: {all: [{plan: a}, {country: b}]}}", []),
        ("{any: [{plan: {is_not: a}}, {seats: 1}]}", []),
    ],
)
def test_negatives_that_any_joins(rule: str, found: list[str]) -> None:
    assert codes(rule) == found


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ("{score: {at_least: 0.5}}", ["float-threshold"]),
        ("{score: has_any_value}", []),
        ("{score: {top: 10%}}", []),
        ("{performed: purchase, sum: weight, at_least: 3}", ["float-threshold"]),
        ("{performed: purchase, distinct: weight, at_least: 3}", []),
        ("{performed: purchase, where: {weight: 0.5}}", ["float-threshold"]),
        ("{plan: {is: pro, unknown: exclude}}", ["idle-unknown"]),
        ("{plan: {is: pro, unknown: include}}", []),
        ("{plan: {is_not: pro, unknown: include}}", ["idle-unknown"]),
        ("{plan: {is: pro, is_not: free, unknown: include}}", ["repeated-condition"]),
        ("{performed: purchase, sum: amount, at_least: 3, unknown: include}", ["idle-unknown"]),
        ("{performed: purchase, average: amount, at_least: 3, unknown: include}", []),
        ("{first_performed: login, in_last: 3 days, unknown: exclude}", ["idle-unknown"]),
        ("{company.size: {at_least: 3, unknown: exclude}}", ["idle-unknown"]),
        ("{related: company, where: {size: {at_least: 3, unknown: exclude}}}", ["idle-unknown"]),
        ("{performed: login, in_last: 400 days}", []),
        ("{performed: login, in_last: 401 days}", ["beyond-kept"]),
        ("{performed: login, in_last: 13 months}", []),
        ("{performed: login, in_last: 14 months}", ["beyond-kept"]),
        ("{performed: login, more_than: 500 days ago}", ["beyond-kept"]),
        ("{performed: login, more_than: 300 days ago}", []),
        ("{performed: login, during: last year}", []),
        ("{related: orders, in_last: 366 days}", []),
        ("{related: orders, in_last: 2 years}", ["beyond-kept"]),
        ("{performed_regularly: login, in_at_least: 2, of_last: 20 months}", ["beyond-kept"]),
        ("{performed: logn}", ["unknown-event"]),
        ("{sequence: [{performed: login}, {performed: [login, buy]}]}", ["unknown-event"]),
        ("{performed: any}", []),
    ],
)
def test_single_conditions(rule: str, found: list[str]) -> None:
    assert codes(rule) == found


def test_a_rule_that_costs_much() -> None:
    step = "{performed: login}"
    sequences = [f"{{sequence: [{', '.join([step] * 6)}], in_last: {days} days}}" for days in (5, 6, 7)]
    assert codes(f"{{any: [{', '.join(sequences[:2])}, {{plan: pro}}]}}") == []
    (found,) = warnings(f"{{any: [{', '.join(sequences)}, {{plan: pro}}]}}")
    assert found.code == "complexity"
    assert found.message.startswith("this rule costs 181 points")


def test_a_warning_stands_at_its_place() -> None:
    where = "      - format: pdf\n      - all:\n          - format: csv\n"
    (found,) = warnings(f"all:\n  - plan: pro\n  - performed: login\n    where:\n{where}")
    assert (found.span.line, found.span.column) == (9, 15)
    assert found.message == (
        "`format is pdf` (line 7) and `format is csv` exclude each other, so nobody is ever in the segment"
    )


def test_what_the_catalog_offers_and_nothing_uses() -> None:
    found = unused(compiled("- seats: {at_least: 80% of limit}\n- related: orders\n"), parse(source_of(CATALOG)))
    said = {each.message.removeprefix("no rule and no audience uses ") for each in found}
    assert {"`email` of person", "the events of person", "the relation `notes` of person"} <= said
    assert not {"`limit` of person", "`joined_at` of person", "`size` of company", "`archived` of company"} & said
    assert not any("of events of person" in each for each in said)


def test_the_shipped_specs_raise_no_warning() -> None:
    compilation = compile_sources(read_sources(REPOSITORY))
    assert [*compilation.warnings, *lint(compilation)] == []


def test_a_goal_of_an_event_that_the_catalog_does_not_list_is_warned_of() -> None:
    segment = SourceFile("segment_specs/all/asked.yml", "entity: person\nwhere: {plan: pro}\n")
    text = "segment: asked\ndestination: drop\nidentify_by: [email]\ngoal: {performed: [login, %s], within: 7 days}\n"
    found = {}
    for event in ("purchase", "purchsae"):
        audience = SourceFile("segment_specs/audiences/letter.yml", text % event)
        destinations = SourceFile("segment_specs/destinations.yml", "drop: {type: folder, path: drop}\n")
        sources = Sources(source_of(CATALOG), (segment,), (audience,), destinations)
        found[event] = [(each.code, each.help) for each in lint(compile_sources(sources))]
    assert found == {"purchase": [], "purchsae": [("unknown-event", "did you mean `purchase`?")]}
