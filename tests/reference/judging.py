"""From plain values to what the compiler understands: a catalog, specs and fixed lists as it would read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.problem import SourceFile


def as_yaml(value: object) -> str:
    """JSON is YAML; dates as their texts."""

    def text(other: object) -> str:
        if isinstance(other, date | datetime):
            return other.isoformat(sep=" ") if isinstance(other, datetime) else other.isoformat()
        return str(other)

    return json.dumps(value, default=text, ensure_ascii=False)


def compiled(
    catalog: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]], static: Mapping[str, list[str]]
) -> Compilation:
    """Everything understood. Raises Problems."""
    keys = [entity["key"] for entity in catalog["entities"].values()]
    sources = Sources(
        catalog=SourceFile("segment_specs/catalog.yml", as_yaml(catalog)),
        segments=tuple(SourceFile(f"segment_specs/all/{key}.yml", as_yaml(spec)) for key, spec in specs.items()),
        lists={
            path: SourceFile(path, "\n".join([",".join(keys), *(",".join([one] * len(keys)) for one in members)]))
            for path, members in static.items()
        },
    )
    return compile_sources(sources)
