"""Lints that look into the warehouse: columns that are not there, names and values that no row has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlglot import exp

from orchestration.compiler.catalog import Attribute, Catalog, EventRows, Link, Rows, Type
from orchestration.compiler.compile import Compilation
from orchestration.compiler.lints.mentions import Mention, mentions
from orchestration.compiler.lints.usage import span_of
from orchestration.compiler.problem import Problem, nearest
from orchestration.compiler.segment import (
    AnyElement,
    AttributeCondition,
    HasAll,
    HasAny,
    IsAnyOf,
    MoveCondition,
    conditions,
    events_named,
)
from orchestration.compiler.source import Node
from orchestration.compiler.window import DayWindow, FixedDay
from orchestration.questions import Places, QuestionError
from orchestration.warehouse import Warehouse, WarehouseError

# The warehouse's types that each type of the catalog can be read from.
FITTING = {
    Type.TEXT: r"VARCHAR|ENUM|UUID",
    Type.INTEGER: r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    Type.NUMBER: r"DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    Type.FLOAT: r"DOUBLE|FLOAT|DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?",
    Type.BOOLEAN: r"BOOLEAN",
    Type.DATE: r"DATE",
    Type.TIMESTAMP: r"TIMESTAMP(_S|_MS|_NS)?",
    Type.LIST: r"(VARCHAR|ENUM)(\(.*\))?\[\d*\]",
}


@dataclass(frozen=True)
class Column:
    """A column that the catalog names: where, and of what type if it says so."""

    path: tuple[str, ...]
    model: str
    name: str
    type: Type | None


@dataclass
class Asked:
    """A value that a rule asks for, and where."""

    value: str
    mention: Mention
    what: str = field(default="")


def data_lints(compilation: Compilation, catalog: Node, warehouse: Warehouse) -> list[Problem]:
    """What the warehouse's tables say about the specs; tables that are not there say nothing."""
    places = Places(warehouse.tables())
    types = _types(warehouse, places)
    found = [*_columns(compilation.catalog, catalog, types), *_unseen(compilation, places, types, warehouse)]
    return [*found, *_before_history(compilation, places, warehouse)]


# --- columns


def _types(warehouse: Warehouse, places: Places) -> dict[str, dict[str, str]]:
    """The columns of every table with their types, by the name that the catalog has for the table."""
    rows = warehouse.rows(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where table_catalog = current_database()"
    )
    found: dict[str, dict[str, str]] = {}
    for schema, table, column, kind in rows:
        names = [f"{schema}.{table}"]
        if places.tables.get(str(table), ("",))[0] == schema:
            names.append(str(table))
        for name in names:
            found.setdefault(name, {})[str(column).lower()] = str(kind)
    return found


def _columns(catalog: Catalog, node: Node, types: dict[str, dict[str, str]]) -> Iterator[Problem]:
    for column in _catalog_columns(catalog):
        known, span = types.get(column.model), span_of(node, column.path)
        if known is None or span is None:
            continue
        kind = known.get(column.name.lower())
        if kind is None:
            message = f"the warehouse's table `{column.model}` has no column `{column.name}`"
            yield Problem("missing-column", message, span, nearest(column.name, known), "warning")
        elif column.type and not re.fullmatch(FITTING[column.type], _plain(kind)):
            message = (
                f"`{column.name}` has the type {kind} in the warehouse's table `{column.model}`, and {column.type} here"
            )
            help_ = "name the type that fits, or cast the column in its staging model"
            yield Problem("column-type", message, span, help_, "warning")


def _plain(kind: str) -> str:
    """A type without its parameters, which only lists have inside."""
    return kind if kind.endswith("]") else kind.partition("(")[0]


def _catalog_columns(catalog: Catalog) -> Iterator[Column]:
    for name, entity in catalog.entities.items():
        at = ("entities", name)
        yield Column((*at, "key"), entity.model, entity.key, None)
        if entity.since:
            yield Column((*at, "since"), entity.model, entity.since.column, entity.since.type)
        yield from _of_attributes(entity.model, entity.attributes, (*at, "attributes"))
        if entity.events:
            yield from _of_rows(entity.events, (*at, "events"), "properties")
        for relation in entity.relations.values():
            here = (*at, "relations", relation.name)
            if isinstance(relation, Link):
                yield Column((*here, "subject"), relation.model, relation.subject, None)
                yield Column((*here, "related"), relation.model, relation.related, None)
            else:
                yield from _of_rows(relation, here, "attributes")


def _of_rows(rows: Rows, at: tuple[str, ...], attributes: str) -> Iterator[Column]:
    yield Column((*at, "subject"), rows.model, rows.subject, None)
    if isinstance(rows, EventRows):
        yield Column((*at, "name"), rows.model, rows.named.column, Type.TEXT)
    if rows.at:
        yield Column((*at, "at"), rows.model, rows.at.column, rows.at.type)
    yield from _of_attributes(rows.model, rows.attributes, (*at, attributes))


def _of_attributes(model: str, attributes: dict[str, Attribute], at: tuple[str, ...]) -> Iterator[Column]:
    for name, attribute in attributes.items():
        yield Column((*at, name), model, attribute.column, attribute.type)


# --- names and values


def _unseen(
    compilation: Compilation, places: Places, types: dict[str, dict[str, str]], warehouse: Warehouse
) -> Iterator[Problem]:
    """Names of events and elements of lists that rules ask for and no row has."""
    by_column: dict[tuple[str, str, bool], list[Asked]] = {}
    for mention in mentions(compilation):
        for model, column, is_list, asked in _asked(mention):
            kind = types.get(model, {}).get(column.lower(), "")
            if kind and kind.endswith("]") == is_list:
                by_column.setdefault((model, column, is_list), []).append(asked)
    for model in dict.fromkeys(model for model, _, _ in by_column):
        columns = [(name, is_list) for each, name, is_list in by_column if each == model]
        seen = _seen(model, columns, places, warehouse)
        for name, is_list in columns if seen is not None else ():
            yield from _missing(by_column[model, name, is_list], (seen or {}).get(name, set()), is_list)


def _asked(mention: Mention) -> Iterator[tuple[str, str, bool, Asked]]:
    """The model, the column and whether it is a list, for each value asked for."""
    for condition in conditions(mention.placed.rule):
        events, names = events_named(condition)
        for name in names:
            if events:
                yield events.model, events.named.column, False, Asked(name, mention)
        if isinstance(condition, AttributeCondition) and condition.attribute.type is Type.LIST:
            for value in _elements(condition):
                asked = Asked(value, mention, condition.attribute.name)
                yield mention.owner.model, condition.attribute.column, True, asked


def _elements(condition: AttributeCondition) -> Iterable[str]:
    match condition.test:
        case HasAny(values) | HasAll(values):
            return values
        case AnyElement(passed, failed):
            tests = [test for test in (*passed, *failed) if isinstance(test, IsAnyOf)]
            return [value for test in tests for value in test.values if isinstance(value, str)]
        case _:
            return ()


def _seen(
    model: str, columns: list[tuple[str, bool]], places: Places, warehouse: Warehouse
) -> dict[str, set[str]] | None:
    """All values of some columns of one table, in one question; None where it cannot be asked."""
    try:
        table = places.locate(model)
        selects = [_distinct(name, is_list, table) for name, is_list in columns]
        sql = " union all ".join(select.sql(dialect=warehouse.dialect) for select in selects)
        rows = warehouse.rows(sql)
    except (QuestionError, WarehouseError):
        return None
    found: dict[str, set[str]] = {}
    for name, value in rows:
        found.setdefault(str(name), set()).add(str(value))
    return found


def _distinct(name: str, is_list: bool, table: exp.Table) -> exp.Select:
    column: exp.Expr = exp.column(exp.to_identifier(name, quoted=True))
    value = exp.Explode(this=column) if is_list else column
    named = exp.alias_(exp.Literal.string(name), "named")
    return exp.Select(expressions=[named, exp.alias_(value, "value")], distinct=exp.Distinct()).from_(table.copy())


def _missing(asked: list[Asked], seen: set[str], is_list: bool) -> Iterator[Problem]:
    for each in asked:
        if each.value in seen:
            continue
        span = each.mention.placed.span
        help_ = nearest(each.value, seen) or "correct it, unless such rows are yet to come"
        if is_list:
            message = f"no `{each.what}` in the warehouse have the element `{each.value}`"
            yield Problem("unseen-value", message, span, help_, "warning")
        else:
            yield Problem("unseen-event", f"the warehouse has no event `{each.value}`", span, help_, "warning")


# --- what was recorded


def _before_history(compilation: Compilation, places: Places, warehouse: Warehouse) -> Iterator[Problem]:
    """Days that `was_in_segment` asks about, and that are before the segment was first judged."""
    asked = [
        (mention, condition)
        for mention in mentions(compilation)
        for condition in conditions(mention.placed.rule)
        if isinstance(condition, MoveCondition) and condition.move == "was_in"
    ]
    first = _first_days(places, warehouse) if asked else {}
    for mention, condition in asked:
        last = _last_day(condition)
        late = {key: first[key] for key in condition.keys if key in first and last and last < first[key]}
        for key, day in late.items():
            message = f"`{key}` was first judged on {day}, so nobody is known to have been in it on {last}"
            yield Problem("before-history", message, mention.placed.span, "ask about a later day, or backfill it")


def _last_day(condition: MoveCondition) -> date | None:
    """The last day that is asked about, where that is a date."""
    ends = [window.last for window in condition.windows if isinstance(window, DayWindow)]
    return min((end.day for end in ends if isinstance(end, FixedDay)), default=None)


def _first_days(places: Places, warehouse: Warehouse) -> dict[str, date]:
    try:
        counts = places.locate("segment_counts_daily").sql(warehouse.dialect)
        rows = warehouse.rows(f"select segment, min(as_of_date) from {counts} group by segment")
    except (QuestionError, WarehouseError):
        return {}
    return {str(key): day for key, day in rows if isinstance(day, date)}
