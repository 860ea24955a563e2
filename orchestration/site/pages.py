"""The templates, compiled once; whatever is put into them is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from orchestration.site import said

# Scripts and styles of the site itself, nothing of anybody else, and nothing that is sent anywhere.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'"

ROW, CELL = "\x1e", "\x1f"  # characters that no spec may hold


def render(template: str, **context: object) -> str:
    """A page's text."""
    return _environment().get_template(template).render(**context)


def table_rows(rows: Sequence[Sequence[str]]) -> Markup:
    """A table's rows, the first cell of each as its head: escaped at once, since a site has millions of cells.

    They have no closing tags, which HTML does not need.
    """
    begun, between = Markup('<tr><th scope="row">'), Markup("<td>")
    text = escape(ROW.join(CELL.join(row) for row in rows))
    return begun + text.replace(ROW, Markup("\n") + begun).replace(CELL, between) if rows else Markup("")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("orchestration.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "number": said.number,
        "signed": said.signed,
        "share": said.share,
        "day": said.day,
        "table_rows": table_rows,
    }
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    environment.globals["policy"] = POLICY
    return environment
