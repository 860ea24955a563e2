"""A small catalog of every kind of thing that a test can mention, and specs whose tests are run."""

from __future__ import annotations

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.spectests.running import Outcome, run_tests

CATALOG = """
timezone: Europe/Dublin
entities:
  person:
    model: people
    key: person_id
    since: signed_up_at
    attributes:
      email: {type: text, personal: true}
      plan: {type: text, values: [free, pro]}
      seats: {type: integer, column: seat_count}
      photos: integer
      spend: number
      score: float
      active: boolean
      born_on: date
      signed_up_at: timestamp
      seen_at: timestamp
      tags: list
    events:
      model: person_events
      subject: person_id
      name: event_name
      at: occurred_at
      properties: {format: text, amount: number, name: text}
    relations:
      orders: {model: orders, subject: person_id, at: ordered_on, attributes: {amount: number, ordered_on: date}}
      known: {model: people, subject: person_id, attributes: {plan: text}}
      notes: {model: notes, subject: person_id, attributes: {length: integer}}
      company: {entity: company, through: company_people, subject: person_id, related: company_id}
  company:
    model: companies
    key: company_id
    population: {archived: false}
    history: {valid_from: valid_from, valid_to: valid_to}
    attributes: {id: {type: text, column: company_id}, plan: text, archived: boolean}
    relations:
      orders: {model: orders, subject: company_id, at: ordered_on, attributes: {amount: number, ordered_on: date}}
  store:
    model: stores
    key: store_id
    history: {valid_from: valid_from, valid_to: valid_to, type: date}
    attributes: {open: boolean}
"""


def compiled(specs: dict[str, str], catalog: str = CATALOG) -> Compilation:
    """Specs by key; a fixed list `testers.csv` holds the person p1."""
    segments = tuple(SourceFile(f"segment_specs/people/{key}.yml", text) for key, text in specs.items())
    testers = SourceFile("segment_specs/static/testers.csv", "person_id\np1\n")
    return compile_sources(
        Sources(SourceFile("segment_specs/catalog.yml", catalog), segments, lists={"static/testers.csv": testers})
    )


def spec(rule: str, *tests: str, entity: str = "person") -> str:
    """A spec with these tests, each a flow mapping's inside; `as_of` is 2026-06-01 unless they say otherwise."""
    listed = "".join(f"  - {{{_dated(test)}}}\n" for test in tests)
    return f"entity: {entity}\nwhere:\n  {rule.strip()}\ntests:\n{listed}"


def _dated(test: str) -> str:
    return test if "as_of" in test else f"as_of: 2026-06-01, {test}"


def outcome(rule: str, *tests: str, entity: str = "person", **others: str) -> Outcome:
    """What comes of the tests of one segment; `others` are specs without tests, by key."""
    return run_tests(compiled({"tested": spec(rule, *tests, entity=entity), **others}))
