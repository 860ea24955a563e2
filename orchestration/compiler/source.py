"""Text with positions: a YAML file as a tree of nodes that know where they stand.

PyYAML's libyaml parser finds the structure; scalars are resolved here by the core schema of YAML 1.2, so that `NO` is a
country and `2026-06-01` a text until a rule asks for a date. Anchors, aliases, tags and several documents are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

import yaml

from orchestration.compiler.problem import Problem, Problems, SourceFile, Span

MAX_DEPTH = 64
MAX_BYTES = 1_000_000

Plain: TypeAlias = str | int | Decimal | bool | None

_INT = re.compile(r"[-+]?[0-9]{1,40}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")
_WORDS: dict[str, Plain] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True)
class Scalar:
    value: Plain
    text: str
    span: Span


@dataclass(frozen=True)
class Sequence:
    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True)
class Entry:
    key: Scalar
    value: Node

    @property
    def name(self) -> str:
        return self.key.text


@dataclass(frozen=True)
class Mapping:
    entries: tuple[Entry, ...]
    span: Span

    def get(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.entries)


Node: TypeAlias = Scalar | Sequence | Mapping


def resolve_scalar(text: str) -> Plain:
    """The value of a plain scalar by the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return Decimal(text)
    return text


class _Builder:
    """Turns libyaml's events into nodes; stops at the first thing that Muster does not read."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.events = iter(yaml.parse(source.text, Loader=yaml.CSafeLoader))
        self.problems: list[Problem] = []

    def span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        assert start is not None and end is not None, "libyaml marks every event"
        length = end.column - start.column if end.line == start.line else 1
        return Span(self.source, start.line + 1, start.column + 1, max(length, 1))

    def fail(self, code: str, message: str, span: Span, help_: str = "") -> Problems:
        return Problems((Problem(code, message, span, help_),))

    def document(self) -> Node:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                break
            if isinstance(event, yaml.StreamEndEvent):
                raise self.fail("empty-file", "the file is empty", Span(self.source, 1, 1, 1))
        node = self.node(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise self.fail("yaml", "a second document in one file", self.span(after), "keep one document a file")
        return node

    def node(self, event: yaml.Event, depth: int) -> Node:
        span = self.span(event)
        if depth > MAX_DEPTH:
            raise self.fail("too-deep", f"nested more than {MAX_DEPTH} levels deep", span)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.fail("yaml", "anchors and aliases are not read", span, "write the value out")
        if getattr(event, "tag", None):
            raise self.fail("yaml", "tags are not read", span, "write the plain value")
        match event:
            case yaml.ScalarEvent():
                return self.scalar(event, span)
            case yaml.SequenceStartEvent():
                return Sequence(tuple(self.items(depth)), span)
            case yaml.MappingStartEvent():
                return Mapping(tuple(self.entries(depth)), span)
            case _:
                raise self.fail("yaml", "not a value", span)

    def scalar(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        text = event.value
        if "\0" in text:
            raise self.fail("nul-character", "not every engine has texts with the character NUL", span, "leave it out")
        return Scalar(resolve_scalar(text) if event.implicit[0] and not event.style else text, text, span)

    def items(self, depth: int) -> list[Node]:
        found: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, depth + 1))
        return found

    def entries(self, depth: int) -> list[Entry]:
        found: list[Entry] = []
        seen: set[str] = set()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self.fail("yaml", "a key must be a word", self.span(event))
            if key.text in seen:
                self.problems.append(
                    Problem("duplicate-key", f"`{key.text}` is given twice", key.span, "keep one of the two")
                )
            seen.add(key.text)
            found.append(Entry(key, self.node(next(self.events), depth + 1)))
        return found


def parse(source: SourceFile) -> Node:
    """The file's tree.

    Raises Problems: text that is not YAML, or YAML that Muster does not read (aliases, tags, duplicate keys).
    """
    if len(source.text) > MAX_BYTES:
        raise Problems((Problem("too-large", f"the file is over {MAX_BYTES:,} characters", Span(source, 1, 1, 1)),))
    try:
        builder = _Builder(source)
        node = builder.document()
    except yaml.YAMLError as error:
        raise Problems((_syntax_problem(source, error),)) from error
    if builder.problems:
        raise Problems(tuple(builder.problems))
    return node


def _syntax_problem(source: SourceFile, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    detail = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read"
    return Problem("yaml", f"not valid YAML: {detail}", Span(source, line, column, 1))
