"""The catalog: what rules may mention, and where it lies in the warehouse."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

from orchestration.compiler.activity import Activity, node_to_activity
from orchestration.compiler.fields import Fields, Report, as_choice, as_name, as_scalars, as_text, as_texts, error
from orchestration.compiler.followed import Metrics, node_to_metrics
from orchestration.compiler.problem import closest, nearest
from orchestration.compiler.source import Entry, Mapping, Node, Plain, Scalar, Sequence
from orchestration.compiler.taken import refuse_taken_names

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
LENGTH = re.compile(r"(\d{1,6})\s+(day|week|month|year)s?\Z")


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
MESSAGE = ("delivered", "opened", "clicked")
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


class Length(NamedTuple):
    """A length of time in calendar months and days; what is older is not kept."""

    months: int
    days: int


@dataclass(frozen=True)
class Rows:
    """Dated or undated rows about subjects: an entity's events, or a relation such as orders.

    `told` are the columns that say when a message was delivered, opened and clicked, as far as they are known.
    """

    name: str
    model: str
    subject: str
    at: TimeColumn | None
    attributes: dict[str, Attribute] = field(hash=False, repr=False)
    keeps: Length | None = field(default=None, kw_only=True, compare=False, repr=False)
    told: dict[str, TimeColumn] = field(default_factory=dict, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True)
class EventRows(Rows):
    """An entity's events: rows with a name; `names` are those known, with what is said about them.

    `active_by` says which of them show that a subject is active, where a segment does not say so itself.
    """

    named: Attribute
    names: dict[str, str] = field(default_factory=dict, kw_only=True, compare=False, repr=False)
    active_by: Activity | None = field(default=None, kw_only=True, compare=False, repr=False)


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
    """The columns that say from when until when a row of attributes held; until is null while it holds.

    They are those of the entity's own table, or, where it is `recorded`, of the snapshot that Muster takes of it.
    """

    valid_from: TimeColumn
    valid_to: TimeColumn
    recorded: bool = False


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
    suppressed_by: tuple[Scalar, ...] = field(default=(), compare=False, repr=False)
    description: str = field(default="", repr=False)
    metrics: Metrics = field(default=None, compare=False, repr=False)

    @property
    def has_versions(self) -> bool:
        """Whether the entity's own table has a row for each version of a subject."""
        return self.history is not None and not self.history.recorded

    @property
    def is_recorded(self) -> bool:
        """Whether Muster records the attributes day by day."""
        return self.history is not None and self.history.recorded

    @property
    def as_of(self) -> str:
        """The model that holds the attributes as of the day, together with other versions where the table has some."""
        return f"{self.name}_as_of" if self.is_recorded else self.model

    @property
    def versions(self) -> str:
        """The model that holds the versions of attributes."""
        return self.model if self.has_versions else f"{self.name}_attribute_history"

    @property
    def is_personal(self) -> bool:
        """Whether its subjects are persons of whom something personal is known, so that their keys are personal too."""
        return any(attribute.personal for attribute in self.attributes.values())

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


RECORDED = History(TimeColumn("dbt_valid_from", Type.DATE), TimeColumn("dbt_valid_to", Type.DATE), recorded=True)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def node_to_catalog(node: Node, report: Report | None = None) -> Catalog:
    """The catalog as written in `catalog.yml`. Raises Problems."""
    report = report or Report()
    fields = Fields(node, "the catalog", report)
    timezone = fields.read("timezone", _timezone, "UTC")
    week = fields.choice("week_starts_on", WEEKDAYS, "monday")
    entries = fields.read_required("entities", _entries, ())
    found = (report.attempt(partial(_entity, entry, report)) for entry in _good_names(entries, report))
    entities = {entity.name: entity for entity in found if entity}
    tags = fields.read("tags", partial(_tags, report=report), None)
    fields.close()
    refuse_taken_names(entries, report)
    _check_links(entries, report)
    report.close()
    return Catalog(timezone, week, _with_backward_links(entities), tags)


def _entries(node: Node) -> tuple[Entry, ...]:
    if not isinstance(node, Mapping) or not node.entries:
        raise error("not-a-mapping", "expected names with their fields", node.span, "as in `name: value`")
    return node.entries


def _good_names(entries: tuple[Entry, ...], report: Report) -> list[Entry]:
    """The entries whose names are names; the others are reported."""
    for entry in entries:
        if not NAME.match(entry.name):
            help_ = "use letters, digits and _, beginning with a letter, at most 63"
            report.error("bad-name", f"`{entry.name}` is not a name", entry.key.span, help_)
    return [entry for entry in entries if NAME.match(entry.name)]


def _timezone(node: Node) -> str:
    name = as_text(node)
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        close = closest(name, {zone for zone in available_timezones() if "/" in zone})
        help_ = f"did you mean `{close}`?" if close else "name it by continent and city, as in `Europe/Dublin`"
        raise error("unknown-timezone", f"`{name}` is not a time zone", node.span, help_) from None
    return name


def _tags(node: Node, report: Report) -> Tags:
    fields = Fields(node, "`tags`", report)
    tags = Tags(fields.model("model"), fields.name("name", "name"))
    fields.close()
    return tags


def _entity(entry: Entry, report: Report) -> Entity:
    fields = Fields(entry.value, f"entity `{entry.name}`", report)
    attributes = _read_attributes(fields, "attributes")
    time = partial(_time, attributes=attributes, report=report)
    entity = Entity(
        name=entry.name,
        model=fields.model("model"),
        key=fields.read_required("key", _key, ""),
        since=fields.read("since", time, None),
        population=fields.take("population"),
        history=fields.read("history", partial(_history, report=report), None),
        attributes=attributes,
        events=fields.read("events", partial(_events, report=report), None),
        relations=_read_relations(fields),
        suppressed_by=fields.read("suppressed_by", as_scalars, ()),
        description=fields.text("description"),
        metrics=fields.read("metrics", partial(node_to_metrics, is_number=_is_number(attributes), report=report), None),
    )
    fields.close()
    return entity


def _is_number(attributes: dict[str, Attribute]) -> dict[str, bool]:
    return {name: attribute.type.numeric for name, attribute in attributes.items()}


def _key(node: Node) -> str:
    if isinstance(node, Scalar):
        return as_name(node)
    help_ = "join several columns into one in the model"
    raise error("not-text", "the key is one column, named by a text", node.span, help_)


def _read_attributes(fields: Fields, name: str) -> dict[str, Attribute]:
    return fields.read(name, partial(_attributes, report=fields.report), {})


def _attributes(node: Node, report: Report) -> dict[str, Attribute]:
    if isinstance(node, Mapping) and not node.entries:
        return {}
    entries = _good_names(_entries(node), report)
    found = [report.attempt(partial(_attribute, entry, report)) for entry in entries]
    return {attribute.name: attribute for attribute in found if attribute}


def _attribute(entry: Entry, report: Report) -> Attribute:
    if isinstance(entry.value, Scalar):
        return Attribute(entry.name, entry.name, _type(entry.value))
    fields = Fields(entry.value, f"`{entry.name}`", report)
    kind = fields.read_required("type", _type, None)
    attribute = Attribute(
        name=entry.name,
        column=fields.name("column", entry.name),
        type=kind or Type.TEXT,
        values=fields.read("values", partial(_values, kind=kind, report=report), ()),
        personal=fields.boolean("personal"),
        description=fields.text("description"),
    )
    fields.close()
    return attribute


def _type(node: Node) -> Type:
    return Type(as_choice(node, TYPES))


def _values(node: Node, kind: Type | None, report: Report) -> tuple[Plain, ...]:
    if not isinstance(node, Sequence):
        raise error("not-a-list", "expected a list of values", node.span, "as in `[free, pro]`")
    found = [item for item in node.items if isinstance(item, Scalar)]
    for item in found if kind in (Type.TEXT, Type.LIST) else ():
        if not isinstance(item.value, str):
            report.error("wrong-operand", f"`{item.text}` is not a text", item.span, f'quote it: "{item.text}"')
    return tuple(item.value for item in found)


def _time(node: Node, attributes: dict[str, Attribute], report: Report) -> TimeColumn:
    """A column by name, or by column and type; an attribute's own name brings its column and type."""
    if isinstance(node, Mapping):
        fields = Fields(node, "a date column", report)
        column = fields.name("column")
        kind = fields.choice("type", TIME_TYPES, Type.TIMESTAMP.value)
        fields.close()
        return TimeColumn(column, Type(kind))
    name = as_name(node)
    known = attributes.get(name) or next((each for each in attributes.values() if each.column == name), None)
    if known and not known.type.temporal:
        help_ = "name a column of type date or timestamp"
        raise error("not-a-date", f"`{name}` has the type {known.type}, so it is no date", node.span, help_)
    return TimeColumn(known.column, known.type) if known else TimeColumn(name)


def _history(node: Node, report: Report) -> History:
    if isinstance(node, Scalar):
        as_choice(node, ("recorded",))
        return RECORDED
    fields = Fields(node, "`history`", report)
    kind = Type(fields.choice("type", TIME_TYPES, Type.TIMESTAMP.value))
    history = History(
        TimeColumn(fields.name("valid_from", "valid_from"), kind), TimeColumn(fields.name("valid_to", "valid_to"), kind)
    )
    fields.close()
    return history


def _events(node: Node, report: Report) -> EventRows:
    fields = Fields(node, "`events`", report)
    properties = _read_attributes(fields, "properties")
    events = EventRows(
        name="events",
        model=fields.model("model"),
        subject=fields.name("subject"),
        at=fields.read_required("at", partial(_time, attributes=properties, report=report), None),
        attributes=properties,
        named=Attribute("event_name", fields.name("name"), Type.TEXT),
        keeps=fields.read("keeps", _length, None),
        names=fields.read("names", _event_names, {}),
        active_by=fields.read("active_by", node_to_activity, None),
    )
    fields.close()
    return events


def _length(node: Node) -> Length:
    found = LENGTH.match(as_text(node))
    if not found:
        raise error("bad-length", f"`{as_text(node)}` is not a length of time", node.span, "as in `400 days`")
    number, unit = int(found[1]), found[2]
    return Length(number * {"month": 1, "year": 12}.get(unit, 0), number * {"day": 1, "week": 7}.get(unit, 0))


def _event_names(node: Node) -> dict[str, str]:
    """The events there are: a list of names, or names with descriptions."""
    if isinstance(node, Mapping):
        return {entry.name: as_text(entry.value) for entry in node.entries}
    return dict.fromkeys(as_texts(node), "")


def _read_relations(fields: Fields) -> dict[str, Relation]:
    return fields.read("relations", partial(_relations, report=fields.report), {})


def _relations(node: Node, report: Report) -> dict[str, Relation]:
    entries = _good_names(_entries(node), report)
    found = [report.attempt(partial(_relation, entry, report)) for entry in entries]
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
        model=fields.model("through"),
        subject=fields.name("subject"),
        related=fields.name("related"),
    )


def _row_relation(entry: Entry, fields: Fields, report: Report) -> Rows:
    attributes = _read_attributes(fields, "attributes")
    return Rows(
        name=entry.name,
        model=fields.model("model"),
        subject=fields.name("subject"),
        at=fields.read("at", partial(_time, attributes=attributes, report=report), None),
        attributes=attributes,
        keeps=fields.read("keeps", _length, None),
        told=_told(fields, attributes, report),
    )


def _told(fields: Fields, attributes: dict[str, Attribute], report: Report) -> dict[str, TimeColumn]:
    read = partial(_time, attributes=attributes, report=report)
    found = {word: fields.read(word, read, None) for word in MESSAGE}
    return {word: at for word, at in found.items() if at}


def _check_links(entries: tuple[Entry, ...], report: Report) -> None:
    known = [entry.name for entry in entries]
    for entry in entries:
        for relation in _inner(_inner_node(entry.value, "relations")):
            leads_to = _inner_node(relation.value, "entity")
            if isinstance(leads_to, Scalar) and leads_to.text not in known:
                message = f"the catalog has no entity `{leads_to.text}`"
                report.error("unknown-entity", message, leads_to.span, nearest(leads_to.text, known))


def _inner(node: Node | None) -> tuple[Entry, ...]:
    return node.entries if isinstance(node, Mapping) else ()


def _inner_node(node: Node, name: str) -> Node | None:
    return next((entry.value for entry in _inner(node) if entry.name == name), None)


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
