"""Problems as data, with a place; they are printed as text, or as GitHub's annotations."""

from __future__ import annotations

import difflib
import re
import string
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import Literal

MANY = 1_000
MAX_MESSAGE = 600
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_LETTERS = string.ascii_lowercase + string.digits + "_"


@dataclass(frozen=True)
class SourceFile:
    """A file's text; `path` is relative to the project, as it is printed. `unreadable` says why there is no text."""

    path: str
    text: str = field(repr=False)
    unreadable: Problem | None = field(default=None, repr=False, compare=False)

    @cached_property
    def lines(self) -> list[str]:
        """Lines as libyaml counts them."""
        return _BREAK.split(self.text)

    def span_at(self, offset: int, length: int = 1) -> Span:
        """The place of a character of the text."""
        before = _BREAK.split(self.text[:offset])
        return Span(self, len(before), len(before[-1]) + 1, length)


@dataclass(frozen=True)
class Span:
    """A stretch of one line; line and column count from 1."""

    source: SourceFile = field(repr=False)
    line: int
    column: int
    length: int


_QUOTED = re.compile(r"`([^`]{80})[^`]{20,}`")


def readable(text: str) -> str:
    """A message on one line: long quotations cut short, characters that do not print as escapes."""
    short = _QUOTED.sub(lambda found: f"`{found[1]}…`", text)
    short = short if len(short) <= MAX_MESSAGE else short[:MAX_MESSAGE] + "…"
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in short)


@dataclass(frozen=True)
class Problem:
    """Something wrong with what was written. Message and help are `readable`, whatever stands in them."""

    code: str
    message: str
    span: Span
    help: str = ""
    severity: Literal["error", "warning"] = "error"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", readable(self.message))
        object.__setattr__(self, "help", readable(self.help))
        object.__setattr__(self, "notes", tuple(map(readable, self.notes)))

    @property
    def order(self) -> tuple[str, int, int, str]:
        return self.span.source.path, self.span.line, self.span.column, self.code


class Problems(Exception):
    """What is wrong with what was written; every problem that could be found in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__("\n\n".join(render_problem(problem) for problem in self.problems))


def render_problem(problem: Problem) -> str:
    """The problem as text: what, where, the source line, carets under the offending words, notes, the remedy."""
    span = problem.span
    number = str(span.line)
    gutter = " " * len(number)
    line = span.source.lines[span.line - 1] if span.line <= len(span.source.lines) else ""
    shown, column = _excerpt(line, span.column)
    carets = "^" * max(1, _width(shown[column - 1 : column - 1 + span.length]))
    report = [
        f"{problem.severity}[{problem.code}]: {problem.message}",
        f"{gutter}--> {readable(span.source.path)}:{span.line}:{span.column}",
        f"{gutter} |",
        f"{number} | {shown}".rstrip(),
        f"{gutter} | {' ' * _width(shown[: column - 1])}{carets}",
    ]
    report += (f"{gutter} = {note}" for note in problem.notes)
    if problem.help:
        report.append(f"{gutter} = help: {problem.help}")
    return "\n".join(report)


def _excerpt(line: str, column: int, width: int = 160) -> tuple[str, int]:
    """The part of a long line around a column, and the column in it."""
    start = min(max(0, column - width // 2), max(0, len(line) - width))
    before, after = "…" if start else "", "…" if start + width < len(line) else ""
    printable = "".join(char if char.isprintable() else " " for char in line[start : start + width])
    return before + printable + after, column - start + len(before)


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    narrow = sum(1 for char in text if not unicodedata.combining(char))
    return narrow + sum(1 for char in text if unicodedata.east_asian_width(char) in "WF")


def problem_to_annotation(problem: Problem, folder: str = "") -> str:
    """The problem as a workflow command of GitHub Actions; `folder` leads from the repository to the project.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    span = problem.span
    properties = {
        "file": f"{folder}/{span.source.path}" if folder else span.source.path,
        "line": span.line,
        "col": span.column,
        "endColumn": span.column + span.length,
        "title": f"muster[{problem.code}]",
    }
    written = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    said = [problem.message, *problem.notes, *([f"help: {problem.help}"] if problem.help else [])]
    return f"::{problem.severity} {written}::{_data(chr(10).join(said))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def nearest(name: str, known: Iterable[str]) -> str:
    """Help that names the most similar known name, or lists a few."""
    names = known if isinstance(known, Collection) else tuple(known)
    close = closest(name, names)
    if close:
        return f"did you mean `{close}`?"
    shown = ", ".join(f"`{known_name}`" for known_name in nsmallest(12, set(names)))
    if not shown:
        return ""
    return f"known is {shown}" if len(names) == 1 else f"known are {shown}{' …' if len(names) > 12 else ''}"


def closest(name: str, names: Collection[str]) -> str | None:
    """The known name that was meant, if one is similar; letters' case does not part them."""
    if len(names) > MANY:
        known_names = names if isinstance(names, Set | Mapping) else frozenset(names)
        return next((close for close in sorted(_one_slip_away(name.lower())) if close in known_names), None)
    known = {each.lower(): each for each in sorted(set(names), reverse=True)}
    close = difflib.get_close_matches(name.lower()[:100], known, n=1, cutoff=0.6)
    return known[close[0]] if close else None


def _one_slip_away(name: str) -> set[str]:
    """Every name that one letter left out, added, changed or swapped makes of this one, and the name itself."""
    pieces = [(name[:cut], name[cut:]) for cut in range(min(len(name), 60) + 1)]
    left_out = {start + end[1:] for start, end in pieces}
    swapped = {start + end[1] + end[0] + end[2:] for start, end in pieces if len(end) > 1}
    changed = {start + letter + end[1:] for start, end in pieces for letter in _LETTERS}
    added = {start + letter + end for start, end in pieces for letter in _LETTERS}
    return {name} | left_out | swapped | changed | added
