"""Two branches that touch neighbouring lines of generated files, merged by git itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import pages
from tests.pull_requests.repository import GENERATED, SCHEMAS, Repository

FREE = "entity: member\nwhere: {plan: free}\n"
FRESH = "entity: member\nwhere: {performed: visit, in_last: 9 days}\n"
FLAGS = f"{GENERATED}/member/member_segments.sql"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path)


def freshly_generated(repository: Repository, folder: Path) -> dict[str, str]:
    """What a repository that was never merged generates from the same specs."""
    specs = sorted((repository.folder / "segment_specs").rglob("*.yml"))
    texts = {
        path.relative_to(repository.folder / "segment_specs").as_posix(): path.read_text("utf-8") for path in specs
    }
    folder.mkdir()
    return Repository.made(folder, texts).generated()


def said_on_the_page() -> list[list[str]]:
    """The commands by which docs/pull_requests.md resolves a conflict."""
    [page] = [page for page in pages() if page.name == "docs/pull_requests.md"]
    [block] = [block for block in page.blocks if block.text.startswith("git merge main\n")]
    return [line.split() for line in block.text.splitlines()]


def resolve(repository: Repository) -> None:
    """Do what the page says, between the merge and the commit."""
    [_merge, *between, _commit] = said_on_the_page()
    for command, *arguments in between:
        if command == "muster":
            assert repository.muster(*arguments)[0] == 0
        else:
            repository.git(*arguments)


def assert_up_to_date(repository: Repository) -> None:
    assert repository.muster("compile", "--check")[0] == 0
    assert repository.muster("schema", "--check")[0] == 0


def test_neighbouring_segments(repository: Repository, tmp_path_factory: pytest.TempPathFactory) -> None:
    repository.branch("free", {"members/free.yml": FREE})
    repository.branch("fresh", {"members/fresh.yml": FRESH})
    [merge, *_, commit] = said_on_the_page()
    repository.git("merge", "--quiet", "free")
    repository.git("switch", "--quiet", "fresh")
    repository.git(*merge[1:], fails=True)
    assert {FLAGS, f"{GENERATED}/member/member.yml", f"{SCHEMAS}/segment.json"} <= repository.conflicts
    assert "<<<<<<< HEAD" in repository.read(FLAGS)
    code, out, _ = repository.muster("compile", "--check")
    assert (code, f"changed: {FLAGS.removeprefix('dbt_project/models/')}\n" in out) == (1, True)

    resolve(repository)
    assert not repository.conflicts
    assert_up_to_date(repository)
    repository.git(*commit[1:])
    assert repository.git("status", "--porcelain") == ""
    merged = repository.generated()
    assert " as free, " in merged[FLAGS] and " as fresh, " in merged[FLAGS]
    assert merged == freshly_generated(repository, tmp_path_factory.mktemp("fresh") / "club")


def test_one_branch_edits_what_the_other_removes(repository: Repository) -> None:
    repository.branch("edit", {"members/regulars.yml": FRESH})
    repository.branch("remove", {"members/regulars.yml": None})
    repository.git("merge", "--quiet", "remove")
    repository.git("merge", "edit", fails=True)
    definition = f"{GENERATED}/member/definitions/regulars.md"
    assert {"segment_specs/members/regulars.yml", definition} <= repository.conflicts
    repository.git("rm", "--quiet", "segment_specs/members/regulars.yml")
    resolve(repository)
    assert not repository.conflicts
    assert not (repository.folder / definition).exists(), "nothing is generated of a segment that is gone"
    assert_up_to_date(repository)


def test_lines_that_a_merge_driver_put_together_are_found(repository: Repository) -> None:
    repository.write(".gitattributes", f"{GENERATED}/** merge=union\n{SCHEMAS}/** merge=union\n")
    repository.commit("No conflicts, they said")
    repository.branch("free", {"members/free.yml": FREE})
    repository.branch("fresh", {"members/fresh.yml": FRESH})
    repository.git("merge", "--quiet", "free")
    repository.git("merge", "--quiet", "--no-edit", "fresh")
    assert not repository.conflicts
    assert repository.muster("check")[0] == 0, "the specs are right"
    code, _, err = repository.muster("compile", "--check")
    assert (code, "run `muster compile`" in err) == (1, True)
    resolve(repository)
    assert_up_to_date(repository)


@pytest.mark.parametrize("kept", ["--ours", "--theirs"])
def test_one_side_of_a_conflict_is_not_the_answer(repository: Repository, kept: str) -> None:
    repository.branch("free", {"members/free.yml": FREE})
    repository.branch("fresh", {"members/fresh.yml": FRESH})
    repository.git("merge", "--quiet", "free")
    repository.git("merge", "fresh", fails=True)
    repository.git("checkout", kept, GENERATED, SCHEMAS)
    assert repository.muster("compile", "--check")[0] == 1
    resolve(repository)
    assert_up_to_date(repository)


def test_a_segment_is_removed_that_another_branch_refers_to(repository: Repository) -> None:
    repository.branch("removal", {"members/regulars.yml": None})
    repository.branch("reference", {"members/calm.yml": "entity: member\nwhere: {in_segment: regulars}\n"})
    repository.git("merge", "--quiet", "removal")
    repository.git("merge", "--no-commit", "reference", fails=True)
    assert not any(path.endswith(".yml") for path in repository.conflicts if path.startswith("segment_specs/"))
    code, _, err = repository.muster("check")
    assert code == 1
    assert "error[unknown-segment]" in err
    assert " --> segment_specs/members/calm.yml:2:21\n" in err
    assert repository.muster("compile", "--check")[0] == 1


def test_a_segment_is_renamed_that_another_branch_refers_to(repository: Repository) -> None:
    renamed = repository.read("segment_specs/members/regulars.yml") + "formerly: regulars\n"
    repository.branch("renaming", {"members/regulars.yml": None, "members/steady.yml": renamed})
    repository.branch("reference", {"members/calm.yml": "entity: member\nwhere: {in_segment: regulars}\n"})
    repository.git("merge", "--quiet", "renaming")
    repository.git("merge", "--no-commit", "reference", fails=True)
    code, _, err = repository.muster("check")
    assert (code, "error[unknown-segment]" in err, "steady" in err) == (1, True, True)


def test_a_conflict_in_a_spec_is_named(repository: Repository) -> None:
    spec = "segment_specs/members/pro.yml"
    repository.branch("both", {"members/pro.yml": "entity: member\nwhere: {plan: [free, pro]}\n"})
    repository.branch("consenting", {"members/pro.yml": "entity: member\nwhere: [{plan: pro}, {consent: true}]\n"})
    repository.git("merge", "--quiet", "both")
    repository.git("merge", "consenting", fails=True)
    assert spec in repository.conflicts
    before = repository.generated()
    for command in ("check", "compile"):
        code, _, err = repository.muster(command)
        assert code == 1
        assert f"error[conflict]: a merge left a conflict here that nobody has resolved\n --> {spec}:" in err
    assert repository.generated() == before, "nothing is generated from half a spec"


def test_a_conflict_in_a_fixed_list_makes_no_members(repository: Repository) -> None:
    listed = {"members/invited.yml": "entity: member\nmembers: static/invited.csv\n"}
    for path, text in listed.items():
        repository.spec(path, text)
    repository.spec("static/invited.csv", "member_id\nada\n")
    repository.commit("Invited members")
    repository.branch("bo", {"static/invited.csv": "member_id\nada\nbo\n"})
    repository.branch("cy", {"static/invited.csv": "member_id\nada\ncy\n"})
    repository.git("merge", "--quiet", "bo")
    repository.git("merge", "cy", fails=True)
    code, _, err = repository.muster("check")
    assert code == 1
    assert "error[conflict]" in err and " --> segment_specs/static/invited.csv:3:1\n" in err
    repository.spec("static/invited.csv", "member_id\nada\nbo\ncy\n")
    resolve(repository)
    assert repository.read(f"{GENERATED}/lists/static_invited.csv").split()[1:] == ['"ada"', '"bo"', '"cy"']


def test_what_a_merge_left_above_a_header_does_not_save_an_orphan(repository: Repository) -> None:
    orphan = f"{GENERATED}/member/old.sql"
    header = repository.read(FLAGS).splitlines()[0]
    repository.write(orphan, f"<<<<<<< HEAD\n{header}\n=======\n{header}\nselect 1\n>>>>>>> other\n")
    foreign = f"{GENERATED}/member/notes.sql"
    repository.write(foreign, f"<<<<<<< HEAD\n-- mine\n=======\n{header}\n>>>>>>> other\n")
    assert repository.muster("compile")[1] == "removed: segments/member/old.sql\n"
    assert (repository.folder / foreign).exists(), "one side of it is somebody's own"


def test_a_conflict_in_the_settings_of_dbt_is_said_in_a_sentence(repository: Repository) -> None:
    repository.write("dbt_project/dbt_project.yml", "name: club\n<<<<<<< HEAD\nvars: {}\n=======\n>>>>>>> other\n")
    code, _, err = repository.muster("check")
    assert code == 1
    assert "dbt_project.yml is not valid YAML, as line 3 shows: look for lines that a merge left behind" in err
