"""`muster import intercom`: the specs of fixed queries, what it says, and everything that it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from orchestration.compiler.compile import compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.intercom.convert import text_to_rule
from orchestration.intercom.fault import Faults
from orchestration.intercom.fields import ALL_OPERATORS, FIELDS, OPERATORS, Kind
from orchestration.intercom.mapping import source_to_renaming
from tests.compiler.test_rejected import written
from tests.drafts.commands import Commands
from tests.intercom.contacts import MAPPING, sources
from tests.shared import shared

QUERIES = Path(__file__).parent / "queries"


def take_over(muster: Commands, query: object, *arguments: str) -> tuple[int, str, str]:
    """The command on a query, which is JSON already where it is a text."""
    file = muster.folder / "asked_for.json"
    file.write_text(query if isinstance(query, str) else json.dumps(query), "utf-8")
    return muster("import", "intercom", str(file), "--attributes", str(muster.folder / "mapping.yml"), *arguments)


def faults(muster: Commands, query: object) -> list[dict[str, str]]:
    before = muster.files()
    code, out, _ = take_over(muster, query, "--json")
    assert (code, muster.files()) == (1, before)
    found: list[dict[str, str]] = json.loads(out)["faults"]
    assert all(each["reason"] and each["help"] for each in found)
    return found


@pytest.mark.parametrize("name", sorted(path.stem for path in QUERIES.glob("*.json")))
def test_fixed_queries(muster: Commands, name: str) -> None:
    code, _, err = take_over(muster, (QUERIES / f"{name}.json").read_text("utf-8"), "--key", name, "--owner", "growth")
    assert code == 0, err
    notes = "".join(f"# {line}\n" for line in err.splitlines())
    assert written(notes + muster.spec(f"people/{name}.yml"), QUERIES / f"{name}.yml"), (
        "MUSTER_WRITE_GOLDEN=1 make test"
    )
    assert muster("check")[0] == 0


def test_what_is_told(muster: Commands) -> None:
    query = {"field": "custom_attributes.level", "operator": "!=", "value": "gold"}
    code, out, err = take_over(muster, query, "--name", "Not gold", "--owner", "growth")
    assert code == 0
    assert out.splitlines() == [
        "wrote segment_specs/people/not_gold.yml: People whose tier is not pro.",
        "next: `muster preview not_gold`",
    ]
    assert "note: `custom_attributes.level` is read as `tier`\n" in err
    found = json.loads(take_over(muster, query, "--key", "again", "--json")[1])
    assert (found["segment"], found["written"], len(found["notes"])) == ("again", True, 3)


def test_printing_writes_nothing(muster: Commands) -> None:
    before = muster.files()
    code, out, _ = take_over(muster, {"field": "name", "operator": "=", "value": "Ada"}, "--print")
    assert (code, muster.files()) == (0, before)
    assert out == "name: Asked for\nentity: person\nwhere:\n  - name: Ada\n"


def test_everything_that_stands_in_the_way_is_told_at_once(muster: Commands) -> None:
    query = {
        "query": {
            "operator": "AND",
            "value": [
                {"field": "custom_attributes.emial", "operator": "=", "value": "a"},
                {"operator": "OR", "value": [{"field": "created_at", "operator": ">=", "value": 1}]},
                {"field": "name", "operator": "=", "value": 12},
                {"field": "tag_id", "operator": "=", "value": "99"},
                {"field": "name", "operator": "=", "value": "fine"},
            ],
        }
    }
    found = faults(muster, query)
    assert [each["path"] for each in found] == [
        "$.query.value[0].field",
        "$.query.value[1].value[0].operator",
        "$.query.value[2].value",
        "$.query.value[3].value",
    ]
    assert "`custom_attributes.emial: email`, if that is the same" in found[0]["help"]
    assert found[1]["help"] == "use `=`, `<`, `>`"
    assert "`tags:`, as in `'99': …`" in found[3]["help"]
    _, _, err = take_over(muster, query)
    assert err.count("= help:") == 4
    assert "error: nothing was written: 4 parts cannot be taken over\n" in err


def single(field: str, operator: str, value: object) -> dict[str, object]:
    return {"field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("query", "path", "said"),
    [
        (single("location.country", "=", "IE"), "$.field", "no attribute `location.country`"),
        (single("company.id", "=", "1"), "$.field", "has no field `company.id`"),
        (single("custom_attributes.created_at", "~", "1"), "$.operator", "takes no `~`"),
        (single("name", ">", "a"), "$.operator", "takes no `>`"),
        (single("name", "LIKE", "a"), "$.operator", "no operator `LIKE`"),
        (single("created_at", "!=", 1), "$.operator", "takes no `!=`"),
        (single("created_at", "<", None), "$.value", "this is null"),
        (single("created_at", ">", "30 days ago"), "$.value", "UNIX timestamp in seconds"),
        (single("created_at", ">", 1.5), "$.value", "UNIX timestamp in seconds"),
        (single("created_at", ">", True), "$.value", "UNIX timestamp in seconds"),
        (single("created_at", ">", 1577836800000000), "$.value", "no date"),
        (single("created_at", "=", -(10**15)), "$.value", "no date"),
        (single("owner_id", "=", "seven"), "$.value", "expected a number"),
        (single("owner_id", "=", 10**30), "$.value", "expected a number"),
        (single("owner_id", "=", True), "$.value", "expected a number"),
        (single("owner_id", "IN", [1, "x", 2]), "$.value[1]", "expected a number"),
        (single("name", "IN", "a"), "$.value", "take an array"),
        (single("name", "NIN", []), "$.value", "nothing to compare with"),
        (single("name", "IN", ["a", None]), "$.value[1]", "this is null"),
        (single("name", "~", None), "$.value", "this is null"),
        (single("name", "=", {"a": 1}), "$.value", "this is an object"),
        (single("name", "=", ["a"]), "$.value", "this is an array"),
        (single("unsubscribed_from_emails", "=", "true"), "$.value", "expected true or false"),
        (single("email_domain", "=", None), "$.value", "cannot be told"),
        (single("email_domain", "~", "x"), "$.operator", "takes no `~`"),
        (single("segment_id", "=", "ffff"), "$.value", "does not say what `ffff`"),
        (single("segment_id", "=", None), "$.value", "cannot be told"),
        (single("company_id", "=", None), "$.value", "cannot be told"),
        (single("custom_attributes.level", "=", "iron"), "$.value", "does not say what `iron`"),
        (single("custom_attributes.level", "~", "go"), "$.value", "nothing is known of parts"),
        (single("tag_id", "IN", ["11"]), "$.operator", "takes no `IN`"),
        (single("custom_attributes.tags", "=", 3), "$.value", "expected a text"),
        ({"query": {"field": "name", "operator": "="}}, "$.query", "no `value`"),
        ({"query": single("name", "=", "a"), "limit": 3}, "$.limit", "nothing is known"),
        ({**single("name", "=", "a"), "we ird": 1}, '$["we ird"]', "has no `we ird`"),
        ({"operator": "and", "value": [single("name", "=", "a")]}, "$.operator", "AND or OR"),
        ({"operator": "NOT", "value": [single("name", "=", "a")]}, "$.operator", "AND or OR"),
        ({"operator": "OR", "value": []}, "$.value", "no filters"),
        ({"operator": "OR", "value": {}}, "$.value", "expected an array"),
        ({"operator": "OR", "value": ["name"]}, "$.value[0]", "expected a filter"),
        ({"field": 1, "operator": None, "value": 1}, "$.field", "expected a text"),
        ([], "$", "expected a filter"),
        ("null", "$", "expected a filter"),
        ("", "$", "not JSON"),
        ('{"query": ', "$", "line 1, column 11"),
        ('{"field": "name", "operator": "=", "value": NaN}', "$.value", "`NaN` is no number"),
        ('{"field": "owner_id", "operator": "=", "value": 1e999999999}', "$.value", "is no number"),
        ('{"field": "owner_id", "operator": "=", "value": ' + "9" * 5000 + "}", "$.value", "is no number"),
        ('{"field": "name", "operator": "=", "value": "a", "value": "b"}', "$.value", "given twice"),
        (r'{"field": "name", "operator": "=", "value": "\ud800"}', "$.value", "cannot stand in a file"),
        (r'{"field": "name", "operator": "=", "value": "\u0000"}', "$.value", "cannot stand in a file"),
        ('{"operator": "AND", "value": [' * 30 + "]}" * 30, "$" + ".value[0]" * 12 + ".value", "levels deep"),
        ("[" * 100_000, "$", ""),
    ],
)
def test_what_cannot_be_taken_over(query: object, path: str, said: str) -> None:
    text = query if isinstance(query, str) else json.dumps(query)
    catalog = compile_sources(sources()).catalog
    with pytest.raises(Faults) as found:
        text_to_rule(text, catalog, catalog.entities["person"], source_to_renaming(SourceFile("m.yml", MAPPING)))
    first = found.value.faults[0]
    assert first.path == path
    assert said in first.reason and first.remedy, first


def test_a_long_query_does_not_flood_the_screen(muster: Commands) -> None:
    query = {"operator": "OR", "value": [single("nothing", "=", "a")] * 5000}
    assert len(faults(muster, query)) == 200


def test_more_than_intercom_takes_itself_is_taken_and_told(muster: Commands) -> None:
    many: dict[str, Any] = {"operator": "OR", "value": [single("name", "=", f"n{number}") for number in range(16)]}
    code, _, err = take_over(muster, {"operator": "AND", "value": [many, single("name", "!=", "n1")]})
    assert code == 0
    assert "note: $.value[0] has 16 filters; Intercom itself takes 15 in a group\n" in err


def test_faults_of_the_mapping_file_have_a_place(muster: Commands) -> None:
    mapping = muster.folder / "mapping.yml"
    mapping.write_text("fields: {custom_attributes.level: teir}\n")
    code, _, err = take_over(muster, single("custom_attributes.level", "=", "gold"))
    assert code == 1
    assert "mapping.yml:1:" in err and "did you mean `tier`?" in err
    mapping.write_text("feilds: {}\n")
    code, _, err = take_over(muster, single("name", "=", "a"))
    assert (code, "did you mean `fields`?" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--key", "vip"), 2, "segment_specs/people/vip.yml"),
        (("--key", "../vip"), 2, "small letters"),
        (("--entity", "persn"), 2, "did you mean `person`?"),
        (("--timezone", "Mars/Crater"), 2, "is not a time zone"),
        (("--folder", "../x"), 2, "--folder"),
        (("--owner", "a\nb"), 2, "--owner"),
    ],
)
def test_usage_errors(muster: Commands, arguments: tuple[str, ...], code: int, said: str) -> None:
    found, _, err = take_over(muster, single("name", "=", "a"), *arguments)
    assert found == code
    assert said in " ".join(err.replace("│", " ").split())
    assert "Traceback" not in err


def test_files_that_cannot_be_read(muster: Commands) -> None:
    code, _, err = muster("import", "intercom", str(muster.folder / "nothing.json"))
    assert (code, "nothing.json: cannot be read" in err) == (1, True)
    huge = muster.folder / "huge.json"
    huge.write_text(" " * 1_000_001)
    code, _, err = muster("import", "intercom", str(huge))
    assert (code, "larger than 1,000,000 bytes" in err) == (1, True)


def test_the_fields_and_operators_are_those_of_the_description() -> None:
    description = shared("contracts", "intercom.json")
    if description is None:
        pytest.skip("Intercom's description is not at hand")
    document = json.loads(description.read_text("utf-8"))
    told = document["paths"]["/contacts/search"]["post"]["description"]
    rows = dict(re.findall(r"^\| ([a-z_.{}]+) +\| (String|Integer|Date|Boolean)", told, re.MULTILINE))
    assert rows.pop("custom_attributes.{attribute_name}") == "String"
    kinds = {Kind.TEXT: "String", Kind.NUMBER: "Integer", Kind.BOOLEAN: "Boolean", Kind.DATE: "Date"}
    ours = {field: kinds.get(kind, "String") for field, kind in FIELDS.items()}
    assert ours.pop("android_sdk_version") == "String", "the description has it with a slip of the pen"
    assert ours == rows
    operators = document["components"]["schemas"]["single_filter_search_request"]["properties"]["operator"]
    assert set(ALL_OPERATORS) == set(operators["enum"])
    wanted = {"string": Kind.TEXT, "boolean": Kind.BOOLEAN, "integer": Kind.NUMBER, "date": Kind.DATE}
    for name, kind in wanted.items():
        line = re.search(rf"^- `{name}` fields[^:]*: ([^\n.]*)", operators["description"], re.MULTILINE)
        assert line and set(re.findall(r"`([^`]+)`", line[1].partition(" only")[0])) == set(OPERATORS[kind])
