"""The lines that git leaves in a file where two branches changed the same lines."""

from __future__ import annotations

import re

from orchestration.compiler.problem import Problem, Problems, SourceFile

# https://git-scm.com/docs/git-merge, "How conflicts are presented"
_MARKER = re.compile(r"^(?:([<|>])\1{6}(?: .*)?|={7})$", re.MULTILINE)
_HELP = "keep what is meant of both sides, and delete the lines of `<<<<<<<`, `=======` and `>>>>>>>`"


def is_marker(line: str) -> bool:
    """Whether git wrote a line to mark a conflict."""
    return _MARKER.fullmatch(line) is not None


def refuse_conflicts(source: SourceFile) -> None:
    """Raise Problems where a merge left conflicts: one for each that begins, or for the first line left of one."""
    found = [*_MARKER.finditer(source.text)]
    begun = [marker for marker in found if marker[1] == "<"]
    if begun:
        raise Problems(
            _problem(source, marker, "a merge left a conflict here that nobody has resolved") for marker in begun
        )
    if found:
        raise Problems((_problem(source, found[0], "a line that a merge left behind"),))


def _problem(source: SourceFile, marker: re.Match[str], message: str) -> Problem:
    return Problem("conflict", message, source.span_at(marker.start(), len(marker[0])), _HELP)
