"""Lints of one rule over a small catalog."""

from __future__ import annotations

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.lints import lint
from orchestration.compiler.problem import Problem, SourceFile

CATALOG = """
timezone: Europe/Dublin
entities:
  person:
    model: people
    key: person_id
    since: joined_at
    history: {valid_from: valid_from, valid_to: valid_to}
    attributes:
      plan: text
      email: text
      country: text
      seats: integer
      limit: integer
      spend: number
      score: float
      active: boolean
      joined_at: timestamp
      seen_at: timestamp
      born_on: date
      tags: list
    events:
      model: events
      subject: person_id
      name: name
      at: at
      keeps: 400 days
      names: [login, purchase]
      properties: {format: text, amount: number, weight: float}
    relations:
      orders: {model: orders, subject: person_id, at: at, attributes: {amount: number, status: text}, keeps: 1 year}
      notes: {model: notes, subject: person_id, attributes: {body: text}}
      company: {entity: company, through: company_people, subject: person_id, related: company_id}
  company:
    model: companies
    key: company_id
    population: {archived: false}
    attributes: {size: integer, tier: text, archived: boolean}
"""


def source_of(catalog: str) -> SourceFile:
    return SourceFile("segment_specs/catalog.yml", catalog)


def compiled(rule: str, entity: str = "person", catalog: str = CATALOG) -> Compilation:
    """A segment `asked` whose rule is indented under `where:`, beside two others."""
    lines = "\n".join(f"  {line}" for line in rule.strip("\n").splitlines())
    texts = {
        "asked": f"entity: {entity}\nwhere:\n{lines}\n",
        "pros": "entity: person\nwhere: {plan: pro}\n",
        "early": "entity: person\nwhere: {seats: 1}\n",
        "big": "entity: company\nwhere: {size: {at_least: 100}}\n",
    }
    segments = tuple(SourceFile(f"segment_specs/all/{key}.yml", text) for key, text in texts.items())
    return compile_sources(Sources(source_of(catalog), segments))


def warnings(rule: str, entity: str = "person", catalog: str = CATALOG) -> list[Problem]:
    return [each for each in lint(compiled(rule, entity, catalog)) if "asked" in each.span.source.path]


def codes(rule: str, entity: str = "person", catalog: str = CATALOG) -> list[str]:
    return [each.code for each in warnings(rule, entity, catalog)]
