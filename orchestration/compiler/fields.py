"""Reading the fields of a mapping: each is taken once, what is left over is unknown; problems are collected."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from orchestration.compiler.problem import Problem, Problems, SourceFile, Span, closest, nearest
from orchestration.compiler.source import Entry, Mapping, Node, Scalar, Sequence, read

T = TypeVar("T")
D = TypeVar("D")
MAX_PROBLEMS = 1_000


class TooManyProblems(Exception):
    """There is no end of them; raised by a report that is full."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"more than {MAX_PROBLEMS} problems")


@dataclass
class Report:
    """Where the stages leave their problems, so that all of them can be shown at once."""

    problems: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, span: Span, help_: str = "") -> None:
        self.add(Problem(code, message, span, help_))

    def warn(self, code: str, message: str, span: Span, help_: str = "") -> None:
        self.add(Problem(code, message, span, help_, "warning"))

    def attempt(self, work: Callable[[], T]) -> T | None:
        """The result of `work`, or None when it raised Problems, which are kept."""
        try:
            return work()
        except Problems as found:
            self.add(*found.problems)
            return None

    def add(self, *problems: Problem) -> None:
        self.problems.extend(problems)
        if len(self.problems) >= MAX_PROBLEMS:
            raise TooManyProblems(self.problems)

    def close(self) -> None:
        """Raise what was collected, if anything."""
        if any(problem.severity == "error" for problem in self.problems):
            raise Problems(dict.fromkeys(self.problems))


def error(code: str, message: str, span: Span, help_: str = "") -> Problems:
    """One problem, to be raised."""
    return Problems((Problem(code, message, span, help_),))


def collected(works: Iterable[Callable[[], T]]) -> tuple[T, ...]:
    """The results of all. Raises the Problems of all."""
    report = Report()
    found = [report.attempt(work) for work in works]
    report.close()
    return tuple(each for each in found if each is not None)


def source_to_node(source: SourceFile, report: Report) -> Node:
    """What a file holds; what could be passed over is reported. Raises Problems."""
    node, problems = read(source)
    for problem in problems:
        report.add(problem)
    return node


class Fields:
    """The fields of one mapping. A field that cannot be read is reported, and its default stands in."""

    def __init__(self, node: Node, what: str, report: Report) -> None:
        if not isinstance(node, Mapping):
            raise error("not-a-mapping", f"{what} must be a mapping of fields", node.span, "as in `name: value`")
        self.span = node.span
        self.what = what
        self.report = report
        self.given: dict[str, Entry] = {entry.name: entry for entry in node.entries}
        self.left = dict(self.given)
        self.known: list[str] = []
        self.missing: list[str] = []

    def take(self, name: str) -> Node | None:
        self.known.append(name)
        entry = self.left.pop(name, None)
        return entry.value if entry else None

    def require(self, name: str) -> Node:
        """A field that has to be there. Raises Problems."""
        node = self.take(name)
        if node is None:
            slip = next((entry for entry in self.left.values() if closest(entry.name, (name,))), None)
            raise Problems((self._unknown(slip, f"did you mean `{name}`?") if slip else self._missing(name),))
        return node

    def _unknown(self, entry: Entry, help_: str) -> Problem:
        return Problem("unknown-field", f"{self.what} has no field `{entry.name}`", entry.key.span, help_)

    def _missing(self, name: str) -> Problem:
        return Problem("missing-field", f"{self.what} has no `{name}`", self.span, f"add `{name}: …`")

    def read(self, name: str, read: Callable[[Node], T], default: D) -> T | D:
        """What `read` makes of a field; the default where there is none."""
        node = self.take(name)
        return default if node is None else self._read(node, read, default)

    def read_required(self, name: str, read: Callable[[Node], T], stand_in: D) -> T | D:
        """The same for a field that has to be there."""
        node = self.take(name)
        if node is None:
            self.missing.append(name)
            return stand_in
        return self._read(node, read, stand_in)

    def _read(self, node: Node, read: Callable[[Node], T], default: D) -> T | D:
        found = self.report.attempt(partial(read, node))
        return default if found is None else found

    def text(self, name: str, default: str = "") -> str:
        return self.read(name, as_text, default)

    def required_text(self, name: str) -> str:
        return self.read_required(name, as_text, "")

    def name(self, name: str, default: str | None = None) -> str:
        """The name of a column."""
        if default is None:
            return self.read_required(name, as_name, "")
        return self.read(name, as_name, default)

    def model(self, name: str) -> str:
        """The name of a dbt model or a table; dots part database and schema from the table."""
        return self.read_required(name, as_model, "")

    def boolean(self, name: str, default: bool = False) -> bool:
        return self.read(name, as_boolean, default)

    def texts(self, name: str) -> tuple[str, ...]:
        return self.read(name, as_texts, ())

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        return self.read(name, partial(as_choice, choices=choices), default)

    def entries(self, name: str) -> tuple[Entry, ...]:
        return self.read(name, as_entries, ())

    def is_misspelt(self, name: str) -> bool:
        """Whether a field that nobody took was meant to be this one."""
        return any(closest(left, self.known) == name for left in self.left)

    def close(self, hints: Mapping_[str, str] | None = None) -> None:
        """Report every field that nobody took, and the required ones that are there under no spelling.

        `hints` say of some names where they belong.
        """
        for entry in self.left.values():
            help_ = (hints or {}).get(entry.name) or nearest(entry.name, self.known)
            self.report.add(self._unknown(entry, help_))
        for name in self.missing:
            if not self.is_misspelt(name):
                self.report.add(self._missing(name))


def found_instead(node: Node) -> str:
    """What stands there, in words."""
    match node:
        case Mapping():
            return "this is a mapping"
        case Sequence():
            return "this is a list"
        case Scalar(value=None, text=""):
            return "there is nothing"
        case Scalar(value=str()):
            return f"this is the text `{node.text}`"
        case _:
            return f"this is `{node.text}`"


def as_text(node: Node) -> str:
    if isinstance(node, Scalar) and node.value is not None:
        return node.text
    help_ = "write it behind the colon, or remove the line" if isinstance(node, Scalar) else "write one text"
    raise error("not-text", f"expected a text, and {found_instead(node)}", node.span, help_)


def as_name(node: Node) -> str:
    """A table's or a column's name: nothing in it that opens a literal, a template or an escape."""
    text = as_text(node)
    if not text or set(text) & set("{}'\"\\;") or not text.isprintable():
        help_ = "names have no braces, quotes, backslashes and semicolons"
        raise error("bad-name", f"`{text}` cannot be the name of a table or a column", node.span, help_)
    return text


def as_model(node: Node) -> str:
    """A table's name, with its schema and database or without."""
    name = as_name(node)
    parts = name.split(".")
    if len(parts) > 3 or not all(parts):
        help_ = "as in `people`, `raw.people` or `lake.raw.people`"
        raise error("bad-name", f"`{name}` cannot be the name of a table", node.span, help_)
    return name


def as_scalar(node: Node) -> Scalar:
    """One text, with its place."""
    as_text(node)
    assert isinstance(node, Scalar)
    return node


def as_scalars(node: Node) -> tuple[Scalar, ...]:
    """A list of texts, with their places; one text stands for a list of one."""
    if isinstance(node, Scalar):
        return (as_scalar(node),)
    if not isinstance(node, Sequence) or not node.items:
        raise error("not-a-list", "expected one name or a list of names", node.span, "write `[a, b]`")
    return tuple(as_scalar(item) for item in node.items)


def as_boolean(node: Node) -> bool:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    raise error(
        "not-boolean",
        f"expected true or false, and {found_instead(node)}",
        node.span,
        "write `true` or `false`, without quotes",
    )


def as_texts(node: Node) -> tuple[str, ...]:
    """A list of texts; one text stands for a list of one."""
    return tuple(as_text(item) for item in node.items) if isinstance(node, Sequence) else (as_text(node),)


def as_choice(node: Node, choices: Collection[str]) -> str:
    text = as_text(node)
    if text not in choices:
        raise error("unknown-choice", f"`{text}` is not possible here", node.span, nearest(text, choices))
    return text


def as_entries(node: Node) -> tuple[Entry, ...]:
    if isinstance(node, Mapping):
        return node.entries
    raise error("not-a-mapping", f"expected a mapping, and {found_instead(node)}", node.span, "as in `name: value`")
