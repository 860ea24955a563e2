"""A folder with nothing but a DuckDB file: `muster init` makes everything, and a day can be judged."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from tests.adopting import bookshop
from tests.adopting.conftest import muster


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plain")
    with duckdb.connect(str(folder / "books.duckdb")) as books:
        bookshop.load(books, "main")
        books.execute("create table segments as select 'kids' as market_segment")
    muster("init", "--json", "--timezone", "Europe/Dublin", "--project", str(folder))
    muster("run", "--as-of", str(bookshop.LAST), "--project", str(folder))
    return folder


def test_the_files_make_a_whole_project(plain: Path) -> None:
    assert muster("check", "--project", str(plain)).endswith("no errors\n")
    assert "up to date" in muster("compile", "--check", "--project", str(plain))
    told = yaml.safe_load((plain / "segment_specs" / "catalog.yml").read_text("utf-8"))
    assert told["timezone"] == "Europe/Dublin"
    assert (told["entities"]["reader"]["key"], told["entities"]["reader"]["since"]) == ("reader_no", "joined")


def test_members_are_those_counted_by_hand(plain: Path) -> None:
    """With an order in the last 30 days; the n-th order lies n days back."""
    with duckdb.connect(str(plain / "books.duckdb"), read_only=True) as books:
        held = books.execute("select subject_key from main_muster.subject_segments").fetchall()
        theirs = books.execute("select market_segment from main.segments").fetchall()
    assert {int(key) for (key,) in held} == {1 + n % bookshop.READERS for n in range(30)}
    assert theirs == [("kids",)]
