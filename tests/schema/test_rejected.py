"""What `muster check` refuses for its structure is refused by the schemas too, and its good examples pass."""

from __future__ import annotations

import re
import shutil
from pathlib import Path, PurePosixPath

import pytest
from jsonschema import Draft7Validator

from orchestration.compiler.compile import Sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.problem import Problems, SourceFile
from tests.rejected.cases import SHARED, Case, cases
from tests.schema.test_schema import validators, wrong

SCHEMAS = {"segments": "segment", "audiences": "audience", "catalogs": "catalog", "destinations": "destinations"}
CASES = [case for case in cases() if case.kind in SCHEMAS]
# Wrong by what a schema does not know: other files, arithmetic, calendars, the meaning of names, a rule's truth.
BEYOND = {
    *("archived-segment", "unknown-segment", "wrong-entity", "no-list", "bad-key", "failed-test", "bad-name"),
    *("name-taken", "unknown-timezone", "not-a-date"),
    *("bad-date", "bad-pattern", "bad-schedule", "number-range", "bad-rank", "bad-number", "bad-sequence"),
    *("bad-anniversary", "bad-stay", "bad-window", "same-day", "wrong-value", "not-here", "unknown-attribute"),
}
UNSEEN = {
    "catalogs/metrics_no_number",  # the type of an attribute that is named elsewhere
    "audiences/bad_split",  # a sum
    "audiences/exit_when_with_a_slip",  # a rule, and a place in a destination that is described elsewhere
}


def files_of(case: Case, sources: Sources) -> list[SourceFile]:
    """The file of a case among those of its project."""
    match case.kind:
        case "catalogs":
            return [sources.catalog]
        case "destinations":
            return [sources.destinations] if sources.destinations else []
        case _:
            several = sources.segments if case.kind == "segments" else sources.audiences
            return [each for each in several if PurePosixPath(each.path).stem == case.path.stem]


def refusals(case: Case, path: Path, project: Path, schemas: dict[str, Draft7Validator]) -> list[str]:
    """What the schemas say about a case; text that cannot be read is refused before."""
    case.lay_down(project / "segment_specs", path)
    try:
        found = files_of(case, read_sources(project))
        return [line for file in found for line in wrong(schemas[SCHEMAS[case.kind]], file)]
    except Problems as unread:
        return [str(unread)]


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Draft7Validator]:
    """The schemas of the project that all cases share."""
    project = tmp_path_factory.mktemp("shared")
    shutil.copytree(SHARED, project / "segment_specs")
    return validators(read_sources(project))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_wrong_in_its_structure_is_refused(
    case: Case, tmp_path: Path, schemas: dict[str, Draft7Validator]
) -> None:
    codes = set(re.findall(r"^error\[([a-z-]+)\]", case.report.read_text("utf-8"), re.MULTILINE))
    assert codes <= BEYOND or case.name in UNSEEN or refusals(case, case.path, tmp_path, schemas)


@pytest.mark.parametrize("case", [case for case in CASES if case.good.exists()], ids=lambda case: case.name)
def test_the_good_example_passes(case: Case, tmp_path: Path, schemas: dict[str, Draft7Validator]) -> None:
    assert refusals(case, case.good, tmp_path, schemas) == []
