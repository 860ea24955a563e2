"""What Muster relies on where it is a package of somebody else's dbt project, looked at once the project is parsed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from orchestration.document import PACKAGE
from orchestration.errors import MusterError
from orchestration.layout import FILE
from orchestration.settings import Settings

OWN_FIRST = "require_ref_searches_node_package_before_root"
BUILT = ("model", "snapshot")


class NeighbourError(MusterError):
    """The project around Muster's package would make it read or write the wrong tables; the message says where."""


class Parsed(Protocol):
    """As much of dbt's manifest as is looked at."""

    @property
    def nodes(self) -> Any: ...


def refuse_neighbours(manifest: Parsed, settings: Settings) -> None:
    """Stop before anything is built. Raises NeighbourError, LayoutError; a project that is Muster's alone is fine."""
    if not settings.layout.package:
        return
    nodes = manifest.nodes
    ours = {str(node.name): node for node in nodes.values() if node.package_name == PACKAGE}
    for node, parent in _read(nodes, ours.values()):
        if parent.package_name != PACKAGE and parent.name in ours and str(parent.resource_type) in (*BUILT, "seed"):
            raise NeighbourError(
                f"{parent.original_file_path} is called `{parent.name}` as a model of Muster's is, so `{node.name}` "
                f"would read the wrong one: write `{OWN_FIRST}: true` under `flags:` in dbt_project.yml"
            )
    _refuse_schemas(ours, manifest, settings)
    if (builds_in := settings.dbt_warehouse()) != settings.duckdb:
        raise NeighbourError(
            f"dbt builds in {builds_in}, and Muster looks into {settings.duckdb}: unset MUSTER_DUCKDB, or let the "
            "profile read it, as in path: \"{{ env_var('MUSTER_DUCKDB') }}\""
        )


def _read(nodes: Any, readers: Any) -> Iterator[tuple[Any, Any]]:
    for node in readers:
        for name in node.depends_on_nodes:
            if name in nodes:
                yield node, nodes[name]


def schemas_built(manifest: Parsed) -> list[str]:
    """The schemas that Muster builds in, then those that it reads from."""
    nodes = manifest.nodes
    ours = [node for node in nodes.values() if node.package_name == PACKAGE]
    own = {str(node.schema) for node in ours if str(node.resource_type) in BUILT}
    read = {str(parent.schema) for _, parent in _read(nodes, ours) if parent.package_name != PACKAGE}
    return [*sorted(own), *sorted(read - own)]


def _refuse_schemas(ours: dict[str, Any], manifest: Parsed, settings: Settings) -> None:
    """Muster's tables find each other in one schema, and questions find the catalog's by `schemas`."""
    own = {node.schema for node in ours.values() if str(node.resource_type) in BUILT}
    if len(own) > 1:
        raise NeighbourError(
            f"Muster's models and snapshots are spread over the schemas {', '.join(sorted(own))}, and have to be in "
            f"one: let generate_schema_name treat nodes alike whose package_name is `{PACKAGE}`"
        )
    wanted, named = schemas_built(manifest), settings.layout.schemas
    if list(named[:1]) != wanted[:1] or not set(wanted) <= set(named):
        raise NeighbourError(
            f"{FILE} has `schemas: [{', '.join(named)}]`, and with the target of this run dbt builds in others: write "
            f"`schemas: [{', '.join(wanted)}]`"
        )
