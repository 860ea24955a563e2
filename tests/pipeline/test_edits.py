"""Specs that are edited between days: what is generated for other segments goes on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.club import club, day
from tests.project import SmallProject

MINUTES = "entity: member\nwhere: {performed: visit, in_last: 9 days, sum: minutes, at_least: 60}\n"

CATALOG = """
timezone: UTC
entities:
  person:
    model: people
    key: person_id
    events: {model: person_events, subject: person_id, name: event_name, at: occurred_at}
    relations:
      company: {entity: company, through: company_people, subject: person_id, related: company_id}
  company: {model: companies, key: company_id}
"""
BUYERS = "entity: person\nwhere: {performed: buy}\n"
BUYING = "entity: company\nwhere: {related: people, where: {in_segment: buyers}}\n"
COLLEAGUES = "entity: person\nwhere: {company.in_segment: buying}\n"


def test_the_first_sum_comes_and_the_last_one_goes(tmp_path: Path) -> None:
    project = club(tmp_path)
    project.pass_by(day(0), day(2))
    project.write("members/lingering.yml", MINUTES)
    project.pass_by(day(3))
    assert project.rows("select member_id from member_segments where lingering order by 1") == [("ada",), ("bo",)]
    project.remove("members/lingering.yml")
    project.run(day(4))
    assert project.rows("select count(*) from member_segments where regulars") == [(1,)]


def test_a_circle_of_entities_opens_and_every_model_is_still_judged_daily(tmp_path: Path) -> None:
    project = SmallProject(tmp_path)
    specs = {"a/buyers.yml": BUYERS, "b/buying.yml": BUYING, "a/colleagues.yml": COLLEAGUES}
    project.lay_down(CATALOG, specs, "people", "person_events", "company_people", "companies")
    project.execute(
        "create schema raw",
        "create table raw.people as select unnest(['ann', 'bob', 'cat']) as person_id",
        "create table raw.companies as select unnest(['x', 'y', 'z']) as company_id",
        "create table raw.company_people as select * from (values ('ann', 'x'), ('bob', 'y'), ('cat', 'z')) "
        "as pairs(person_id, company_id)",
        f"create table raw.person_events as select 'ann' as person_id, 'buy' as event_name, "
        f"timestamp '{day(0)} 10:00:00' as occurred_at",
        *(
            f"insert into raw.person_events values ({who!r}, 'buy', '{day(at)} 10:00:00')"
            for who, at in (("bob", 1), ("cat", 2))
        ),
    )
    project.pass_by(day(0))
    project.write("a/colleagues.yml", f"{COLLEAGUES}status: paused\n")
    project.pass_by(day(1))
    project.run(day(2))
    assert project.rows("select entered_on, company_id from company_spells order by 1") == [
        (day(0), "x"),
        (day(1), "y"),
        (day(2), "z"),
    ]
