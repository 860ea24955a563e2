"""The bookshop, once, as it stands after each step of moving in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from tests.adopting import bookshop

OWN = ("staging", "analytics", "shop")


def muster(*arguments: str) -> str:
    """Run a command; what it printed. Fails when the command fails."""
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.output


@dataclass(frozen=True)
class Shop:
    """The shop's folder, and what was seen on the way: its files and tables before, what `init` printed."""

    folder: Path
    files: dict[str, str]
    tables: dict[str, list[str]]
    began: datetime
    printed: str
    again: str

    @property
    def project(self) -> tuple[str, str]:
        return "--project", str(self.folder)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.folder / "data" / "books.duckdb"), read_only=True) as shop:
            return shop.execute(sql).fetchall()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop with Muster in it: two days judged by the pipeline, then the shop's own `dbt build` by hand."""
    folder = bookshop.lay_down(tmp_path_factory.mktemp("bookshop"))
    began = datetime.now()
    assert all(str(each.status) in ("success", "pass") for each in bookshop.build(folder).results)
    files, tables = bookshop.digests(folder), bookshop.contents(folder, *OWN)
    printed = muster("init", "--project", str(folder))
    again = muster("init", "--project", str(folder))
    first = date(2025, 3, 30)
    muster("backfill", "--from", str(first), "--to", str(bookshop.LAST), "--project", str(folder))
    return Shop(folder, files, tables, began, printed, again)
