"""`muster new` by flags: the file it writes, and everything it refuses to write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.drafts.commands import Commands

QUIET = ("--entity", "person", "--owner", "growth", "--where", "plan: pro")


def test_flags_write_a_spec_that_passes_check(muster: Commands) -> None:
    more = ("--label", "churn", "--label", "paying", "--description", "On pro: quiet.")
    condition = "last_seen_at: {more_than: 14 days ago}"
    rule = "People whose plan is pro and whose last_seen_at is more than 14 days ago."
    code, out, err = muster("new", "--name", "Quiet pros", *QUIET, *more, "--where", condition)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"wrote segment_specs/crowd/quiet_pros.yml: {rule}",
        "next: `muster preview quiet_pros`",
    ]
    assert muster.spec("crowd/quiet_pros.yml").splitlines() == [
        "name: Quiet pros",
        "entity: person",
        "owner: growth",
        "description: 'On pro: quiet.'",
        "labels: [churn, paying]",
        "where:",
        "  - plan: pro",
        "  - last_seen_at: {more_than: 14 days ago}",
    ]
    assert muster("check")[:2] == (0, "4 segments, 0 audiences: no errors\n")


def test_any_one_of_the_conditions(muster: Commands) -> None:
    assert muster("new", "either", *QUIET, "--where", "performed: visit, in_last: 3 days", "--any")[0] == 0
    assert muster.spec("crowd/either.yml").splitlines()[-5:] == [
        "where:",
        "  any:",
        "    - plan: pro",
        "    - performed: visit",
        "      in_last: 3 days",
    ]


def test_the_first_segment_of_an_entity_founds_its_folder(muster: Commands) -> None:
    company = ("--entity", "company", "--owner", "sales", "--where", "name: Acme")
    assert muster("new", "acme", *company)[0] == 0
    assert "companies/acme.yml" in muster.files()
    assert muster("new", "acme_too", *company, "--folder", "deep/er")[0] == 0
    assert "deep/er/acme_too.yml" in muster.files()


def test_like_another_segment(muster: Commands) -> None:
    assert muster("new", "like_pro", "--like", "pro", "--where", "active: true")[0] == 0
    assert muster.spec("crowd/like_pro.yml").splitlines() == [
        "name: Like pro",
        "entity: person",
        "owner: growth",
        "labels: [paying]",
        "hidden: true",
        "where:",
        "  - plan: pro",
        "  - active: true",
    ]
    assert muster("new", "like_wide", "--like", "wide")[0] == 0
    assert muster.spec("crowd/like_wide.yml").splitlines()[-4:] == [
        "where:",
        "  any:",
        "    - seats: {at_least: 5}",
        "    - tags: {has: VIP}",
    ]


def test_any_beside_like_keeps_the_rule_whole(muster: Commands) -> None:
    assert muster("new", "both", "--like", "pro", "--where", "active: true")[0] == 0
    assert muster("new", "wider", "--like", "both", "--where", "seats: 3", "--any")[0] == 0
    assert muster.spec("crowd/wider.yml").splitlines()[-6:] == [
        "where:",
        "  any:",
        "    - all:",
        "        - plan: pro",
        "        - active: true",
        "    - seats: 3",
    ]


def test_problems_are_shown_in_the_file_that_would_be(muster: Commands) -> None:
    before = muster.files()
    code, out, err = muster("new", "slip", *QUIET, "--where", "paln: pro", "--where", "seats: {at_least: many}")
    assert (code, out, muster.files()) == (1, "", before)
    assert " --> segment_specs/crowd/slip.yml:6:5\n" in err
    assert "6 |   - paln: pro\n  |     ^^^^\n  = help: did you mean `plan`?" in err
    assert "2 errors in one file\nerror: nothing was written" in err
    code, out, _ = muster("new", "slip", *QUIET, "--where", "paln: pro", "--json")
    assert (code, [problem["code"] for problem in json.loads(out)["problems"]]) == (1, ["unknown-attribute"])


def test_an_error_elsewhere_hides_nothing_and_lets_nothing_through(muster: Commands) -> None:
    broken = muster.folder / "segment_specs" / "crowd" / "broken.yml"
    broken.write_text("entity: person\nwhere: {plam: pro}\n")
    before = muster.files()
    code, _, err = muster("new", "slip", *QUIET, "--where", "paln: pro")
    assert code == 1
    assert "`paln`" in err and "`plam`" not in err and "other files have 1 error too" in err
    code, _, err = muster("new", "fine", *QUIET)
    assert code == 1
    assert "`plam`" in err and "the draft has no errors, but other files do" in err
    assert muster.files() == before


def test_warnings_are_shown_and_stop_nothing(muster: Commands) -> None:
    code, _, err = muster("new", "warned", "--entity", "person", "--owner", "growth", "--where", "plan: gold")
    assert code == 0
    assert "warning[unknown-value]" in err
    assert "crowd/warned.yml" in muster.files()


def test_nothing_is_written_over(muster: Commands) -> None:
    before = muster.spec("crowd/pro.yml")
    code, _, err = muster("new", "pro", *QUIET)
    assert code == 2
    assert "segment_specs/crowd/pro.yml" in " ".join(err.split())
    assert muster.spec("crowd/pro.yml") == before
    hidden = muster.folder / "segment_specs" / "crowd" / "taken.yml"
    hidden.mkdir()
    assert muster("new", "taken", *QUIET)[0] == 2
    assert hidden.is_dir()


def test_printing_writes_nothing(muster: Commands) -> None:
    before = muster.files()
    code, out, _ = muster("new", "shown", *QUIET, "--print")
    assert (code, muster.files()) == (0, before)
    assert out == "name: Shown\nentity: person\nowner: growth\nwhere:\n  - plan: pro\n"
    found = json.loads(muster("new", "shown", *QUIET, "--print", "--json")[1])
    assert (found["written"], found["spec"], muster.files()) == (False, out, before)


def test_json_of_what_was_written(muster: Commands) -> None:
    found = json.loads(muster("new", "told", *QUIET, "--json")[1])
    assert found == {
        "segment": "told",
        "path": "segment_specs/crowd/told.yml",
        "rule": "People whose plan is pro.",
        "warnings": [],
        "spec": muster.spec("crowd/told.yml"),
        "written": True,
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), ("KEY or --name", "--entity", "--owner", "--where")),
        (("x1", "--entity", "person"), ("--owner", "--where")),
        (("x1", *QUIET, "--entity", "persn"), ("no entity `persn`", "did you mean `person`?")),
        (("X-1", *QUIET), ("KEY", "small letters")),
        (("../up", *QUIET), ("KEY", "small letters")),
        (("dbt_x", *QUIET), ("KEY",)),
        (("valid_from", *QUIET), ("KEY",)),
        (("x" * 56, *QUIET), ("KEY",)),
        (("--name", "日本語", *QUIET), ("KEY",)),
        (("x1", *QUIET, "--folder", "../elsewhere"), ("--folder",)),
        (("x1", *QUIET, "--folder", "/etc"), ("--folder",)),
        (("x1", *QUIET, "--folder", "static"), ("--folder",)),
        (("x1", *QUIET, "--folder", "audiences/x"), ("--folder",)),
        (("x1", *QUIET, "--folder", ".hidden"), ("--folder",)),
        (("--name", "two\nlines", *QUIET), ("--name", "one line")),
        (("x1", *QUIET, "--label", "a\x07b"), ("--label",)),
        (("x1", *QUIET, "--owner", "\udcff"), ("--owner", "UTF-8")),
        (("x1", *QUIET, "--where", "\udcff: 1"), ("--where", "UTF-8")),
        (("x1", "--like", "prro"), ("no segment `prro`", "did you mean `pro`?")),
    ],
)
def test_usage_errors(muster: Commands, arguments: tuple[str, ...], said: tuple[str, ...]) -> None:
    before = muster.files()
    code, out, err = muster("new", *arguments)
    assert (code, out, muster.files()) == (2, "", before)
    plain = " ".join(err.replace("│", " ").split())
    assert all(word in plain for word in said), err
    assert "Traceback" not in err


def test_a_fixed_list_is_nothing_to_begin_with(muster: Commands) -> None:
    code, _, err = muster("new", "x1", "--like", "listed")
    assert (code, "`listed` has no rule to begin with" in err) == (1, True)


HOSTILE_CONDITIONS = ("", "plan", "- ", "plan: !!python/object x", "plan: &a pro", "{", "plan: [pro", "a: b: c", "\t")


@pytest.mark.parametrize(
    "condition", [*HOSTILE_CONDITIONS, "plan: pro\n---\nplan: free", "[" * 100, "\x00", "plan: {}"]
)
def test_conditions_that_are_none(muster: Commands, condition: str) -> None:
    before = muster.files()
    code, out, err = muster("new", "x1", *QUIET, "--where", condition)
    assert (code, out, muster.files()) == (1, "", before)
    assert err.startswith("error[") and "Traceback" not in err


HOSTILE_NAMES = (
    "null",
    "NO",
    "'",
    '"x"',
    "a: b",
    "# no comment",
    "- item",
    "{{ ref('x') }}",
    "*/ select 1 --",
    "日本 🎉",
)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_texts(muster: Commands, name: str) -> None:
    given = ("--name", name, "--owner", name, "--description", f"{name}\nand more", "--label", name)
    code, _, err = muster(
        "new", "odd", "--entity", "person", *given, "--where", json.dumps({"email": name}, ensure_ascii=False)
    )
    assert (code, err) == (0, "")
    shown = json.loads(muster("segments", "--json")[1])
    assert [(row["name"], row["owner"]) for row in shown if row["segment"] == "odd"] == [(name, name)]


def test_a_name_gives_a_key(muster: Commands) -> None:
    found = json.loads(muster("new", "--name", "  2026: Größte Körbe & Çédille!", *QUIET, "--json", "--print")[1])
    assert found["segment"] == "grosste_korbe_cedille"


def test_a_folder_that_leads_out_of_the_project(muster: Commands, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (muster.folder / "segment_specs" / "way_out").symlink_to(outside)
    code, _, _ = muster("new", "x1", *QUIET, "--folder", "way_out")
    assert (code, list(Path(outside).iterdir())) == (1, [])
