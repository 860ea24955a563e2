"""Publications killed with SIGKILL: the version before stays whole, and the next publication cleans up."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.folder import FORMER_KEPT, PublishedFolder
from orchestration.publishing.publication import PublishError
from tests.publishing.killed import FIRST, TABLES, judge, publish, publish_killed
from tests.publishing.readers import Readings, read_file, read_parquet

LINKS = {"current", "marts.duckdb", "versions"}
FILES = {"marts.duckdb", "manifest.json", "parquet", *(f"{name}.parquet" for name in TABLES)}
STEP = 3


class Place:
    """A warehouse and its published folder, with the first day published."""

    def __init__(self, folder: Path) -> None:
        self.warehouse, self.published = folder / "warehouse.duckdb", folder / "published"
        self.judge(FIRST)
        self.publish(FIRST)

    def judge(self, day: date) -> None:
        judge(self.warehouse, day)

    def publish(self, day: date) -> None:
        publish(self.warehouse, self.published, day)

    def killed(self, day: date, point: int) -> bool:
        return publish_killed(self.warehouse, self.published, day, point)

    def read(self) -> str:
        """The day that both kinds of files are of."""
        found = Readings([read_file(self.published), read_parquet(self.published)])
        assert not found.mixed and found[0] == found[1]
        return found.days[0]

    @property
    def versions(self) -> list[str]:
        return sorted(each.name for each in (self.published / "versions").iterdir())

    def assert_clean(self) -> None:
        assert {each.name for each in self.published.iterdir()} == LINKS
        assert len(self.versions) <= 1 + FORMER_KEPT
        for version in (self.published / "versions").iterdir():
            assert {file.name for file in version.rglob("*")} == FILES


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_publication_killed_at_any_point_leaves_a_whole_one_and_is_made_good(place: Place) -> None:
    day, point, switched = FIRST, 1, []
    while True:
        before, day = day, day + timedelta(days=1)
        place.judge(day)
        if not place.killed(day, point):
            break
        found = place.read()
        assert found in (str(before), str(day))
        switched.append(found == str(day))
        place.publish(day)
        assert place.read() == str(day)
        place.assert_clean()
        point += STEP
    assert len(switched) > 15
    assert not switched[0] and switched[-1]
    assert switched == sorted(switched), "all points after the switch are after it"
    place.assert_clean()


def test_an_earlier_day_is_not_published_over_a_later_one(place: Place) -> None:
    later = FIRST + timedelta(days=5)
    place.judge(later)
    place.publish(later)
    place.judge(FIRST)
    place.publish(FIRST)
    assert place.read() == str(later)
    assert len(place.versions) == 2
    said = PublishedFolder(place.published).said(FIRST)
    assert said.startswith(
        f"marts not published: those published are as of {later}, a later day (to start over, remove "
    )


def test_the_same_day_is_published_again_as_another_version(place: Place) -> None:
    place.publish(FIRST)
    assert place.versions == [f"000001_{FIRST}", f"000002_{FIRST}"]


def test_whoever_holds_the_file_keeps_it_and_gets_the_new_one_by_connecting_again(place: Place) -> None:
    count = "select as_of, (select count(*) from segment_spells) from published"
    database = str(place.published / "marts.duckdb")
    with duckdb.connect(database, read_only=True) as held:
        assert held.execute(count).fetchall() == [(FIRST, 1)]
        for number in range(1, 5):
            day = FIRST + timedelta(days=number)
            place.judge(day)
            place.publish(day)
        assert held.execute(count).fetchall() == [(FIRST, 1)], "its version is removed, and its file still open"
        with duckdb.connect(database, read_only=True) as again:
            assert again.execute(count).fetchall() == [(day, 5)]
    assert place.versions == [f"00000{number + 1}_{FIRST + timedelta(days=number)}" for number in (2, 3, 4)]


def test_what_a_writer_did_to_one_version_does_not_reach_the_next(place: Place) -> None:
    database = place.published / "marts.duckdb"
    database.resolve().chmod(0o644)
    with duckdb.connect(str(database)) as writer:
        writer.execute("pragma disable_checkpoint_on_shutdown; drop table published")
    place.publish(FIRST)
    assert {each.name for each in place.published.iterdir()} == LINKS
    assert place.read() == str(FIRST)


def test_a_folder_that_cannot_be_written_is_an_error_in_words(place: Place, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.touch()
    with pytest.raises(PublishError, match=r"cannot publish to .*blocked"):
        publish(place.warehouse, blocked / "published", FIRST)


def test_a_folder_that_was_copied_without_its_links_is_published_to_again(place: Place, tmp_path: Path) -> None:
    copied = tmp_path / "copied"
    shutil.copytree(place.published, copied)
    publish(place.warehouse, copied, FIRST + timedelta(days=1))
    assert (copied / "current").is_symlink()
    assert (
        PublishedFolder(copied).said(FIRST + timedelta(days=1)) == f"marts published as of {FIRST + timedelta(days=1)}"
    )
