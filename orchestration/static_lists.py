"""Segments that are fixed lists: their files edited from the command line, their keys looked up in the warehouse."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqlglot import exp

from orchestration.compiler.catalog import Entity
from orchestration.compiler.compile import Compilation
from orchestration.compiler.files import read_list
from orchestration.compiler.list_edits import ListEdit
from orchestration.compiler.lists import StaticList, line_span, source_to_list
from orchestration.compiler.problem import Problem, nearest
from orchestration.compiler.segment import Segment, StaticMembers
from orchestration.compiler.sql import cast, column, text
from orchestration.errors import MusterError, UnknownNameError
from orchestration.questions import Places, QuestionError
from orchestration.warehouse import Warehouse

AT_ONCE = 5_000
SHOWN = 3


@dataclass(frozen=True)
class Listed:
    """A segment that is a fixed list: where the list lies, and what is in it."""

    segment: Segment
    entity: Entity
    path: Path
    content: StaticList


def listed(compilation: Compilation, specs: Path, key: str) -> Listed:
    """A segment's list. Raises UnknownNameError; MusterError: the segment has a rule instead."""
    segment = compilation.segments.get(key)
    if segment is None:
        raise UnknownNameError(f"there is no segment `{key}`. {nearest(key, compilation.segments)}")
    if not isinstance(segment.rule, StaticMembers):
        lists = [each.key for each in compilation.segments.values() if isinstance(each.rule, StaticMembers)]
        known = f" Segments with a list: {', '.join(lists)}." if lists else ""
        raise MusterError(f"`{key}` has a rule and no list of members ({segment.path}).{known}")
    entity = compilation.catalog.entities[segment.entity]
    return Listed(segment, entity, specs / segment.rule.path, compilation.lists[segment.rule.path])


def edit(found: Listed, change: Callable[[StaticList, str, str, Iterable[str]], ListEdit], keys: list[str]) -> ListEdit:
    """Change the list's file. Raises UnknownNameError: a text that cannot be a key."""
    wanted = [key.strip() for key in keys]
    for key in wanted:
        if not key or not key.isprintable():
            raise UnknownNameError(f"`{key}` cannot be a key")
    path = found.path.resolve()
    before = path.read_bytes().decode("utf-8")
    done = change(found.content, before, found.entity.key, wanted)
    if done.text != before:
        aside = path.with_name(f".{path.name}.new")
        aside.write_bytes(done.text.encode("utf-8"))
        shutil.copymode(path, aside)
        aside.replace(path)
    return done


def read_again(found: Listed, project: Path) -> Listed:
    """The list as its file is now."""
    return replace(found, content=source_to_list(read_list(project, found.path)))


def unknown_members(compilation: Compilation, project: Path, warehouse: Warehouse) -> list[Problem]:
    """A warning for each list with keys that nobody in the warehouse has; tables that are not there say nothing."""
    places = Places(warehouse.tables())
    keys = [key for key, each in compilation.segments.items() if isinstance(each.rule, StaticMembers)]
    lists = (listed(compilation, project / "segment_specs", key) for key in keys)
    return [warning for each in lists if (warning := unknown_warning(each, places, warehouse))]


def unknown_warning(
    found: Listed, places: Places, warehouse: Warehouse, only: Iterable[str] | None = None
) -> Problem | None:
    """What to say about the keys of a list, or about some of them, that nobody has."""
    lines = found.content.keys(found.entity.key)
    asked = list(lines) if only is None else [key for key in only if key in lines]
    try:
        known = {key for some in _batches(asked) for key in _known(some, found.entity, places, warehouse)}
    except QuestionError:
        return None
    unknown = [key for key in asked if key not in known]
    if not unknown:
        return None
    shown = ", ".join(f"`{key}`" for key in unknown[:SHOWN]) + (" …" if len(unknown) > SHOWN else "")
    count = "one key belongs" if len(unknown) == 1 else f"{len(unknown)} keys belong"
    help_ = f"correct the list, or `muster members remove {found.segment.key} {unknown[0]}`"
    span = line_span(found.content.source, lines[unknown[0]])
    return Problem("unknown-member", f"{count} to no {found.entity.name}: {shown}", span, help_, "warning")


def _batches(keys: list[str]) -> Iterator[list[str]]:
    left = iter(keys)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _known(keys: list[str], entity: Entity, places: Places, warehouse: Warehouse) -> set[str]:
    """Those of the keys that subjects have; keys of lists are compared as texts."""
    key = cast(column(entity.key), "text")
    query = exp.Select(expressions=[key]).from_(places.locate(entity.model), copy=False)
    query = query.where(exp.In(this=key.copy(), expressions=[text(each) for each in keys]), copy=False)
    return {str(row[0]) for row in warehouse.rows(query.distinct(copy=False).sql(dialect=warehouse.dialect))}
