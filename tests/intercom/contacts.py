"""Contacts of an Intercom workspace, and the same people as tables of a warehouse."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from orchestration.compiler.compile import Sources
from orchestration.compiler.problem import SourceFile
from orchestration.warehouse import DuckDB

WORKSPACE = "Europe/Dublin"
CATALOG = f"""
timezone: {WORKSPACE}
entities:
  person:
    model: people
    key: person_id
    attributes:
      email: {{type: text, personal: true}}
      name: text
      role: text
      any: text
      tier: text
      owner_id: integer
      spend: number
      created_at: timestamp
      last_seen_at: timestamp
      trial_ends_on: date
      unsubscribed_from_emails: boolean
      tags: list
    relations:
      company: {{entity: company, through: company_people, subject: person_id, related: company_id}}
  company: {{model: companies, key: company_id, attributes: {{name: text}}}}
"""
VIP = "entity: person\nwhere: {spend: {at_least: 100}}\n"
SILENT = "entity: person\nwhere: {last_seen_at: is_unknown}\n"
MAPPING = """
fields:
  custom_attributes.level: tier
  company_id: company.name
tags: {'11': VIP, '12': "O'Brien", '13': ''}
segments: {'5f01': vip, '5f02': silent}
values:
  custom_attributes.level: {gold: pro, Gold: PRO, tin: free}
"""
TAGS = {"11": "VIP", "12": "O'Brien", "13": ""}
LEVELS = {"gold": "pro", "Gold": "PRO", "tin": "free"}

TEXTS = (
    "",
    "a",
    "A",
    "ab",
    "ba",
    "Cab",
    "b",
    "a%b",
    "a_b",
    "O'Brien",
    "NO",
    "null",
    "is_unknown",
    "12",
    "ä",
    "Ä",
    "{{ x }}",
    "日本",
)
EMAILS = ("a@x.com", "A@X.com", "b@sub.x.com", "c@y.com", "x.com", "", "a@x.com.evil.com", "a@b@x.com")
NUMBERS = (Decimal("-1"), Decimal(0), Decimal("0.1"), Decimal(100), Decimal("100.5"), Decimal(10) ** 12)
OWNERS = (Decimal(-1), Decimal(0), Decimal(7), Decimal(123))
# around midnight in Dublin and in New York, where clocks change and where they do not, before 1970 and long after
MOMENTS = tuple(
    int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) + offset
    for year, month, day, hour in (
        *((2020, 1, 1, 0), (2020, 3, 29, 0), (2020, 3, 30, 0)),
        *((2020, 10, 25, 23), (2020, 6, 30, 4), (1969, 12, 31, 0)),
    )
    for offset in (-3601, -3600, -1, 0, 1, 3599, 3600, 5 * 3600, 86399)
)
DAYS = tuple(date(2020, 1, 1) + timedelta(days=number) for number in (-1, 0, 1, 88, 298))


@dataclass(frozen=True)
class Contact:
    """What Intercom knows: timestamps in seconds, tags by their ids, null for what is unknown."""

    key: str
    known: Mapping[str, object]
    tags: frozenset[str]
    companies: frozenset[str]


def contacts(count: int = 150, seed: int = 7) -> list[Contact]:
    """The same ones for the same seed."""
    chance = random.Random(seed)

    def drawn(values: tuple[object, ...]) -> object:
        return None if chance.random() < 0.2 else chance.choice(values)

    return [
        Contact(
            key=f"c{number:03}",
            known={
                "email": drawn(EMAILS),
                "name": drawn(TEXTS),
                "role": drawn(("user", "lead")),
                "custom_attributes.any": drawn(TEXTS),
                "custom_attributes.level": drawn(tuple(LEVELS)),
                "owner_id": drawn(OWNERS),
                "custom_attributes.spend": drawn(NUMBERS),
                "created_at": drawn(MOMENTS),
                "last_seen_at": drawn(MOMENTS),
                "custom_attributes.trial_ends_on": drawn(DAYS),
                "unsubscribed_from_emails": drawn((True, False)),
            },
            tags=frozenset(chance.sample(tuple(TAGS), chance.choice((0, 0, 1, 2)))),
            companies=frozenset(chance.sample(("Acme", "acme", ""), chance.choice((0, 1, 1, 2)))),
        )
        for number in range(count)
    ]


def load(warehouse: DuckDB, people: list[Contact]) -> None:
    """The tables that a warehouse would have of these contacts."""
    columns = 'email varchar, name varchar, role varchar, "any" varchar, tier varchar, owner_id bigint, '
    columns += "spend decimal(28, 9), created_at timestamp, last_seen_at timestamp, trial_ends_on date, "
    columns += "unsubscribed_from_emails boolean, tags varchar[]"
    warehouse.execute(f"create table people (person_id varchar, {columns})")
    warehouse.execute("create table companies (company_id varchar, name varchar)")
    warehouse.execute("insert into companies values ('1', 'Acme'), ('2', 'acme'), ('3', '')")
    warehouse.execute("create table company_people (person_id varchar, company_id varchar)")
    rows = ", ".join(f"({', '.join(map(_literal, _row(each)))})" for each in people)
    warehouse.execute(f"insert into people values {rows}")
    numbers = {"Acme": 1, "acme": 2, "": 3}
    pairs = ", ".join(f"('{each.key}', '{numbers[company]}')" for each in people for company in each.companies)
    warehouse.execute(f"insert into company_people values {pairs}")


def _row(contact: Contact) -> list[object]:
    known = dict(contact.known)
    level = known["custom_attributes.level"]
    known["custom_attributes.level"] = LEVELS[str(level)] if level is not None else None
    for name in ("created_at", "last_seen_at"):
        seconds = known[name]
        known[name] = datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
    return [contact.key, *known.values(), [TAGS[tag] for tag in sorted(contact.tags)]]


def _literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"timestamp '{value:%Y-%m-%d %H:%M:%S}'"
        case list():
            return f"[{', '.join(map(_literal, value))}]" if value else "null"
        case _:
            quoted = str(value).replace("'", "''")
            return f"'{quoted}'"


def sources(*more: SourceFile) -> Sources:
    """The project that the segments are in."""
    known = (SourceFile("segment_specs/people/vip.yml", VIP), SourceFile("segment_specs/people/silent.yml", SILENT))
    return Sources(SourceFile("segment_specs/catalog.yml", CATALOG), (*known, *more))


def local_day(seconds: int, zone: str) -> date:
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).date()
