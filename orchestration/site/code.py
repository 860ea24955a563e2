"""Specs and queries as code to be coloured, without what tells of persons: the rows of tests, keys of fixed lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import NamedTuple

from pygments.lexer import Lexer
from pygments.lexers.data import YamlLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType

from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import Mapping, parse

LONGEST = 50_000
TESTS = "tests"
NO_KEYS = "    /* the keys of the list are left out here */"
KINDS = ((Keyword, "word"), (Name.Tag, "word"), (String, "text"), (Number, "number"), (Comment, "comment"))
# A fixed list in a query: whole texts in quotes, or anything that is none, up to the list's end.
_LIST = re.compile(r"(inline__static_\w+ as \(\n)(?:'(?:[^']|'')*'|[^'])*?\) as keys\(\w+\)\n\)")


class Piece(NamedTuple):
    """A stretch of code; `kind` names a style, or is empty."""

    kind: str
    text: str


def spec_to_yaml(source: SourceFile) -> str:
    """A spec's text without its tests, whose rows are nobody's but may look like somebody's."""
    node = parse(source)
    tests = node.get(TESTS) if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or tests is None:
        return source.text
    lines = sorted(entry.key.span.line for entry in node.entries)
    first = tests.key.span.line
    last = next((line for line in lines if line > first), len(source.lines) + 1)
    return "\n".join((*source.lines[: first - 1], *source.lines[last - 1 :])).rstrip() + "\n"


def without_keys(query: str) -> str:
    """A query without the keys of the fixed lists that it holds."""
    return _LIST.sub(lambda found: f"{found[1]}{NO_KEYS}\n)", query)


def yaml_to_pieces(text: str) -> tuple[Piece, ...]:
    return _pieces(text, _yaml())


def sql_to_pieces(text: str) -> tuple[Piece, ...]:
    return _pieces(text, _sql())


def _pieces(text: str, lexer: Lexer) -> tuple[Piece, ...]:
    """What is too long to be read by anybody stays plain."""
    if len(text) > LONGEST:
        return (Piece("", text),)
    found = groupby(_styled(text, lexer), key=lambda piece: piece.kind)
    return tuple(Piece(kind, "".join(piece.text for piece in pieces)) for kind, pieces in found)


def _styled(text: str, lexer: Lexer) -> Iterator[Piece]:
    for token, value in lexer.get_tokens(text):
        yield Piece(_kind(token), value)


@cache
def _kind(token: _TokenType) -> str:
    return next((kind for known, kind in KINDS if token in known), "")


@cache
def _yaml() -> Lexer:
    return YamlLexer(stripnl=False)


@cache
def _sql() -> Lexer:
    return SqlLexer(stripnl=False)
