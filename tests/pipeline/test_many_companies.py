"""60,000 companies and 200,000 people in a folder with a catalog, specs and a DuckDB file, and no dbt project."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from orchestration.warehouse import DuckDB

PEOPLE, COMPANIES = 200_000, 60_000
CATALOG = """
timezone: UTC
entities:
  person:
    model: people
    key: id
    attributes: {tags: list}
    relations:
      company: {entity: company, through: attached, subject: person_id, related: company_id}
  company:
    model: companies
    key: id
    population: {archived: false}
    attributes: {plan: text, seats: integer, archived: boolean}
tags: {model: tags}
"""
SPECS = {
    "on_pro": ("person", "company.plan: pro"),
    "on_no_pro": ("person", "not: {company.plan: pro}"),
    "in_two_big_ones": ("person", "{related: company, where: {seats: {at_least: 50}}, count: {at_least: 2}}"),
    "alone": ("person", "{related: company, count: 0}"),
    "empty": ("company", "{related: people, count: 0}"),
    "crowded": ("company", "{related: people, count: {at_least: 8}}"),
}
# companies 0, 7, 14 … are archived, 1, 11, 21 … have nobody, plans and seats go round
COMPANY = "select i as id, ['free', 'pro', 'enterprise'][1 + i % 3] as plan, i % 100 as seats, i % 7 = 0 as archived"
LINKS = f"""
select person_id, company_id from (
    select p as person_id, (p * 17 + k * 7919 + (p * p) % 101) % {COMPANIES} as company_id
    from range({PEOPLE}) as people(p), range(3) as times(k) where p % 5 <> 0 and (k = 0 or p % (k + 1) = 0)
) as pairs where company_id % 10 <> 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("companies")
    specs = folder / "segment_specs" / "all"
    specs.mkdir(parents=True)
    (specs.parent / "catalog.yml").write_text(CATALOG)
    for key, (entity, rule) in SPECS.items():
        (specs / f"{key}.yml").write_text(f"entity: {entity}\nwhere:\n  - {rule}\n")
    with DuckDB(folder / ".muster" / "warehouse.duckdb") as warehouse:
        warehouse.execute(f"create table companies as {COMPANY} from range({COMPANIES}) as numbers(i)")
        warehouse.execute(f"create table attached as {LINKS}")
        tags = "case when i % 2 = 0 then ['even'] when i % 3 = 0 then ['three', 'odd'] end"
        warehouse.execute(f"create table people as select i as id, {tags} as tags from range({PEOPLE}) as numbers(i)")
        warehouse.execute("create table tags as select unnest(['even', 'odd', 'three', 'unused']) as name")
    return folder


def muster(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from orchestration.cli import main; main()", *arguments]
    return subprocess.run([*command, "--project", str(folder)], capture_output=True, text=True, check=False)


def asked(folder: Path, *arguments: str) -> dict[str, object]:
    done = muster(folder, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def company(i: int) -> tuple[str, int, bool]:
    return ("free", "pro", "enterprise")[i % 3], i % 100, i % 7 == 0


@pytest.fixture(scope="module")
def attached() -> dict[int, list[int]]:
    """Each person's companies that are not archived, by plain arithmetic."""
    found: dict[int, list[int]] = {}
    for p in range(PEOPLE):
        times = [k for k in range(3) if p % 5 != 0 and (k == 0 or p % (k + 1) == 0)]
        ids = [(p * 17 + k * 7919 + (p * p) % 101) % COMPANIES for k in times]
        found[p] = [i for i in ids if i % 10 != 1 and not company(i)[2]]
    return found


def expected(segment: str, attached: dict[int, list[int]]) -> list[int]:
    staff: dict[int, int] = {i: 0 for i in range(COMPANIES) if not company(i)[2]}
    for ids in attached.values():
        for i in ids:
            staff[i] += 1
    match segment:
        case "on_pro":
            return [p for p, ids in attached.items() if any(company(i)[0] == "pro" for i in ids)]
        case "on_no_pro":
            return [p for p, ids in attached.items() if not any(company(i)[0] == "pro" for i in ids)]
        case "in_two_big_ones":
            return [p for p, ids in attached.items() if sum(company(i)[1] >= 50 for i in ids) >= 2]
        case "alone":
            return [p for p, ids in attached.items() if not ids]
        case "empty":
            return [i for i, count in staff.items() if count == 0]
        case _:
            return [i for i, count in staff.items() if count >= 8]


@pytest.mark.parametrize("segment", SPECS)
def test_preview_is_right(folder: Path, attached: dict[int, list[int]], segment: str) -> None:
    found = asked(folder, "preview", segment, "--as-of", "2024-01-01", "--members")
    members = expected(segment, attached)
    assert members
    promised = {"segment": segment, "as_of": "2024-01-01", "count": len(members), "members": members}
    assert promised.items() <= found.items()


def test_every_company_is_counted_empty_ones_too_and_archived_ones_not(
    folder: Path, attached: dict[int, list[int]]
) -> None:
    staff: dict[int, set[int]] = {i: set() for i in range(COMPANIES) if not company(i)[2]}
    for person, ids in attached.items():
        for i in ids:
            staff[i].add(person)
    found = asked(folder, "counts", "--by", "company", "--as-of", "2024-01-01")
    assert found["counts"] == [{"company": i, "person": len(people)} for i, people in staff.items()]


def test_every_tag_is_counted_unused_ones_too(folder: Path) -> None:
    thirds = sum(1 for i in range(PEOPLE) if i % 2 and i % 3 == 0)
    found = asked(folder, "counts", "--by", "tag", "--as-of", "2024-01-01")
    counts = {"even": PEOPLE // 2, "odd": thirds, "three": thirds, "unused": 0}
    assert found["counts"] == [{"tag": tag, "person": count} for tag, count in counts.items()]


def test_members_and_segment_counts_come_from_the_tables(folder: Path, attached: dict[int, list[int]]) -> None:
    counts = asked(folder, "counts", "--as-of", "2024-01-01")["counts"]
    assert isinstance(counts, list)
    assert {row["segment"]: row["members"] for row in counts} == {key: len(expected(key, attached)) for key in SPECS}
    members = asked(folder, "members", "empty", "--as-of", "2024-01-01")
    assert members["source"] == "computed"
    assert members["members"] == expected("empty", attached)


def test_a_run_says_what_is_missing(folder: Path) -> None:
    done = muster(folder, "run", "--as-of", "2024-01-01")
    assert done.returncode == 1
    assert "`muster init` adds them" in done.stderr
    assert "Traceback" not in done.stderr
