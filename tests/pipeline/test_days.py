"""Days: run once or again, in order or replayed, they leave what one clean run leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from orchestration.pipeline import RunError
from tests.pipeline.club import SPECS, club, day, spells
from tests.project import SmallProject

CHANGED = (
    f"update raw.members set plan = 'free' where member_id = 'ada' and valid_from = '{day(0)}'",
    f"insert into raw.visits values ('cy', 'visit', '{day(3)} 08:00:00', 5), ('cy', 'visit', '{day(3)} 09:00:00', 5)",
)


@pytest.fixture
def another(ten_days: SmallProject, tmp_path: Path) -> SmallProject:
    """The ten days once more, in a folder of their own."""
    shutil.copytree(ten_days.folder, tmp_path / "copy", symlinks=True)
    return SmallProject(tmp_path / "copy")


def test_a_stay_is_recorded_from_the_first_day_in_to_the_first_day_out(ten_days: SmallProject) -> None:
    assert spells(ten_days, "pro") == [
        ("ada", 0, None, "definition", None),
        ("bo", 3, 6, "data", "data"),
        ("bo", 8, None, "data", None),
        ("cy", 0, 4, "definition", "departed"),
        ("cy", 6, None, "arrived", None),
    ]
    assert spells(ten_days, "regulars") == [
        ("ada", 1, 3, "data", "data"),
        ("bo", 2, 5, "data", "data"),
        ("di", 5, 7, "data", "data"),
    ]


def test_a_day_run_twice_equals_a_day_run_once(another: SmallProject) -> None:
    once = another.contents()
    another.run(day(9), tested=False)
    assert another.contents() == once


def test_a_changed_past_day_replayed_forward_equals_a_clean_run(another: SmallProject, tmp_path: Path) -> None:
    another.execute(*CHANGED)
    replayed = another.run(day(0), tested=False)
    assert replayed.days == tuple(day(each) for each in range(10))
    clean = club(tmp_path / "clean")
    clean.execute(*CHANGED)
    clean.run(day(0), day(9))
    assert another.contents() == clean.contents()


def test_late_rows_within_the_look_back_are_made_good(another: SmallProject, tmp_path: Path) -> None:
    late = f"insert into raw.visits values ('cy', 'visit', '{day(7)} 23:59:59.999999', 5)"
    another.execute(late)
    assert another.run(day(7), tested=False).days == (day(7), day(8), day(9))
    clean = club(tmp_path / "clean")
    clean.execute(late)
    clean.run(day(0), day(9))
    assert another.contents() == clean.contents()


def test_days_that_were_left_out_are_made_up(tmp_path: Path, ten_days: SmallProject) -> None:
    project = club(tmp_path / "gap")
    project.run(day(0), day(4), tested=False)
    assert project.run(day(9), tested=False).days == tuple(day(each) for each in range(5, 10))
    assert project.contents() == ten_days.contents()


def test_two_rows_of_one_subject_stop_the_day_and_leave_yesterday(another: SmallProject) -> None:
    before = another.contents()
    another.execute("insert into raw.members select * from raw.members where member_id = 'ada'")
    with pytest.raises(RunError, match=r"unique_member_traits_member_id: 1 found: ada") as stopped:
        another.run(day(10))
    assert str(day(10)) in str(stopped.value)
    after = another.contents()
    moving = ("members", "visits", "member_measures", "member_traits")
    assert {name: rows for name, rows in after.items() if name not in moving} == {
        name: rows for name, rows in before.items() if name not in moving
    }


def test_a_segments_life_leaves_the_right_spells_and_touches_no_other(tmp_path: Path, ten_days: SmallProject) -> None:
    project = club(tmp_path / "life", {path: SPECS[path] for path in ("members/pro.yml",)})
    project.pass_by(day(0), day(1))

    project.write("members/free.yml", "entity: member\nwhere: {plan: free}\n")  # added on day 2
    project.pass_by(day(2))
    project.write("members/free.yml", "entity: member\nwhere: {plan: [free, pro]}\n")  # edited on day 3
    project.pass_by(day(3))
    project.write("members/free.yml", "entity: member\nstatus: paused\nwhere: {plan: free}\n")  # paused on days 4, 5
    project.pass_by(day(4), day(5))
    project.remove("members/free.yml")  # removed on day 6
    project.pass_by(day(6), day(7))
    project.write("members/free.yml", "entity: member\nwhere: {plan: free}\n")  # back on day 8
    project.run(day(8), day(9), tested=False)
    project.test(day(9))

    assert spells(project, "free") == [
        ("ada", 3, 6, "definition", "archived"),
        ("bo", 2, 6, "definition", "archived"),
        ("cy", 3, 4, "definition", "departed"),
        ("di", 2, 6, "definition", "archived"),
        ("di", 8, None, "definition", None),
    ]
    assert spells(project, "pro") == spells(ten_days, "pro")


def test_the_same_specs_give_the_same_bytes(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        project = club(tmp_path / name)
        project.compile()
        folder = project.settings.dbt_project / "models" / "segments"
        texts.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert texts[0] == texts[1]


def test_a_segment_added_later_is_recorded_on_a_day_run_again(another: SmallProject) -> None:
    another.write("members/free.yml", "entity: member\nwhere: {plan: free}\n")
    another.write("members/all.yml", "entity: member\nwhere: {everyone: true}\n")
    assert another.run(day(8)).days == (day(8), day(9))
    assert spells(another, "free") == [("di", 8, None, "definition", None)]
