"""What dbt's manifest tells the runs: the entities that are judged, and where dbt puts its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFINITION_HISTORY = "segment_definition_history"
PACKAGE = "muster"


def entities(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Each entity's entry in the manifest: key, time zone, sources, segments."""
    metas = (node.get("config", {}).get("meta", {}).get("muster") for node in document["nodes"].values())
    return {meta["entity"]: meta for meta in metas if meta and "segments" in meta}


def own_relations(document: Mapping[str, Any]) -> dict[str, str]:
    """The same of Muster's own nodes alone: all that it may change, whatever else the project builds."""
    nodes = {name: node for name, node in document["nodes"].items() if node["package_name"] == PACKAGE}
    return relations({"nodes": nodes})


def relations(document: Mapping[str, Any]) -> dict[str, str]:
    """How SQL names what dbt builds, by the node's name; without the database, which may be moved."""
    found = {}
    # where another package of the project has a table of the same name, Muster's own is meant
    for node in sorted(document["nodes"].values(), key=lambda node: bool(node["package_name"] == PACKAGE)):
        if relation := node.get("relation_name"):
            parts = relation.rsplit(".", 2)
            found[str(node["name"])] = ".".join(parts[-2:])
    return found
