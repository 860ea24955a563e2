"""What is written differently in a file of settings: the catalog, the destinations, an audience."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import Mapping, Node, Scalar, Sequence, parse

LONGEST = 60


@dataclass(frozen=True)
class Difference:
    """A setting, and what is written there before and after; empty where nothing is."""

    setting: str
    before: str
    after: str


def differences(before: SourceFile | None, after: SourceFile | None) -> tuple[Difference, ...]:
    """The settings that differ, those of the file after in their order first; comments and layout are no difference."""
    old, new = _settings(before), _settings(after)
    return tuple(
        Difference(name, shortened(old.get(name, "")), shortened(new.get(name, "")))
        for name in dict.fromkeys((*new, *old))
        if old.get(name) != new.get(name)
    )


def without_words(found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Without descriptions, which change nothing."""
    return tuple(each for each in found if each.setting.rpartition(".")[2] != "description")


def _settings(source: SourceFile | None) -> dict[str, str]:
    return dict(_leaves((), parse(source))) if source else {}


def _leaves(path: tuple[str, ...], node: Node) -> Iterator[tuple[str, str]]:
    """Every value that is no mapping, under the names that lead to it."""
    match node:
        case Mapping(entries=entries) if entries:
            for entry in entries:
                yield from _leaves((*path, entry.name), entry.value)
        case _:
            yield ".".join(path), flow(node)


def flow(node: Node) -> str:
    """A node on one line, much as YAML writes it."""
    match node:
        case Scalar(text=text):
            return text
        case Sequence(items=items):
            return f"[{', '.join(map(flow, items))}]"
        case Mapping(entries=entries):
            return f"{{{', '.join(f'{each.name}: {flow(each.value)}' for each in entries)}}}"
        case _:
            assert_never(node)


def shortened(text: str) -> str:
    """A long value by how it begins."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
