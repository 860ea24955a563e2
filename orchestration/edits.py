"""Days on which definitions were edited: what would have moved without the edit, so that its doing can be told apart.

A segment's definition is kept as one query for any day. On the day from which another holds, the old one is asked as
well, and who it would have moved is noted before the new one judges.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.document import DEFINITION_HISTORY, relations
from orchestration.errors import MusterError
from orchestration.warehouse import Warehouse, WarehouseError, quoted_name

_REF = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")
_OPENED, _CLOSED = "```sql\n", "\n```"
_DAY = "{{ as_of }}"

UNEDITED_MOVES = "ledger.unedited_moves"
_TABLES = (
    "create schema if not exists ledger",
    "create table if not exists ledger.definitions "
    "(segment varchar not null, definition varchar not null, query varchar not null)",
    "create table if not exists ledger.edits (as_of_date date not null, entity varchar not null, "
    "segment varchar not null, told_apart boolean not null, problem varchar)",
    f"create table if not exists {UNEDITED_MOVES} (as_of_date date not null, entity varchar not null, "
    "segment varchar, subject_key varchar not null, transition varchar not null, reason varchar not null)",
    "create table if not exists ledger.renames (former varchar not null, segment varchar not null)",
)

# who would have changed sides: of the segment, and with its place in it the reason
_MOVES = """
insert into ledger.unedited_moves
with unedited(subject, is_member) as ({query}), before(subject, was_member) as (
    select {key}, {flag} from {history} where {lasting}
), sides as (
    select
        coalesce(unedited.subject, before.subject) as subject,
        coalesce(is_member, false) as is_member,
        coalesce(was_member, false) as was_member,
        case
            when before.subject is null then 'arrived'
            when unedited.subject is null then 'departed'
            else 'data'
        end as reason
    from unedited
    full outer join before on before.subject = unedited.subject
)
select cast(? as date), ?, ?, cast(subject as varchar), case when is_member then 'entered' else 'exited' end, reason
from sides
where is_member <> was_member
"""

# who would have come into the base population, or gone from it
_ARRIVALS = """
insert into ledger.unedited_moves
with unedited(subject, is_member) as ({query}), before(subject) as (
    select {key} from {history} where {lasting}
)
select
    cast(? as date), ?, null, cast(coalesce(unedited.subject, before.subject) as varchar),
    case when before.subject is null then 'entered' else 'exited' end,
    case when before.subject is null then 'arrived' else 'departed' end
from unedited
full outer join before on before.subject = unedited.subject
where unedited.subject is null or before.subject is null
"""


class EditError(MusterError):
    """An edit that the history cannot take; the message says why."""


@dataclass(frozen=True)
class Edit:
    """A segment whose definition is another one from a day on, and the query of the old one, where it was kept."""

    entity: str
    key: str
    segment: str
    query: str | None


def create_edits(warehouse: Warehouse) -> None:
    for statement in _TABLES:
        warehouse.execute(statement)


def record_definitions(warehouse: Warehouse, document: Mapping[str, Any], entities: Mapping[str, Any]) -> None:
    """Keep today's definitions as queries that any later day can ask; those that are kept already stay untouched."""
    tables, blocks = relations(document), _blocks(document)
    with warehouse.transaction():
        for entity in entities.values():
            for segment, meta in entity["segments"].items():
                query = _query(blocks[f"definition_{segment}"], tables)
                if _kept(warehouse, segment, meta["definition"]) != query:
                    _keep(warehouse, segment, meta["definition"], query)


def _blocks(document: Mapping[str, Any]) -> dict[str, str]:
    """The documentation that dbt's manifest keeps, by name."""
    return {str(block["name"]): str(block["block_contents"]) for block in document["docs"].values()}


def _query(block: str, tables: Mapping[str, str]) -> str:
    """A segment's query as its documentation has it, on the warehouse's own tables."""
    query = block[block.index(_OPENED) + len(_OPENED) : block.rindex(_CLOSED)]
    return _REF.sub(lambda found: tables.get(found[1], found[1]), query)


def _kept(warehouse: Warehouse, segment: str, definition: str) -> str | None:
    """The query of a definition, if it was ever kept."""
    rows = warehouse.rows(
        "select query from ledger.definitions where segment = ? and definition = ?", [segment, definition]
    )
    return str(rows[0][0]) if rows else None


def _keep(warehouse: Warehouse, segment: str, definition: str, query: str) -> None:
    named = [segment, definition]
    warehouse.execute("delete from ledger.definitions where segment = ? and definition = ?", named)
    warehouse.execute("insert into ledger.definitions values (?, ?, ?)", [*named, query])


def find_edits(warehouse: Warehouse, document: Mapping[str, Any], entities: Mapping[str, Any], day: date) -> list[Edit]:
    """The segments that were judged the day before by another definition than the one that holds now."""
    before = _definitions_before(warehouse, relations(document), day)
    now = {
        segment: (name, entity["key"], meta["definition"])
        for name, entity in entities.items()
        for segment, meta in entity["segments"].items()
    }
    changed = [key for key, held in before.items() if key in now and now[key][2] != held]
    return [Edit(now[key][0], now[key][1], key, _kept(warehouse, key, before[key])) for key in changed]


def refuse_moved(warehouse: Warehouse, document: Mapping[str, Any], entities: Mapping[str, Any]) -> None:
    """A segment belongs to one entity for good: its stays, under one key, are of the same subjects.

    Raises EditError.
    """
    if DEFINITION_HISTORY not in warehouse.tables():
        return
    of_entity = {segment: name for name, entity in entities.items() for segment in entity["segments"]}
    rows = warehouse.rows(
        f"select distinct segment, entity from {relations(document)[DEFINITION_HISTORY]} order by all"
    )
    for segment, entity in rows:
        if (now := of_entity.get(str(segment), entity)) != entity:
            raise EditError(
                f"`{segment}` was a segment of {entity} and has its history: "
                f"give the one of {now} another key, that is, its file another name"
            )


def _definitions_before(warehouse: Warehouse, tables: Mapping[str, str], day: date) -> dict[str, str]:
    """The definitions that held the day before, of segments that were not archived."""
    if DEFINITION_HISTORY not in warehouse.tables():
        return {}
    rows = warehouse.rows(
        f"select segment, definition from {tables[DEFINITION_HISTORY]} "
        f"where {_lasting(day)} and status <> 'archived' order by segment"
    )
    return {str(segment): str(definition) for segment, definition in rows}


def _lasting(day: date) -> str:
    """That a version held the day before, whatever was recorded since."""
    at = f"timestamp '{day} 00:00:00'"
    return f"dbt_valid_from < {at} and (dbt_valid_to is null or dbt_valid_to >= {at})"


def tell_apart(
    warehouse: Warehouse, document: Mapping[str, Any], entities: Iterable[str], edits: Iterable[Edit], day: date
) -> None:
    """Note who would have moved on a day without its edits.

    A query that can no longer be asked, since a table or a column of it is gone, is noted with the problem: the moves
    of its segment then all count as the edit's.
    """
    tables = relations(document)
    formers = _under_former_keys(warehouse, entities, tables)
    known: set[str] = set()
    for edit in edits:
        problem = _told_apart(warehouse, tables, formers, edit, day, with_arrivals=edit.entity not in known)
        if problem is None:
            known.add(edit.entity)
        row = [day, edit.entity, edit.segment, problem is None, problem]
        warehouse.execute("insert into ledger.edits values (?, ?, ?, ?, ?)", row)


def _told_apart(
    warehouse: Warehouse,
    tables: Mapping[str, str],
    formers: Mapping[str, str],
    edit: Edit,
    day: date,
    *,
    with_arrivals: bool,
) -> str | None:
    """What is wrong with the old query; None where nothing is."""
    query = edit.query
    if query is None:
        return "the definition before was not kept"
    for table, with_formers in formers.items():
        query = query.replace(table, with_formers)
    spelled = {
        "query": query.replace(_DAY, day.isoformat()),
        "history": tables[f"{edit.entity}_history"],
        "key": quoted_name(edit.key),
        "flag": quoted_name(edit.segment),
        "lasting": _lasting(day),
    }
    try:
        with warehouse.transaction():
            warehouse.execute(_MOVES.format(**spelled), [day, edit.entity, edit.segment])
            if with_arrivals:
                warehouse.execute(_ARRIVALS.format(**spelled), [day, edit.entity])
    except WarehouseError as wrong:
        return str(wrong).splitlines()[0]
    return None


def _under_former_keys(warehouse: Warehouse, entities: Iterable[str], tables: Mapping[str, str]) -> dict[str, str]:
    """For each table of the past what lets kept queries read it under the keys that segments had before renames."""
    renames = [(str(old), str(new)) for old, new in warehouse.rows("select former, segment from ledger.renames")]
    if not renames:
        return {}
    columns = {name: held for name, (_, held) in warehouse.tables().items()}
    ours = [name for name in (DEFINITION_HISTORY, *(f"{entity}_history" for entity in entities)) if name in columns]
    pasts = {tables[name]: columns[name] for name in ours} | {UNEDITED_MOVES: columns["unedited_moves"]}
    return {table: _with_former(table, renames, held) for table, held in pasts.items()}


def _with_former(table: str, renames: Iterable[tuple[str, str]], held: Collection[str]) -> str:
    """A table in which a renamed segment's rows, or its flag, stand under the former key as well."""
    if "segment" in held:
        others = ", ".join(name for name in held if name != "segment")
        formers = [
            f" union all select '{old}' as segment, {others} from {table} where segment = '{new}'"
            for old, new in renames
        ]
        return f"(select segment, {others} from {table}{''.join(formers)}) as under_former_keys"
    flags = [f", {quoted_name(new)} as {quoted_name(old)}" for old, new in renames if new in held and old not in held]
    return f"(select *{''.join(flags)} from {table}) as under_former_keys"


def rewind_edits(warehouse: Warehouse, day: date) -> None:
    """Forget what was noted for a day and those after it."""
    for table in ("edits", "unedited_moves"):
        warehouse.execute(f"delete from ledger.{table} where as_of_date >= ?", [day])
