"""Which conditions of a rule decided about a subject, and which of them would have to be otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Literal

from orchestration.questions.explaining import Finding


@dataclass(frozen=True)
class Need:
    """What would have to be so: that a condition `holds` or does not, or all or any of other needs."""

    kind: Literal["all", "any", "condition"]
    said: str = ""
    holds: bool = True
    parts: tuple[Need, ...] = ()


def deciding(finding: Finding) -> tuple[Finding, ...]:
    """The conditions because of which the whole holds or does not.

    An `all` that holds does so by each of its parts, one that fails by each that fails; an `any` the other way round.
    """
    parts = _alike(finding)
    return tuple(chain.from_iterable(map(deciding, parts))) if parts else (finding,)


def turning(finding: Finding) -> tuple[Finding, ...]:
    """The conditions of which one alone, were it otherwise, would turn the whole."""
    parts = _alike(finding)
    if not parts:
        return (finding,)
    alone = _each_turns(finding) or len(parts) == 1
    return tuple(chain.from_iterable(map(turning, parts))) if alone else ()


def otherwise(finding: Finding) -> Need:
    """What would have to be so for the whole to be otherwise, as if its conditions were independent of each other."""
    parts = tuple(map(otherwise, _alike(finding)))
    if not parts:
        return Need("condition", finding.said, not finding.holds)
    return parts[0] if len(parts) == 1 else Need("any" if _each_turns(finding) else "all", parts=parts)


def need_to_words(need: Need) -> str:
    if need.kind == "condition":
        return need.said if need.holds else f"not ({need.said})"
    parts = (need_to_words(part) for part in need.parts)
    return {"all": " and ", "any": " or "}[need.kind].join(
        f"({said})" if part.kind != "condition" else said for part, said in zip(need.parts, parts, strict=True)
    )


def _alike(finding: Finding) -> tuple[Finding, ...]:
    """The parts that answer as all of them joined, before any negation: it is they that made the answer."""
    if finding.kind == "condition":
        return ()
    joined = _joined(finding)
    return tuple(part for part in finding.parts if part.holds is joined)


def _joined(finding: Finding) -> bool:
    return finding.holds is (finding.kind in ("all", "any"))


def _each_turns(finding: Finding) -> bool:
    """Whether each part that made the answer is needed for it."""
    return _joined(finding) is (finding.kind in ("all", "not all"))
