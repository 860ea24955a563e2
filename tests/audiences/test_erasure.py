"""Whoever is erased is in no table and no file any more, and comes back into none."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.audiences.audience import Send, audiences_of
from orchestration.audiences.delivery import delta_to_delivery
from orchestration.audiences.delta import desired_to_delta
from orchestration.audiences.desired import Desired, Member
from orchestration.audiences.destinations.folder import folder_destination
from orchestration.audiences.export import export
from orchestration.audiences.files import AudienceFile, Compression, FileForm, Format, delivery_to_file
from orchestration.audiences.files.redaction import redacted
from orchestration.cli import app
from orchestration.erasure import erase
from orchestration.errors import UnknownNameError
from orchestration.warehouse import DuckDB
from tests.audiences.workspace import WINBACK, Project, open_gate, people_of, surroundings
from tests.pipeline.club import CATALOG, SPECS, club, day
from tests.project import SmallProject, Untested

AUDIENCE = "segment: pro\ndestination: drop\nidentify_by: [email]\nguard: {allow_empty: true}\n"


@pytest.fixture(autouse=True)
def untested(monkeypatch: pytest.MonkeyPatch) -> None:
    """dbt's tests run where a test asks for them, on all rows at once."""
    monkeypatch.setattr("orchestration.erasure.Dbt", Untested)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    # Figures of past days stay, and who was erased is still counted in them.
    catalog = CATALOG.replace("    events:", "    metrics: all\n    events:")
    specs = {
        **SPECS,
        "catalog.yml": catalog,
        "destinations.yml": "drop: {type: folder, path: drop}\n",
        "audiences/letter.yml": AUDIENCE,
    }
    project = club(tmp_path_factory.mktemp("erasure") / "template", specs)
    project.run(day(0), day(2), tested=False)
    deliver(project, 2)
    return project


@pytest.fixture
def project(template: SmallProject, tmp_path: Path) -> SmallProject:
    shutil.copytree(template.folder, tmp_path / "project", symlinks=True)
    return SmallProject(tmp_path / "project")


def deliver(project: SmallProject, number: int) -> None:
    with DuckDB(project.settings.duckdb) as warehouse:
        letter = audiences_of(project.dbt().document)["letter"]
        export(warehouse, letter, day(number), surroundings(project.settings.state), gate=open_gate)


def tables_naming(path: Path, key: str) -> set[str]:
    """Tables of Muster's in which any cell of any column holds the key or the address."""
    with duckdb.connect(str(path), read_only=True) as connection:
        named = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_type = 'BASE TABLE' and table_schema <> 'raw'"
        ).fetchall()
        return {
            f"{schema}.{name}"
            for schema, name in named
            if any(key in str(row) for row in connection.execute(f'select * from "{schema}"."{name}"').fetchall())
        }


def files_naming(folder: Path, key: str) -> list[str]:
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and f"{key}@example.com".encode() in path.read_bytes()
    ]


def test_nothing_names_an_erased_subject_and_the_next_days_run_without_it(project: SmallProject) -> None:
    assert {"main.member_history", "main.member_spells", "ledger.members"} <= tables_naming(
        project.settings.duckdb, "cy"
    )
    project.execute("delete from raw.members where member_id = 'cy'")
    done = erase(project.settings, "member", "cy")
    assert done.told == ("letter at drop",)
    assert ["erase again after the next delivery" in said for said in done.left] == [True]
    assert done.rows["member_spells"] == 2, "cy is a pro member who has gone quiet"
    assert tables_naming(project.settings.duckdb, "cy") == set()
    published = project.settings.published.resolve()
    assert tables_naming(next(published.rglob("*.duckdb")).resolve(), "cy") == set()
    assert len(list((published / "versions").iterdir())) == 1
    assert project.rows("select key_hash from ledger.tombstones") == [(hashlib.sha256(b"member:cy").hexdigest(),)]
    project.run(day(3), tested=False)
    project.test(day(3))
    deliver(project, 3)
    assert tables_naming(project.settings.duckdb, "cy") == set()
    assert project.rows("select subject_key from ledger.members order by 1") == [("ada",), ("bo",)]
    assert erase(project.settings, "member", "cy").left == ()
    assert files_naming(project.settings.state, "cy") == []
    files = sorted((project.settings.state / "drop" / "letter").glob("*.manifest.json"))
    told = sorted((json.loads(path.read_text()) for path in files), key=lambda manifest: int(manifest["number"]))
    assert [(each["counts"], each.get("erased")) for each in told] == [({"add": 1}, 1), ({}, 1), ({"add": 1}, None)]
    for path, manifest in zip(files, (json.loads(path.read_text()) for path in files), strict=True):
        content = path.with_name(manifest["file"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (manifest["bytes"], manifest["sha256"])


def test_who_is_still_in_the_source_is_erased_by_each_run_and_never_sent(project: SmallProject) -> None:
    done = erase(project.settings, "member", "ada")
    assert [said for said in done.left if "members still has the subject" in said]
    assert [said for said in done.left if "visits still has the subject" in said]
    project.run(day(3), tested=False)
    project.test(day(3))
    named = tables_naming(project.settings.duckdb, "ada")
    assert not named & {"main.member_spells", "main.member_traits", "main.member_measures", "main.member_segments"}
    deliver(project, 3)
    assert project.rows("select subject_key from ledger.members order by 1") == [("bo",), ("cy",)]
    again = erase(project.settings, "member", "ada")
    assert again.told == ()
    assert project.rows("select count(*) from ledger.tombstones") == [(1,)]


def test_a_destination_that_is_away_is_told_by_the_next_attempt(project: SmallProject) -> None:
    project.execute("delete from raw.members where member_id = 'cy'")
    drop = project.settings.state / "drop"
    drop.rename(drop.with_name("elsewhere"))
    drop.write_text("in the way")
    done = erase(project.settings, "member", "cy")
    assert ["so erase again" in said for said in done.left] == [True]
    assert project.rows("select identifiers from ledger.members where subject_key = 'cy'") != []
    drop.unlink()
    drop.with_name("elsewhere").rename(drop)
    assert erase(project.settings, "member", "cy").told == ()
    assert tables_naming(project.settings.duckdb, "cy") == set()
    newest = max((drop / "letter").glob("*.manifest.json"), key=lambda path: json.loads(path.read_text())["number"])
    assert json.loads(newest.read_text())["counts"] == {"remove": 1}


def test_the_command_tells_figures_and_no_key(project: SmallProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_DUCKDB", str(project.settings.duckdb))
    project.execute("delete from raw.members where member_id = 'cy'")
    result = CliRunner().invoke(app, ["erase", "cy", "--entity", "member", "--yes", "--project", str(project.folder)])
    assert result.exit_code == 1, "the last file still tells the receiver"
    assert "removed from letter at drop" in result.output
    assert "cy" not in result.output.replace("member", "")
    with pytest.raises(UnknownNameError, match="no entity `members`"):
        erase(project.settings, "members", "cy")


@pytest.mark.parametrize("compression", list(Compression))
@pytest.mark.parametrize("form", list(Format))
def test_a_redacted_file_is_the_one_that_would_have_been_written(form: Format, compression: Compression) -> None:
    people = [
        Member(key, f'{{"email":"{key}@x.org"}}', '{"plan":"pro, \\"best\\"","seats":7}') for key in ("a", "b", "c")
    ]

    def written(members: list[Member]) -> AudienceFile:
        delta = desired_to_delta(Desired(tuple(members), (), frozenset(), None), {}, Send.CHANGES)
        audience = replace(WINBACK, fields={"plan": "plan", "seats": "seats"})
        delivery = delta_to_delivery(audience, day(0), delta, number=1, follows="")
        return delivery_to_file(delivery, FileForm(form, compression))

    whole, without = written(people), written([people[0], people[2]])
    left = redacted(whole.content, whole.manifest, "person_id", {"b"})
    assert (left.content, left.rows) == (without.content, 1)
    told, expected = json.loads(left.manifest), json.loads(without.manifest)
    for name in ("counts", "bytes", "sha256", "columns"):
        assert told[name] == expected[name]
    assert redacted(left.content, left.manifest, "person_id", {"b"}).manifest == left.manifest


def test_a_former_destination_is_told_too_or_stays_known(project: SmallProject) -> None:
    project.write("destinations.yml", "drop: {type: folder, path: drop}\nelsewhere: {type: folder, path: elsewhere}\n")
    project.write("audiences/letter.yml", AUDIENCE.replace("destination: drop", "destination: elsewhere"))
    project.compile()
    project.execute("delete from raw.members where member_id = 'cy'")
    done = erase(project.settings, "member", "cy")
    assert [said for said in done.left if "letter" in said and "at drop" in said]
    assert project.rows("select destination from ledger.members where subject_key = 'cy'") == [("drop",)]


def test_a_subject_in_the_file_of_a_list_is_told(project: SmallProject) -> None:
    project.write("members/chosen.yml", "name: Chosen\nentity: member\nmembers: static/chosen.csv\n")
    project.write("static/chosen.csv", "member_id\ncy\nbo\n")
    project.run(day(3), tested=False)
    done = erase(project.settings, "member", "cy")
    assert [said for said in done.left if "chosen" in said]


@pytest.mark.parametrize("key", ["-1a", "@cy", "=1+1", "+49-30", "\ttab", "cy"])
def test_a_key_that_a_spreadsheet_would_calculate_is_taken_out_of_a_file(tmp_path: Path, key: str) -> None:
    settings = {"type": "folder", "path": "drop", "formulas": "neutralise"}
    folder, workspace = replace(WINBACK, destination_settings=settings), Project(tmp_path)
    outcome = workspace.push(folder, day(0), {key: ("a@x.org", "pro"), "bo": ("b@x.org", "pro")})
    assert outcome.receipt
    destination = folder_destination("drop", settings, workspace.state)
    assert destination.names(outcome.receipt.path, "person_id", key)
    assert destination.redact([outcome.receipt.path], "person_id", key) == 1
    assert b"a@x.org" not in b"".join(workspace.files().values())


def test_a_file_of_before_manifests_told_the_format_is_redacted(tmp_path: Path) -> None:
    workspace = Project(tmp_path)
    outcome = workspace.push(WINBACK, day(0), people_of(["a", "b"]))
    assert outcome.receipt
    [path] = workspace.drop.glob("*.manifest.json")
    told = json.loads(path.read_text())
    for name in ("format", "compression", "formulas", "identifiers"):
        del told[name]
    path.write_text(json.dumps(told))
    destination = folder_destination("drop", {"path": "drop"}, workspace.state)
    assert destination.redact([outcome.receipt.path], "person_id", "a") == 1
    assert b"a@example.com" not in b"".join(workspace.files().values())
