"""Every problem names its place, and all problems are shown at once."""

from __future__ import annotations

import pytest

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.problem import Problem, Problems, SourceFile, render_problem
from orchestration.compiler.segment import AttributeCondition, IsAnyOf, conditions

CATALOG = """
timezone: Europe/Dublin
entities:
  person:
    model: people
    key: person_id
    attributes:
      plan: {type: text, values: [free, pro]}
      seats: integer
      tags: list
      active: boolean
      born_on: date
      seen_at: timestamp
    events: {model: events, subject: person_id, name: name, at: at, properties: {format: text, amount: number}}
    relations:
      orders: {model: orders, subject: person_id, at: ordered_at, attributes: {amount: number}}
      notes: {model: notes, subject: person_id, attributes: {length: integer}}
      company: {entity: company, through: company_people, subject: person_id, related: company_id}
  company: {model: companies, key: company_id, attributes: {size: integer}}
"""
HEAD = "entity: person\nwhere:\n"


def compiled(specs: dict[str, str], catalog: str = CATALOG, **more: str) -> Compilation:
    segments = tuple(SourceFile(f"segment_specs/people/{key}.yml", text) for key, text in specs.items())
    audiences = tuple(SourceFile(f"segment_specs/audiences/{key}.yml", text) for key, text in more.items())
    destinations = SourceFile("segment_specs/destinations.yml", "drop: {type: folder, path: drop}\n")
    return compile_sources(Sources(SourceFile("segment_specs/catalog.yml", catalog), segments, audiences, destinations))


def problems(specs: dict[str, str], **more: str) -> tuple[Problem, ...]:
    with pytest.raises(Problems) as found:
        compiled(specs, **more)
    return found.value.problems


RULES = [
    ("plann: pro", "unknown-attribute", "plann", "`plan`"),
    ("plan: {contians: p}", "wrong-operator", "contians", "`contains`"),
    ("plan: 5", "wrong-operand", "5", '"5"'),
    ("plan: null", "null-operand", "null", "is_unknown"),
    ("plan: []", "empty-list", "[", ""),
    ("plan: {matches: '('}", "bad-pattern", "'('", ""),
    ("plan: {matches: '(?=x)'}", "bad-pattern", "'(?=x)'", ""),
    ("plan: {unknown: maybe, is: pro}", "unknown-choice", "maybe", "include"),
    ("plan: {unknown: include}", "no-operator", "{", ""),
    ("seats: five", "unknown-attribute", "five", ""),
    ("seats: 80% of plan", "not-a-number", "80% of plan", ""),
    ("seats: {between: [1]}", "bad-between", "[", "[1, 5]"),
    ("seats: {at_least: 1e30}", "number-range", "1e30", ""),
    ("active: 'true'", "wrong-operand", "'true'", "true"),
    ("tags: {starts_with: V}", "wrong-operator", "starts_with", ""),
    ("seen_at: {in_last: 30}", "missing-unit", "30", "30 days"),
    ("seen_at: {in_last: 30 dyas}", "bad-window", "30 dyas", ""),
    ("seen_at: {more_than: 30 days}", "bad-window", "30 days", "30 days ago"),
    ("seen_at: {during: this fortnight}", "bad-window", "this fortnight", ""),
    ("seen_at: {on: 2026-02-30}", "bad-date", "2026-02-30", "2026-01-31"),
    ("born_on: {in_last: 3 hours}", "needs-timestamp", "3 hours", ""),
    ("{all: []}", "empty-group", "[", "everyone"),
    ("{plan: pro, seats: 5}", "two-subjects", "seats", ""),
    ("{everyone: false}", "wrong-operand", "false", ""),
    ("{performed: x, times: {at_laest: 2}}", "wrong-operator", "at_laest", "`at_least`"),
    ("{not_performed: x, times: 2}", "not-here", "times", "performed"),
    ("{performed: x, sum: format, at_least: 2}", "not-a-number", "format", ""),
    ("{performed: x, at_least: 2}", "no-number", "at_least", "`times`"),
    ("{performed: x, sum: amount}", "no-operator", "amount", ""),
    ("{preformed: x, in_last: 7 days}", "unknown-attribute", "preformed", "`performed`"),
    ("{performed: x, whre: {format: pdf}}", "unknown-field", "whre", "`where`"),
    ("{performed: x, where: {fromat: pdf}}", "unknown-attribute", "fromat", "`format`"),
    ("{performed: x, where: {performed: y}}", "not-here", "{", ""),
    ("{related: order}", "unknown-relation", "order", "`orders`"),
    ("{related: notes, in_last: 3 days}", "no-date", "in_last", "at:"),
    ("company.sise: 5", "unknown-attribute", "company.sise", "`company.size`"),
    ("in_segment: nothing", "unknown-segment", "nothing", ""),
    ("in_segment: of_companies", "wrong-entity", "of_companies", ""),
    ("in_segment: gone", "archived-segment", "gone", ""),
    ("- plan", "no-condition", "plan", ""),
]
OTHERS = {
    "of_companies": "entity: company\nwhere: {size: 5}\n",
    "gone": "entity: person\nstatus: archived\nwhere: {plan: pro}\n",
}


@pytest.mark.parametrize(("rule", "code", "at", "remedy"), RULES, ids=[rule for rule, *_ in RULES])
def test_a_broken_rule_is_one_problem_at_its_place(rule: str, code: str, at: str, remedy: str) -> None:
    text = f"{HEAD}  {rule}\n"
    (problem,) = problems({**OTHERS, "broken": text})
    assert (problem.code, problem.span.line) == (code, 3)
    assert text.splitlines()[2][problem.span.column - 1 :].startswith(at)
    assert remedy in problem.help


def test_a_report_shows_line_caret_and_remedy() -> None:
    (problem,) = problems({"broken": f"{HEAD}  all:\n    - seats: 5\n    - plann: pro\n"})
    assert render_problem(problem) == (
        "error[unknown-attribute]: a person has no attribute `plann`\n"
        " --> segment_specs/people/broken.yml:5:7\n"
        "  |\n"
        "5 |     - plann: pro\n"
        "  |       ^^^^^\n"
        "  = help: did you mean `plan`?"
    )


def test_all_problems_of_all_files_come_at_once_in_order() -> None:
    found = problems(
        {"b": f"{HEAD}  - plann: pro\n  - seats: many\n", "a": "entity: persn\nwhere: {plan: pro}\n"},
        push="segment: nothing\ndestination: dorp\nidentify_by: [email]\n",
    )
    assert [(problem.span.source.path.rpartition("/")[2], problem.code) for problem in found] == [
        ("push.yml", "unknown-segment"),
        ("push.yml", "unknown-destination"),
        ("a.yml", "unknown-entity"),
        ("b.yml", "unknown-attribute"),
        ("b.yml", "unknown-attribute"),
    ]


def test_a_circle_of_segments_names_its_path() -> None:
    (problem,) = problems(
        {"a": f"{HEAD}  in_segment: b\n", "b": f"{HEAD}  in_segment: c\n", "c": f"{HEAD}  in_segment: a\n"}
    )
    assert problem.code == "cycle"
    assert problem.message.endswith(("a → b → c → a", "b → c → a → b", "c → a → b → c"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty-file"),
        ("entity: person", "no-rule"),
        ("entity: person\nwhere: {plan: pro}\nmembers: static/x.csv\n", "no-rule"),
        ("entity: person\nmembers: static/x.csv\n", "no-list"),
        ("where: {plan: pro}\n", "missing-field"),
        ("entity: person\nentity: person\nwhere: {plan: pro}\n", "duplicate-key"),
        ("entity: &a person\nwhere: {plan: *a}\n", "yaml"),
        ("entity: !!str person\nwhere: {plan: pro}\n", "yaml"),
        ("entity: person\nwhere: {plan: [pro\n", "yaml"),
        ("entity: person\nwhere: {plan: pro}\nownr: growth\n", "unknown-field"),
        ("entity: person\nwher: {plan: pro}\n", "unknown-field"),
        ("entity: person\nstatus: sleeping\nwhere: {plan: pro}\n", "unknown-choice"),
        ("entity: person\nwhere: " + "{not: " * 100 + "{plan: pro}" + "}" * 100, "too-deep"),
        ("entity: person\nwhere: {plan: '" + "x" * 1_100_000 + "'}", "too-large"),
    ],
)
def test_a_broken_file_is_refused(text: str, code: str) -> None:
    assert [problem.code for problem in problems({"broken": text})] == [code]


def test_values_outside_the_catalog_are_a_warning() -> None:
    compilation = compiled({"fine": f"{HEAD}  plan: [pro, gold]\n"})
    assert [(warning.code, warning.severity) for warning in compilation.warnings] == [("unknown-value", "warning")]


def test_no_is_a_country() -> None:
    compilation = compiled({"norway": f"{HEAD}  plan: [NO, no, off]\n"})
    (condition,) = conditions(compilation.segments["norway"].rule)
    assert isinstance(condition, AttributeCondition)
    assert condition.test == IsAnyOf(("NO", "no", "off"))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("exclude_segments: {gone: true}", "not-a-list"),
        ("exclude_segments: [gone]", "archived-segment"),
        ("fields: {\"f{{ run_query('select 1') }}\": plan}", "bad-name"),
        ("fields: {consent: plan}", "bad-name"),
        ('schedule: "99 99 99 99 99"', "bad-schedule"),
    ],
)
def test_a_broken_audience_is_refused(line: str, code: str) -> None:
    push = f"segment: fine\ndestination: drop\nidentify_by: [plan]\n{line}\n"
    found = problems({**OTHERS, "fine": f"{HEAD}  plan: pro\n"}, push=push)
    assert [problem.code for problem in found] == [code]


@pytest.mark.parametrize("column", ["a{{ x }}", "a'b", "a;b"])
def test_names_of_tables_and_columns_are_names(column: str) -> None:
    catalog = CATALOG.replace("seats: integer", f'seats: {{type: integer, column: "{column}"}}')
    with pytest.raises(Problems) as found:
        compiled({}, catalog)
    assert [problem.code for problem in found.value.problems] == ["bad-name"]
