"""The project in which the commands of the pages are run: small, in git, two days of it recorded and published."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

from tests.docs.pages import Block, pages
from tests.project import SmallProject

DAYS = (date(2017, 12, 30), date(2017, 12, 31))
YESTERDAY = date(2018, 1, 1)

CATALOG = """
timezone: UTC
tags: {model: tags, name: name}
entities:
  person:
    model: people
    key: person_id
    since: created_at
    attributes:
      external_id: text
      email: {type: text, personal: true}
      created_at: timestamp
      last_seen_at: timestamp
      plan: {type: text, values: [free, pro]}
      subscription_status: text
      total_spend: number
      accepts_marketing: boolean
      tags: list
    events: {model: person_events, subject: person_id, name: event_name, at: occurred_at, properties: {format: text}}
    relations:
      company: {entity: company, through: company_people, subject: person_id, related: company_id}
  company:
    model: companies
    key: company_id
    attributes: {name: text, plan: text}
    relations:
      people: {entity: person, through: company_people, subject: company_id, related: person_id}
"""
SPECS = {
    "people/high_value_at_risk.yml": (
        "name: High-value, at risk\nentity: person\nwhere: {last_seen_at: {more_than: 14 days ago}}\n"
    ),
    "people/pro_plan.yml": "entity: person\nwhere: {plan: pro}\n",
    "people/beta_testers.yml": "entity: person\nmembers: static/beta_testers.csv\n",
    "static/beta_testers.csv": "person_id\np1\n",
    "destinations.yml": "crm_drop: {type: folder, path: exports/crm}\n",
}
MODELS = ("people", "person_events", "companies", "company_people", "tags")
RAW = (
    "create schema raw",
    "create table raw.people as select 'p' || i as person_id, 'crm-' || i as external_id, "
    "'p' || i || '@example.com' as email, timestamp '2017-01-01' as created_at, "
    "timestamp '2017-12-01' + i * interval '1 day' as last_seen_at, if(i % 2 = 0, 'free', 'pro') as plan, "
    "'active' as subscription_status, cast(i * 100 as decimal(18, 2)) as total_spend, true as accepts_marketing, "
    "['VIP'] as tags from range(1, 25) as numbers (i)",
    "create table raw.person_events as select person_id, 'report_created' as event_name, last_seen_at as occurred_at, "
    "'pdf' as format from raw.people",
    "create table raw.companies as select 'c1' as company_id, 'A company' as name, 'pro' as plan",
    "create table raw.company_people as select 'c1' as company_id, 'p1' as person_id",
    "create table raw.tags as select 'VIP' as name union all select 'Beta'",
)


def shop(folder: Path) -> SmallProject:
    """The project, recorded, with the files of the README written into it and not committed."""
    project = SmallProject(folder)
    project.lay_down(CATALOG, {**SPECS, **written_by_the_reader()}, *MODELS)
    project.execute(*RAW)
    for name, text in beside_the_specs().items():
        (folder / name).write_text(text, "utf-8")
    project.run(*DAYS, tested=False)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "add", *(f"segment_specs/{path}" for path in ("catalog.yml", *SPECS)))
    _git(folder, "-c", "user.name=Muster", "-c", "user.email=muster@example.com", "commit", "--quiet", "-m", "Begin")
    return project


def written_by_the_reader() -> dict[str, str]:
    """What the README shows as files, by their paths below `segment_specs/`, as their first lines say them."""
    named = [block for block in readme() if block.text.startswith("# segment_specs/")]
    return {block.text.splitlines()[0].removeprefix("# segment_specs/"): block.text for block in named}


def beside_the_specs() -> dict[str, str]:
    """The files that docs/intercom.md shows, which lie in the project's folder."""
    [page] = [page for page in pages() if page.name == "docs/intercom.md"]
    [search] = [block.text for block in page.blocks if block.language == "json"]
    [mapping] = [block.text for block in page.blocks if block.text.startswith("# mapping.yml")]
    return {"search.json": search, "mapping.yml": mapping}


def first_segment() -> str:
    """What the README says that `muster new` writes."""
    [text] = [block.text for block in readme() if not block.text.startswith("# segment_specs/")]
    return text


def readme() -> list[Block]:
    """The specs of the README."""
    [page] = [page for page in pages() if page.name == "README.md"]
    return [block for block in page.blocks if block.language == "yaml"]


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
