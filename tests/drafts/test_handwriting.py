"""What is written is read again as it was meant: by Muster's own reader, and by PyYAML's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import parse
from orchestration.drafts.handwriting import Data, mapping_to_yaml, node_to_data

ODD = (
    "NO",
    "null",
    "",
    "~",
    "1",
    "1.5",
    "0x1F",
    "a: b",
    "a:b",
    " a",
    "a ",
    "- x",
    "? a",
    "a #b",
    "a#b",
    "|",
    ">",
    "!t",
)
ODDER = ("&a", "*a", "%x", "@x", "`x", "'", '"', "{a", "[b", "a,b", "---", "...", "true", "\n", "a\n b", "x:", "#", ":")
BREAKS = ("a\\n", "two\nlines", "tab\there", "\u2028", "\x85", "日本語 🎉", "\u00a0", "e\u0301", "x" * 300)

# characters that a file of Muster may hold
TEXTS = st.text(st.characters(exclude_categories=["C"], max_codepoint=0x1FFFF), max_size=12) | st.sampled_from(
    (*ODD, *ODDER, *BREAKS)
)
NUMBERS = st.integers() | st.decimals(min_value=-(10**20), max_value=10**20, places=5)
DATA: st.SearchStrategy[Data] = st.recursive(
    TEXTS | st.booleans() | st.none() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
FILES = st.dictionaries(TEXTS, DATA, min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(FILES)
def test_what_is_written_is_what_is_read(content: dict[str, Data]) -> None:
    written = mapping_to_yaml(content)
    assert node_to_data(parse(SourceFile("x.yml", written))) == content


@settings(max_examples=150, deadline=None)
@given(FILES)
def test_another_reader_finds_the_same_texts(content: dict[str, Data]) -> None:
    assert yaml.load(mapping_to_yaml(content), Loader=yaml.BaseLoader) == _as_texts(content)


def _as_texts(value: Data) -> object:
    """What a reader sees that takes every scalar for a text."""
    match value:
        case str():
            return value
        case bool() | None:
            return {True: "true", False: "false", None: "null"}[value]
        case Mapping():
            return {name: _as_texts(inner) for name, inner in value.items()}
        case Sequence():
            return [_as_texts(inner) for inner in value]
        case int() | Decimal():
            return f"{value:f}" if isinstance(value, Decimal) else str(value)


def test_the_handwriting_is_that_of_the_specs() -> None:
    conditions: list[Data] = [
        {"plan": ["pro", "NO", "2026-01-01"]},
        {"last_seen_at": {"more_than": "14 days ago"}},
        {"performed": "report_created", "where": {"format": "pdf"}, "in_last": "60 days"},
        {"any": [{"spend": Decimal("2.50")}, {"none": [{"tags": {"has": "it's"}}, {"active": True}]}]},
    ]
    assert mapping_to_yaml({"name": "A: b, c", "where": conditions}).splitlines() == [
        "name: 'A: b, c'",
        "where:",
        "  - plan: [pro, NO, 2026-01-01]",
        "  - last_seen_at: {more_than: 14 days ago}",
        "  - performed: report_created",
        "    where: {format: pdf}",
        "    in_last: 60 days",
        "  - any:",
        "      - spend: 2.50",
        "      - none:",
        "          - tags: {has: it's}",
        "          - active: true",
    ]


def test_long_lists_take_lines() -> None:
    written = mapping_to_yaml({"where": [{"plan": [f"plan {number}" for number in range(40)]}]})
    assert written.splitlines()[:3] == ["where:", "  - plan:", "      - plan 0"]
    assert max(map(len, written.splitlines())) < 100
