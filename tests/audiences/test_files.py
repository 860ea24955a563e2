"""One delivery in every format, read back by readers that are not ours."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.audiences.audience import Send
from orchestration.audiences.delivery import Delivery, Layout
from orchestration.audiences.delta import Operation, Row
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.files import AudienceFile, delivery_to_file, settings_to_form
from orchestration.audiences.values import Json, canonical_json, value_to_json
from tests.audiences.workspace import DAYS, WINBACK, Project, people_of

FIELDS: list[dict[str, Json]] = [
    {"plan": 'a "b",\r\nc', "seats": 3, "spend": "12.50", "share": 0.5, "vip": True, "tags": ["x", "ÿ"], "mixed": 1},
    {"plan": "", "seats": None, "spend": None, "share": None, "vip": None, "tags": None, "mixed": "one"},
    {"plan": None, "seats": -(2**63), "spend": "-0.10", "share": -1e-9, "vip": False, "tags": [], "mixed": True},
]
SHOWN = [
    ["add", "1", "1@example.com", 'a "b",\r\nc', "3", "12.50", "0.5", "true", '["x","ÿ"]', "1"],
    ["add", "2", "2@example.com", "", "", "", "", "", "", "one"],
    ["add", "3", "3@example.com", "", "-9223372036854775808", "-0.10", "-1e-09", "false", "[]", "true"],
]
FORMULAS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "-5.00",
    "+353871234567",
    "a=b",
    "-1e-9",
    "",
]


def delivered(*told: Mapping[str, Json], removed: str = "") -> Delivery:
    rows = [_row(Operation.ADD, str(number), fields) for number, fields in enumerate(told, 1)]
    if removed:
        rows.insert(0, _row(Operation.REMOVE, removed, {}))
    return Delivery(
        key="0123456789abcdef",
        number=1,
        follows="",
        audience="winback",
        destination="drop",
        as_of=DAYS[0],
        send=Send.CHANGES,
        layout=Layout("person", "at_risk", "person_id", ("email",), tuple(told[0])),
        rows=tuple(rows),
        added=len(told),
        changed=0,
        removed=len(rows) - len(told),
        members=len(told),
    )


def _row(operation: Operation, key: str, fields: Mapping[str, Json]) -> Row:
    return Row(operation, key, canonical_json({"email": f"{key}@example.com"}), canonical_json(dict(fields)))


def written(delivery: Delivery, **settings: str) -> AudienceFile:
    return delivery_to_file(delivery, settings_to_form("drop", settings))


def csv_rows(file: AudienceFile) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.content.decode(), newline=""), strict=True))


def by_duckdb(file: AudienceFile, folder: Path, reader: str) -> duckdb.DuckDBPyRelation:
    path = folder / file.name
    path.write_bytes(file.content)
    return duckdb.sql(f"from {reader}('{path}')")


def test_csv_read_by_python_is_what_went_in() -> None:
    file = written(delivered(*FIELDS))
    assert csv_rows(file) == [["operation", "person_id", "email", *FIELDS[0]], *SHOWN]
    assert file.content.endswith(b"\r\n")
    assert not file.content.startswith(b"\xef\xbb\xbf")


def test_json_lines_read_by_python_keep_their_types() -> None:
    file = written(delivered(*FIELDS), format="jsonl")
    lines = [json.loads(line) for line in file.content.splitlines()]
    assert [{name: line[name] for name in FIELDS[0]} for line in lines] == FIELDS
    assert [[*line] for line in lines] == [["operation", "person_id", "email", *FIELDS[0]]] * 3


def test_parquet_read_by_duckdb_keeps_the_types_on_which_all_rows_agree(tmp_path: Path) -> None:
    found = by_duckdb(written(delivered(*FIELDS), format="parquet"), tmp_path, "read_parquet")
    kinds = {"seats": "BIGINT", "share": "DOUBLE", "vip": "BOOLEAN", "tags": "VARCHAR[]"}
    assert dict(zip(found.columns, map(str, found.types), strict=True)) == {
        name: kinds.get(name, "VARCHAR") for name in ["operation", "person_id", "email", *FIELDS[0]]
    }
    expected = [[fields[name] for name in FIELDS[0] if name != "mixed"] for fields in FIELDS]
    assert [[*row[3:-1]] for row in found.fetchall()] == expected
    assert [row[-1] for row in found.fetchall()] == ["1", "one", "true"]


def test_parquet_pages_are_packed_when_asked(tmp_path: Path) -> None:
    for compression, codec in (("none", "UNCOMPRESSED"), ("gzip", "GZIP")):
        file = written(delivered(*FIELDS), format="parquet", compression=compression)
        assert file.name.endswith(".parquet")
        described = by_duckdb(file, tmp_path, "parquet_metadata")
        assert {*described.project("compression").fetchall()} == {(codec,)}


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_gzip_is_read_by_gzip_and_says_neither_name_nor_time(format_: str, tmp_path: Path) -> None:
    plain, packed = (written(delivered(*FIELDS), format=format_, compression=each) for each in ("none", "gzip"))
    assert packed.name == f"{plain.name}.gz"
    assert gzip.decompress(packed.content) == plain.content
    (tmp_path / packed.name).write_bytes(packed.content)
    read = subprocess.run(["gzip", "-dc", str(tmp_path / packed.name)], capture_output=True, check=True)
    assert read.stdout == plain.content
    assert packed.content[3:8] == bytes(5)


def test_integers_that_no_parquet_integer_holds_are_text(tmp_path: Path) -> None:
    found = by_duckdb(written(delivered({"seats": 2**63}), format="parquet"), tmp_path, "read_parquet")
    assert found.project("seats").fetchall() == [(str(2**63),)]


def test_formulas_are_kept_for_machines_and_shown_as_text_to_people() -> None:
    delivery = delivered(*({"plan": cell} for cell in FORMULAS))
    assert [row[3] for row in csv_rows(written(delivery))[1:]] == FORMULAS
    people = [row[3] for row in csv_rows(written(delivery, formulas="neutralise"))[1:]]
    dangerous = FORMULAS[:6]
    assert people == [*(f"'{cell}" for cell in dangerous), *FORMULAS[6:]]


@pytest.mark.parametrize("cell", ["=1+1", "-2+3", "-5"])
def test_formulas_are_left_alone_where_no_spreadsheet_looks(cell: str) -> None:
    delivery = delivered({"plan": cell})
    file = written(delivery, format="jsonl", formulas="neutralise")
    assert json.loads(file.content)["plan"] == cell
    assert "formulas" not in json.loads(file.manifest)


FORMS = [
    {"format": format_, "compression": compression, "formulas": formulas}
    for format_, compression, formulas in product(("csv", "jsonl", "parquet"), ("none", "gzip"), ("keep", "neutralise"))
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join(form.values()))
def test_the_same_delivery_gives_the_same_bytes_and_a_true_manifest(form: dict[str, str]) -> None:
    delivery = delivered(*FIELDS, removed="9")
    file = written(delivery, **form)
    assert file == written(delivered(*FIELDS, removed="9"), **form)
    told: dict[str, Any] = json.loads(file.manifest)
    assert (told["bytes"], told["sha256"]) == (len(file.content), hashlib.sha256(file.content).hexdigest())
    assert told["counts"] == {"remove": 1, "add": 3}
    assert told["file"] == file.name
    assert told["identifiers"] == "as_they_are"
    expected = form if form["format"] == "csv" else {name: form[name] for name in ("format", "compression")}
    assert {name: told[name] for name in form if name in told} == expected
    assert told["schema_version"] == 1


def test_a_removal_names_no_fields_in_any_format(tmp_path: Path) -> None:
    delivery = delivered({"plan": "pro"}, removed="9")
    expected = ("remove", "9", "9@example.com", None)
    for form, reader in (("jsonl", "read_json"), ("parquet", "read_parquet")):
        assert by_duckdb(written(delivery, format=form), tmp_path, reader).fetchall()[0] == expected
    assert csv_rows(written(delivery))[1] == ["remove", "9", "9@example.com", ""]


def test_decimals_stay_exact_in_every_format(tmp_path: Path) -> None:
    amount = Decimal("12345678901234567890.10")
    delivery = delivered({"spend": value_to_json(amount)})
    assert csv_rows(written(delivery))[1][3] == str(amount)
    assert json.loads(written(delivery, format="jsonl").content)["spend"] == str(amount)
    found = by_duckdb(written(delivery, format="parquet"), tmp_path, "read_parquet")
    assert found.project("spend").fetchall() == [(str(amount),)]


@pytest.mark.parametrize(("setting", "value"), [("format", "xlsx"), ("compression", "zip"), ("formulas", True)])
def test_a_form_that_does_not_exist_is_refused(setting: str, value: object) -> None:
    with pytest.raises(DestinationError, match=rf"destination drop: {setting} .* is unknown; write one of"):
        settings_to_form("drop", {setting: value})


@pytest.mark.parametrize("ending", ["csv.gz", "jsonl", "parquet"])
def test_a_folder_takes_every_form(project: Project, ending: str) -> None:
    form, _, packed = ending.partition(".")
    settings = {**WINBACK.destination_settings, "format": form, "compression": "gzip" if packed else "none"}
    audience = replace(WINBACK, destination_settings=settings)
    project.push(audience, DAYS[0], people_of("ab"))
    [content] = project.drop.glob(f"*.{ending}")
    [manifest] = project.manifests()
    assert manifest["sha256"] == hashlib.sha256(content.read_bytes()).hexdigest()
    assert manifest["file"] == content.name
