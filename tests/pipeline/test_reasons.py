"""Why a membership moved: the subject's data, an edit, or the subject's coming and going, told apart on one day."""

from __future__ import annotations

import pytest

from tests.pipeline.club import day, number
from tests.project import SmallProject

CATALOG = """
timezone: UTC
entities:
  member:
    model: members
    key: member_id
    history: {valid_from: valid_from, valid_to: valid_to, type: date}
    attributes: {plan: text, points: integer}
"""
COUNTED = CATALOG.replace("    attributes:", "    population: {plan: {is_not: free}}\n    attributes:")
WITHOUT_POINTS = COUNTED.replace("points: integer", "score: integer")

SPECS = {
    "m/pro.yml": "entity: member\nwhere: {plan: pro}\n",
    "m/rich.yml": "entity: member\nwhere: {points: {at_least: 10}}\n",
    "m/listed.yml": "entity: member\nmembers: static/listed.csv\n",
    "m/rich_pro.yml": "entity: member\nwhere: [{in_segment: pro}, {points: {at_least: 5}}]\n",
    "m/newly_rich.yml": "entity: member\nwhere: {entered_segment: rich, in_last: 2 days}\n",
    "static/listed.csv": "member_id\nlea\nleo\nlou\n",
}

# who, plan and points, from which day until before which
KNOWN = (
    *(("eve", "pro", 3, 0, 2), ("eve", "pro", 12, 2, None)),  # grows rich on the day of the edit
    ("sue", "pro", 7, 0, None),  # is rich by the edit alone
    *(("dan", "pro", 12, 0, 2), ("dan", "pro", 2, 2, None)),  # is rich no more, edit or not
    ("kim", "pro", 6, 2, None),  # comes on that day, with what the new rule asks for
    *(("lea", "basic", 0, 0, None), ("leo", "basic", 0, 0, None)),
    ("lou", "basic", 0, 0, 3),  # goes away on the day on which the list is edited
    *(("tim", "team", 9, 0, None), ("pat", "basic", 9, 0, 4), ("pat", "pro", 9, 4, None)),
    *(("fay", "free", 20, 0, None), ("fox", "free", 20, 0, 5)),  # fox goes on the day on which free ones count no more
    ("gus", "free", 20, 5, None),  # comes on that day, and does not count
    *(("hal", "free", 20, 0, 5), ("hal", "pro", 20, 5, None)),  # stays on that day, since the plan changes as well
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    project = SmallProject(tmp_path_factory.mktemp("reasons"))
    project.lay_down(CATALOG, SPECS, "members")
    rows = ", ".join(
        f"('{who}', '{plan}', {points}, date '{day(start)}', {until(end)})" for who, plan, points, start, end in KNOWN
    )
    project.execute(
        "create schema raw",
        "create table raw.members (member_id varchar, plan varchar, points integer, valid_from date, valid_to date)",
        f"insert into raw.members values {rows}",
    )
    project.pass_by(day(0), day(1))
    project.write("m/rich.yml", "entity: member\nwhere: {points: {at_least: 5}}\n")
    project.pass_by(day(2))
    project.write("static/listed.csv", "member_id\nlea\nlou\nkim\n")
    project.pass_by(day(3))
    project.write("m/pro.yml", "entity: member\nwhere: {plan: [pro, team]}\n")
    project.pass_by(day(4))
    _rename(project)
    project.write("catalog.yml", COUNTED)
    project.pass_by(day(5))
    project.write("catalog.yml", WITHOUT_POINTS)
    for name, asked in (("rich", "{score: {at_least: 100}}"), ("rich_pro", "{in_segment: payers}")):
        project.write(f"m/{name}.yml", f"entity: member\nwhere: {asked}\n")
    staging = project.settings.dbt_project / "models" / "staging" / "members.sql"
    staging.write_text("select * rename (points as score) from raw.members\n", encoding="utf-8")
    notes = project.run(day(6), tested=False).notes
    project.test(day(6))
    assert any("all moves of `rich` count as its edit's" in note and "points" in note for note in notes)
    return project


def until(end: int | None) -> str:
    return "null" if end is None else f"date '{day(end)}'"


def _rename(project: SmallProject) -> None:
    project.remove("m/pro.yml")
    project.write("m/payers.yml", "formerly: pro\nentity: member\nwhere: {plan: [pro, team]}\n")
    project.write("m/rich_pro.yml", SPECS["m/rich_pro.yml"].replace("pro}", "payers}"))


def moves(project: SmallProject, segment: str, on: int | None = None) -> set[tuple[object, ...]]:
    """Day, who, entered or exited, why."""
    rows = project.rows(
        f"select as_of_date, subject_key, transition, reason from segment_transitions where segment = '{segment}'"
    )
    found = {(number(when), who, move, why) for when, who, move, why in rows}
    return {row for row in found if on is None or row[0] == on}


def test_an_edited_rule_and_data_that_change_on_one_day(project: SmallProject) -> None:
    assert moves(project, "rich", 2) == {
        (2, "eve", "entered", "data"),
        (2, "sue", "entered", "definition"),
        (2, "dan", "exited", "data"),
        (2, "kim", "entered", "arrived"),
        (2, "tim", "entered", "definition"),
        (2, "pat", "entered", "definition"),
    }


def test_only_moves_by_data_are_seen_by_other_rules(project: SmallProject) -> None:
    assert moves(project, "newly_rich") == {(2, "eve", "entered", "data"), (4, "eve", "exited", "data")}


def test_an_edited_list_and_a_departure_on_one_day(project: SmallProject) -> None:
    assert moves(project, "listed", 3) == {
        (3, "leo", "exited", "definition"),
        (3, "kim", "entered", "definition"),
        (3, "lou", "exited", "departed"),
    }


def test_an_edit_counts_in_segments_that_refer_to_the_edited_one(project: SmallProject) -> None:
    assert moves(project, "rich_pro", 4) == {(4, "tim", "entered", "definition"), (4, "pat", "entered", "data")}
    assert moves(project, "payers", 4) == {(4, "tim", "entered", "definition"), (4, "pat", "entered", "data")}


def test_an_edited_population_and_departures_on_one_day(project: SmallProject) -> None:
    assert moves(project, "rich", 5) == {(5, "fay", "exited", "definition"), (5, "fox", "exited", "departed")}
    assert moves(project, "payers", 5) == {(5, "hal", "entered", "data")}


def test_where_the_old_columns_are_gone_the_day_says_so(project: SmallProject) -> None:
    assert moves(project, "rich", 6) == {
        (6, who, "exited", "definition") for who in ("eve", "sue", "kim", "tim", "pat", "hal")
    }
    told = project.rows(
        "select valid_from, told_apart from segment_versions where segment = 'rich' and told_apart is not null "
        "order by valid_from"
    )
    assert [(number(when), apart) for when, apart in told] == [(2, True), (5, True), (6, False)]
    [problem] = project.rows("select problem from ledger.edits where segment = 'rich' and not told_apart")
    assert "points" in str(problem)


def test_a_renamed_segment_keeps_its_history(project: SmallProject) -> None:
    assert project.rows("select distinct segment from segment_versions order by 1") == [
        (key,) for key in ("listed", "newly_rich", "payers", "rich", "rich_pro")
    ]
    assert moves(project, "pro") == set()
    assert moves(project, "payers") == {
        *((0, who, "entered", "definition") for who in ("eve", "sue", "dan")),
        (2, "kim", "entered", "arrived"),
        *moves(project, "payers", 4),
        *moves(project, "payers", 5),
    }


def test_every_kept_definition_answers_as_was_judged(project: SmallProject) -> None:
    versions = project.rows(
        "select segment, valid_from, query from segment_versions where query is not null and valid_from <> "
        f"'{day(0)}' and segment not in ('newly_rich')"
    )
    asked = 0
    for segment, since, query in versions:
        if "points" in str(query):
            continue
        rows = project.rows(str(query).replace("{{ as_of }}", str(since)))
        judged = project.rows(
            f"select member_id from member_spells where segment = '{segment}' and entered_on <= '{since}' "
            f"and (exited_on is null or exited_on > '{since}')"
        )
        assert {who for who, is_in in rows if is_in} == {who for (who,) in judged}
        asked += 1
    assert asked >= 4


def test_the_day_of_an_edit_run_again_gives_the_same(project: SmallProject) -> None:
    before = project.contents()
    project.run(day(6))
    assert project.contents() == before
