"""docs/tables.md: every table that readers may build on, as dbt's manifest knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestration.publishing.mart import TAG
from orchestration.publishing.publication import SCHEMA_VERSION

Node = Mapping[str, Any]
ENTITY = "household"
GRAIN = "Grain: one row per "
HEAD = f"""\
# Tables

What is published after every run, for dashboards ([bi.md](bi.md)), and what lies beside it in the warehouse. This page
is made from dbt's manifest; its words are those of `dbt_project/models/marts`, and stand as comments on the published
tables and columns too.

All marts keep contract version {SCHEMA_VERSION}, `schema_version` in the published manifest. dbt enforces columns
and types. Tables and columns may be added; none is renamed, dropped or given another meaning without a higher version.
Subjects are known by `entity` and `subject_key`, the key as text. Days are whole local days of the catalog's time
zone; as of a day means at its end.

"""
PER_ENTITY = """
## Tables of each entity

These lie in the warehouse, one set for each entity of the catalog, with the entity's own key in its own type. They are
not published, and the contract is that of the marts: of `<entity>_segments` the key alone is promised, of the others
nothing that is not in `segment_spells`, `segment_transitions` and `segment_membership_daily` too.
"""
WORKSPACE = """
## Marts of the demo's workspaces

These are made for the demo's own data, in `dbt_project/models/marts/workspace`; a project of one's own leaves them out.
"""
UNDER = "It lies under other marts, and no dashboard needs it."


def tables_page(document: Mapping[str, Any]) -> str:
    """The whole page, of a manifest as dbt writes it."""
    nodes = sorted(document["nodes"].values(), key=lambda node: str(node["name"]))
    marts = [node for node in nodes if node["resource_type"] == "model" and TAG in node["tags"]]
    ours = [node for node in marts if "/workspace/" in node["original_file_path"]]
    plain = [node for node in marts if node not in ours]
    exposed = {name for each in document["exposures"].values() for name in each["depends_on"]["nodes"]}
    parts = [HEAD, _index(plain, exposed), "\n## Marts\n", *(_mart(node, exposed) for node in plain)]
    parts += [WORKSPACE, *(_mart(node, exposed) for node in ours)]
    parts += [PER_ENTITY, *(_table(node) for node in nodes if _is_of_entity(node))]
    return "".join(parts)


def _index(marts: Iterable[Node], exposed: set[str]) -> str:
    rows = [
        f"| [`{node['name']}`](#{node['name']}) | {_grain(node)} |\n" for node in marts if _is_exposed(node, exposed)
    ]
    return "| mart | one row per |\n|---|---|\n" + "".join(rows)


def _is_exposed(node: Node, exposed: set[str]) -> bool:
    return str(node["unique_id"]) in exposed


def _mart(node: Node, exposed: set[str]) -> str:
    under = "" if _is_exposed(node, exposed) or node["name"] == "days" else f"\n\n{UNDER}"
    return f"\n### {node['name']}\n\n{_capital(_words(node))}{under}\n\n{_columns(node['columns'].values())}"


def _words(node: Node) -> str:
    return _line(node["description"]).removeprefix("Grain: ")


def _grain(node: Node) -> str:
    """What one row stands for, without what follows."""
    said = _line(node["description"]).removeprefix(GRAIN)
    ends = [said.index(end) for end in (". ", ": ") if end in said] or [len(said.rstrip("."))]
    return _cell(said[: min(ends)])


def _columns(columns: Iterable[Node]) -> str:
    rows = [
        f"| `{each['name']}` | {each['data_type'] or ''} | {_cell(_line(each['description']))} |\n" for each in columns
    ]
    return "| column | type | |\n|---|---|---|\n" + "".join(rows)


def _is_of_entity(node: Node) -> bool:
    built = node["resource_type"] == "model"
    return built and str(node["original_file_path"]).startswith(f"models/segments/{ENTITY}/")


def _table(node: Node) -> str:
    """A table of one entity, told for any of them."""
    name = str(node["name"]).replace(ENTITY, "<entity>", 1)
    said = _capital(_of_any(_line(node["description"])))
    own = [each for each in node["columns"].values() if not _is_of_a_rule(node, each["name"])]
    rows = [f"| `{_of_any(each['name'])}` | {_cell(_of_any(_line(each['description'])))} |\n" for each in own]
    more = f"| … | {FLAGS[_kind(node)]} |\n" if len(own) < len(node["columns"]) else ""
    table = "| column | |\n|---|---|\n" + "".join(rows) + more if rows else ""
    return f"\n### `{name}`\n\n{said}\n" + (f"\n{table}" if table else "")


FLAGS = {
    "segments": "a boolean for each segment, by its key",
    "traits": "a column for each attribute and number that rules look at",
}


def _kind(node: Node) -> str:
    return str(node["name"]).removeprefix(f"{ENTITY}_")


def _is_of_a_rule(node: Node, column: str) -> bool:
    return _kind(node) in FLAGS and column != f"{ENTITY}_id"


def _of_any(text: str) -> str:
    return text.replace(f"{ENTITY}_id", "KEY").replace(f"each {ENTITY}", "each subject").replace(ENTITY, "subject")


def _line(text: str) -> str:
    return " ".join(str(text).split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
