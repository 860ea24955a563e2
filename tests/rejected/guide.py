"""docs/problems.md: every code with what it means, a spec that is refused for it, and one that is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestration.compiler.codes import CODES, Code
from tests.rejected.cases import Case, cases

HEAD = """\
# What Muster says about specs

`muster check` shows every problem of every file at once: what is wrong, where, and what to do about it. `--json` gives
the same to programs; `--github` to pull requests, as annotations of their lines. Errors end a command with exit code 1,
warnings do not.

This page lists every code, with a spec that is refused and one that is not. It is made from the table in
`orchestration/compiler/codes.py` and the cases in `tests/rejected`, where there are many more; the specs use the
catalog `tests/rejected/shared/catalog.yml`.

"""
LANGUAGES = {".yml": "yaml", ".csv": "csv"}
UNSHOWN = {
    "encoding": "(text in the encoding Latin-1)",
    "too-large": "(a file of 1,200,000 bytes)",
    "unreadable": "(a folder with the name of a spec)",
}


def guide() -> str:
    """The whole page."""
    examples = {case.code: case for case in cases() if case.good.exists()}
    links = " · ".join(f"[{code}](#{code})" for code in CODES)
    return HEAD + links + "\n" + "".join(_entry(code, said, examples[code]) for code, said in CODES.items())


def _entry(code: str, said: Code, case: Case) -> str:
    report = case.report.read_text("utf-8").rstrip("\n")
    bad = UNSHOWN.get(code) or _example(case.path)
    return (
        f"\n## {code}\n\n{said.meaning} {said.remedy}\n\n"
        f"{bad}\n\n```\n{report}\n```\n\nNothing is said about\n\n{_example(case.good)}\n"
    )


def _example(path: Path) -> str:
    """A file, or the files of a folder, as code with their paths."""
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    return "\n\n".join(_code(each, each.relative_to(path).as_posix() if path.is_dir() else "") for each in files)


def _code(path: Path, named: str) -> str:
    text = path.read_text("utf-8").rstrip("\n")
    comment = f"# {named}\n" if named else ""
    return f"```{LANGUAGES.get(path.suffix, '')}\n{comment}{text}\n```"


def codes_without_example(known: Mapping[str, Code] = CODES, shown: Iterable[Case] | None = None) -> set[str]:
    """Codes that the page could not show."""
    return set(known) - {case.code for case in (cases() if shown is None else shown) if case.good.exists()}
