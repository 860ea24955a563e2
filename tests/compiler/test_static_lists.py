"""Fixed lists from the command line: keys added and taken out, the rest of the file left as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.warehouse import DuckDB

CATALOG = "entities: {person: {model: people, key: person_id, attributes: {plan: text}}}\n"
LIST = 'note,person_id,since\n# the first ones\n"from Bo, the ""boss""",p1,2024\n\n,p2,\n"two\nlines",p3,2025\n'
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    specs = tmp_path / "segment_specs"
    (specs / "people").mkdir(parents=True)
    (specs / "static").mkdir()
    (specs / "catalog.yml").write_text(CATALOG)
    (specs / "people" / "testers.yml").write_text("entity: person\nmembers: static/testers.csv\n")
    (specs / "people" / "add.yml").write_text("entity: person\nwhere: {plan: pro}\n")
    (specs / "static" / "testers.csv").write_text(LIST)
    monkeypatch.delenv("MUSTER_DUCKDB", raising=False)
    return tmp_path


@pytest.fixture
def muster(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["muster", *arguments, "--project", str(project)])
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        return (end.value.code if isinstance(end.value.code, int) else 0, *capsys.readouterr())

    return run


def text(project: Path) -> str:
    return (project / "segment_specs" / "static" / "testers.csv").read_bytes().decode()


def load(project: Path, *keys: str) -> None:
    with DuckDB(project / ".muster" / "warehouse.duckdb") as warehouse:
        warehouse.execute("create table people as select unnest(?) as person_id, 'pro' as plan", [list(keys)])


def test_keys_are_added_at_the_end_once(muster: Run, project: Path) -> None:
    code, out, _ = muster("members", "add", "testers", "p9", "p2", "p9", "#10")
    assert (code, text(project)) == (0, LIST + ",p9,\n,#10,\n")
    assert out == "segment_specs/static/testers.csv: added p9, #10; there already: p2\n"
    assert muster("members", "add", "testers", "p9")[:2] == (
        0,
        "segment_specs/static/testers.csv: nothing added; there already: p9\n",
    )


def test_keys_are_taken_out_with_their_rows(muster: Run, project: Path) -> None:
    code, out, _ = muster("members", "remove", "testers", "p3", "p1", "p7")
    assert (code, text(project)) == (0, "note,person_id,since\n# the first ones\n\n,p2,\n")
    assert out == "segment_specs/static/testers.csv: removed p3, p1; not in it: p7\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("person_id\r\np1\r\n", "person_id\r\np1\r\n#2\r\n".replace("#2", '"#2"')),
        ("person_id\np1", 'person_id\np1\n"#2"\n'),
        ("\ufeffperson_id\n", '\ufeffperson_id\n"#2"\n'),
        ('"person_id","note"\n', '"person_id","note"\n"#2",""\n'),
    ],
    ids=["line ends of Windows", "no last line end", "a mark at the beginning", "a quoted first line"],
)
def test_a_file_keeps_its_ways(muster: Run, project: Path, before: str, after: str) -> None:
    (project / "segment_specs" / "static" / "testers.csv").write_bytes(before.encode())
    assert muster("members", "add", "testers", "#2")[0] == 0
    assert text(project) == after
    assert muster("members", "remove", "testers", "#2")[0] == 0
    assert text(project).rstrip() == before.rstrip()


def test_what_was_done_as_json(muster: Run) -> None:
    code, out, _ = muster("members", "add", "testers", "p9", "p1", "--json")
    found = {"segment": "testers", "list": "segment_specs/static/testers.csv", "added": ["p9"], "unchanged": ["p1"]}
    assert (code, json.loads(out)) == (0, found)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("add", "nobody", "p1"), 2, "there is no segment `nobody`"),
        (("add", "add", "p1"), 1, "`add` has a rule and no list of members"),
        (("add", "testers"), 2, "SEGMENT KEY"),
        (("drop", "testers", "p1"), 2, "SEGMENT KEY"),
        (("add", "testers", " "), 2, "cannot be a key"),
        (("add", "testers", "p\n1"), 2, "cannot be a key"),
    ],
)
def test_what_cannot_be_done(muster: Run, project: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    found, _, err = muster("members", *arguments)
    assert found == code
    assert said in err
    assert text(project) == LIST


def test_a_broken_list_is_not_edited(muster: Run, project: Path) -> None:
    (project / "segment_specs" / "static" / "testers.csv").write_text("person_id\np1,x\n")
    code, _, err = muster("members", "add", "testers", "p2")
    assert (code, "bad-list" in err, text(project)) == (1, True, "person_id\np1,x\n")


def test_members_of_a_segment_called_add(muster: Run, project: Path) -> None:
    load(project, "p1", "p2")
    assert muster("members", "add", "--as-of", "2024-01-01")[1].splitlines() == [
        "add as of 2024-01-01: 2 members (computed)",
        "p1",
        "p2",
    ]
    assert muster("members", "testers", "--as-of", "2024-01-01")[1].splitlines()[1:] == ["p1", "p2"]


def test_keys_that_nobody_has_are_named(muster: Run, project: Path) -> None:
    load(project, "p1", "p2", "p4")
    code, _, err = muster("check")
    assert code == 0
    assert "warning[unknown-member]: one key belongs to no person: `p3`" in err
    assert " --> segment_specs/static/testers.csv:6:1" in err
    _, _, err = muster("members", "add", "testers", "p4", "p5")
    assert "one key belongs to no person: `p5`" in err
    assert "`p3`" not in err
    out = muster("check", "--github")[1]
    assert out.splitlines()[0].startswith("::warning file=segment_specs/static/testers.csv,line=6,col=1,endColumn=")
