"""Every report about a broken spec, word by word, as a person reads it; docs/problems.md shows some of them.

`MUSTER_WRITE_GOLDEN=1 make test` writes reports and page anew; read their difference before committing it.
"""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest

from orchestration.compiler.codes import CODES
from tests.project import REPOSITORY
from tests.rejected.cases import Case, cases, problems_of, to_report
from tests.rejected.guide import codes_without_example, guide

CASES = cases()
GUIDE = REPOSITORY / "docs" / "problems.md"
RAISING = ("error", "warn", "fail", "Problem")


def written(text: str, path: Path) -> bool:
    """Whether a golden file holds the text; it is written first where that is asked for."""
    if os.environ.get("MUSTER_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return path.read_text("utf-8") == text


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_report_is_the_golden_one(case: Case, tmp_path: Path) -> None:
    case.lay_down(tmp_path / "segment_specs", case.path)
    found = problems_of(tmp_path, unused_too=case.code == "unused")
    assert found, "something is wrong with it"
    assert all(problem.help or problem.notes for problem in found), "every problem has a remedy"
    assert all(problem.code in CODES for problem in found)
    report = to_report(found)
    assert written(report, case.report), report
    if case.path.stem.replace("_", "-") in CODES:
        assert case.code in {problem.code for problem in found}


@pytest.mark.parametrize("case", [case for case in CASES if case.good.exists()], ids=lambda case: case.name)
def test_nothing_is_said_about_the_good_example(case: Case, tmp_path: Path) -> None:
    case.lay_down(tmp_path / "segment_specs", case.good)
    assert to_report(problems_of(tmp_path, unused_too=case.code == "unused")) == "\n"


def codes_in_source() -> set[str]:
    """The code of every problem that the source can make."""
    found = set()
    for path in (REPOSITORY / "orchestration").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and _called(node) in RAISING:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and " " not in first.value:
                    found.add(first.value)
    return found


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_the_table_has_the_codes_that_are_used() -> None:
    assert codes_in_source() == set(CODES)


def test_every_code_is_shown() -> None:
    assert not codes_without_example()


def test_the_page_of_problems_is_that_of_the_table() -> None:
    assert written(guide(), GUIDE), "MUSTER_WRITE_GOLDEN=1 make test"


def test_many_are_kept() -> None:
    assert len(CASES) >= 150
