"""The gate on audiences, with the real Great Expectations: what it stops, in memory and inside PostgreSQL alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from orchestration.audiences.audience import Audience, Guard
from orchestration.audiences.delta import Acknowledged, desired_to_delta
from orchestration.audiences.desired import Desired, Held, Member
from orchestration.audiences.proposal import Proposal
from orchestration.gates.audience import audience_gate
from orchestration.gates.result import GateResult, key_hash
from orchestration.postgresql import PostgreSQL
from orchestration.warehouse import DuckDB, Warehouse
from tests.audiences.workspace import WINBACK
from tests.engines import postgres

AS_OF = date(2017, 12, 31)
BOTH = replace(WINBACK, identify_by=("external_id", "email"))
GOOD: dict[str, list[Any]] = {
    "person_id": ["p1", "p2", "p3"],
    "external_id": ["x1", "x2", "x3"],
    "email": ["a@example.com", "b.c+d@mail.example.co", "ü@exämple.de"],
    "phone": ["+49 30 123456", "(0)30/12-34-56", None],
    "plan": ["pro", None, "free"],
    "consent": [True, True, True],
}
KINDS = {"consent": ("boolean", pa.bool_())}
# Each mail address breaks the rule; some only by a character that nobody sees.
NO_ADDRESSES = (
    "nobody",
    "a@b",
    "a b@c.d",
    "a@b.c\n",
    "a@b..c",
    "@b.c",
    "a@b.c, d@e.f",
    "a\u00a0@b.c",
    "a@b.c\u3000",
    "a@\u200bb.c",
)

Judge = Callable[..., GateResult]


def proposal(
    warehouse: Warehouse,
    audience: Audience,
    columns: dict[str, list[Any]],
    before: int = 0,
    held: tuple[str, ...] = (),
    by: str = "consent",
) -> Proposal:
    """A push of these rows, where `before` others were acknowledged."""
    kinds = {name: KINDS.get(name, ("", pa.string()))[1] for name in columns}
    table = pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})
    members = tuple(Member(str(key), "{}", "{}") for key in columns["person_id"])
    desired = Desired(members, tuple(Held(key, by) for key in held), frozenset(), table)
    known = {f"k{number}": Acknowledged("{}", "{}", inside=True) for number in range(before)}
    return Proposal(warehouse, audience, AS_OF, desired, desired_to_delta(desired, known, audience.send))


def write(warehouse: Warehouse, columns: dict[str, list[Any]], held: tuple[str, ...]) -> None:
    """The audience's table, with those who are held back."""
    listed = ", ".join(f"{name} {KINDS.get(name, ('varchar',))[0]}" for name in columns)
    warehouse.execute("drop table if exists audience_winback")
    warehouse.execute(f"create table audience_winback ({listed}, held_back_by varchar)")
    marks = ", ".join("?" * (len(columns) + 1))
    for row in zip(*columns.values(), strict=True):
        warehouse.execute(f"insert into audience_winback values ({marks})", [*row, None])
    for key in held:
        warehouse.execute("insert into audience_winback (person_id, held_back_by) values (?, 'consent')", [key])


@pytest.fixture(scope="module")
def in_postgres() -> Iterator[PostgreSQL | None]:
    with suppress(postgres.ServerAbsent), postgres.running() as server:
        with PostgreSQL(f"host={server.socket} user={postgres.USER} dbname=postgres") as warehouse:
            yield warehouse
        return
    yield None


@pytest.fixture(params=["memory", "warehouse"])
def judge(request: pytest.FixtureRequest, in_postgres: PostgreSQL | None) -> Judge:
    """Judges rows in memory, or inside PostgreSQL."""
    if request.param == "warehouse" and in_postgres is None:
        pytest.skip("PostgreSQL's server is not installed here; `make services` installs it")
    warehouse = in_postgres if request.param == "warehouse" and in_postgres else DuckDB(Path(":memory:"))

    def judged(
        audience: Audience = BOTH, before: int = 0, held: tuple[str, ...] = (), **columns: list[Any]
    ) -> GateResult:
        chosen = {**GOOD, **columns}
        write(warehouse, chosen, held)
        result = audience_gate(proposal(warehouse, audience, chosen, before, held))
        assert result.judged_in == request.param
        return result

    return judged


def failed(result: GateResult) -> dict[tuple[str, str | None], tuple[int, set[str]]]:
    return {(each.expectation, each.column): (each.unexpected, {*each.examples}) for each in result.failures}


def hashes(*keys: str) -> set[str]:
    return {key_hash(key) for key in keys}


def test_a_good_set_passes(judge: Judge) -> None:
    result = judge()
    assert result.passed
    assert [(each.expectation, each.column) for each in result.findings] == [
        ("expect_table_row_count_to_be_between", None),
        ("expect_column_values_to_not_be_null", "person_id"),
        ("expect_column_values_to_not_be_null", "external_id or email"),
        ("expect_column_values_to_be_unique", "person_id"),
        ("expect_column_values_to_be_unique", "external_id"),
        ("expect_column_values_to_be_unique", "email"),
        ("expect_column_values_to_match_regex", "email"),
        ("expect_column_values_to_be_in_set", "consent"),
        ("expect_column_values_to_be_null", "held_back_by"),
    ]


@pytest.mark.parametrize(
    ("columns", "expectation", "column", "bad", "named"),
    [
        ({"person_id": ["p1", "p1", "p3"]}, "be_unique", "person_id", 2, ["p1"]),
        ({"person_id": ["p1", None, "p3"]}, "not_be_null", "person_id", 1, []),
        ({"external_id": ["x1", "x1", "x3"]}, "be_unique", "external_id", 2, ["p1", "p2"]),
        (
            {"external_id": ["x1", None, ""], "email": ["a@b.c", "", None]},
            "not_be_null",
            "external_id or email",
            2,
            ["p2", "p3"],
        ),
        ({"consent": [True, False, None]}, "be_in_set", "consent", 2, ["p2", "p3"]),
        *(({"email": ["a@b.c", mail, None]}, "match_regex", "email", 1, ["p2"]) for mail in NO_ADDRESSES),
    ],
)
def test_what_is_wrong_is_found(
    judge: Judge, columns: dict[str, list[Any]], expectation: str, column: str, bad: int, named: list[str]
) -> None:
    name = f"expect_column_values_to_{expectation}"
    assert failed(judge(**columns)) == {(name, column): (bad, hashes(*named))}


def test_a_telephone_number_has_seven_to_fifteen_digits(judge: Judge) -> None:
    by_phone = replace(BOTH, identify_by=("phone",))
    assert failed(judge(by_phone, phone=["+1 555 010-9999", "12345", "call me"])) == {
        ("expect_column_values_to_match_regex", "phone"): (2, hashes("p2", "p3"))
    }
    assert judge(by_phone, phone=["(0)30 1234567", "0049.30.1234567", "+353861234567"]).passed


def test_who_is_held_back_and_inside_at_once_stops_the_push(judge: Judge) -> None:
    assert failed(judge(held=("p2", "p9"))) == {("expect_column_values_to_be_null", "held_back_by"): (1, hashes("p2"))}


@pytest.mark.parametrize("type_", ["intercom", "klaviyo", "sendgrid"])
def test_a_service_that_minds_no_case_gets_no_address_twice(judge: Judge, type_: str) -> None:
    emails = ["a@example.com", "A@Example.com", "c@example.com"]
    assert judge(email=emails).passed
    to_service = replace(BOTH, destination_settings={"type": type_})
    assert failed(judge(to_service, email=emails)) == {
        ("expect_column_values_to_be_unique", "email in lower case"): (2, hashes("p1", "p2"))
    }


def test_more_change_than_the_guard_allows_is_a_finding_with_its_figures(judge: Judge) -> None:
    guarded = replace(BOTH, guard=Guard(max_change=Decimal("0.35")))
    result = judge(guarded, before=10)
    [finding] = result.failures
    assert (finding.observed, finding.arguments) == (13, {"max_value": 3})
    assert finding.sentence() == "subjects added or removed: column max to be between, at most 3 (found 13)"
    told = {"before": 10, "after": 3, "added": 3, "removed": 10, "moved": 13, "change": 1.3, "desired": 3}
    assert told.items() <= result.figures.items()
    assert json.dumps(result.as_json())
    assert judge(guarded, before=0).passed


def test_an_empty_set_passes_only_where_the_guard_allows_it(judge: Judge) -> None:
    nobody: dict[str, list[Any]] = {name: [] for name in GOOD}
    assert failed(judge(**nobody)) == {("expect_table_row_count_to_be_between", None): (0, set())}
    assert judge(replace(BOTH, guard=Guard(allow_empty=True)), **nobody).passed


def test_a_missing_column_fails() -> None:
    columns = {name: values for name, values in GOOD.items() if name != "consent"}
    result = audience_gate(proposal(DuckDB(Path(":memory:")), BOTH, columns))
    assert failed(result) == {("expect_column_to_exist", "consent"): (0, set())}


@pytest.mark.parametrize(
    ("settings", "by"), [({"type": "s3", "identifiers": "meta"}, "consent"), ({"type": "s3"}, "erased")]
)
def test_what_was_changed_outside_of_the_warehouse_is_judged_outside(
    in_postgres: PostgreSQL | None, settings: dict[str, str], by: str
) -> None:
    if in_postgres is None:
        pytest.skip("PostgreSQL's server is not installed here; `make services` installs it")
    audience = replace(WINBACK, destination_settings=settings)
    assert audience_gate(proposal(in_postgres, audience, GOOD, held=("p9",), by=by)).judged_in == "memory"


def test_an_audience_without_consent_or_mail_is_judged_by_its_key() -> None:
    by_key: Audience = replace(WINBACK, identify_by=("person_id",), fields={}, consent=None)

    def judged(*keys: int) -> GateResult:
        table = pa.table({"person_id": [*keys]})
        members = tuple(Member(str(key), "{}", "{}") for key in keys)
        desired = Desired(members, (), frozenset(), table)
        delta = desired_to_delta(desired, {}, by_key.send)
        return audience_gate(Proposal(DuckDB(Path(":memory:")), by_key, AS_OF, desired, delta))

    assert judged(3, 1, 2).passed
    assert failed(judged(3, 1, 1)) == {("expect_column_values_to_be_unique", "person_id"): (2, hashes("1"))}


def test_results_are_json_and_hold_no_personal_data(judge: Judge) -> None:
    result = judge(email=["secret", "secret", "a@b.c"], person_id=["k-one", "k-one", "k-two"])
    told = json.dumps(result.as_json()) + result.summary()
    assert not result.passed
    assert "secret" not in told
    assert "k-one" not in told
    assert key_hash("k-one") in told


def test_a_gate_writes_no_files_prints_no_bars_and_is_imported_late(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from orchestration.audiences.export import export\n"
        "assert 'great_expectations' not in sys.modules\n"
        "from tests.audiences.test_gates import BOTH, GOOD, Path, DuckDB, audience_gate, proposal\n"
        "bad = {**GOOD, 'email': ['bad', 'bad', None]}\n"
        "assert not audience_gate(proposal(DuckDB(Path(':memory:')), BOTH, bad)).passed\n"
    )
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert list(tmp_path.rglob("*")) == []
