"""The texts of a project that has no dbt yet, and of the settings of Muster's package in any."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from orchestration.adopting.files import shipped
from orchestration.adopting.tables import Table
from orchestration.compiler.catalog import Catalog

OWN_SCHEMA = "muster"


def package_settings(catalog: Catalog, held: Mapping[str, Any], day: date) -> str:
    """The package's dbt_project.yml: that of Muster's own project with the catalog's calendar, in a schema of its own.

    `held` are the variables of an earlier installation, of which the days stay.
    """
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    told = yaml.load((shipped() / "dbt_project.yml").read_text(encoding="utf-8"))
    for name in ("profile", "clean-targets", "flags"):
        told.pop(name, None)
    told["models"]["muster"].pop("staging", None)
    for kind in ("models", "seeds"):
        told[kind]["muster"].insert(0, "+schema", OWN_SCHEMA)
    told["snapshots"] = {"muster": {"+schema": OWN_SCHEMA}}
    told["vars"]["timezone"], told["vars"]["week_starts_on"] = catalog.timezone, catalog.week_starts_on
    for name in ("as_of", "first_day"):
        told["vars"][name] = str(held.get(name, day.isoformat()))
    written = StringIO()
    yaml.dump(told, written)
    return re.sub(r" {2,}# ", " # ", written.getvalue())


def new_project(name: str, warehouse: str, tables: Sequence[Table]) -> dict[str, str]:
    """The files of a dbt project for a warehouse that has none, by their path: a view for each table, and a profile."""
    called = re.sub(r"\W+", "_", name.lower()).strip("_") or "warehouse"
    called = f"project_{called}" if called[0].isdigit() or called == "muster" else called
    views = {f"dbt_project/models/staging/{table.name}.sql": _view(table) for table in tables}
    return {
        "dbt_project/dbt_project.yml": (
            f'name: {called}\nversion: "1.0.0"\nprofile: {called}\nmodel-paths: [models]\n\nmodels:\n  {called}:\n'
            "    staging:\n      +materialized: view\n      +schema: staging\n\n"
            "flags:\n  send_anonymous_usage_stats: false\n"
        ),
        "dbt_project/models/staging/_sources.yml": _sources(tables),
        **views,
        "profiles/profiles.yml": (
            f"{called}:\n  target: duckdb\n  outputs:\n    duckdb:\n      type: duckdb\n"
            f"      path: \"{{{{ env_var('MUSTER_DUCKDB', '{warehouse}') }}}}\"\n      schema: main\n      threads: 1\n"
            "      settings:\n        TimeZone: UTC\n"
        ),
    }


def _view(table: Table) -> str:
    return f"select * from {{{{ source('{table.place.schema}', '{table.place.table}') }}}}\n"


def _sources(tables: Sequence[Table]) -> str:
    lines = ["version: 2", "", "sources:"]
    for schema in sorted({table.place.schema for table in tables}):
        lines += [f"  - name: {schema}", "    tables:"]
        lines += [f"      - name: {table.place.table}" for table in tables if table.place.schema == schema]
    return "\n".join((*lines, ""))


def find_duckdb(project: Path) -> list[Path]:
    """The DuckDB files in a folder itself."""
    found = (path for pattern in ("*.duckdb", "*.db") for path in project.glob(pattern) if path.is_file())
    return sorted(path for path in found if path.read_bytes()[8:12] == b"DUCK")
