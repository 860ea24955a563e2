"""The catalog: what rules may mention, and where it lies in the warehouse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import TypeAlias
from zoneinfo import ZoneInfo

from orchestration.compiler.fields import Fields, Report, as_choice, as_name, as_text, error
from orchestration.compiler.problem import nearest
from orchestration.compiler.source import Entry, Mapping, Node, Plain, Scalar, Sequence

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")


class Type(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    LIST = "list"

    @property
    def numeric(self) -> bool:
        return self in (Type.INTEGER, Type.NUMBER, Type.FLOAT)

    @property
    def temporal(self) -> bool:
        return self in (Type.DATE, Type.TIMESTAMP)


TYPES = tuple(kind.value for kind in Type)
TIME_TYPES = (Type.DATE.value, Type.TIMESTAMP.value)


@dataclass(frozen=True)
class Attribute:
    """A word of the rules and the column it stands for; also an event's property or a relation's attribute."""

    name: str
    column: str
    type: Type
    values: tuple[Plain, ...] = field(default=(), repr=False)
    personal: bool = field(default=False, repr=False)
    description: str = field(default="", repr=False)


@dataclass(frozen=True)
class TimeColumn:
    """A column that says when: an instant in UTC, or a whole local day."""

    column: str
    type: Type = Type.TIMESTAMP


@dataclass(frozen=True)
class Rows:
    """Dated or undated rows about subjects: an entity's events, or a relation such as orders."""

    name: str
    model: str
    subject: str
    at: TimeColumn | None
    attributes: dict[str, Attribute] = field(hash=False, repr=False)


@dataclass(frozen=True)
class EventRows(Rows):
    """An entity's events: rows with a name."""

    named: Attribute


@dataclass(frozen=True)
class Link:
    """A relation to the subjects of another entity, through a table of pairs."""

    name: str
    entity: str
    model: str
    subject: str
    related: str


Relation: TypeAlias = Rows | Link


@dataclass(frozen=True)
class History:
    """The columns that say from when until when a row of attributes held; until is null while it holds."""

    valid_from: TimeColumn
    valid_to: TimeColumn


@dataclass(frozen=True)
class Entity:
    name: str
    model: str
    key: str
    since: TimeColumn | None
    population: Node | None = field(hash=False, compare=False, repr=False)
    history: History | None
    attributes: dict[str, Attribute] = field(hash=False, repr=False)
    events: EventRows | None = field(repr=False)
    relations: dict[str, Relation] = field(hash=False, repr=False)
    description: str = field(default="", repr=False)

    @property
    def key_is_text(self) -> bool:
        """Whether the key is known to be a text: only an attribute that stands for its column says so."""
        return any(each.column == self.key and each.type is Type.TEXT for each in self.attributes.values())


@dataclass(frozen=True)
class Tags:
    """A table of every tag there is, used or not."""

    model: str
    name: str


@dataclass(frozen=True)
class Catalog:
    timezone: str
    week_starts_on: str
    entities: dict[str, Entity] = field(hash=False)
    tags: Tags | None = None


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def node_to_catalog(node: Node) -> Catalog:
    """The catalog as written in `catalog.yml`. Raises Problems."""
    report = Report()
    fields = Fields(node, "the catalog", report)
    timezone = report.attempt(lambda: _timezone(fields.take("timezone"))) or "UTC"
    week = report.attempt(lambda: fields.choice("week_starts_on", WEEKDAYS, "monday")) or "monday"
    entities: dict[str, Entity] = {}
    entries = report.attempt(lambda: _entries(fields.require("entities")))
    for entry in entries or ():
        entity = report.attempt(partial(_entity, entry, report))
        if entity:
            entities[entity.name] = entity
    tags = report.attempt(lambda: _tags(fields.take("tags"), report))
    fields.close()
    _check_links(entries or (), entities, report)
    report.close()
    return Catalog(timezone, week, _with_backward_links(entities), tags)


def _entries(node: Node) -> tuple[Entry, ...]:
    if not isinstance(node, Mapping) or not node.entries:
        raise error("not-a-mapping", "expected names with their fields", node.span)
    for entry in node.entries:
        if not NAME.match(entry.name):
            raise error("bad-name", f"`{entry.name}` is not a name", entry.key.span, "use letters, digits and _")
    return node.entries


def _timezone(node: Node | None) -> str:
    if node is None:
        return "UTC"
    name = as_text(node)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise error("unknown-timezone", f"`{name}` is not a time zone", node.span, "as in `Europe/Dublin`") from None
    return name


def _tags(node: Node | None, report: Report) -> Tags | None:
    if node is None:
        return None
    fields = Fields(node, "tags", report)
    tags = Tags(fields.name("model"), fields.name("name", "name"))
    fields.close()
    return tags


def _entity(entry: Entry, report: Report) -> Entity:
    fields = Fields(entry.value, f"entity `{entry.name}`", report)
    attributes = _attributes(fields.take("attributes"), report)
    entity = Entity(
        name=entry.name,
        model=fields.name("model"),
        key=fields.name("key"),
        since=_time(fields.take("since"), attributes, report),
        population=fields.take("population"),
        history=_history(fields.take("history"), report),
        attributes=attributes,
        events=_events(fields.take("events"), report),
        relations=_relations(fields.take("relations"), report),
        description=fields.text("description"),
    )
    fields.close()
    return entity


def _attributes(node: Node | None, report: Report) -> dict[str, Attribute]:
    if node is None or (isinstance(node, Mapping) and not node.entries):
        return {}
    found = [report.attempt(partial(_attribute, entry, report)) for entry in _entries(node)]
    return {attribute.name: attribute for attribute in found if attribute}


def _attribute(entry: Entry, report: Report) -> Attribute:
    if isinstance(entry.value, Scalar):
        return Attribute(entry.name, entry.name, Type(as_choice(entry.value, TYPES)))
    fields = Fields(entry.value, f"`{entry.name}`", report)
    values = fields.take("values")
    attribute = Attribute(
        name=entry.name,
        column=fields.name("column", entry.name),
        type=Type(as_choice(fields.require("type"), TYPES)),
        values=_values(values) if values else (),
        personal=fields.boolean("personal"),
        description=fields.text("description"),
    )
    fields.close()
    return attribute


def _values(node: Node) -> tuple[Plain, ...]:
    if not isinstance(node, Sequence):
        raise error("not-a-list", "expected a list of values", node.span)
    return tuple(item.value for item in node.items if isinstance(item, Scalar))


def _time(node: Node | None, attributes: dict[str, Attribute], report: Report) -> TimeColumn | None:
    """A column by name, or by column and type; an attribute's own name brings its column and type."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        fields = Fields(node, "a date column", report)
        column = fields.name("column")
        kind = fields.choice("type", TIME_TYPES, Type.TIMESTAMP.value)
        fields.close()
        return TimeColumn(column, Type(kind))
    name = as_name(node)
    known = attributes.get(name) or next((each for each in attributes.values() if each.column == name), None)
    if known and not known.type.temporal:
        raise error("not-a-date", f"`{name}` is a {known.type}, not a date or timestamp", node.span)
    return TimeColumn(known.column, known.type) if known else TimeColumn(name)


def _history(node: Node | None, report: Report) -> History | None:
    if node is None:
        return None
    fields = Fields(node, "history", report)
    kind = Type(fields.choice("type", TIME_TYPES, Type.TIMESTAMP.value))
    history = History(
        TimeColumn(fields.name("valid_from", "valid_from"), kind), TimeColumn(fields.name("valid_to", "valid_to"), kind)
    )
    fields.close()
    return history


def _events(node: Node | None, report: Report) -> EventRows | None:
    if node is None:
        return None
    fields = Fields(node, "events", report)
    properties = _attributes(fields.take("properties"), report)
    events = EventRows(
        name="events",
        model=fields.name("model"),
        subject=fields.name("subject"),
        at=_time(fields.require("at"), properties, report),
        attributes=properties,
        named=Attribute("event_name", fields.name("name"), Type.TEXT),
    )
    fields.close()
    return events


def _relations(node: Node | None, report: Report) -> dict[str, Relation]:
    if node is None:
        return {}
    found = [report.attempt(partial(_relation, entry, report)) for entry in _entries(node)]
    return {relation.name: relation for relation in found if relation}


def _relation(entry: Entry, report: Report) -> Relation:
    fields = Fields(entry.value, f"relation `{entry.name}`", report)
    relation = _link(entry, fields) if "entity" in fields.left else _row_relation(entry, fields, report)
    fields.close()
    return relation


def _link(entry: Entry, fields: Fields) -> Link:
    return Link(
        name=entry.name,
        entity=fields.required_text("entity"),
        model=fields.name("through"),
        subject=fields.name("subject"),
        related=fields.name("related"),
    )


def _row_relation(entry: Entry, fields: Fields, report: Report) -> Rows:
    attributes = _attributes(fields.take("attributes"), report)
    return Rows(
        name=entry.name,
        model=fields.name("model"),
        subject=fields.name("subject"),
        at=_time(fields.take("at"), attributes, report),
        attributes=attributes,
    )


def _check_links(entries: tuple[Entry, ...], entities: dict[str, Entity], report: Report) -> None:
    spans = {entry.name: entry.key.span for entry in entries}
    for entity in entities.values():
        for relation in entity.relations.values():
            if isinstance(relation, Link) and relation.entity not in spans:
                report.error(
                    "unknown-entity",
                    f"relation `{relation.name}` of `{entity.name}` leads to `{relation.entity}`, which is no entity",
                    spans[entity.name],
                    nearest(relation.entity, spans),
                )


def _with_backward_links(entities: dict[str, Entity]) -> dict[str, Entity]:
    """A link declared on one side only is added on the other, under the name of the first side's model."""
    found = dict(entities)
    for entity in entities.values():
        for link in entity.relations.values():
            if not isinstance(link, Link):
                continue
            other = found[link.entity]
            declared = any(
                isinstance(known, Link) and known.entity == entity.name for known in other.relations.values()
            )
            if declared or entity.model in other.relations:
                continue
            backward = Link(entity.model, entity.name, link.model, subject=link.related, related=link.subject)
            found[other.name] = replace(other, relations={**other.relations, backward.name: backward})
    return found
