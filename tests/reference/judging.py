"""A world judged by the compiler's SQL: understood, put into an engine's tables, and asked for every segment."""

from __future__ import annotations

import datetime as dt
import json
from functools import partial
from typing import Any, Protocol

from sqlglot import exp

from orchestration.compiler.compile import Compilation, Sources, compile_sources
from orchestration.compiler.problem import SourceFile
from orchestration.compiler.render import NOTHING_RECORDED, Recorded, to_inline, to_text
from tests.reference.world import Columns, Tables, World


class Engine(Protocol):
    """An engine that holds a world's tables; columns have the catalog's types."""

    dialect: str
    schema: str

    def load(self, columns: Columns, tables: Tables) -> None:
        """Make the tables anew, with these rows."""
        ...

    def rows(self, sql: str) -> list[tuple[Any, ...]]: ...


def asked(engine: Engine, world: World) -> dict[str, set[Any]]:
    """The members of every segment, by one query for each entity. Raises Problems."""
    compilation = compiled(world)
    engine.load(world.columns, world.tables)
    recorded = record(engine, world, compilation)
    found: dict[str, set[Any]] = {}
    for entity in {spec["entity"]: None for spec in world.specs.values()}:
        found |= _members(engine, entity, compilation, world.as_of, recorded)
    return found


def record(engine: Engine, world: World, compilation: Compilation) -> Recorded:
    """Put what was recorded before the day into its tables, where any rule looks at it."""
    if not world.looks_back():
        return NOTHING_RECORDED
    columns = world.recorded_columns()
    engine.load(columns, world.recorded(compilation.definitions))
    segments = compilation.segments.items()
    return Recorded(
        columns={entity: tuple(columns[f"{entity}_history"]) for entity in world.catalog["entities"]},
        definitions={key: (compilation.definition(key), segment.status.value) for key, segment in segments},
        has_definitions=True,
    )


def _members(
    engine: Engine, entity: str, compilation: Compilation, as_of: dt.date, recorded: Recorded
) -> dict[str, set[Any]]:
    plans = compilation.plans_of(entity)
    keys = [segment.key for segment in plans[-1].segments]
    sql = to_text(to_inline(plans, compilation.bases, as_of, partial(locate, engine), recorded), engine.dialect)
    key = compilation.catalog.entities[entity].key
    columns = ", ".join(f'"{name}"' for name in (key, *keys))
    rows = engine.rows(f"select {columns} from ({sql}) as judged")
    assert all(value is not None for row in rows for value in row[1:]), "a flag is true or false"
    return {name: {row[0] for row in rows if row[number]} for number, name in enumerate(keys, 1)}


def locate(engine: Engine, model: str) -> exp.Table:
    """Where an engine keeps a model's table."""
    return exp.Table(this=exp.to_identifier(model, quoted=True), db=exp.to_identifier(engine.schema))


def compiled(world: World) -> Compilation:
    """Understand a world's catalog and segments. Raises Problems."""
    keys = [entity["key"] for entity in world.catalog["entities"].values()]
    lists = {
        path: SourceFile(path, "\n".join([",".join(keys), *(",".join([member] * len(keys)) for member in members)]))
        for path, members in world.static.items()
    }
    segments = (SourceFile(f"segment_specs/all/{key}.yml", _yaml(spec)) for key, spec in world.specs.items())
    return compile_sources(
        Sources(SourceFile("segment_specs/catalog.yml", _yaml(world.catalog)), tuple(segments), lists=lists)
    )


def _yaml(value: object) -> str:
    """JSON is YAML; dates as their texts."""

    def text(other: object) -> str:
        if isinstance(other, dt.datetime):
            return other.isoformat(sep=" ")
        return other.isoformat() if isinstance(other, dt.date) else str(other)

    return json.dumps(value, default=text, ensure_ascii=False)
