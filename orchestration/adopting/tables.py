"""The tables that a catalog can be made of: what the warehouse has, and what dbt's manifest says about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.document import PACKAGE
from orchestration.warehouse import Warehouse, quoted_name

MODELLED = ("model", "seed", "snapshot")
SYSTEM = ("information_schema", "pg_catalog", "ledger", "published")


@dataclass(frozen=True)
class Place:
    """Where a table lies, and what is known of its columns beforehand; `name` is the catalog's word for it."""

    name: str
    schema: str
    table: str
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    tested: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A table or view of the warehouse; `columns` gives each column's type as the warehouse names it."""

    place: Place
    columns: Mapping[str, str]
    database: str
    warehouse: Warehouse = field(repr=False, compare=False)

    @property
    def name(self) -> str:
        return self.place.name

    @property
    def relation(self) -> str:
        return ".".join(map(quoted_name, (self.database, self.place.schema, self.place.table)))

    def is_key(self, column: str) -> bool:
        """Whether every row has a value of its own in the column; an empty table shows nothing."""
        name = quoted_name(column)
        [(rows, known, different)] = self._ask(f"select count(*), count({name}), count(distinct {name})")
        return rows == known == different and bool(rows)

    def holds_all_of(self, key: str, other: Table, column: str) -> bool:
        """Whether all of another table's values in a column, of which there are some, are keys of this one."""
        missing = f"{quoted_name(column)} not in (select {quoted_name(key)} from {self.relation})"
        [(strange, known)] = other._ask(f"select count(*) filter (where {missing}), count({quoted_name(column)})")
        return strange == 0 and bool(known)

    def unknown_in(self, column: str) -> int:
        [(count,)] = self._ask(f"select count(*) filter (where {quoted_name(column)} is null)")
        return int(str(count))

    def rows(self) -> int:
        [(count,)] = self._ask("select count(*)")
        return int(str(count))

    def last(self, column: str, before: object) -> object:
        """The latest value of a date column before an instant; None where there is none."""
        name = quoted_name(column)
        sql = f"select max({name}) from {self.relation} where {name} < cast(? as timestamp)"
        [(found,)] = self.warehouse.rows(sql, [before])
        return found

    def few_values(self, column: str, most: int) -> tuple[str, ...]:
        """A column's values in order where they are few and come often, as the states of something do."""
        name = quoted_name(column)
        rows = self._ask(f"select {name}, count(*)", f"where {name} is not null group by 1 order by 1 limit {most + 1}")
        often = sum(int(str(count)) for _, count in rows) >= 10 * len(rows)
        values = tuple(str(value) for value, _ in rows)
        return values if often and len(rows) <= most and all(len(value) <= 30 for value in values) else ()

    def _ask(self, selected: str, rest: str = "") -> list[tuple[object, ...]]:
        return self.warehouse.rows(f"{selected} from {self.relation} {rest}")


def look(warehouse: Warehouse, places: Iterable[Place] | None) -> tuple[Table, ...]:
    """The tables at some places, as far as they are built; at all places of the warehouse where none are named."""
    held: dict[tuple[str, str], dict[str, str]] = {}
    listed = warehouse.rows(
        "select table_schema, table_name, column_name, data_type from information_schema.columns "
        "where table_catalog = current_database() order by table_schema, table_name, ordinal_position"
    )
    for schema, table, column, kind in listed:
        held.setdefault((str(schema), str(table)), {})[str(column)] = str(kind)
    if places is None:
        places = [Place(table, schema, table) for schema, table in held if schema not in SYSTEM]
    [(database,)] = warehouse.rows("select current_database()")
    found = [
        Table(each, held[each.schema, each.table], str(database), warehouse)
        for each in places
        if (each.schema, each.table) in held
    ]
    return tuple(sorted(found, key=lambda table: (table.name, table.place.schema)))


def document_to_places(document: Mapping[str, Any]) -> list[Place]:
    """The tables that a dbt project builds, without Muster's own."""
    tested = _tested(document)
    nodes = {name: node for name, node in document["nodes"].items() if _is_theirs(node)}
    return [
        Place(
            str(node["name"]),
            str(node["schema"]),
            str(node["alias"]),
            _line(node["description"]),
            {column: _line(told["description"]) for column, told in node["columns"].items()},
            {column: frozenset(tests) for column, tests in tested.get(name, {}).items()},
        )
        for name, node in sorted(nodes.items())
    ]


def _is_theirs(node: Mapping[str, Any]) -> bool:
    built = node["resource_type"] in MODELLED and node["config"].get("materialized") != "ephemeral"
    return built and node["package_name"] != PACKAGE


def _tested(document: Mapping[str, Any]) -> dict[str, dict[str, set[str]]]:
    """The names of dbt's own tests, by the node and the column that they are about."""
    found: dict[str, dict[str, set[str]]] = {}
    for node in document["nodes"].values():
        about, column, test = node.get("attached_node"), node.get("column_name"), node.get("test_metadata")
        if about and column and test:
            found.setdefault(about, {}).setdefault(column, set()).add(str(test["name"]))
    return found


def _line(text: str) -> str:
    return " ".join(text.split())
