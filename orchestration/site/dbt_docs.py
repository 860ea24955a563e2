"""dbt's own documentation beside the site: a link to it, or its one static page put into the site."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from orchestration.compiler.compile import Compilation
from orchestration.settings import Settings
from orchestration.site.personal import Personal
from orchestration.site.writing import SiteError

PAGE = "dbt/index.html"
# where dbt's page, which otherwise loads two files beside it, takes them in
INLINE = {"manifest": '"MANIFEST.JSON INLINE DATA"', "catalog": '"CATALOG.JSON INLINE DATA"'}
KEPT = ("adapter_type", "dbt_schema_version", "dbt_version", "generated_at", "project_name")


@dataclass(frozen=True)
class DbtDocs:
    """Where dbt's documentation is, seen from the index, and the page's text where the site holds it."""

    link: str
    page: str | None = None


def docs_at(place: str) -> DbtDocs:
    """The documentation at a web address, which is linked, or in a file, which is copied. Raises SiteError."""
    if urlsplit(place).scheme in ("http", "https"):
        return DbtDocs(place)
    try:
        return DbtDocs(PAGE, Path(place).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        remedy = "name a web address, or the static_index.html that `dbt docs generate --static` writes"
        raise SiteError(f"cannot read dbt's documentation at {place}: {remedy}") from error


def docs_made(settings: Settings, compilation: Compilation) -> DbtDocs:
    """The documentation as dbt makes it now, which takes some seconds and the warehouse.

    Raises DbtError; SiteError also where a rule names somebody, since dbt tells all rules.
    """
    from orchestration.dbt import Dbt

    personal = Personal(compilation)
    if named := [key for key in compilation.segments if personal.in_rule(key)]:
        remedy = "link documentation that only those may read who may, with --dbt-docs"
        raise SiteError(
            f"dbt's documentation shows all rules, and {named[0]} names values of personal attributes: {remedy}"
        )
    dbt = Dbt(settings)
    folder = dbt.write_docs()
    catalog = json.loads((folder / "catalog.json").read_text(encoding="utf-8"))
    page = (folder / "index.html").read_text(encoding="utf-8")
    return DbtDocs(PAGE, in_one_page(page, dbt.document, catalog))


def in_one_page(page: str, manifest: Mapping[str, Any], catalog: Mapping[str, Any]) -> str:
    """dbt's page with its two files inside. Raises SiteError: this dbt's page has no place for them.

    Left out are blocks of documentation, which hold the keys of fixed lists, and what names a machine or a user.
    """
    nodes = {key: {**node, "root_path": None} for key, node in manifest["nodes"].items()}
    # the page shows the overviews by themselves, the other blocks where a description has taken them in
    blocks = {key: block for key, block in manifest["docs"].items() if block["name"].startswith("__")}
    told = {"manifest": {**manifest, "docs": blocks, "nodes": nodes}, "catalog": catalog}
    for name, place in INLINE.items():
        if place not in page:
            raise SiteError(f"dbt's page has no place for its {name}: make it with `dbt docs generate --static`")
        kept = {key: value for key, value in told[name]["metadata"].items() if key in KEPT}
        text = json.dumps({**told[name], "metadata": kept}, default=str).replace("<", "\\u003c")
        page = page.replace(place, text)
    return page
