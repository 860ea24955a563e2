"""The command line: exit codes, text and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.cli import main
from orchestration.compiler.files import HEADER
from tests.pipeline.club import club as make_club
from tests.pipeline.club import day
from tests.project import SmallProject


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = make_club(tmp_path_factory.mktemp("club"))
    project.run(day(0), day(5))
    return project


@pytest.fixture
def muster(club: SmallProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Muster:
    monkeypatch.setenv("MUSTER_DUCKDB", str(club.settings.duckdb))
    return Muster(club.folder, monkeypatch, capsys)


class Muster:
    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.patch, self.capsys = folder, patch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        self.patch.setattr("sys.argv", ["muster", *arguments, "--project", str(self.folder)])
        with pytest.raises(SystemExit) as end:
            main()
            raise SystemExit(0)
        out, err = self.capsys.readouterr()
        code = end.value.code
        return code if isinstance(code, int) else 0, out, err


def test_check_of_good_specs(muster: Muster) -> None:
    code, out, _ = muster("check")
    assert (code, out) == (0, "3 segments, 0 audiences: no errors\n")


def test_check_of_a_broken_spec(club: SmallProject, muster: Muster) -> None:
    club.write("members/broken.yml", "entity: member\nwhere: {paln: pro}\n")
    try:
        code, _, err = muster("check")
        assert code == 1
        assert " --> segment_specs/members/broken.yml:2:9\n" in err
        code, out, _ = muster("check", "--json")
        assert code == 1
        assert json.loads(out)["problems"][0]["code"] == "unknown-attribute"
        assert muster("preview", "pro")[0] == 1
    finally:
        club.remove("members/broken.yml")


def test_compile_check_fails_on_any_difference(club: SmallProject, muster: Muster) -> None:
    assert muster("compile", "--check")[0] == 0
    orphan = club.settings.dbt_project / "models" / "segments" / "orphan.sql"
    orphan.write_text(f"-- {HEADER}\nselect 1")
    foreign = orphan.with_name("notes.txt")
    foreign.write_text("mine")
    code, out, err = muster("compile", "--check")
    assert (code, out) == (1, "orphan: segments/notes.txt\norphan: segments/orphan.sql\n")
    assert "muster compile" in err
    assert muster("compile")[:2] == (0, "removed: segments/orphan.sql\n")
    assert not orphan.exists()
    assert foreign.read_text() == "mine", "what Muster did not write stays"
    foreign.unlink()


def test_segments_are_listed_with_their_rules_in_words(muster: Muster) -> None:
    code, out, _ = muster("segments")
    assert code == 0
    assert "pro\tmember\tPro members\tactive\t\tMembers whose plan is pro." in out.splitlines()


def test_preview_as_json(muster: Muster) -> None:
    code, out, _ = muster("preview", "pro", "--as-of", str(day(3)), "--json", "--members")
    assert code == 0
    promised = {"segment": "pro", "as_of": str(day(3)), "count": 3, "members": ["ada", "bo", "cy"]}
    assert promised.items() <= json.loads(out).items()


def test_members_are_those_recorded(club: SmallProject, muster: Muster) -> None:
    assert muster("members", "pro")[1].splitlines() == [f"pro as of {day(5)}: 2 members (recorded)", "ada", "bo"]
    assert json.loads(muster("members", "pro", "--as-of", str(day(1)), "--json")[1])["members"] == ["ada", "cy"]


def test_counts_by_segment(muster: Muster) -> None:
    found = json.loads(muster("counts", "--json")[1])
    assert {row["segment"]: row["members"] for row in found["counts"]} == {"gone_quiet": 1, "pro": 2, "regulars": 1}


def test_status(muster: Muster) -> None:
    found = json.loads(muster("status", "--json")[1])
    assert found["days"] == {"first": str(day(0)), "last": str(day(5)), "unfinished": []}
    published = found["published"]
    assert (published["as_of"], published["first_day"], published["version"]) == (str(day(5)), str(day(0)), 1)
    assert Path(published["duckdb"]).is_file() and Path(published["parquet"]).is_dir()
    assert f"published: as of {day(5)} (version 1, {published['tables']} tables, " in muster("status")[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("preview", "prro"), 2),
        (("preview",), 2),
        (("preview", "pro", "--as-of", "someday"), 2),
        (("counts", "--by", "colour"), 2),
        (("compile", "--dialect", "cobol"), 2),
        (("backfill", "--from", "2024-02-02", "--to", "2024-02-01"), 2),
        (("export", "nobody"), 2),
    ],
)
def test_commands_not_understood(muster: Muster, arguments: tuple[str, ...], code: int) -> None:
    found, _, err = muster(*arguments)
    assert found == code
    assert err
    assert "Traceback" not in err


def test_no_warehouse_is_said_in_a_sentence(muster: Muster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSTER_DUCKDB", str(tmp_path / "nothing.duckdb"))
    code, _, err = muster("preview", "pro")
    assert code == 1
    assert "set MUSTER_DUCKDB" in err


def test_a_new_segment_is_computed_until_it_is_recorded(club: SmallProject, muster: Muster) -> None:
    club.write("members/free.yml", "entity: member\nwhere: {plan: free}\n")
    try:
        assert muster("members", "free")[1].splitlines()[0] == f"free as of {day(5)}: 1 member (computed)"
        counts = {row["segment"]: row["source"] for row in json.loads(muster("counts", "--json")[1])["counts"]}
        assert counts == {"free": "computed", "gone_quiet": "recorded", "pro": "recorded", "regulars": "recorded"}
        code, _, err = muster("run", "--as-of", str(day(6)))
        assert (code, "run `muster compile` first" in err) == (1, True)
    finally:
        club.remove("members/free.yml")


def test_a_slip_of_the_pen_judges_no_year(muster: Muster) -> None:
    code, _, err = muster("run", "--as-of", "2025-03-01")
    assert code == 1
    assert f"backfill --from {day(6)} --to 2025-03-01" in err
    code, _, err = muster("run", "--as-of", "2999-01-01")
    assert code == 1
    assert "is not over yet" in err
    assert json.loads(muster("status", "--json")[1])["days"]["unfinished"] == []


def test_a_spec_in_no_folder_is_not_overlooked(club: SmallProject, muster: Muster) -> None:
    club.write("stray.yml", "entity: member\nwhere: {plan: free}\n")
    try:
        code, _, err = muster("check")
        assert (code, "misplaced-file" in err) == (1, True)
    finally:
        club.remove("stray.yml")


def test_preview_tells_shares_unknowns_and_examples(club: SmallProject, muster: Muster) -> None:
    club.write("members/known.yml", "entity: member\nwhere: {consent: {is_not: false}}\n")
    club.execute("update raw.members set consent = null where member_id = 'bo'")
    try:
        found = json.loads(muster("preview", "known", "--as-of", str(day(5)), "--json", "--examples", "1")[1])
        assert (found["count"], found["base"], found["share"]) == (2, 3, 2 / 3)
        consent = {"condition": "consent is not false", "subjects": 1}
        assert found["decided_by_unknown"] == {"members": 1, "others": 0, "conditions": [consent]}
        [example] = found["examples"]
        [decided] = example["decided_by"]
        assert decided["values"] == {"consent": {"ada": True, "bo": None}[example["key"]]}
        out = muster("preview", "known", "--as-of", str(day(5)), "--examples", "0")[1]
        assert out.splitlines() == [
            f"known as of {day(5)}: 2 members, 66.7% of 3",
            "decided by an unknown value: 1 member, 0 others",
            "  unknown for 1: consent is not false",
        ]
    finally:
        club.execute("update raw.members set consent = true where member_id = 'bo'")
        club.remove("members/known.yml")


def test_explain_a_member(muster: Muster) -> None:
    code, out, _ = muster("explain", "gone_quiet", "bo")
    assert code == 0
    assert out.splitlines() == [
        f"bo is in gone_quiet as of {day(5)} (recorded, observed); entered {day(4)} (data)",
        "",
        "all of                                            true",
        "  in segment pro                                  true",
        "    plan is pro                                   true    keeps it in  (pro)",
        "  has not performed any event in the last 2 days  true    keeps it in  (0)",
        "",
        "it would be out if any one of the 2 conditions that keep it in were otherwise",
    ]


def test_explain_whoever_is_none(muster: Muster) -> None:
    found = json.loads(muster("explain", "pro", "cy", "--json")[1])
    assert (found["member"], found["recorded"], found["standing"]) == (False, False, "without a version on the day")
    assert found["stays"] == [
        {"entered_on": str(day(0)), "exited_on": str(day(4)), "entry_reason": "definition", "exit_reason": "departed",
         "entry_observed": False}
    ]  # fmt: skip
    early = json.loads(muster("explain", "pro", "di", "--as-of", str(day(1)), "--json")[1])
    assert (early["member"], early["rule"], early["standing"]) == (False, None, "without a version on the day")
    code, out, err = muster("explain", "pro", "Ada")
    assert (code, out) == (1, "")
    assert "`members` has no member of that key" in err
    assert "Ada" not in err


def test_explain_says_why_what_was_recorded_differs(club: SmallProject, muster: Muster) -> None:
    club.execute("update raw.members set plan = 'free' where member_id = 'ada'")
    try:
        out = muster("explain", "pro", "ada")[1]
        assert (
            "recorded for that day: in; computed now: not in, because what the warehouse holds of that day has changed "
            "since it was judged, by late or corrected rows"
        ) in out
        assert "plan is pro  false   keeps it out  (free)" in out
    finally:
        club.execute("update raw.members set plan = 'pro' where member_id = 'ada'")
    spec = (club.folder / "segment_specs" / "members" / "pro.yml").read_text("utf-8")
    club.write("members/pro.yml", spec.replace("plan: pro", "plan: free"))
    try:
        found = json.loads(muster("explain", "pro", "ada", "--json")[1])
        assert (found["recorded"], found["computed"], found["member"]) == (True, False, True)
        assert found["differs_because"][0] == (
            "the definition has changed since; then it was: Members whose plan is pro."
        )
    finally:
        club.write("members/pro.yml", spec)


def test_explain_of_segments_that_are_not_judged(club: SmallProject, muster: Muster) -> None:
    spec = (club.folder / "segment_specs" / "members" / "regulars.yml").read_text("utf-8")
    for status, said in (("paused", "whoever was in it stays"), ("archived", "nobody is in it")):
        club.write("members/regulars.yml", f"{spec}status: {status}\n")
        try:
            assert said in muster("explain", "regulars", "di")[1]
        finally:
            club.write("members/regulars.yml", spec)


def test_values_of_personal_attributes_are_shown_when_asked_for(club: SmallProject, muster: Muster) -> None:
    catalog = (club.folder / "segment_specs" / "catalog.yml").read_text("utf-8")
    club.write("catalog.yml", catalog.replace("email: text", "email: {type: text, personal: true}"))
    club.write("members/mailed.yml", "entity: member\nwhere: {email: {domain: example.com}}\n")
    try:
        for command in (("preview", "mailed"), ("explain", "mailed", "ada")):
            for flags in ((), ("--json",)):
                hidden, shown = muster(*command, *flags)[1], muster(*command, *flags, "--show-keys")[1]
                assert ("@example.com" in hidden, "(personal)" in hidden) == (False, True)
                assert "ada@example.com" in shown
    finally:
        club.write("catalog.yml", catalog)
        club.remove("members/mailed.yml")
