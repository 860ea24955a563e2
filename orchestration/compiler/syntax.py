"""What libyaml says about text that is no YAML, in words that help."""

from __future__ import annotations

from typing import NamedTuple

import yaml

from orchestration.compiler.problem import Problem, SourceFile, Span


class _Said(NamedTuple):
    """A message and its remedy; `opening` when the fault is told where the words began, not where reading stopped."""

    message: str
    help: str
    opening: bool = False


_QUOTE = "quote a text that begins with a sign such as `@`, `%`, `,`, `]` or a backtick"
_SAID = {
    "did not find expected ',' or ']'": _Said("the list that begins here is not closed", "close it: `[a, b]`", True),
    "did not find expected ',' or '}'": _Said("the mapping that begins here is not closed", "close it: `{a: b}`", True),
    "found unexpected end of stream": _Said("the quoted text that begins here has no end", "close the quotes", True),
    "could not find expected ':'": _Said("this line has no colon", "write `name: value`", True),
    "did not find expected '-' indicator": _Said(
        "this line belongs to no list", "begin it with `- `, indented like its neighbours"
    ),
    "did not find expected <document start>": _Said(
        "nothing can follow here", "indent it like the lines before; check quotes and brackets"
    ),
    "found unknown escape character": _Said(
        "in double quotes a backslash begins an escape, and this is none", "use 'single quotes'"
    ),
    "block sequence entries are not allowed": _Said("a list cannot begin here", "begin it on a line of its own"),
    "did not find expected node content": _Said("there is no value here", _QUOTE),
    "did not find expected comment or line break": _Said(
        "a text after `>` or `|` begins on the next line", "quote a text that begins with `>` or `|`"
    ),
}
_TABS = _Said("a tab where spaces have to be", "indent with spaces")


def syntax_problem(source: SourceFile, error: yaml.YAMLError) -> Problem:
    """The problem that an error of libyaml stands for."""
    detail = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
    context, mark = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    before = source.lines[line - 1][: column - 1] if line <= len(source.lines) else ""
    said = _said(detail, before, source.lines[line - 1][column - 1 :] if line <= len(source.lines) else "")
    if said.opening and context:
        line, column = context.line + 1, context.column + 1
    return Problem("yaml", f"not valid YAML: {said.message}", _within(source, line, column), said.help)


def _said(detail: str, before: str, after: str) -> _Said:
    """What is wrong, by the words before and after the place where libyaml stopped."""
    if detail.startswith("found a tab character") or (after.startswith("\t") and not before.strip()):
        return _TABS
    if detail.startswith("found character that cannot start any token"):
        return _Said(f"no value begins with `{after[:1]}`", _QUOTE)
    if detail.startswith("mapping values are not allowed"):
        return _second_colon(before)
    if detail.startswith("did not find expected key"):
        return _no_key(before)
    found = next((said for start, said in _SAID.items() if detail.startswith(start)), None)
    return found or _Said(detail, "check quotes, brackets and indentation")


def _second_colon(before: str) -> _Said:
    if ": " in before:
        return _Said("a second `: ` on one line", 'quote a text that holds a colon: "like: this"')
    return _Said("the line before has a value already, so nothing can stand below it", "indent it like that line")


def _no_key(before: str) -> _Said:
    if before.strip():
        return _Said("nothing can follow here", "check quotes and brackets")
    return _Said("this line belongs to no mapping", "indent it like its neighbours")


def _within(source: SourceFile, line: int, column: int) -> Span:
    """A place in the text; one behind its end is the end of its last words."""
    while line > 1 and (line > len(source.lines) or not source.lines[line - 1].strip()):
        line -= 1
        column = len(source.lines[line - 1].rstrip()) + 1
    return Span(source, line, column, 1)
