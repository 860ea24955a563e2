"""`muster check` with lints: errors come first, warnings fail nothing, the warehouse may be left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.warehouse import DuckDB
from tests.lints.warned import CATALOG


class Muster:
    """The command line in a project of its own."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.patch, self.capsys = folder, patch, capsys
        patch.setenv("MUSTER_DUCKDB", str(folder / "warehouse.duckdb"))
        self.write("catalog.yml", CATALOG)

    def write(self, path: str, text: str) -> None:
        file = self.folder / "segment_specs" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self.patch.setattr("sys.argv", ["muster", *arguments, "--project", str(self.folder)])
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        out, err = self.capsys.readouterr()
        return end.value.code if isinstance(end.value.code, int) else 0, out, err


@pytest.fixture
def muster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Muster:
    return Muster(tmp_path, monkeypatch, capsys)


def test_warnings_fail_nothing(muster: Muster) -> None:
    muster.write("people/nobody.yml", "entity: person\nwhere: [{plan: pro}, {plan: free}]\n")
    code, out, err = muster("check")
    assert (code, out) == (0, "1 segments, 0 audiences: no errors\n")
    assert err.startswith("warning[never-true]: ")


def test_errors_come_first(muster: Muster) -> None:
    muster.write("people/a.yml", "entity: person\nwhere: {plan: [pro, gold]}\n")
    muster.write("people/b.yml", "entity: person\nwhere: {plann: pro}\n")
    muster.write("catalog.yml", CATALOG.replace("plan: text", "plan: {type: text, values: [pro]}"))
    code, out, _ = muster("check", "--json")
    assert code == 1
    found = [(each["severity"], each["code"]) for each in json.loads(out)["problems"]]
    assert found == [("error", "unknown-attribute"), ("warning", "unknown-value")]


def test_the_warehouse_may_be_left_alone(muster: Muster) -> None:
    muster.write("people/tagged.yml", "entity: person\nwhere: {tags: vip}\n")
    assert muster("check")[2] == ""
    with DuckDB(muster.folder / "warehouse.duckdb") as warehouse:
        warehouse.execute("create table people as select 1 as person_id, ['VIP'] as tags")
    assert "warning[unseen-value]" in muster("check")[2]
    assert muster("check", "--no-data")[2] == ""


def test_a_day_before_the_history_fails_the_check(muster: Muster) -> None:
    muster.write("people/pros.yml", "entity: person\nwhere: {plan: pro}\n")
    muster.write("people/early.yml", "entity: person\nwhere: {was_in_segment: pros, on: 2026-01-01}\n")
    with DuckDB(muster.folder / "warehouse.duckdb") as warehouse:
        warehouse.execute(
            "create table segment_counts_daily as select 'pros' as segment, date '2026-02-01' as as_of_date"
        )
    code, out, err = muster("check")
    assert (code, out) == (1, "")
    assert err.startswith("error[before-history]: ")
    assert muster("check", "--no-data")[0] == 0


def test_what_nothing_uses_is_listed_on_request(muster: Muster) -> None:
    muster.write("people/pros.yml", "entity: person\nwhere: {plan: pro}\n")
    assert muster("check")[2] == ""
    assert "uses `email` of person" in muster("check", "--unused")[2]


def test_schemas_are_written_and_compared(muster: Muster, tmp_path: Path) -> None:
    muster.write("people/pros.yml", "entity: person\nwhere: {plan: pro}\n")
    assert muster("schema", "--check")[0] == 1
    assert muster("schema")[0] == 0
    assert sorted(path.name for path in (muster.folder / "segment_specs" / ".schema").iterdir()) == [
        *("audience.json", "catalog.json", "destinations.json", "segment.json")
    ]
    assert muster("schema", "--check")[:2] == (0, "the schemas are up to date\n")
    muster.write("people/more.yml", "entity: person\nwhere: {plan: free}\n")
    code, _, err = muster("schema", "--check")
    assert code == 1
    assert "run `muster schema`" in err
    assert muster("schema", "--into", str(tmp_path / "elsewhere"), "--json")[0] == 0
    assert (tmp_path / "elsewhere" / "segment.json").is_file()


def test_schemas_need_no_spec_to_be_right(muster: Muster) -> None:
    muster.write("people/broken.yml", "entity: person\nwhere: {plann: pro}\n")
    muster.write("people/worse.yml", "entity: [person\n")
    assert muster("schema")[0] == 0
    assert '"const": "broken"' in (muster.folder / "segment_specs" / ".schema" / "segment.json").read_text("utf-8")
