"""A comparison as a comment of a pull request, never longer than one may be."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from orchestration.comparing.audiences import AudienceChange
from orchestration.comparing.movement import Moves
from orchestration.comparing.segments import SegmentChange
from orchestration.comparing.telling import (
    MARKS,
    Telling,
    costs,
    in_common,
    moved,
    rules,
    sendings,
    settings,
    sizes,
    stops,
    through,
    unknowns,
    why,
)

MARKER = "<!-- muster plan -->"
LIMIT = 65_000  # bytes; GitHub refuses a comment of more than 65,536 characters
MANY = 20
# Marks that Markdown reads, names that notify, numbers that link: each spelled so that it is only itself.
_SPECIAL = str.maketrans(
    {
        **{mark: f"\\{mark}" for mark in "\\`*_[]~$"},
        **{mark: f"&#{ord(mark)};" for mark in "#@|"},
    }
)


def telling_to_markdown(telling: Telling, limit: int = LIMIT) -> str:
    """The plan in Markdown: figures in tables, details folded. What does not fit is counted instead."""
    comparison = telling.comparison
    page = _Page(limit)
    page.add([MARKER, "### Muster plan", "", f"{_plain(telling.headline())}.", ""])
    if said := [f"- {_plain(each)}" for each in telling.shared()]:
        page.add([*said, ""])
    segments = (SEGMENTS, [_row(each) for each in comparison.segments], "segments")
    audiences = (AUDIENCES, [_audience_row(each) for each in comparison.audiences], "audiences")
    # What would be sent is not looked for below hundreds of rows.
    for head, rows, of in (audiences, segments) if len(comparison.segments) > MANY else (segments, audiences):
        page.table(head, rows, of)
    page.details(["\n".join(_details(telling, each)) for each in comparison.segments if _has_details(each)])
    return page.text()


SEGMENTS = "| | segment | members | enter | leave |\n|---|---|---|---:|---:|"
AUDIENCES = "| audience | destination | next delivery, before → after | stopped by |\n|---|---|---|---|"


class _Page:
    """Text under a limit. Of the limit, tables take half at most, so that details of what comes first are there."""

    def __init__(self, limit: int) -> None:
        self.left = limit - 400
        self.lines: list[str] = []

    def add(self, lines: Iterable[str]) -> bool:
        """Add lines if they fit."""
        found = list(lines)
        size = sum(len(line.encode()) + 1 for line in found)
        if size > self.left:
            return False
        self.left -= size
        self.lines += found
        return True

    def table(self, head: str, rows: list[str], of: str) -> None:
        if not rows:
            return
        self.add([head])
        most = self.left - (self.left // 2)
        shown = 0
        while shown < len(rows) and self.left > most and self.add([rows[shown]]):
            shown += 1
        self.add(["", f"and {len(rows) - shown:,} more {of}", ""] if shown < len(rows) else [""])

    def details(self, blocks: list[str]) -> None:
        left_out = sum(not self.add([block, ""]) for block in blocks)
        if left_out:
            # Room for this line was kept.
            count = f"{left_out:,} more segment{'' if left_out == 1 else 's'}"
            self.lines.append(f"The details of {count} are too long for a comment: `muster plan` has them.")

    def text(self) -> str:
        return "\n".join(self.lines).rstrip() + "\n"


def _row(told: SegmentChange) -> str:
    movement = told.movement
    moves = (movement.entering.subjects, movement.leaving.subjects) if movement else (0, 0)
    counts = " | ".join(f"{each:,}" if each else "" for each in moves)
    return f"| {MARKS[told.change.kind]} | {_code(told.change.key)}<br>{_plain(why(told))} | {sizes(told)} | {counts} |"


def _audience_row(told: AudienceChange) -> str:
    stopped = "<br>".join(f"⚠️ {_plain(reason)}" for reason in stops(told))
    because = "".join(f"<br>{_plain(said)}" for said in (", ".join(told.because), *settings(told.settings)))
    return f"| {_code(told.audience)}{because} | {_plain(told.destination)} | {_plain(sendings(told))} | {stopped} |"


def _has_details(told: SegmentChange) -> bool:
    return told.movement is not None or told.rule_before != told.rule_after


def _details(telling: Telling, told: SegmentChange) -> Iterator[str]:
    yield f"<details><summary><b>{html.escape(told.change.key)}</b>: {html.escape(sizes(told))}</summary>"
    yield ""
    yield from (f"- {side}: {_plain(rule)}" for side, rule in rules(told))
    if told.sql and told.rule_before and told.rule_after:
        yield from _fenced("diff", told.sql)
    for said, moves in moved(told):
        yield from _moves(telling, told, said, moves)
    if said := unknowns(told):
        yield f"- {said}"
    yield from (f"- overlaps with {_code(segment)}: {said}" for segment, said in in_common(told))
    if said := costs(told):
        yield f"- cost: {said}"
    yield ""
    yield "</details>"


def _moves(telling: Telling, told: SegmentChange, said: str, moves: Moves) -> Iterator[str]:
    entity = told.change.segment.entity
    keys = telling.keys(entity, moves.examples)
    hashed = " (hashes of keys)" if telling.hides(entity) else ""
    such_as = f", such as {', '.join(map(_code, keys))}{hashed}" if keys else ""
    yield f"- {said}{such_as}"
    yield from (f"  - {_plain(each)}" for each in through(moves))


def _fenced(language: str, lines: Iterable[str]) -> Iterator[str]:
    """Code that cannot end its own fence."""
    found = list(lines)
    longest = max((len(each) for line in found for each in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield ""
    yield f"{fence}{language}"
    yield from found
    yield fence
    yield ""


def _code(text: str) -> str:
    """A name that is nothing but a name."""
    return f"<code>{_plain(text)}</code>"


def _plain(text: str) -> str:
    """Words that are nothing but words, on one line."""
    return " ".join(html.escape(text, quote=False).translate(_SPECIAL).split())
