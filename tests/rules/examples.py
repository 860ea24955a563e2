"""The examples of docs/rules.md: specs on the demo's catalog, each with tests that it passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import Mapping, Node, Scalar, Sequence
from tests.project import REPOSITORY

HERE = Path(__file__).parent
CHAPTER_FILES = {
    "Groups": "groups",
    "What a condition is about": "subjects",
    "Beside events and relations": "rows",
    "Any attribute": "values",
    "Text, and true or false": "texts",
    "Numbers and ranks": "numbers",
    "Lists": "lists",
    "Dates and windows": "dates",
}


@dataclass(frozen=True)
class FinePrint:
    """A point that is easily taken otherwise, and a spec that shows it."""

    title: str
    text: str
    example: str


@cache
def of_words(chapter: str) -> dict[str, str]:
    """The example of each word of a chapter, as text."""
    found: dict[str, str] = yaml.safe_load((HERE / f"{CHAPTER_FILES[chapter]}.yml").read_text("utf-8"))
    return {_key(word): text.rstrip("\n") for word, text in found.items()}


def _key(word: object) -> str:
    """`on` is a word of ours, and true by the rules of YAML 1.1, by which this file alone is read."""
    return "on" if word is True else str(word)


@cache
def fine_print() -> tuple[FinePrint, ...]:
    """The points of the fine print, in their order."""
    listed = yaml.safe_load((HERE / "fine_print.yml").read_text("utf-8"))
    return tuple(FinePrint(each["title"], each["text"], each["example"].rstrip("\n")) for each in listed)


def specs() -> dict[str, str]:
    """Every example as the text of a spec, by a key of its own."""
    words = {f"shows_{word}": text for chapter in CHAPTER_FILES for word, text in of_words(chapter).items()}
    points = {f"fine_print_{number}": point.example for number, point in enumerate(fine_print(), 1)}
    return {key: as_spec(text) for key, text in (words | points).items()}


def as_spec(text: str) -> str:
    """The text of an example with the entity that goes without saying."""
    return text + "\n" if text.startswith("entity:") else f"entity: person\n{text}\n"


def compiled() -> Compilation:
    """All examples and the shipped segments, without the shipped segments' own tests."""
    shipped = read_sources(REPOSITORY)
    untested = [SourceFile(each.path, each.text.partition("\ntests:")[0] + "\n") for each in shipped.segments]
    examples = [SourceFile(f"segment_specs/people/{key}.yml", text) for key, text in specs().items()]
    return compile_sources(Sources(shipped.catalog, (*untested, *examples), lists=shipped.lists))


def words_in(node: Node) -> Iterator[str]:
    """Every key of a rule, and every value that stands alone."""
    match node:
        case Mapping(entries):
            for entry in entries:
                yield entry.name
                yield from words_in(entry.value)
        case Sequence(items):
            for item in items:
                yield from words_in(item)
        case Scalar(text=text):
            yield text
