"""Reading the fields of a mapping: each is taken once, what is left over is unknown; problems are collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from orchestration.compiler.problem import Problem, Problems, Span, nearest
from orchestration.compiler.source import Entry, Mapping, Node, Scalar, Sequence

T = TypeVar("T")


@dataclass
class Report:
    """Where the stages leave their problems, so that all of them can be shown at once."""

    problems: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, span: Span, help_: str = "") -> None:
        self.problems.append(Problem(code, message, span, help_))

    def warn(self, code: str, message: str, span: Span, help_: str = "") -> None:
        self.problems.append(Problem(code, message, span, help_, "warning"))

    def attempt(self, work: Callable[[], T]) -> T | None:
        """The result of `work`, or None when it raised Problems, which are kept."""
        try:
            return work()
        except Problems as found:
            self.problems.extend(found.problems)
            return None

    def close(self) -> None:
        """Raise what was collected, if anything."""
        if any(problem.severity == "error" for problem in self.problems):
            raise Problems(dict.fromkeys(self.problems))


def error(code: str, message: str, span: Span, help_: str = "") -> Problems:
    """One problem, to be raised."""
    return Problems((Problem(code, message, span, help_),))


class Fields:
    """The fields of one mapping."""

    def __init__(self, node: Node, what: str, report: Report) -> None:
        if not isinstance(node, Mapping):
            raise error("not-a-mapping", f"{what} must be a mapping of fields", node.span)
        self.span = node.span
        self.what = what
        self.report = report
        self.left: dict[str, Entry] = {entry.name: entry for entry in node.entries}
        self.known: list[str] = []

    def take(self, name: str) -> Node | None:
        self.known.append(name)
        entry = self.left.pop(name, None)
        return entry.value if entry else None

    def require(self, name: str) -> Node:
        node = self.take(name)
        if node is None:
            raise error("missing-field", f"{self.what} has no `{name}`", self.span, f"add `{name}: …`")
        return node

    def text(self, name: str, default: str = "") -> str:
        node = self.take(name)
        return default if node is None else as_text(node)

    def required_text(self, name: str) -> str:
        return as_text(self.require(name))

    def name(self, name: str, default: str | None = None) -> str:
        """The name of a table or a column; dots part a schema from a table. Raises Problems."""
        node = self.require(name) if default is None else self.take(name)
        return default or "" if node is None else as_name(node)

    def boolean(self, name: str, default: bool = False) -> bool:
        node = self.take(name)
        return default if node is None else as_boolean(node)

    def texts(self, name: str) -> tuple[str, ...]:
        node = self.take(name)
        return () if node is None else as_texts(node)

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        node = self.take(name)
        return default if node is None else as_choice(node, choices)

    def entries(self, name: str) -> tuple[Entry, ...]:
        node = self.take(name)
        return () if node is None else as_entries(node)

    def close(self) -> None:
        """Report every field that nobody took."""
        for entry in self.left.values():
            self.report.error(
                "unknown-field",
                f"{self.what} has no field `{entry.name}`",
                entry.key.span,
                nearest(entry.name, self.known),
            )


def as_text(node: Node) -> str:
    if isinstance(node, Scalar) and node.value is not None:
        return node.text
    raise error("not-text", "expected a text", node.span)


def as_name(node: Node) -> str:
    """A table's or a column's name: nothing in it that opens a literal, a template or an escape."""
    text = as_text(node)
    if not text or set(text) & set("{}'\"\\;") or not text.isprintable():
        help_ = "without braces, quotes, backslashes and semicolons"
        raise error("bad-name", f"`{text}` cannot be the name of a table or a column", node.span, help_)
    return text


def as_boolean(node: Node) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise error("not-boolean", "expected true or false", node.span)


def as_texts(node: Node) -> tuple[str, ...]:
    """A list of texts; one text stands for a list of one."""
    return tuple(as_text(item) for item in node.items) if isinstance(node, Sequence) else (as_text(node),)


def as_choice(node: Node, choices: Iterable[str]) -> str:
    text = as_text(node)
    if text not in choices:
        raise error("unknown-choice", f"`{text}` is not possible here", node.span, nearest(text, choices))
    return text


def as_entries(node: Node) -> tuple[Entry, ...]:
    if isinstance(node, Mapping):
        return node.entries
    raise error("not-a-mapping", "expected a mapping", node.span)
