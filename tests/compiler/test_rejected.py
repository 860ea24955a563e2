"""Every report about a broken spec, word by word, as a person reads it; docs/problems.md shows some of them.

`MUSTER_WRITE_GOLDEN=1 make test` writes reports and page anew; read their difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.rejected.cases import Case, cases, problems_of, to_report


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_report_is_the_golden_one(case: Case, tmp_path: Path) -> None:
    case.lay_down(tmp_path / "segment_specs", case.path)
    report = to_report(problems_of(tmp_path))
    if os.environ.get("MUSTER_WRITE_GOLDEN"):
        case.report.write_text(report, "utf-8")
    assert case.report.read_text("utf-8") == report
