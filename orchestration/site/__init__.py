"""The web catalogue: static pages about segments and audiences, made of the specs and the published marts.

They need no server and no network, and hold no subject's key and no value of a personal attribute.
"""

from __future__ import annotations

from orchestration.site.building import Site
from orchestration.site.dbt_docs import DbtDocs, docs_at, docs_made
from orchestration.site.delivered import with_ledger
from orchestration.site.reading import read_figures
from orchestration.site.writing import SiteError, Written, refuse_others, write_site

__all__ = [
    "DbtDocs",
    "Site",
    "SiteError",
    "Written",
    "docs_at",
    "docs_made",
    "read_figures",
    "refuse_others",
    "with_ledger",
    "write_site",
]
