"""The workflows' own steps on real repositories, with a server of comments in GitHub's place."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.warehouse import DuckDB
from tests.audiences.fakes.serving import serving
from tests.pull_requests.github_server import REPOSITORY as NAME
from tests.pull_requests.github_server import GitHubServer
from tests.pull_requests.repository import Repository, alone
from tests.pull_requests.workflow import WORKFLOWS, Ran, run_job, workflow

TOKEN = "ghs_c0ffee"
REGULARS = "segment_specs/members/regulars.yml"
FEW = "name: Regulars\nentity: member\nwhere: {performed: visit, in_last: 3 days}\n"
TABLES = (
    "create table members as select * from (values ('ada', 'pro'), ('bo', 'free')) as known(member_id, plan), "
    "(select date '2017-01-01' as joined_on, date '2017-01-01' as valid_from, null::date as valid_to, "
    "null::varchar as email, true as consent)",
    "create table visits as select 'ada' as member_id, 'visit' as kind, 5 as minutes, "
    "timestamp '2017-12-30' as visited_at",
)


@dataclass
class PullRequest:
    """A pull request of a branch `head` into `main`, and the runs of its workflow."""

    repository: Repository
    server: GitHubServer
    address: str
    rooms: Path
    runs: int = 0

    def push(self, files: dict[str, str], *, generate: bool = True) -> None:
        """One more commit on the branch."""
        self.repository.git("switch", "--quiet", "head")
        for path, text in files.items():
            self.repository.write(path, text)
        if generate:
            self.repository.commit("More")
        else:
            self.repository.git("commit", "--quiet", "--all", "--message", "More")
        self.repository.git("switch", "--quiet", "main")

    def checked_out(self) -> Path:
        """What actions/checkout lays down: the merge of the branch into its base, with the commits before it."""
        self.repository.git("switch", "--quiet", "--force-create", "merged", "main")
        self.repository.git("merge", "--quiet", "--no-ff", "--no-edit", "head")
        self.repository.git("switch", "--quiet", "main")
        self.runs += 1
        place = self.rooms / f"run{self.runs}"
        source = f"file://{self.repository.folder}"
        self.repository.git("clone", "--quiet", "--depth", "2", "--branch", "merged", source, str(place))
        assert self.repository.git("-C", str(place), "rev-list", "--count", "HEAD^1").strip() == "1", "a shallow clone"
        return place

    def run(self, head: str = NAME) -> tuple[list[Ran], str]:
        """The runs of the job's steps, and the job's summary."""
        place = self.checked_out()
        Repository(place).commands()
        with DuckDB(place / ".muster" / "warehouse.duckdb") as warehouse:
            for statement in TABLES:
                warehouse.execute(statement)
        sides = {"head": {"repo": {"full_name": head}}, "base": {"repo": {"full_name": NAME}}}
        event = {"number": 7, "pull_request": {"number": 7, "user": {"login": "author"}, **sides}}
        (place / "event.json").write_text(json.dumps(event), "utf-8")
        told = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": NAME,
            "GITHUB_API_URL": self.address,
            "GITHUB_GRAPHQL_URL": f"{self.address}/graphql",
            "GITHUB_EVENT_PATH": str(place / "event.json"),
            "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        }
        job = workflow("pull-request.yml")["jobs"]["specs"]
        ran = run_job(job, place, alone(place, **told), {"${{ github.token }}": TOKEN})
        assert all(TOKEN not in each.out + each.err for each in ran)
        return ran, (place / "summary.md").read_text("utf-8")


@pytest.fixture(scope="module")
def pull_request(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PullRequest]:
    folder = tmp_path_factory.mktemp("pull_request")
    (folder / "club").mkdir()
    repository = Repository.made(folder / "club")
    repository.copied(".ci/pull-request")
    repository.commit("The script that CI calls")
    repository.branch("head", {"members/regulars.yml": FEW})
    server = GitHubServer(TOKEN)
    with serving(server) as address:
        yield PullRequest(repository, server, address, folder)


def test_the_plan_is_posted_and_later_updated(pull_request: PullRequest) -> None:
    ran, summary = pull_request.run()
    assert [each.code for each in ran] == [0, 0], ran
    [comment] = pull_request.server.comments
    assert comment.text.startswith("<!-- muster plan -->\n")
    assert re.search(r"`?regulars`?.*0 → 1", comment.text), comment.text
    assert summary == comment.text, "it is in the job's summary too"
    told = re.search(r"^::stop-commands::([0-9a-f]{32})\n([\s\S]*)^::\1::$", ran[0].out, re.MULTILINE)
    assert told and told[2] == comment.text, "and in the log, where no line of it is a command"

    broken = FEW.replace("performed: visit", "performd: visit")
    pull_request.push({REGULARS: broken}, generate=False)
    ran, summary = pull_request.run()
    assert [each.code for each in ran] == [1, 0], ran
    assert f"::error file={REGULARS},line=3,col=9," in ran[0].out, "an annotation of the line"
    assert "failed: check\n" in ran[0].err and "failed: compile\n" in ran[0].err
    assert pull_request.server.comments == [comment], "updated in place"
    assert comment.text.startswith("<!-- muster plan -->\n### No plan\n"), "and the earlier plan stands no more"

    pull_request.push({REGULARS: FEW.replace("3 days", "1 days")}, generate=False)
    pull_request.server.may_write = False
    ran, summary = pull_request.run(head="somebody/segments")
    assert [each.code for each in ran] == [1, 0], "nobody commented, and that fails no pull request from a fork"
    assert "failed: compile\n" in ran[0].err and "failed: check\n" not in ran[0].err
    assert "changed: segments/member/member_segments.sql\n" in ran[0].out
    assert re.search(r"regulars", summary) and "No plan" not in summary, "what is not generated yet can be planned"


def test_the_script_needs_a_base() -> None:
    script = WORKFLOWS.parent.parent / ".ci" / "pull-request"
    done = subprocess.run([script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "usage: .ci/pull-request BASE [options of muster plan]\n")


FILES = sorted(path.name for path in WORKFLOWS.glob("*.yml"))


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_githubs_own_schema(schema: str) -> None:
    files = [str(WORKFLOWS / name) for name in FILES]
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", FILES)
def test_what_keeps_a_workflow_safe(name: str) -> None:
    read = workflow(name)
    assert set(read["on"]) <= {"pull_request", "merge_group", "push"}, "a fork's code never runs with rights of ours"
    writing = []
    for key, job in read["jobs"].items():
        writing += [key for right in (job.get("permissions") or {}).values() if right != "read"]
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), "what others name branches and titles is no part of a command"
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}")), "pinned by commit"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False
            if "github.token" in str(step) or "secrets." in str(step):
                assert step["run"] == ".venv/bin/muster comment .muster/plan.md"
    assert read["permissions"] in ({}, {"contents": "read"})
    assert writing in ([], ["specs"])


def test_the_tests_are_those_of_this_repository() -> None:
    runs = [step.get("run") for step in workflow("pull-request.yml")["jobs"]["tests"]["steps"]]
    assert ".ci/run" in runs
