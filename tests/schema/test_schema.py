"""The schemas that editors read: they take every spec that `muster check` takes, and refuse what is no spec."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft7Validator

from orchestration.compiler.compile import Sources
from orchestration.compiler.documents import to_yaml
from orchestration.compiler.files import differences, read_sources
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.schema import sources_to_schemas
from orchestration.compiler.source import Mapping, Node, Scalar, parse
from tests.compiler.test_problems import CATALOG, OTHERS, RULES
from tests.project import REPOSITORY
from tests.reference.strategies import world, worlds
from tests.reference.world import World

# Well formed, but wrong by what a schema cannot know: other files, arithmetic, calendars and patterns.
NOT_STRUCTURAL = {"bad-pattern", "number-range", "bad-date", "unknown-segment", "wrong-entity", "archived-segment"}


def validators(sources: Sources) -> dict[str, Draft7Validator]:
    found = {}
    for file in sources_to_schemas(sources):
        assert '"enum": []' not in file.text, "editors refuse a schema with a choice of nothing"
        found[file.path.removesuffix(".json")] = Draft7Validator(json.loads(file.text))
    return found


def check_schemas(by_name: dict[str, Draft7Validator]) -> None:
    """Hold schemas against the standard's own, which takes ten times as long as their use."""
    for validator in by_name.values():
        Draft7Validator.check_schema(validator.schema)


@cache
def shipped() -> tuple[Sources, dict[str, Draft7Validator]]:
    sources = read_sources(REPOSITORY)
    return sources, validators(sources)


def plain(node: Node) -> Any:
    """A node as a JSON document."""
    match node:
        case Scalar(value):
            return float(value) if isinstance(value, Decimal) else value
        case Mapping(entries):
            return {entry.name: plain(entry.value) for entry in entries}
        case _:
            return [plain(item) for item in node.items]


def wrong(validator: Draft7Validator, source: SourceFile) -> list[str]:
    return [f"{source.path}: {error.message[:300]}" for error in validator.iter_errors(plain(parse(source)))]


def test_every_shipped_file_passes_its_schema() -> None:
    sources, by_name = shipped()
    assert sources.destinations
    files = {"catalog": [sources.catalog], "destinations": [sources.destinations]}
    files |= {"segment": list(sources.segments), "audience": list(sources.audiences)}
    assert [line for name, found in files.items() for file in found for line in wrong(by_name[name], file)] == []


@cache
def small() -> dict[str, Draft7Validator]:
    segments = tuple(SourceFile(f"segment_specs/people/{key}.yml", text) for key, text in OTHERS.items())
    return validators(Sources(SourceFile("segment_specs/catalog.yml", CATALOG), segments))


@pytest.mark.parametrize(("rule", "code"), [(rule, code) for rule, code, *_ in RULES], ids=[rule for rule, *_ in RULES])
def test_a_broken_rule_is_refused(rule: str, code: str) -> None:
    source = SourceFile("segment_specs/people/broken.yml", f"entity: person\nwhere:\n  {rule}\n")
    assert bool(wrong(small()["segment"], source)) is (code not in NOT_STRUCTURAL)


@cache
def made(catalog: str) -> dict[str, Draft7Validator]:
    return validators(Sources(SourceFile("segment_specs/catalog.yml", catalog)))


@settings(max_examples=60, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
@given(worlds())
def test_every_generated_rule_passes(made_up: World) -> None:
    by_name = made(to_yaml(made_up.catalog))
    files = [("catalog", made_up.catalog), *(("segment", spec) for spec in made_up.specs.values())]
    for name, content in files:
        text = to_yaml(content)
        assert wrong(by_name[name], SourceFile(f"segment_specs/people/{name}.yml", text)) == []


def test_schemas_are_well_formed() -> None:
    catalogs = [to_yaml(world(Random(seed)).catalog) for seed in range(4)]
    for by_name in (shipped()[1], small(), *map(made, catalogs)):
        check_schemas(by_name)


def test_the_committed_schemas_are_those_of_the_specs() -> None:
    found = differences(REPOSITORY / "segment_specs" / ".schema", sources_to_schemas(read_sources(REPOSITORY)))
    assert not found, "run `muster schema`"
