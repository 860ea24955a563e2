"""A dashboard in a process of its own, which reads the published marts again and again.

`python -m tests.publishing.readers FOLDER` prints a line of JSON for each reading; the last one is begun when
`FOLDER/stop` is there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import duckdb

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60.0
PAUSE = 0.02
ONE_CORE: dict[str, str | bool | int | float | list[str]] = {"threads": 1}

# what a day's tables have to agree on: the last counted day, those in as of it, and those whose stay is open
AGREED = """
select
    cast((select max(as_of_date) from {segment_counts_daily}) as varchar),
    (select sum(members) from {segment_counts_daily}
     where as_of_date = (select max(as_of_date) from {segment_counts_daily})),
    (select count(*) from {segment_spells} where exited_on is null),
    (select count(*) from {subject_segments})
"""
TABLES = ("segment_counts_daily", "segment_spells", "subject_segments")


def read_file(folder: Path) -> list[Any]:
    """As a BI tool does: connect, ask, and go."""
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True, config=ONE_CORE) as connection:
        [(as_of, version)] = connection.execute("select cast(as_of as varchar), version from published").fetchall()
        [row] = connection.execute(AGREED.format(**{name: name for name in TABLES})).fetchall()
    return [version, as_of, *map(_plain, row)]


def read_parquet(folder: Path) -> list[Any]:
    """With the link to the current version resolved once."""
    current = (folder / "current").resolve()
    manifest = json.loads((current / "manifest.json").read_text(encoding="utf-8"))
    files = {name: f"read_parquet('{current}/{manifest['tables'][name]['parquet']}')" for name in TABLES}
    with duckdb.connect(config=ONE_CORE) as connection:
        [row] = connection.execute(AGREED.format(**files)).fetchall()
    return [manifest["version"], manifest["as_of"], *map(_plain, row)]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else int(value)


def main(folder: Path) -> None:
    while not (folder / "current").exists():
        time.sleep(0.01)
    stopping = False
    while not stopping:
        stopping = (folder / "stop").exists()
        print(json.dumps([read_file(folder), read_parquet(folder)]), flush=True)
        time.sleep(PAUSE)


class Readings(list[list[Any]]):
    """What was read, each as version, as-of date, last counted day, members, open stays, subjects' segments."""

    @property
    def mixed(self) -> list[list[Any]]:
        return [each for each in self if not (each[1] == each[2] and each[3] == each[4] == each[5])]

    @property
    def days(self) -> list[str]:
        """The as-of dates in the order in which they were seen."""
        return [each[1] for each in self]

    @property
    def versions(self) -> set[int]:
        return {each[0] for each in self}


@contextmanager
def reading(folder: Path) -> Iterator[tuple[Readings, Readings]]:
    """Read while the body runs; the readings of the DuckDB file and of the Parquet files are there after it."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.publishing.readers", str(folder)]
    found = Readings(), Readings()
    with TemporaryFile() as out, TemporaryFile() as wrong:
        reader = subprocess.Popen(command, cwd=REPOSITORY, stdout=out, stderr=wrong)
        try:
            yield found
        finally:
            (folder / "stop").touch()
            ended = reader.wait(PATIENCE)
            (folder / "stop").unlink()
        lines, said = ([*file] for file in (out, wrong) if file.seek(0) == 0)
    assert ended == 0, b"".join(said).decode()
    for line in lines:
        for readings, row in zip(found, json.loads(line), strict=True):
            readings.append(row)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
