"""The ledger as dbt's sources: what is declared is what runs and exports make, and marts read it before it is there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml

from orchestration.audiences.ledger import create_ledger
from orchestration.days import create_days
from orchestration.edits import create_edits
from orchestration.observed import create_observed
from orchestration.warehouse import DuckDB
from tests.pipeline.club import FIRST, club, day
from tests.project import REPOSITORY, SmallProject

DECLARED = REPOSITORY / "dbt_project" / "models" / "ledger" / "_ledger.yml"
TYPES = {"string": "VARCHAR", "integer": "INTEGER", "date": "DATE", "timestamp": "TIMESTAMP", "boolean": "BOOLEAN"}


def declared() -> dict[str, dict[str, str]]:
    """Columns with their types in DuckDB, by table."""
    [source] = yaml.safe_load(DECLARED.read_text("utf-8"))["sources"]
    assert source["schema"] == source["name"] == "ledger"
    return {
        table["name"]: {column["name"]: TYPES[column["data_type"]] for column in table["columns"]}
        for table in source["tables"]
    }


def test_declared_columns_are_those_that_muster_makes(tmp_path: Path) -> None:
    with DuckDB(tmp_path / "warehouse.duckdb") as warehouse:
        for create in (create_ledger, create_days, create_edits, create_observed):
            create(warehouse)
        found = warehouse.rows(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = 'ledger'"
        )
    made = {(str(table), str(column)): str(kind) for table, column, kind in found}
    said = {(table, column): kind for table, columns in declared().items() for column, kind in columns.items()}
    assert said.items() <= made.items()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> SmallProject:
    return club(tmp_path_factory.mktemp("club"))


AUDIENCE = ("winback", "drop")


def test_marts_of_audiences_are_empty_until_something_is_exported_and_then_tell_the_ledger(
    project: SmallProject,
) -> None:
    dbt = project.dbt()
    project.run(FIRST, dbt=dbt)
    assert project.rows("select * from audience_deliveries") == []
    assert project.rows("select * from audience_members") == []
    with DuckDB(project.settings.duckdb) as warehouse:
        create_ledger(warehouse)
        warehouse.execute("alter table ledger.deliveries drop column refused")  # as an older version left it
        warehouse.execute(
            "insert into ledger.deliveries values "
            f"('k1', 'winback', 'drop', 1, '', '{day(0)}', 'changes', 2, 0, 0, 2, '', '', 'acknowledged', "
            f"'{day(1)} 05:00:00', '{day(1)} 05:00:01', '{{}}'), "
            f"('k2', 'winback', 'drop', 2, 'k1', '{day(2)}', 'changes', 0, 0, 1, 1, '', '', 'planned', "
            f"'{day(3)} 05:00:00', null, '{{}}')"
        )
        warehouse.execute(
            "insert into ledger.members values "
            f"('winback', 'drop', 'ada', '{{}}', '{{}}', '{day(0)}', '{day(2)}', '{day(2)}', 'a', 'a', null), "
            f"('winback', 'drop', 'bo', '{{}}', '{{}}', '{day(1)}', '{day(1)}', null, '', '', null)"
        )
        warehouse.execute(f"insert into ledger.holdouts values ('winback', 'drop', 'cy', '{day(0)}', '{day(2)}')")
    project.run(day(1), tested=False)
    delivered = "select delivery_id, audience, destination, delivery_number, as_of_date, status, refused"
    first = ("k1", *AUDIENCE, 1, day(0), "acknowledged", None)
    assert project.rows(f"{delivered} from audience_deliveries") == [first]
    told = "select subject_key, variant, is_held_out, first_sent_on, last_sent_on, removed_on from audience_members"
    known: list[tuple[str, str | None, bool, date, date | None]] = [
        ("ada", "a", False, day(0), None),
        ("bo", None, False, day(1), day(1)),
        ("cy", "holdout", True, day(0), None),
    ]
    assert project.rows(f"{told} order by 1") == [(*each, None) for each in known]
    project.run(day(2), dbt=dbt)
    assert project.rows(f"{delivered} from audience_deliveries order by 4") == [
        first,
        ("k2", *AUDIENCE, 2, day(2), "planned", None),
    ]
    assert project.rows(f"{told} order by 1") == [
        ("ada", "a", False, day(0), day(2), day(2)),
        ("bo", None, False, day(1), day(1), None),
        ("cy", "holdout", True, day(0), None, day(2)),
    ]
