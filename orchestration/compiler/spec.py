"""Segments as written: one per file, fields read, the rule itself still a node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

from orchestration.compiler.fields import Fields, Report, as_scalar, as_scalars, error, source_to_node
from orchestration.compiler.problem import SourceFile, Span
from orchestration.compiler.segment import Status
from orchestration.compiler.source import Node, Scalar

KEY = re.compile(r"[a-z][a-z0-9_]{0,54}\Z")
NO_KEYS = ("valid_from", "valid_to")  # columns beside the flags in what is recorded


@dataclass(frozen=True)
class SegmentSpec:
    """A segment as written. `entity` is empty where the file does not say it, which is a problem already."""

    key: str
    source: SourceFile
    name: str
    entity: str
    entity_span: Span
    description: str
    owner: str
    labels: tuple[str, ...]
    status: Status
    hidden: bool
    where: Node | None
    members: Scalar | None
    tests: Node | None = None
    daily: bool = True
    formerly: tuple[Scalar, ...] = ()
    active_by: Node | None = None


def source_to_key(source: SourceFile) -> str:
    """The key that the file's name gives. Raises Problems."""
    key = PurePosixPath(source.path).stem
    if not KEY.match(key) or key.startswith("dbt_") or key in NO_KEYS:
        help_ = "use small letters, digits and _, beginning with a letter but not with dbt_, at most 55"
        raise error("bad-key", f"the file's name gives the key `{key}`", Span(source, 1, 1, 1), help_)
    return key


def source_to_segment_spec(source: SourceFile, report: Report) -> SegmentSpec | None:
    """The fields of a segment's file, as far as they can be read; None where not even the key can."""
    key = report.attempt(partial(source_to_key, source))
    fields = report.attempt(lambda: Fields(source_to_node(source, report), "the segment", report))
    if fields is None:
        return None if key is None else unread_spec(key, source)
    where, tests, active_by = fields.take("where"), fields.take("tests"), fields.take("active_by")
    members = fields.read("members", as_scalar, None)
    entity = fields.read_required("entity", as_scalar, Scalar("", "", fields.span))
    title = (key or "").replace("_", " ").capitalize()
    spec = SegmentSpec(
        key=key or "",
        source=source,
        name=fields.text("name", title),
        entity=entity.text,
        entity_span=entity.span,
        description=fields.text("description"),
        owner=fields.text("owner"),
        labels=fields.texts("labels"),
        status=Status(fields.choice("status", [status.value for status in Status], Status.ACTIVE.value)),
        hidden=fields.boolean("hidden"),
        where=where,
        members=members,
        tests=tests,
        daily=fields.boolean("daily", True),
        formerly=fields.read("formerly", former_keys, ()),
        active_by=active_by,
    )
    _check_rule(fields, where, "members" in fields.given, report)
    fields.close()
    return spec if key else None


def unread_spec(key: str, source: SourceFile) -> SegmentSpec:
    """What stands for a segment whose file cannot be read, so that references to it are no further problems."""
    nowhere = Span(source, 1, 1, 1)
    return SegmentSpec(key, source, "", "", nowhere, "", "", (), Status.ACTIVE, False, None, None)


def _check_rule(fields: Fields, where: Node | None, members: bool, report: Report) -> None:
    if where is None and not members and not any(fields.is_misspelt(name) for name in ("where", "members")):
        help_ = "add `where:` with a rule, or `members:` with a fixed list"
        report.error("no-rule", "the segment says nothing about its members", fields.span, help_)
    if where is not None and members:
        message = "a segment has `where` or `members`, not both"
        report.error("no-rule", message, fields.given["members"].key.span, "remove one of the two")


def former_keys(node: Node) -> tuple[Scalar, ...]:
    """The keys that a file had before. Raises Problems."""
    found = as_scalars(node)
    for each in found:
        if not KEY.match(each.text):
            raise error(
                "bad-former-key", f"`{each.text}` cannot have been a key", each.span, "as in `formerly: old_key`"
            )
    return found
