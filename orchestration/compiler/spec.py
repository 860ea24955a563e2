"""Specs as written: one segment or one audience per file, fields read, the rule itself still a node."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import PurePosixPath

from orchestration.compiler.fields import Fields, Report, as_text, error
from orchestration.compiler.problem import SourceFile, Span
from orchestration.compiler.segment import Status
from orchestration.compiler.source import Entry, Node, Scalar, Sequence, parse

KEY = re.compile(r"[a-z][a-z0-9_]{0,54}\Z")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,54}\Z")
RESERVED = ("operation", "held_back_by", "consent", "as_of_date")
SENDS = ("full", "changes", "entries_once")


@dataclass(frozen=True)
class SegmentSpec:
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
    fields: tuple[tuple[str, Scalar], ...]
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
    if not KEY.match(key) or key.startswith("dbt_"):
        help_ = "use small letters, digits and _, beginning with a letter but not with dbt_, at most 55"
        raise error("bad-key", f"the file's name gives the key `{key}`", Span(source, 1, 1, 1), help_)
    return key


def source_to_segment_spec(source: SourceFile) -> SegmentSpec:
    """The fields of a segment's file. Raises Problems."""
    report = Report()
    fields = Fields(parse(source), "the segment", report)
    where, members, tests = (fields.take(name) for name in ("where", "members", "tests"))
    entity = fields.require("entity")
    if members is not None and not isinstance(members, Scalar):
        raise error("not-text", "`members` names one file", members.span, "as in `members: static/testers.csv`")
    key = source_to_key(source)
    spec = SegmentSpec(
        key=key,
        source=source,
        name=fields.text("name", key.replace("_", " ").capitalize()),
        entity=as_text(entity),
        entity_span=entity.span,
        description=fields.text("description"),
        owner=fields.text("owner"),
        labels=fields.texts("labels"),
        status=Status(fields.choice("status", [status.value for status in Status], Status.ACTIVE.value)),
        hidden=fields.boolean("hidden"),
        where=where,
        members=members,
        tests=tests,
    )
    fields.close()
    report.close()
    if (where is None) == (members is None):
        raise error("no-rule", "a segment has `where` or `members`, one of the two", fields.span)
    return spec


def _scalar(node: Node) -> Scalar:
    as_text(node)
    assert isinstance(node, Scalar)
    return node


def _scalars(node: Node | None) -> tuple[Scalar, ...]:
    if node is None:
        return ()
    if isinstance(node, Scalar):
        return (_scalar(node),)
    if not isinstance(node, Sequence) or not node.items:
        raise error("not-a-list", "expected one name or a list of names", node.span, "write `[a, b]`")
    return tuple(_scalar(item) for item in node.items)


def _field_name(entry: Entry) -> str:
    """A column of the file that is sent."""
    if not NAME.match(entry.name) or entry.name.lower() in RESERVED:
        help_ = "use letters, digits and _, and none of " + ", ".join(f"`{name}`" for name in RESERVED)
        raise error("bad-name", f"`{entry.name}` cannot be the name of a field", entry.key.span, help_)
    return entry.name


def source_to_audience_spec(source: SourceFile) -> AudienceSpec:
    """The fields of an audience's file. Raises Problems."""
    report = Report()
    fields = Fields(parse(source), "the audience", report)
    key = source_to_key(source)
    max_change, allow_empty = _guard(fields.take("guard"), report)
    consent = fields.take("consent")
    schedule = fields.take("schedule")
    spec = AudienceSpec(
        key=key,
        source=source,
        name=fields.text("name", key.replace("_", " ").capitalize()),
        description=fields.text("description"),
        owner=fields.text("owner"),
        segment=_scalar(fields.require("segment")),
        destination=_scalar(fields.require("destination")),
        send=fields.choice("send", SENDS, "changes"),
        identify_by=_scalars(fields.require("identify_by")),
        fields=tuple((_field_name(entry), _scalar(entry.value)) for entry in fields.entries("fields")),
        consent=None if consent is None else _scalar(consent),
        exclude_segments=_scalars(fields.take("exclude_segments")),
        max_change=max_change,
        allow_empty=allow_empty,
        schedule=None if schedule is None else _cron(schedule),
    )
    fields.close()
    report.close()
    return spec


def _guard(node: Node | None, report: Report) -> tuple[Decimal | None, bool]:
    if node is None:
        return None, False
    fields = Fields(node, "guard", report)
    change = fields.take("max_change")
    allow_empty = fields.boolean("allow_empty")
    fields.close()
    return (None if change is None else _share(change)), allow_empty


def _share(node: Node) -> Decimal:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?)\s*%", as_text(node))
    if not found:
        raise error("bad-share", "expected a share", node.span, "as in `20%`")
    return Decimal(found[1]) / 100


def _cron(node: Node) -> str:
    text = as_text(node)
    if not re.fullmatch(r"([\d*/,-]+\s+){4}[\d*/,A-Za-z-]+", text) or not _in_range(text):
        raise error("bad-schedule", f"`{text}` is not a schedule", node.span, 'five fields, as in "0 7 * * *"')
    return text


def _in_range(cron: str) -> bool:
    """Whether every number of a schedule is one that its field knows."""
    limits = zip(cron.split(), ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7)), strict=True)
    return all(low <= int(number) <= high for part, (low, high) in limits for number in re.findall(r"\d+", part))


def source_to_destinations(source: SourceFile) -> dict[str, DestinationSpec]:
    """What `destinations.yml` names. Raises Problems."""
    report = Report()
    found = {}
    for entry in Fields(parse(source), "destinations", report).left.values():
        fields = Fields(entry.value, f"destination `{entry.name}`", report)
        kind = fields.choice("type", ("folder",), "folder")
        settings = (("path", fields.required_text("path")),)
        fields.close()
        found[entry.name] = DestinationSpec(entry.name, kind, settings)
    report.close()
    return found
