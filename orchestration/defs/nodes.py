"""dbt's nodes as Dagster's assets and checks, split by the steps that build them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from orchestration.document import PACKAGE
from orchestration.pipeline import DAY

ASSETS = ("model", "snapshot", "seed")


class Translator(DagsterDbtTranslator):
    """dagster-dbt's names, in groups named after the models' folders."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        named = super().get_group_name(dbt_resource_props)
        kind, names = dbt_resource_props["resource_type"], dbt_resource_props["fqn"]
        return named or (names[-2] if kind != "seed" and len(names) > 2 else f"{kind}s")


TRANSLATOR = Translator()


@dataclass(frozen=True)
class Part:
    """What one step builds: assets and checks, by dbt's unique id."""

    assets: Mapping[str, dg.AssetSpec]
    checks: Mapping[str, dg.AssetCheckSpec]


@dataclass(frozen=True)
class Parts:
    """A project split by how time works in it.

    `sources` are as they are now; `days` are built for each day, and recorded; `marts` are built once, of all days.
    """

    sources: Part
    days: Part
    marts: Part


def document_to_parts(document: Mapping[str, Any], *, upstream: bool = True) -> Parts:
    """Split a project's nodes as the pipeline builds them; a test belongs to the part that builds all it reads.

    What another package of the project builds is an asset of Muster's where a run builds all that is `upstream`.
    """
    everyones = document["nodes"]
    nodes = {name: node for name, node in everyones.items() if node["package_name"] == PACKAGE}
    days = {name for name, node in nodes.items() if DAY.removeprefix("tag:") in node.get("tags", ())}
    built = everyones if upstream else nodes
    sources = _ancestors(document, days) & built.keys()
    days |= {name for name, node in nodes.items() if _is_test(node) and days.issuperset(_read(node))}
    sources |= {name for name, node in built.items() if _is_test(node) and sources.issuperset(_read(node))}
    return Parts(
        sources=_part(document, sources),
        days=_part(document, days),
        marts=_part(document, nodes.keys() - days - sources),
    )


def _ancestors(document: Mapping[str, Any], names: Set[str]) -> set[str]:
    """All that nodes are made of, and that is none of them."""
    found: set[str] = set()
    ahead = set(names)
    while ahead:
        ahead = {parent for name in ahead for parent in document["parent_map"].get(name, ())} - found
        found |= ahead
    return found - names


def _is_test(node: Mapping[str, Any]) -> bool:
    return bool(node["resource_type"] == "test")


def _read(node: Mapping[str, Any]) -> list[str]:
    return list(node["depends_on"]["nodes"])


def _part(document: Mapping[str, Any], names: Iterable[str]) -> Part:
    nodes = {name: document["nodes"][name] for name in sorted(names)}
    assets = {
        name: TRANSLATOR.get_asset_spec(document, name, None)
        for name, node in nodes.items()
        if node["resource_type"] in ASSETS and node["config"]["materialized"] != "ephemeral"
    }
    tests = {name: node for name, node in nodes.items() if _is_test(node)}
    checks = {name: check for name, node in tests.items() if (check := _check(node, assets))}
    return Part(assets, checks)


def _check(node: Mapping[str, Any], assets: Mapping[str, dg.AssetSpec]) -> dg.AssetCheckSpec | None:
    """A test as a check on the asset it is written for, or on the first that it reads and that its part builds."""
    about = [name for name in (node.get("attached_node"), *_read(node)) if name in assets]
    read = list(dict.fromkeys(assets[str(name)].key for name in about))
    if not read:
        return None
    return dg.AssetCheckSpec(
        name=node["name"],
        asset=read[0],
        description=node.get("description") or None,
        additional_deps=read[1:],
        blocking=node["config"]["severity"].lower() == "error",
    )
