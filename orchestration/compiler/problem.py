"""Problems as data, with a place; one function prints them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal


@dataclass(frozen=True)
class SourceFile:
    """A file's text; `path` is relative to the project, as it is printed."""

    path: str
    text: str = field(repr=False)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()


@dataclass(frozen=True)
class Span:
    """A stretch of one line; line and column count from 1."""

    source: SourceFile = field(repr=False)
    line: int
    column: int
    length: int


@dataclass(frozen=True)
class Problem:
    code: str
    message: str
    span: Span
    help: str = ""
    severity: Literal["error", "warning"] = "error"
    notes: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, int, int, str]:
        return self.span.source.path, self.span.line, self.span.column, self.code


class Problems(Exception):
    """What is wrong with what was written; every problem that could be found in one go."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.order))
        super().__init__("\n\n".join(render_problem(problem) for problem in self.problems))


def render_problem(problem: Problem) -> str:
    """The problem as text: what, where, the source line, a caret under the offending words, notes, the remedy."""
    span = problem.span
    number = str(span.line)
    gutter = " " * len(number)
    line = span.source.lines[span.line - 1] if span.line <= len(span.source.lines) else ""
    shown, column = _excerpt(line, span.column)
    carets = "^" * max(1, min(span.length, len(shown) - column + 1))
    report = [
        f"{problem.severity}[{problem.code}]: {problem.message}",
        f"{gutter}--> {span.source.path}:{span.line}:{span.column}",
        f"{gutter} |",
        f"{number} | {shown}",
        f"{gutter} | {' ' * (column - 1)}{carets}",
    ]
    report += (f"{gutter} = {note}" for note in problem.notes)
    if problem.help:
        report.append(f"{gutter} = help: {problem.help}")
    return "\n".join(report)


def _excerpt(line: str, column: int, width: int = 160) -> tuple[str, int]:
    """The part of a long line around a column, and the column in it."""
    start = max(0, column - width // 2) if len(line) > width else 0
    printable = "".join(char if char.isprintable() else " " for char in line[start : start + width])
    return printable, column - start


def nearest(name: str, names: Iterable[str]) -> str:
    """Help that names the most similar known name, or lists a few."""
    known = sorted(set(names))
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean `{close[0]}`?"
    shown = ", ".join(f"`{known_name}`" for known_name in known[:12])
    return f"known are {shown}{' …' if len(known) > 12 else ''}" if known else ""
