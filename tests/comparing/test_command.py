"""`muster plan` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.warehouse import DuckDB
from tests.comparing.repository import begin, commit

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    attributes: {plan: text, email: {type: text, personal: true}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed project without dbt, with one segment edited since."""
    specs = tmp_path / "segment_specs"
    (specs / "m").mkdir(parents=True)
    (specs / "catalog.yml").write_text(CATALOG)
    (specs / "m" / "pro.yml").write_text("entity: member\nwhere: {plan: pro}\n")
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.execute(
            "create table members as select 'm' || i as member_id, "
            "case i % 3 when 0 then 'pro' when 1 then 'team' end as plan, '' as email from range(9) as t(i)"
        )
    begin(tmp_path)
    (specs / "m" / "pro.yml").write_text("entity: member\nwhere: {plan: [pro, team]}\n")
    monkeypatch.setenv("MUSTER_DUCKDB", str(tmp_path / "warehouse.duckdb"))
    return tmp_path


def muster(project: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["muster", "plan", *arguments, "--project", str(project)])
    with pytest.raises(SystemExit) as end:
        main()
        raise SystemExit(0)
    return int(str(end.value.code or 0))


Captured = pytest.CaptureFixture[str]


def test_it_tells_of_what_is_not_committed_yet(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert muster(project, monkeypatch, "--as-of", "2024-03-01", "--show-keys") == 0
    out = capsys.readouterr().out
    assert "~ pro (member; changed, rule): 3 → 6 (33.3% → 66.7%)" in out
    assert "plan is pro: not met before by 3\n" in out
    assert "such as m" in out
    assert out.endswith("nothing was written\n")


def test_json(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert muster(project, monkeypatch, "--as-of", "2024-03-01", "--base", "main", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["base"], told["as_of"]) == ("main", "2024-03-01")
    assert [each["members"] for each in told["segments"]] == [{"before": 3, "after": 6}]


def test_markdown(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert muster(project, monkeypatch, "--as-of", "2024-03-01", "--markdown") == 0
    assert capsys.readouterr().out.startswith("<!-- muster plan -->\n### Muster plan\n")


def test_one_form_at_a_time(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert muster(project, monkeypatch, "--markdown", "--json") == 2
    assert "choose one" in capsys.readouterr().err


def test_what_cannot_be_compared_is_said(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    assert muster(project, monkeypatch, "--base", "nowhere") == 1
    assert "git knows no commit `nowhere`" in capsys.readouterr().err


def test_a_table_that_the_change_needs_and_the_warehouse_lacks(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    catalog = project / "segment_specs" / "catalog.yml"
    catalog.write_text(CATALOG.replace("model: members", "model: membres"))
    assert muster(project, monkeypatch, "--as-of", "2024-03-01") == 1
    assert "no table `membres`: load or build it first. did you mean `members`?" in capsys.readouterr().err


def test_what_the_catalog_changes_for_an_audience_alone(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    specs = project / "segment_specs"
    (specs / "audiences").mkdir()
    (specs / "audiences" / "mail.yml").write_text("segment: pro\ndestination: drop\nidentify_by: [email]\n")
    (specs / "destinations.yml").write_text("drop: {type: folder, path: drop}\n")
    commit(project)
    (specs / "catalog.yml").write_text(CATALOG.replace("personal: true", "personal: true, column: plan"))
    (specs / "destinations.yml").write_text("drop: {type: folder, path: elsewhere}\n")
    assert muster(project, monkeypatch, "--as-of", "2024-03-01") == 0
    out = capsys.readouterr().out
    assert ": no segment changes; audiences touched: 1" in out
    assert "\n  member.attributes.email.column: not given → plan\n" in out
    assert "\n  destinations.drop.path: drop → elsewhere\n" in out
    assert "mail → drop (the catalog or its destination was changed): " in out


def test_who_is_active_is_a_change(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    catalog, pro = project / "segment_specs" / "catalog.yml", project / "segment_specs" / "m" / "pro.yml"
    catalog.write_text(f"{CATALOG}    events: {{model: visits, subject: member_id, name: kind, at: visited_at}}\n")
    commit(project)
    pro.write_text(f"{pro.read_text()}active_by: visit\n")
    assert muster(project, monkeypatch, "--as-of", "2024-03-01") == 0
    assert "= pro (member; reworded, active_by): same members" in capsys.readouterr().out
