"""The bookshop, once, as it stands after moving in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from tests.adopting import bookshop
from tests.docs.pages import blocks

# the commands of docs/adopting.md, in order
[BLOCK] = [block for block in blocks("console") if block.page == "docs/adopting.md"]
PAGE = BLOCK.text.splitlines()
OWN = ("staging", "analytics", "shop")


def muster(*arguments: str) -> str:
    """Run a command; what it printed. Fails when the command fails."""
    result = CliRunner().invoke(app, [*arguments])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result.output


@dataclass(frozen=True)
class Shop:
    """The shop's folder, and what was seen on the way: files and tables before, what the page's commands printed."""

    folder: Path
    files: dict[str, str]
    tables: dict[str, list[str]]
    began: datetime
    printed: dict[str, str]
    again: str

    @property
    def project(self) -> tuple[str, str]:
        return "--project", str(self.folder)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.folder / "data" / "books.duckdb"), read_only=True) as shop:
            return shop.execute(sql).fetchall()


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop built by hand, then with Muster in it, and two days judged."""
    folder = bookshop.lay_down(tmp_path_factory.mktemp("bookshop"))
    began = datetime.now()
    assert all(str(each.status) in ("success", "pass") for each in bookshop.build(folder).results)
    files, tables = bookshop.digests(folder), bookshop.contents(folder, *OWN)
    printed = {command: muster(*command.split()[1:], "--project", str(folder)) for command in PAGE}
    again = muster("init", "--project", str(folder))
    return Shop(folder, files, tables, began, printed, again)
