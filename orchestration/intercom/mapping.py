"""The mapping file: what Intercom calls otherwise than the catalog, and what its ids stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.compiler.fields import Fields, Report, as_scalar
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.source import Entry, Node, Scalar, parse


@dataclass(frozen=True)
class Renaming:
    """How the mapping file calls things; each name with its place, where it has one.

    `fields` gives attributes by Intercom's fields, `tags` and `segments` our names by Intercom's ids, and `values` for
    some fields our values by Intercom's.
    """

    fields: Mapping[str, Scalar] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    segments: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def source_to_renaming(source: SourceFile) -> Renaming:
    """The mapping file's content. Raises Problems."""
    report = Report()
    fields = Fields(parse(source), "the mapping", report)
    found = Renaming(
        fields={entry.name: as_scalar(entry.value) for entry in fields.entries("fields")},
        tags=_texts(fields.entries("tags")),
        segments=_texts(fields.entries("segments")),
        values={entry.name: _inner(entry.value, report) for entry in fields.entries("values")},
    )
    fields.close()
    report.close()
    return found


def _texts(entries: tuple[Entry, ...]) -> dict[str, str]:
    return {entry.name: as_scalar(entry.value).text for entry in entries}


def _inner(node: Node, report: Report) -> dict[str, str]:
    fields = Fields(node, "the values of a field", report)
    return _texts(tuple(fields.given.values()))
