"""The marts as dbt's manifest names them: what is published is what carries their tag."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.document import relations
from orchestration.warehouse import Warehouse, quoted_name, quoted_text

TAG = "muster_marts"


@dataclass(frozen=True)
class Mart:
    """A table that BI reads. `relation` is where it lies in the warehouse, quoted; `columns` are those documented."""

    name: str
    relation: str
    description: str
    columns: Mapping[str, str]


def marts_of(document: Mapping[str, Any]) -> tuple[Mart, ...]:
    """The marts of a dbt manifest, by name."""
    nodes = (node for node in document["nodes"].values() if _is_mart(node))
    return tuple(sorted((_mart(node) for node in nodes), key=lambda mart: mart.name))


def _is_mart(node: Mapping[str, Any]) -> bool:
    built = node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    return built and TAG in node.get("tags", ())


def _mart(node: Mapping[str, Any]) -> Mart:
    columns = {name: _in_a_line(column["description"]) for name, column in node["columns"].items()}
    return Mart(node["alias"], node["relation_name"], _in_a_line(node["description"]), columns)


def _in_a_line(text: str) -> str:
    return " ".join(text.split())


def documented(marts: Iterable[Mart], place: Callable[[str], str]) -> Iterator[str]:
    """Statements that give published tables the marts' words; `place` says where a table of that name lies."""
    for mart in marts:
        yield f"comment on table {place(mart.name)} is {quoted_text(mart.description)}"
        for column, description in mart.columns.items():
            yield f"comment on column {place(mart.name)}.{quoted_name(column)} is {quoted_text(description)}"


def incremental_marts(document: Mapping[str, Any]) -> list[str]:
    """The marts that a run adds to: made anew when they are gone."""
    return [
        str(node["name"])
        for node in document["nodes"].values()
        if TAG in node["tags"] and node["config"].get("materialized") == "incremental"
    ]


def drop_incremental_marts(warehouse: Warehouse, document: Mapping[str, Any]) -> None:
    """Let the marts that days are added to be made anew, from the history as it is now."""
    tables, names = warehouse.tables(), relations(document)
    for name in incremental_marts(document):
        if name in tables:
            warehouse.execute(f"drop table {names[name]}")
