"""What is left of a gate: JSON and pages that hold figures and hashes, need no network, and do not grow for ever."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from orchestration.audiences.export import export
from orchestration.gates.audience import audience_gate
from orchestration.gates.great import GateError
from orchestration.gates.keeping import Place, keep, keeping_gate
from orchestration.gates.result import Finding, GateResult, key_hash
from orchestration.warehouse import DuckDB
from tests.audiences.test_gates import AS_OF, BOTH, GOOD, proposal
from tests.audiences.workspace import DAYS, WINBACK, Project, people_of, surroundings

NOW = datetime(2018, 1, 1, 7, tzinfo=UTC)
BAD = proposal(DuckDB(Path(":memory:")), BOTH, {**GOOD, "email": ["dup@example.com", "dup@example.com", "no mail"]}, 10)
PASSED = GateResult("audience_winback", (Finding("expect_table_row_count_to_be_between", None, True, 1, 0),))
FETCHING = {"src", "href", "action", "data", "poster", "srcset"}


class Page(HTMLParser):
    """What a page fetches or links to, what runs in it, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.tags: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links |= {value or "" for name, value in attrs if name in FETCHING}

    def handle_data(self, data: str) -> None:
        self.words += data if self.cdata_elem is None else ""


@pytest.fixture(scope="module")
def bad() -> GateResult:
    return audience_gate(BAD)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_result_is_kept_as_json_in_a_stable_shape(bad: GateResult, tmp_path: Path) -> None:
    keep(Place(tmp_path), BAD, bad, NOW)
    told = json.loads((tmp_path / "results" / "winback" / "2017-12-31-1.json").read_text())
    assert [*told] == [
        *("version", "audience", "destination", "segment", "as_of", "judged_at", "gate", "passed", "judged_in"),
        *("figures", "findings"),
    ]
    assert (told["version"], told["as_of"], told["judged_at"]) == (1, "2017-12-31", "2018-01-01T07:00:00Z")
    assert (told["passed"], told["judged_in"], told["figures"]["moved"]) == (False, "memory", 13)
    [finding] = [each for each in told["findings"] if each["expectation"].endswith("be_unique") and not each["passed"]]
    assert finding == {
        "expectation": "expect_column_values_to_be_unique",
        "column": "email",
        "passed": False,
        "observed": 1,
        "unexpected": 2,
        "examples": [key_hash("p1"), key_hash("p2")],
        "rows": 3,
        "arguments": {},
    }


def test_the_page_shows_what_the_json_tells_and_needs_no_network(bad: GateResult, tmp_path: Path) -> None:
    kept = keep(Place(tmp_path), BAD, bad, NOW)
    text = Path(kept.page).read_text()
    page = Page(text)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    assert {link for link in page.links if not link.startswith("#")} == {"../index.html"}
    assert not re.search(r"https?://|url\(|@import", text)
    assert "default-src 'none'" in text
    assert all(character.isprintable() or character.isspace() for character in text)
    said = " ".join(page.words.split())
    assert "values must be unique. 2 unexpected values found. ≈66.67% of 3 total rows." in said
    assert "Must have greater than or equal to 1 rows. 3" in said
    assert f"Subjects, by the hash of their key {key_hash('p1')} {key_hash('p2')}" in said
    assert "moved13" in said


def test_nothing_personal_is_kept(bad: GateResult, tmp_path: Path) -> None:
    keep(Place(tmp_path), BAD, bad, NOW)
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        text = path.read_text()
        assert not re.search(r"[\w.+-]+@[\w-]+\.\w+|no mail|\bp1\b|\bx1\b", text), path


def test_the_index_lists_every_result_and_leads_to_its_page(bad: GateResult, tmp_path: Path) -> None:
    keep(Place(tmp_path), BAD, bad, NOW)
    keep(
        Place(tmp_path),
        BAD,
        GateResult("audience_winback", (Finding("expect_table_row_count_to_be_between", None, True, 1, 0),)),
        NOW,
    )
    index = Page((tmp_path / "docs" / "index.html").read_text())
    assert index.links == {"winback/2017-12-31-1.html", "winback/2017-12-31-2.html"}
    assert all((tmp_path / "docs" / link).is_file() for link in index.links)
    assert "failed, 2 of 9 not met" in index.words
    assert "script" not in index.tags


def test_the_same_result_of_the_same_day_is_kept_once(bad: GateResult, tmp_path: Path) -> None:
    for hour in range(3):
        keep(Place(tmp_path), BAD, bad, NOW + timedelta(hours=hour))
    assert files(tmp_path / "results") == ["winback/2017-12-31-1.json"]
    told = json.loads((tmp_path / "results" / "winback" / "2017-12-31-1.json").read_text())
    assert told["judged_at"] == "2018-01-01T09:00:00Z"


def test_only_the_newest_results_stay(tmp_path: Path) -> None:
    for number in range(5):
        keep(Place(tmp_path, kept=3), replace(BAD, as_of=AS_OF + timedelta(days=number)), PASSED, NOW)
    stems = [f"winback/{date(2018, 1, day)}-1" for day in (2, 3, 4)]
    assert files(tmp_path / "results") == [f"{stem}.json" for stem in stems]
    assert files(tmp_path / "docs") == ["index.html", *(f"{stem}.html" for stem in stems)]


def test_an_export_keeps_what_its_gate_found_and_what_the_guard_stopped(project: Project) -> None:
    folder = project.state / "gates"
    project.desire({**people_of("ab"), "c": ("b@example.com", "pro")})
    with project.open() as warehouse:
        stopped = export(warehouse, WINBACK, DAYS[0], surroundings(project.state), gate=keeping_gate(folder))
    assert stopped.gate is not None
    assert Path(stopped.gate.page) == folder / "docs" / "winback" / "2017-11-01-1.html"
    project.desire({})
    with project.open() as warehouse:
        stopped = export(warehouse, WINBACK, DAYS[0], surroundings(project.state), gate=keeping_gate(folder))
    assert stopped.reason == "the desired set is empty and guard.allow_empty is not set"
    told = json.loads((folder / "results" / "winback" / "2017-11-01-2.json").read_text())
    assert (told["passed"], told["figures"]["desired"]) == (False, 0)


def test_a_folder_that_cannot_be_written_stops_the_push_in_words(project: Project) -> None:
    project.desire(people_of("ab"))
    (project.state / "gates").write_text("in the way")
    with project.open() as warehouse, pytest.raises(GateError, match="cannot keep the gate's result"):
        export(warehouse, WINBACK, DAYS[0], surroundings(project.state), gate=keeping_gate(project.state / "gates"))
    assert project.rows("select * from ledger.deliveries") == []
