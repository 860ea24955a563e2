"""dbt's own documentation beside the site: a link to it, or its one static page put into the site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from orchestration.site.writing import SiteError

PAGE = "dbt/index.html"


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
