"""Specs, audiences and destinations that pages show are understood; other YAML, JSON and Python is what it says."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from functools import cache

import pytest
import yaml

from orchestration.compiler.compile import Sources, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.schema import sources_to_schemas
from orchestration.spectests.running import run_tests
from tests.docs.pages import Block, blocks
from tests.project import REPOSITORY

# these pages are made of examples that other tests run: tests/rules and tests/compiler/test_rejected.py
MADE = ("docs/rules.md", "docs/problems.md")
# tests/pull_requests/test_hooks.py commits by it
HOOKS = "# .pre-commit-config.yaml"
SHOWN = [block for block in blocks("yaml") if block.page not in MADE and not block.text.startswith(HOOKS)]
# Python on a page, and the test that runs it
RUN_BY = {
    "docs/files.md": "tests/audiences/test_consumer.py",
    "docs/webhooks.md": "tests/audiences/test_webhook.py",
    "docs/bi.md": "tests/docs/test_commands.py",
}


def named(block: Block) -> str:
    return f"{block.page}:{block.line}"


def content(block: Block) -> dict[str, object]:
    found = yaml.safe_load(block.text)
    assert isinstance(found, dict), "a block is a mapping"
    return found


def is_spec(block: Block) -> bool:
    return bool({"where", "members"} & content(block).keys()) and "segment" not in content(block)


def is_audience(block: Block) -> bool:
    return {"segment", "destination"} <= content(block).keys()


def is_destinations(block: Block) -> bool:
    return all(isinstance(each, dict) and "type" in each for each in content(block).values())


@cache
def shipped() -> Sources:
    """The demo's files, with the destinations that pages show."""
    sources = read_sources(REPOSITORY)
    assert sources.destinations
    known = {name: each for block in SHOWN if is_destinations(block) for name, each in content(block).items()}
    text = yaml.safe_dump({**known, **yaml.safe_load(sources.destinations.text)})
    return replace(sources, destinations=replace(sources.destinations, text=text))


def written(block: Block, folder: str, standing: str) -> SourceFile:
    """A block as a file, under the name that its first line says."""
    first = re.match(r"# segment_specs/(\S+)\n", block.text)
    text = block.text if not standing or standing in block.text else f"{standing}\n{block.text}"
    return SourceFile(f"segment_specs/{first[1] if first else f'{folder}/shown_by_a_page.yml'}", text)


@pytest.mark.parametrize("block", [each for each in SHOWN if is_spec(each)], ids=named)
def test_a_spec_is_understood_and_passes_its_tests(block: Block) -> None:
    entity = "" if re.search(r"^entity:", block.text, flags=re.MULTILINE) else "entity: person"
    spec = written(block, "people", entity)
    compilation = compile_sources(replace(shipped(), segments=(*shipped().segments, spec), audiences=()))
    key = spec.path.rpartition("/")[2].removesuffix(".yml")
    alone = replace(compilation, segments={**compilation.segments})
    for name in {*alone.segments} - {key}:
        alone.segments[name] = replace(alone.segments[name], tests=())
    assert run_tests(alone).failures == ()


@pytest.mark.parametrize("block", [each for each in SHOWN if is_audience(each)], ids=named)
def test_an_audience_is_understood(block: Block) -> None:
    audience = written(block, "audiences", "")
    compilation = compile_sources(replace(shipped(), audiences=(audience,)))
    assert len(compilation.audiences) == 1


def test_destinations_are_understood() -> None:
    assert any(is_destinations(block) for block in SHOWN)
    compile_sources(shipped())


@pytest.mark.parametrize("block", SHOWN, ids=named)
def test_a_part_of_a_file_has_fields_that_there_are(block: Block) -> None:
    elsewhere = re.match(r"# (?!segment_specs/)\S+\n", block.text)  # it names another file as its own
    if not (is_spec(block) or is_audience(block) or is_destinations(block) or elsewhere):
        assert content(block).keys() <= fields()


@cache
def fields() -> set[str]:
    """The fields of segments, audiences and the catalog."""
    schemas = {file.path: json.loads(file.text) for file in sources_to_schemas(shipped())}
    return {name for each in schemas.values() for name in each.get("properties", {})}


@pytest.mark.parametrize("block", blocks("json"), ids=named)
def test_json_is_json(block: Block) -> None:
    json.loads(block.text)


@pytest.mark.parametrize("block", blocks("python"), ids=named)
def test_python_is_run_by_a_test_that_names_its_page(block: Block) -> None:
    ast.parse(block.text)
    assert block.page.removeprefix("docs/") in (REPOSITORY / RUN_BY[block.page]).read_text("utf-8")
