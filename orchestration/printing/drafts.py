"""What is said of a segment that was written, or could not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestration import printing
from orchestration.compiler.problem import Problem
from orchestration.drafts.draft import Draft
from orchestration.drafts.judging import Judged
from orchestration.intercom.fault import Fault


def refused(judged: Judged, *, as_json: bool) -> None:
    """Why nothing was written: the draft's own problems, or, where it has none, those of other files."""
    own = _errors(judged.own)
    printing.problems(own or judged.others, as_json=as_json)
    if as_json:
        return
    if own and judged.others:
        count = len(judged.others)
        printing.notes([f"other files have {count} error{'' if count == 1 else 's'} too: `muster check` shows them"])
    reason = "put this right" if own else "the draft has no errors, but other files do: put them right first"
    printing.error(f"nothing was written: {reason}")


def _errors(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.severity == "error"]


def written(
    draft: Draft, judged: Judged, *, as_json: bool, dbt: bool, more: Mapping[str, object] | None = None
) -> None:
    """Where the segment is, its rule in words, its warnings, and which commands come next."""
    if as_json:
        warnings = [{"code": each.code, "message": each.message, "line": each.span.line} for each in judged.own]
        content = {"segment": draft.key, "path": draft.path, "rule": judged.rule, "warnings": warnings}
        printing.json_({**content, **(more or {})})
        return
    printing.problems(judged.own, as_json=False)
    printing.line(f"wrote {draft.path}: {judged.rule}")
    following = [f"muster preview {draft.key}", *(["muster compile", "muster schema"] if dbt else [])]
    printing.line(f"next: {', '.join(f'`{command}`' for command in following)}")


def shown(draft: Draft, judged: Judged) -> None:
    """The file that would be written."""
    printing.problems(judged.own, as_json=False)
    printing.line(draft.to_source().text.removesuffix("\n"))


def faults(found: Sequence[Fault], *, as_json: bool) -> None:
    """What of a query cannot be taken over, all at once."""
    if as_json:
        printing.json_({"faults": [{"path": each.path, "reason": each.reason, "help": each.remedy} for each in found]})
        return
    for each in found:
        printing.error(f"{each.path}: {each.reason}\n  = help: {each.remedy}")
    printing.error(f"nothing was written: {len(found)} part{'' if len(found) == 1 else 's'} cannot be taken over")
