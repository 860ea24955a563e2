"""Audiences as written: one per file, fields read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from orchestration.compiler.destination_spec import TYPES, DestinationSpec, Told, read_settings
from orchestration.compiler.fields import Fields, Report, as_scalar, as_scalars, as_text, error, source_to_node
from orchestration.compiler.problem import SourceFile, Span
from orchestration.compiler.source import Entry, Node, Scalar
from orchestration.compiler.spec import former_keys, source_to_key
from orchestration.compiler.split import Share, node_to_split

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,54}\Z")
RESERVED = ("operation", "held_back_by", "held_back_for", "variant", "consent", "as_of_date")
SENDS = ("full", "changes", "entries_once")


class AudienceField(NamedTuple):
    """A column of the file that is sent: its name, where that stands, and the attribute it holds."""

    name: str
    span: Span
    value: Scalar


@dataclass(frozen=True)
class AudienceSpec:
    """Who is sent where: the members of `segment`, as identifiers and fields, to a destination.

    Of the audiences of one `group` the one with the smallest `priority` has a subject. `salt` decides the places of
    subjects on the line that `split` divides. `freshness` is in hours. `into` becomes `place` once the destination is
    known.
    """

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
    group: Scalar | None = None
    priority: int | None = None
    split: tuple[Share, ...] = ()
    salt: str = ""
    exit_when: Node | None = None
    freshness: int | None = None
    formerly: tuple[Scalar, ...] = ()
    goal: Node | None = None
    messages: Node | None = None
    into: Node | None = None
    place: tuple[tuple[str, Told], ...] = ()

    @property
    def exit_key(self) -> str:
        """The key of the segment of those who meet `exit_when`."""
        return f"{self.key}_exit"


def _audience_field(entry: Entry) -> AudienceField:
    """A column of the file that is sent."""
    if not NAME.match(entry.name):
        help_ = "use letters, digits and _, beginning with a letter, at most 55"
        raise error("bad-name", f"`{entry.name}` cannot be the name of a field", entry.key.span, help_)
    return AudienceField(entry.name, entry.key.span, as_scalar(entry.value))


def source_to_audience_spec(source: SourceFile, report: Report) -> AudienceSpec | None:
    """The fields of an audience's file, as far as they can be read; None where it cannot be read at all."""
    key = report.attempt(partial(source_to_key, source)) or ""
    fields = report.attempt(lambda: Fields(source_to_node(source, report), "the audience", report))
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
        segment=fields.read_required("segment", as_scalar, nothing),
        destination=fields.read_required("destination", as_scalar, nothing),
        send=fields.choice("send", SENDS, "changes"),
        identify_by=fields.read_required("identify_by", as_scalars, ()),
        fields=_audience_fields(fields.entries("fields"), report),
        consent=fields.read("consent", as_scalar, None),
        exclude_segments=fields.read("exclude_segments", as_scalars, ()),
        max_change=max_change,
        allow_empty=allow_empty,
        schedule=fields.read("schedule", _cron, None),
        group=fields.read("group", as_scalar, None),
        priority=fields.read("priority", _priority, None),
        split=fields.read("split", node_to_split, ()),
        salt=fields.text("salt"),
        exit_when=fields.take("exit_when"),
        freshness=fields.read("freshness", _hours, None),
        formerly=fields.read("formerly", former_keys, ()),
        goal=fields.take("goal"),
        messages=fields.take("messages"),
        into=fields.take("into"),
    )
    _check_pairs(fields, report)
    fields.close()
    return spec


def _check_pairs(fields: Fields, report: Report) -> None:
    """Report fields that stand without the one they need."""
    for name, needed, remedy in (
        ("split", "salt", "write `salt: …` once, and never change it: it decides who is in which variant"),
        ("salt", "split", "write `split: …`, or take `salt` out"),
        ("group", "priority", "write `priority: 1`: of a group's audiences the smallest number has a subject"),
        ("priority", "group", "write `group: …`, the name that competing audiences share"),
    ):
        if name in fields.given and needed not in fields.given:
            message = f"`{name}` needs a `{needed}`"
            report.error("missing-field", message, fields.given[name].key.span, remedy)


def with_place(spec: AudienceSpec, destinations: dict[str, DestinationSpec], report: Report) -> AudienceSpec:
    """The audience with what it says of its place in its destination, `into`."""
    destination = destinations.get(spec.destination.text)
    if destination is None or destination.type not in TYPES:
        return spec
    known = TYPES[destination.type].into
    if spec.into is None:
        for setting in known:
            if setting.required:
                message = f"a destination of the type {destination.type} needs `into: {{{setting.name}: …}}`"
                report.error(
                    "missing-field",
                    message,
                    spec.destination.span,
                    f"add it; it is {setting.said[:1].lower()}{setting.said[1:]}",
                )
        return spec
    if not known:
        message = f"a destination of the type {destination.type} has one place only"
        report.error("unknown-field", message, spec.into.span, "take `into` out")
        return spec
    fields = report.attempt(partial(Fields, spec.into, "`into`", report))
    if fields is None:
        return spec
    place = read_settings(fields, known)
    fields.close()
    return replace(spec, place=place)


def place_of(spec: AudienceSpec, destination: str) -> dict[str, Told]:
    """Where in a destination of a type the members go. A tag that nobody named keeps its first name through renames."""
    first = spec.formerly[0].text if spec.formerly else spec.key
    named: dict[str, Told] = {} if destination != "intercom" else {"tag": first}
    return {**named, **dict(spec.place)}


def _audience_fields(entries: tuple[Entry, ...], report: Report) -> tuple[AudienceField, ...]:
    found = (report.attempt(partial(_audience_field, entry)) for entry in entries)
    return tuple(field for field in found if field)


def _guard(node: Node, report: Report) -> tuple[Decimal | None, bool]:
    fields = Fields(node, "`guard`", report)
    change = fields.read("max_change", _share, None)
    allow_empty = fields.boolean("allow_empty")
    fields.close()
    return change, allow_empty


def _priority(node: Node) -> int:
    if isinstance(node, Scalar) and re.fullmatch(r"\d{1,6}", node.text):
        return int(node.text)
    raise error("not-a-number", "a priority is a whole number", node.span, "write `priority: 1` for the first")


def _hours(node: Node) -> int:
    found = re.fullmatch(r"(\d{1,4})\s+(hour|day)s?", as_text(node))
    if not found or not int(found[1]):
        raise error("bad-freshness", f"`{as_text(node)}` is not a time", node.span, "as in `freshness: 26 hours`")
    return int(found[1]) * (24 if found[2] == "day" else 1)


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
