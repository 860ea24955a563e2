"""CODEOWNERS names every folder of specs, and nobody for what is generated."""

from __future__ import annotations

from tests.project import REPOSITORY

CODEOWNERS = REPOSITORY / ".github" / "CODEOWNERS"
SPECS = REPOSITORY / "segment_specs"
GENERATED = {"/dbt_project/models/segments/", "/segment_specs/.schema/"}


def owners() -> dict[str, list[str]]:
    """Each pattern's owners, in the order of the file; GitHub takes the last pattern that fits."""
    lines = [line.split("#")[0].split() for line in CODEOWNERS.read_text("utf-8").splitlines()]
    return {line[0]: line[1:] for line in lines if line}


def test_every_folder_and_file_of_specs_has_owners() -> None:
    here = [path for path in SPECS.iterdir() if not path.name.startswith(".")]
    wanted = {f"/segment_specs/{path.name}{'/' * path.is_dir()}" for path in here}
    found = {pattern for pattern, named in owners().items() if named}
    assert wanted == found - {"*"}


def test_patterns_lead_somewhere() -> None:
    assert all((REPOSITORY / pattern.strip("/")).exists() for pattern in owners() if pattern != "*")


def test_what_is_generated_asks_nobody() -> None:
    assert [*owners()][-2:] == sorted(GENERATED)
    assert {pattern for pattern, named in owners().items() if not named} == GENERATED


def test_owners_are_teams_to_be_replaced() -> None:
    named = {owner for found in owners().values() for owner in found}
    assert named and all(owner.startswith("@your-organisation/") for owner in named)
