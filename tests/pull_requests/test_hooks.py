"""The hooks before a commit, run by pre-commit itself on real repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import blocks
from tests.project import REPOSITORY
from tests.pull_requests.repository import GENERATED, Repository, alone

CONFIG = ".pre-commit-config.yaml"
COMMANDS = "muster-check,muster-compile,muster-schema"
FREE = "entity: member\nwhere: {plan: free}\n"
FRESH = "entity: member\nwhere: {performed: visit, in_last: 9 days}\n"


class Hooked:
    """A repository whose commits are looked at by hooks."""

    def __init__(self, repository: Repository, home: Path) -> None:
        self.repository, self.home = repository, home

    def pre_commit(self, *arguments: str) -> tuple[int, str]:
        return self.call([sys.executable, "-m", "pre_commit", *arguments])

    def git(self, *arguments: str, skip: str = "") -> tuple[int, str]:
        """Exit code and output; `skip` names hooks that are not of interest."""
        return self.call(["git", *arguments], skip)

    def call(self, command: list[str], skip: str = "") -> tuple[int, str]:
        path = f"{self.repository.folder / '.venv' / 'bin'}:{os.environ['PATH']}"
        environment = alone(self.home, PATH=path, PRE_COMMIT_HOME=str(self.home / "pre-commit"), SKIP=skip)
        done = subprocess.run(
            command, cwd=self.repository.folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Hooked:
    """The club with this repository's hooks, installed."""
    folder = tmp_path_factory.mktemp("hooked")
    repository = Repository.made(folder)
    repository.copied(CONFIG, ".ci/added")
    repository.write("tool.py", '"""A tool."""\n')
    repository.commit("Hooks")
    repository.branch("free", {"members/free.yml": FREE})
    repository.commands()
    hooked = Hooked(repository, tmp_path_factory.mktemp("home"))
    assert hooked.pre_commit("install")[0] == 0
    return hooked


def test_what_is_well_passes(hooked: Hooked) -> None:
    code, out = hooked.pre_commit("run", "--all-files")
    assert (code, out.count("Passed"), out.count("Skipped")) == (0, 6, 0), out


def test_a_commit_of_a_broken_spec_is_refused(hooked: Hooked) -> None:
    spec = "segment_specs/members/broken.yml"
    hooked.repository.write(spec, "entity: member\nwhere: {paln: pro}\n")
    hooked.repository.git("add", spec)
    code, out = hooked.git("commit", "--message", "A broken spec")
    assert code == 1
    assert out.count("error[unknown-attribute]") == 1 and f" --> {spec}:2:9" in out
    hooked.repository.git("rm", "--quiet", "--force", spec)


def test_a_commit_without_what_is_generated_is_refused(hooked: Hooked) -> None:
    repository = hooked.repository
    repository.spec("members/fresh.yml", FRESH)
    repository.git("add", "segment_specs")
    code, out = hooked.git("commit", "--message", "Not compiled", skip="muster-check")
    assert code == 1 and "missing: segments/member/definitions/fresh.md" in out
    for command in ("compile", "schema"):
        repository.muster(command)
    repository.git("add", "--update")
    code, out = hooked.git("commit", "--message", "Compiled, and not all of it added", skip=COMMANDS)
    assert code == 1 and f"not added: {GENERATED}/member/definitions/fresh.md" in out
    repository.git("add", GENERATED)
    code, out = hooked.git("commit", "--message", "All of it", skip=COMMANDS)
    assert code == 0, out


def test_a_merge_that_git_makes_without_a_conflict_is_looked_at_too(hooked: Hooked) -> None:
    """Both branches are right; what git makes of them is not."""
    repository = hooked.repository
    (repository.folder / ".git" / "info" / "attributes").write_text(f"{GENERATED}/** merge=union\n*.json merge=union\n")
    code, out = hooked.git("merge", "--no-edit", "free", skip="muster-check")
    assert code == 1 and "changed: segments/member/member_segments.sql" in out
    for command in ("compile", "schema"):
        repository.muster(command)
    repository.git("add", "--all")
    code, out = hooked.git("commit", "--no-edit", skip="muster-check,muster-schema")
    assert code == 0, out
    assert repository.git("log", "--merges", "--oneline")


def test_another_repository_names_the_hooks(tmp_path: Path) -> None:
    """As docs/pull_requests.md says."""
    hooks = Repository(tmp_path / "hooks")
    hooks.folder.mkdir()
    hooks.git("init", "--quiet")
    hooks.copied(".pre-commit-hooks.yaml", ".ci/added")
    hooks.git("add", "--all")
    hooks.git("commit", "--quiet", "--message", "Hooks")
    commit = hooks.git("rev-parse", "HEAD").strip()
    (tmp_path / "club").mkdir()
    repository = Repository.made(tmp_path / "club")
    [shown] = [block.text for block in blocks("yaml") if block.text.startswith(f"# {CONFIG}\n")]
    named = {"ADDRESS OF MUSTER'S REPOSITORY": str(hooks.folder), "COMMIT": commit}
    for placeholder, value in named.items():
        assert placeholder in shown
        shown = shown.replace(placeholder, value)
    repository.write(CONFIG, shown)
    repository.git("add", "--all")
    repository.commands()
    code, out = Hooked(repository, tmp_path).pre_commit("run", "--all-files")
    assert (code, out.count("Passed")) == (0, 4), out


def test_the_hooks_for_others_are_our_own() -> None:
    ours = yaml.safe_load((REPOSITORY / CONFIG).read_text("utf-8"))["repos"][0]["hooks"]
    theirs = yaml.safe_load((REPOSITORY / ".pre-commit-hooks.yaml").read_text("utf-8"))
    said = {hook["name"]: hook["entry"].removeprefix(".venv/bin/") for hook in ours if hook["id"][:4] != "ruff"}
    assert said == {hook["name"]: hook["entry"] for hook in theirs}
