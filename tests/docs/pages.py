"""README.md and docs/*.md in parts: blocks of code, code among words, headings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.project import REPOSITORY

PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", flags=re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINK = re.compile(r"\[[^\]\[]*(?:\[[^\]]*\][^\]\[]*)*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.*)$", flags=re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block of code: its language, its text without the page's indentation, its first line."""

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """One page: its blocks, and its words without them."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(REPOSITORY).as_posix()

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def blocks(self) -> list[Block]:
        text = self.text
        return [
            Block(self.name, text[: found.start()].count("\n") + 1, found[2], _flush_left(found[3], found[1]))
            for found in FENCE.finditer(text)
        ]

    @property
    def words(self) -> str:
        return FENCE.sub("", self.text)

    @property
    def spans(self) -> list[str]:
        """Code among the words; one may go on over the end of a line."""
        return [" ".join(found.split()) for found in SPAN.findall(self.words)]

    @property
    def links(self) -> list[str]:
        return LINK.findall(self.words)

    @property
    def anchors(self) -> set[str]:
        """What can be linked to on the page, named as GitHub names it."""
        found: dict[str, int] = {}
        anchors = set()
        for heading in HEADING.findall(self.words):
            name = _anchor(heading)
            found[name] = found.get(name, -1) + 1
            anchors.add(f"{name}-{found[name]}" if found[name] else name)
        return anchors


@cache
def pages() -> list[Page]:
    return [Page(path) for path in PAGES]


def blocks(*languages: str) -> list[Block]:
    """The blocks of all pages in these languages."""
    return [block for page in pages() for block in page.blocks if block.language in languages]


def _flush_left(text: str, indentation: str) -> str:
    return "".join(line.removeprefix(indentation) for line in text.splitlines(keepends=True))


def _anchor(heading: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
