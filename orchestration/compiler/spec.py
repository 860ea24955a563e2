"""Specs as written: one segment or one audience per file, fields read, the rule itself still a node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple

from orchestration.compiler.fields import Fields, Report, as_text, error
from orchestration.compiler.problem import SourceFile, Span
from orchestration.compiler.segment import Status
from orchestration.compiler.source import Entry, Node, Scalar, Sequence, read

KEY = re.compile(r"[a-z][a-z0-9_]{0,54}\Z")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,54}\Z")
RESERVED = ("operation", "held_back_by", "consent", "as_of_date")
NO_KEYS = ("valid_from", "valid_to")  # columns beside the flags in what is recorded
SENDS = ("full", "changes", "entries_once")


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


class AudienceField(NamedTuple):
    """A column of the file that is sent: its name, where that stands, and the attribute it holds."""

    name: str
    span: Span
    value: Scalar


@dataclass(frozen=True)
class AudienceSpec:
    """Who is sent where: the members of `segment`, as identifiers and fields, to a destination."""

    key: str
    source: SourceFile
    name: str
    description: str
    owner: str
    segment: Scalar
    destination: Scalar
    send: str
    identify_by: tuple[Scalar, ...]
    fields: tuple[AudienceField, ...]
    consent: Scalar | None
    exclude_segments: tuple[Scalar, ...]
    max_change: Decimal | None
    allow_empty: bool
    schedule: str | None


@dataclass(frozen=True)
class DestinationSpec:
    """A place for audience files: its type, and the settings that its module reads."""

    name: str
    type: str
    settings: tuple[tuple[str, str], ...]


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
    fields = report.attempt(lambda: Fields(_read(source, report), "the segment", report))
    if fields is None:
        return None if key is None else unread_spec(key, source)
    where, tests, active_by = fields.take("where"), fields.take("tests"), fields.take("active_by")
    members = fields.read("members", _scalar, None)
    entity = fields.read_required("entity", _scalar, Scalar("", "", fields.span))
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
        formerly=fields.read("formerly", _keys, ()),
        active_by=active_by,
    )
    _check_rule(fields, where, "members" in fields.given, report)
    fields.close()
    return spec if key else None


def _read(source: SourceFile, report: Report) -> Node:
    node, problems = read(source)
    for problem in problems:
        report.add(problem)
    return node


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


def _scalar(node: Node) -> Scalar:
    as_text(node)
    assert isinstance(node, Scalar)
    return node


def _scalars(node: Node) -> tuple[Scalar, ...]:
    if isinstance(node, Scalar):
        return (_scalar(node),)
    if not isinstance(node, Sequence) or not node.items:
        raise error("not-a-list", "expected one name or a list of names", node.span, "write `[a, b]`")
    return tuple(_scalar(item) for item in node.items)


def _audience_field(entry: Entry) -> AudienceField:
    """A column of the file that is sent."""
    if not NAME.match(entry.name):
        help_ = "use letters, digits and _, beginning with a letter, at most 55"
        raise error("bad-name", f"`{entry.name}` cannot be the name of a field", entry.key.span, help_)
    return AudienceField(entry.name, entry.key.span, _scalar(entry.value))


def source_to_audience_spec(source: SourceFile, report: Report) -> AudienceSpec | None:
    """The fields of an audience's file, as far as they can be read; None where it cannot be read at all."""
    key = report.attempt(partial(source_to_key, source)) or ""
    fields = report.attempt(lambda: Fields(_read(source, report), "the audience", report))
    if fields is None:
        return None
    max_change, allow_empty = fields.read("guard", partial(_guard, report=report), (None, False))
    nothing = Scalar("", "", fields.span)
    spec = AudienceSpec(
        key=key,
        source=source,
        name=fields.text("name", key.replace("_", " ").capitalize()),
        description=fields.text("description"),
        owner=fields.text("owner"),
        segment=fields.read_required("segment", _scalar, nothing),
        destination=fields.read_required("destination", _scalar, nothing),
        send=fields.choice("send", SENDS, "changes"),
        identify_by=fields.read_required("identify_by", _scalars, ()),
        fields=_audience_fields(fields.entries("fields"), report),
        consent=fields.read("consent", _scalar, None),
        exclude_segments=fields.read("exclude_segments", _scalars, ()),
        max_change=max_change,
        allow_empty=allow_empty,
        schedule=fields.read("schedule", _cron, None),
    )
    fields.close()
    return spec


def _audience_fields(entries: tuple[Entry, ...], report: Report) -> tuple[AudienceField, ...]:
    found = (report.attempt(partial(_audience_field, entry)) for entry in entries)
    return tuple(field for field in found if field)


def _guard(node: Node, report: Report) -> tuple[Decimal | None, bool]:
    fields = Fields(node, "`guard`", report)
    change = fields.read("max_change", _share, None)
    allow_empty = fields.boolean("allow_empty")
    fields.close()
    return change, allow_empty


def _keys(node: Node) -> tuple[Scalar, ...]:
    found = _scalars(node)
    for each in found:
        if not KEY.match(each.text):
            raise error(
                "bad-former-key", f"`{each.text}` cannot have been a key", each.span, "as in `formerly: old_key`"
            )
    return found


def _share(node: Node) -> Decimal:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*%", as_text(node))
    if not found:
        raise error("bad-share", f"`{as_text(node)}` is not a share", node.span, "as in `20%`")
    return Decimal(found[1]) / 100


def _cron(node: Node) -> str:
    text = as_text(node)
    help_ = 'write minute, hour, day of the month, month and day of the week, as in "0 7 * * *"'
    if not re.fullmatch(r"([\d*/,-]+\s+){4}[\d*/,A-Za-z-]+", text) or not _in_range(text):
        raise error("bad-schedule", f"`{text}` is not a schedule", node.span, help_)
    return text


def _in_range(cron: str) -> bool:
    """Whether every number of a schedule is one that its field knows."""
    limits = zip(cron.split(), ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)), strict=True)
    return all(low <= int(number) <= high for part, (low, high) in limits for number in re.findall(r"\d+", part))


def source_to_destinations(source: SourceFile, report: Report) -> dict[str, DestinationSpec]:
    """What `destinations.yml` names, as far as it can be read."""
    fields = report.attempt(lambda: Fields(_read(source, report), "destinations", report))
    found = (report.attempt(partial(_destination, entry, report)) for entry in (fields.left.values() if fields else ()))
    return {each.name: each for each in found if each}


def _destination(entry: Entry, report: Report) -> DestinationSpec:
    fields = Fields(entry.value, f"destination `{entry.name}`", report)
    kind = fields.choice("type", ("folder",), "folder")
    settings = (("path", fields.required_text("path")),)
    fields.close()
    return DestinationSpec(entry.name, kind, settings)
