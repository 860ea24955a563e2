"""The specs of a commit: which commit is meant, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.comparing.base import Base, BaseError, read_base
from tests.comparing.repository import begin, commit, git

CATALOG = "timezone: UTC\nentities:\n  member:\n    model: members\n    key: member_id\n    attributes: {plan: text}\n"
SEGMENT = "entity: member\nwhere: {plan: pro}\n"


def write(folder: Path, path: str, text: str) -> None:
    file = folder / "segment_specs" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    write(tmp_path, "catalog.yml", CATALOG)
    write(tmp_path, "m/pro.yml", SEGMENT)
    begin(tmp_path)
    return tmp_path


def segments(base: Base) -> list[str]:
    assert base.compilation is not None
    return list(base.compilation.segments)


def test_what_is_not_committed_is_not_in_it(repository: Path) -> None:
    write(repository, "m/late.yml", SEGMENT)
    assert segments(read_base(repository, "HEAD")) == ["pro"]


def test_what_others_merged_since_is_not_compared(repository: Path) -> None:
    parted = git(repository, "rev-parse", "HEAD")
    git(repository, "switch", "--quiet", "--create", "mine")
    git(repository, "switch", "--quiet", "main")
    write(repository, "m/theirs.yml", SEGMENT)
    commit(repository)
    git(repository, "switch", "--quiet", "mine")
    base = read_base(repository, "main")
    assert (base.commit, segments(base)) == (parted, ["pro"])


def test_a_commit_of_another_history_is_taken_as_it_is(repository: Path) -> None:
    git(repository, "switch", "--quiet", "--orphan", "apart")
    write(repository, "catalog.yml", CATALOG)
    write(repository, "m/apart.yml", SEGMENT)
    apart = commit(repository)
    git(repository, "switch", "--quiet", "main")
    base = read_base(repository, "apart")
    assert (base.commit, segments(base)) == (apart, ["apart"])


def test_a_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    project = tmp_path / "analytics" / "customers"
    write(project, "catalog.yml", CATALOG)
    write(project, "m/pro.yml", SEGMENT)
    git(tmp_path, "init", "--quiet")
    commit(project)
    (project / "segment_specs" / "m" / "pro.yml").unlink()
    assert segments(read_base(project, "HEAD")) == ["pro"]


def test_a_commit_without_specs(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=nothing")
    write(tmp_path, "catalog.yml", CATALOG)
    assert read_base(tmp_path, "HEAD").compilation is None


def test_reading_leaves_the_repository_as_it_was(repository: Path) -> None:
    write(repository, "m/late.yml", SEGMENT)
    git(repository, "add", "segment_specs/m/late.yml")
    before = git(repository, "status", "--porcelain=v2", "--branch")
    read_base(repository, "HEAD")
    assert git(repository, "status", "--porcelain=v2", "--branch") == before


@pytest.mark.parametrize("ref", ["nowhere", "--output=stolen", "", "HEAD~1", "main:segment_specs", "main file"])
def test_what_names_no_commit(repository: Path, ref: str) -> None:
    with pytest.raises(BaseError, match="git knows no commit"):
        read_base(repository, ref)
    assert not (repository / "stolen").exists()


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(BaseError, match="not a git repository"):
        read_base(tmp_path, "HEAD")


def test_no_git(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    with pytest.raises(BaseError, match="no git on the PATH"):
        read_base(repository, "HEAD")


def test_specs_that_cannot_be_understood_are_named(repository: Path) -> None:
    write(repository, "m/pro.yml", "entity: member\nwhere: {plam: pro}\n")
    commit(repository)
    with pytest.raises(
        BaseError, match=r"(?s)the specs of HEAD cannot.*segment_specs/m/pro\.yml:2.*did you mean `plan`"
    ):
        read_base(repository, "HEAD")


def test_a_link_out_of_the_repository_is_refused(repository: Path, tmp_path: Path) -> None:
    (repository / "segment_specs" / "m" / "far.yml").symlink_to("/etc/hostname")
    commit(repository)
    with pytest.raises(BaseError, match="link out of the repository"):
        read_base(repository, "HEAD")
