"""Text with positions: a YAML file as a tree of nodes that know where they stand.

PyYAML's libyaml parser finds the structure; scalars are resolved here by the core schema of YAML 1.2, so that `NO` is a
country and `2026-06-01` a text until a rule asks for a date. Anchors, aliases, tags and several documents are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple, TypeAlias

import yaml

from orchestration.compiler.conflicts import refuse_conflicts
from orchestration.compiler.problem import Problem, Problems, SourceFile, Span
from orchestration.compiler.syntax import syntax_problem

MAX_DEPTH = 64
MAX_BYTES = 1_000_000
MAX_VALUES = 50_000

Plain: TypeAlias = str | int | Decimal | bool | None

_INT = re.compile(r"[-+]?[0-9]{1,400}\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?\Z")
_ODD = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
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
        self.values = 0
        self.problems: list[Problem] = []

    def span(self, event: yaml.Event, end: yaml.Event | None = None) -> Span:
        """From an event's start to an event's end, where that is on the same line."""
        start, stop = event.start_mark, (end or event).end_mark
        assert start is not None and stop is not None, "libyaml marks every event"
        length = stop.column - start.column if stop.line == start.line else 1
        return Span(self.source, start.line + 1, start.column + 1, max(length, 1))

    def fail(self, code: str, message: str, span: Span, help_: str = "") -> Problems:
        return Problems((Problem(code, message, span, help_),))

    def document(self) -> Node:
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                break
            if isinstance(event, yaml.StreamEndEvent):
                raise self.fail(
                    "empty-file", "the file is empty", Span(self.source, 1, 1, 1), "write a spec, or remove the file"
                )
        node = self.node(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            raise self.fail("yaml", "a second document in one file", self.span(after), "keep one document a file")
        return node

    def node(self, event: yaml.Event, depth: int) -> Node:
        span = self.span(event)
        self.values += 1
        if depth > MAX_DEPTH:
            raise self.fail("too-deep", f"nested more than {MAX_DEPTH} levels deep", span, "flatten it, or split it up")
        if self.values > MAX_VALUES:
            help_ = "compare with a column of the warehouse, or name a fixed list by `members:`"
            raise self.fail("too-large", f"the file holds more than {MAX_VALUES:,} values", span, help_)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            help_ = "write the value out; quote a text that begins with `&` or `*`"
            raise self.fail("yaml", "anchors and aliases are not read", span, help_)
        if getattr(event, "tag", None):
            help_ = "write the plain value; quote a text that begins with `!`"
            raise self.fail("yaml", "tags are not read", span, help_)
        match event:
            case yaml.ScalarEvent():
                return self.scalar(event, span)
            case yaml.SequenceStartEvent():
                items, end = self.items(depth)
                return Sequence(tuple(items), self.whole(event, end, items[0].span if items else span))
            case yaml.MappingStartEvent():
                entries, end = self.entries(depth)
                return Mapping(tuple(entries), self.whole(event, end, entries[0].key.span if entries else span))
            case _:
                raise self.fail("yaml", "not a value", span)

    def whole(self, event: yaml.CollectionStartEvent, end: yaml.Event, first: Span) -> Span:
        """A collection in braces or brackets as far as its line goes; another is pointed at by its first words."""
        span = self.span(event, end)
        if event.flow_style:
            return span
        return replace(span, length=first.length if (first.line, first.column) == (span.line, span.column) else 1)

    def scalar(self, event: yaml.ScalarEvent, span: Span) -> Scalar:
        text = event.value
        odd = _ODD.search(text)
        if odd:
            raise Problems((_odd_character(odd[0], span),))
        return Scalar(resolve_scalar(text) if event.implicit[0] and not event.style else text, text, span)

    def items(self, depth: int) -> tuple[list[Node], yaml.Event]:
        found: list[Node] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.node(event, depth + 1))
        return found, event

    def entries(self, depth: int) -> tuple[list[Entry], yaml.Event]:
        found: list[Entry] = []
        seen: set[str] = set()
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self.fail("yaml", "a key must be a word", self.span(event), "as in `name: value`")
            value = self.node(next(self.events), depth + 1)
            if key.text in seen:
                self.problems.append(
                    Problem("duplicate-key", f"`{key.text}` is given twice", key.span, "keep one of the two")
                )
                continue
            seen.add(key.text)
            found.append(Entry(key, value))
        return found, event


class Parsed(NamedTuple):
    """A file's tree, and what is wrong with it although it can be read on."""

    node: Node
    problems: tuple[Problem, ...]


def read(source: SourceFile) -> Parsed:
    """The file's tree; the first of duplicate keys counts. Raises Problems: text that is no YAML that Muster reads."""
    if source.unreadable:
        raise Problems((source.unreadable,))
    if len(source.text) > MAX_BYTES:
        raise Problems((too_large(source),))
    refuse_conflicts(source)
    refuse_odd_characters(source)
    try:
        builder = _Builder(source)
        node = builder.document()
    except yaml.YAMLError as error:
        raise Problems((syntax_problem(source, error),)) from error
    return Parsed(node, tuple(builder.problems))


def parse(source: SourceFile) -> Node:
    """The file's tree.

    Raises Problems: text that is not YAML, or YAML that Muster does not read (aliases, tags, duplicate keys).
    """
    node, problems = read(source)
    if problems:
        raise Problems(problems)
    return node


def too_large(source: SourceFile, limit: int = MAX_BYTES) -> Problem:
    message = f"the file is larger than {limit:,} bytes"
    return Problem("too-large", message, Span(source, 1, 1, 1), "split it up, or load it into a table")


def refuse_odd_characters(source: SourceFile) -> None:
    """Raise Problems at the first character that no plain text has."""
    found = _ODD.search(source.text)
    if found:
        raise Problems((_odd_character(found[0], source.span_at(found.start())),))


def _odd_character(char: str, span: Span) -> Problem:
    message = f"the character U+{ord(char):04X} cannot stand in a file of Muster"
    return Problem("encoding", message, span, "delete it; files are plain text in UTF-8")
