"""A world of made-up subjects: the catalog's tables in a schema of their own, with the rows that tests give."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cached_property

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Catalog, Entity, EventRows, Link, Rows, TimeColumn, Type
from orchestration.compiler.compile import Compilation
from orchestration.compiler.given import LONG_AGO, day_to_instant
from orchestration.compiler.imports import bare
from orchestration.compiler.names import Namer
from orchestration.compiler.render import KNOWN_OF_DEFINITIONS, NOTHING_RECORDED, Recorded
from orchestration.compiler.segment import All, AttributeCondition, IsAnyOf, Rule, moves
from orchestration.compiler.spectest import Given, GivenStay, GivenSubject, Values
from orchestration.compiler.sql import column, located
from orchestration.warehouse import Warehouse

KINDS = {
    Type.TEXT: "varchar",
    Type.INTEGER: "bigint",
    Type.NUMBER: "decimal(27, 9)",
    Type.FLOAT: "double",
    Type.BOOLEAN: "boolean",
    Type.DATE: "date",
    Type.TIMESTAMP: "timestamp",
    Type.LIST: "varchar[]",
}
MADE_UP = 9_000_000_000
DEFINITION_HISTORY = "segment_definition_history"
HELD = {"dbt_valid_from": Type.TIMESTAMP, "dbt_valid_to": Type.TIMESTAMP}
Key = str | int


@dataclass
class World:
    """Tables are made when a query first names them, after all subjects have been added."""

    warehouse: Warehouse
    compilation: Compilation
    schema: str
    integer_keys: bool = False
    rows: dict[str, list[Values]] = field(default_factory=dict)
    made: dict[str, exp.Table] = field(default_factory=dict)
    keys: set[tuple[str, Key]] = field(default_factory=set)
    stays: dict[tuple[str, Key], tuple[GivenStay, ...]] = field(default_factory=dict)
    namer: Namer = field(default_factory=Namer)

    def __post_init__(self) -> None:
        self.warehouse.execute(f"create schema {self.schema}")

    def add(self, subject: GivenSubject) -> Key:
        """The key under which the subject and all that belongs to it now live here."""
        entity = self.catalog.entities[subject.entity]
        key = self._key(subject, entity)
        if (entity.name, key) in self.keys:
            return key
        self.keys.add((entity.name, key))
        values = {**_counted(self.compilation.bases.populations.get(entity.name)), **subject.values}
        if not entity.has_versions:
            self._put(entity.model, {entity.key: key, **values})
        for version in self._versions(entity, subject, values):
            self._put(entity.versions, {entity.key: key, **version})
        for given in subject.rows:
            row = {given.rows.subject: key, **given.values}
            self.rows.setdefault(given.rows.model, []).extend([row] * given.times)
        for link, attached in subject.attached:
            self._put(link.model, {link.subject: key, link.related: self.add(attached)})
        return key

    @property
    def catalog(self) -> Catalog:
        return self.compilation.catalog

    def _put(self, model: str, row: Values) -> None:
        self.rows.setdefault(model, []).append(row)

    def _key(self, subject: GivenSubject, entity: Entity) -> Key:
        kind = self.columns[entity.model][entity.key]
        if subject.key is not None:
            return str(subject.key) if kind is Type.TEXT else subject.key
        number = MADE_UP + len(self.keys)
        return f"made up {number}" if kind is Type.TEXT else number

    def _versions(self, entity: Entity, subject: GivenSubject, values: Values) -> Iterator[Values]:
        """One row for each version of the subject, where some table keeps them."""
        if entity.history is None:
            return
        since: Given = _moment(LONG_AGO, entity.history.valid_from, self.catalog.timezone)
        for version in subject.earlier:
            until = _moment(version.until, entity.history.valid_to, self.catalog.timezone)
            held = {entity.history.valid_from.column: since, entity.history.valid_to.column: until}
            yield {**values, **version.values, **held}
            since = until
        yield {**values, entity.history.valid_from.column: since}

    @cached_property
    def columns(self) -> dict[str, dict[str, Type]]:
        """The columns that the catalog names, by model; where it names one twice, the first type counts."""
        key = Type.INTEGER if self.integer_keys else Type.TEXT
        found: dict[str, dict[str, Type]] = {}
        for model, name, kind in (named for entity in self.catalog.entities.values() for named in _named(entity, key)):
            found.setdefault(model, {}).setdefault(name, kind)
        for entity, flags in self.moved.items():
            own = self.catalog.entities[entity]
            named = {own.key: found[own.model][own.key], **dict.fromkeys(flags, Type.BOOLEAN)}
            found[f"{entity}_history"] = {**named, **HELD}
        return {**found, DEFINITION_HISTORY: {**dict.fromkeys(KNOWN_OF_DEFINITIONS, Type.TEXT), **HELD}}

    @cached_property
    def moved(self) -> dict[str, tuple[str, ...]]:
        """The segments of which some rule looks at the past, by entity."""
        segments = self.compilation.segments
        looked_at = sorted({key for each in segments.values() for key in moves(each.rule)})
        entities = dict.fromkeys(segments[key].entity for key in looked_at)
        return {entity: tuple(key for key in looked_at if segments[key].entity == entity) for entity in entities}

    @cached_property
    def recorded(self) -> Recorded:
        """What this world holds of earlier days."""
        if not self.moved:
            return NOTHING_RECORDED
        return Recorded(
            columns=self.moved,
            definitions={key: self._defined(key) for keys in self.moved.values() for key in keys},
            has_definitions=True,
        )

    @cached_property
    def _histories(self) -> set[str]:
        return {DEFINITION_HISTORY, *(f"{entity}_history" for entity in self.moved)}

    def _defined(self, key: str) -> tuple[str, str]:
        return self.compilation.definition(key), self.compilation.segments[key].status.value

    def _record(self) -> None:
        """Every subject was known since long ago, in the segments that its stays name and in no other."""
        for entity, flags in self.moved.items():
            key = self.catalog.entities[entity].key
            for known, subject in self.keys:
                if known == entity:
                    versions = _recorded_versions(flags, self.stays.get((entity, subject), ()))
                    self.rows.setdefault(f"{entity}_history", []).extend({key: subject, **each} for each in versions)
        long_ago = datetime.combine(LONG_AGO, time(0))
        for name, (definition, status) in self.recorded.definitions.items():
            row = dict(zip(KNOWN_OF_DEFINITIONS, (name, definition, status), strict=True))
            self._put(DEFINITION_HISTORY, {**row, "dbt_valid_from": long_ago})

    def locate(self, model: str) -> exp.Table:
        """The model's table, with its rows."""
        if model not in self.made:
            if model in self._histories and not self._histories & self.made.keys():
                self._record()
            name = self.namer.name(bare(model), model)
            self.made[model] = located(f"{self.schema}.{name}")
            self._make(self.made[model].sql(self.warehouse.dialect), model)
        return self.made[model].copy()

    def _make(self, table: str, model: str) -> None:
        columns = self.columns[model]
        listed = ", ".join(f"{column(name).sql('duckdb')} {KINDS[kind]}" for name, kind in columns.items())
        self.warehouse.execute(f"create table {table} ({listed})")
        rows = self.rows.get(model)
        if rows:
            given = [name for name in columns if any(name in row for row in rows)]
            shape = [{name: _json_kind(columns[name]) for name in given}]
            content = [{name: _json(value) for name, value in row.items()} for row in rows]
            self.warehouse.execute(
                f"insert into {table} by name "
                f"select unnest(from_json({_quoted(content)}, {_quoted(shape)}), recursive := true)"
            )


def _recorded_versions(flags: tuple[str, ...], stays: tuple[GivenStay, ...]) -> Iterator[Values]:
    """Versions that follow each other, one for each stretch between the days on which a stay begins or ends."""
    edges = {each.since for each in stays} | {each.until for each in stays if each.until}
    starts = sorted({LONG_AGO, *edges})
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        inside = {each.segment for each in stays if each.since <= start and (each.until is None or start < each.until)}
        held = {name: datetime.combine(day, time(0)) for name, day in zip(HELD, (start, end), strict=True) if day}
        yield {**{flag: flag in inside for flag in flags}, **held}


def _named(entity: Entity, key: Type) -> Iterator[tuple[str, str, Type]]:
    """Model, column and type of all that the catalog says about an entity; attributes first, they know types best."""
    yield from _typed(entity.model, entity.attributes.values())
    yield entity.model, entity.key, key
    history = (entity.history.valid_from, entity.history.valid_to) if entity.history else ()
    yield from _times(entity.model, (entity.since,))
    yield from _typed(entity.versions, entity.attributes.values())
    yield entity.versions, entity.key, key
    yield from _times(entity.versions, history)
    own = next((each.type for each in entity.attributes.values() if each.column == entity.key), key)
    for rows in (*((entity.events,) if entity.events else ()), *entity.relations.values()):
        if isinstance(rows, Rows):
            yield from _typed(rows.model, rows.attributes.values())
            yield from _times(rows.model, (rows.at,))
        if isinstance(rows, EventRows):
            yield from _typed(rows.model, (rows.named,))
        yield rows.model, rows.subject, own
        if isinstance(rows, Link):
            yield rows.model, rows.related, key


def _typed(model: str, attributes: Iterable[Attribute]) -> Iterator[tuple[str, str, Type]]:
    return ((model, attribute.column, attribute.type) for attribute in attributes)


def _times(model: str, times: Iterable[TimeColumn | None]) -> Iterator[tuple[str, str, Type]]:
    return ((model, at.column, at.type) for at in times if at)


def _moment(day: date, at: TimeColumn, timezone: str) -> date | datetime:
    """The beginning of a local day."""
    return day if at.type is Type.DATE else day_to_instant(day, time(0), timezone)


def _counted(population: Rule | None) -> dict[str, Given]:
    """What the base population asks for: who is in a test counts, unless the test says otherwise."""
    match population:
        case All(rules):
            return {name: value for rule in rules for name, value in _counted(rule).items()}
        case AttributeCondition(attribute, IsAnyOf(values), negated=False, unknown=False):
            return {attribute.column: values[0]}
        case _:
            return {}


def _json_kind(kind: Type) -> object:
    return ["varchar"] if kind is Type.LIST else KINDS[kind]


def _json(value: Given) -> object:
    match value:
        case Decimal():
            return format(value, "f")
        case datetime():
            return value.isoformat(sep=" ")
        case date():
            return value.isoformat()
        case _:
            return value


def _quoted(content: object) -> str:
    """JSON as a literal of SQL; parameters would make DuckDB's driver load pandas first."""
    return exp.Literal.string(json.dumps(content)).sql("duckdb")
