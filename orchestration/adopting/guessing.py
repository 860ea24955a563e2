"""Guesses at entities, keys, dates, events and relations, from names, types and rows; each says what it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from orchestration.adopting.tables import Table
from orchestration.compiler.taken import COLUMNS, TAKEN
from orchestration.errors import MusterError

PEOPLE = ("person", "customer", "user", "member", "contact", "subscriber", "client", "patient", "student", "guest")
GROUPS = ("account", "company", "organization", "organisation", "household", "workspace", "tenant", "team")
IRREGULAR = {"people": "person", "companies": "company"}
LAYER = re.compile(r"(stg|staging|int|base|raw|src|dim|fct|fact|mart|snap)_")
ROUGH = re.compile(r"(stg|staging|int|base|raw|src|snap)_|_snapshot$|_history$")
PERSONAL = re.compile(
    r"e_?mail|phone|mobile|address|street|postcode|postal|zip|birth|dob|iban|passport|(^|_)ssn|(^|_)ip(_|$)"
    r"|(first|last|full|middle|sur|family|given|display)_?name|^name$"
)
BEGUN = re.compile(r"(signed_up|registered|joined|created|first_seen|opened|started|inserted|since)(_?(at|on|date))?$")
DATED = re.compile(r"_(at|on|date|time|ts)$|^(date|day|at|timestamp|time)$")
EVENTFUL = re.compile(r"event|activit|visit|view|action|click|session|track|log")
NAMED = re.compile(r"^(event_name|event_type|event|action|kind|type|name|activity)$")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}\Z")
KEYS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|VARCHAR|UUID)\Z")
TYPES = (
    (r"(VARCHAR|UUID|ENUM\(.*\))", "text"),
    (r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?", "integer"),
    (r"DECIMAL\(.*\)", "number"),
    (r"DOUBLE|FLOAT", "float"),
    (r"BOOLEAN", "boolean"),
    (r"DATE", "date"),
    (r"TIMESTAMP(_S|_MS|_NS)?", "timestamp"),
    (r"VARCHAR\[\]", "list"),
)


class GuessError(MusterError):
    """No first catalog can be made of the warehouse's tables; the message says which option helps."""


@dataclass(frozen=True)
class RowsGuess:
    """Rows about subjects: events where `named` is the column of their name, otherwise a relation."""

    name: str
    table: Table
    subject: str
    at: str | None
    named: str | None = None


@dataclass(frozen=True)
class LinkGuess:
    """Subjects of another entity that a column of the subject's own table names."""

    entity: str
    related: str


@dataclass(frozen=True)
class EntityGuess:
    """An entity, its table and key; `why` says what made the table look like one of subjects."""

    name: str
    table: Table
    key: str
    since: str | None
    why: str
    events: RowsGuess | None = None
    relations: tuple[RowsGuess, ...] = ()
    links: tuple[LinkGuess, ...] = ()


def type_of(kind: str) -> str | None:
    """The catalog's type for one of the warehouse's; None where it has none."""
    return next((type_ for pattern, type_ in TYPES if re.fullmatch(pattern, kind)), None)


def is_personal(column: str) -> bool:
    return bool(PERSONAL.search(column.lower()))


def essence(name: str) -> str:
    """What a table is about, by its name: `stg_shop__customers` is about customers."""
    return LAYER.sub("", name.lower().rpartition("__")[2])


def singular(name: str) -> str:
    if name in IRREGULAR:
        return IRREGULAR[name]
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes", "ches", "shes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def guess(tables: Sequence[Table], told: Sequence[str] = ()) -> tuple[EntityGuess, ...]:
    """The entities of a warehouse, people first; `told` names their tables, each perhaps with `=key`.

    Raises GuessError: no table looks like one of subjects, or one that was named is none.
    """
    if not tables:
        raise GuessError(
            "the warehouse has no table that rules could be about: build the dbt project first, or name another file "
            "with --duckdb"
        )
    named = dict(_told(tables, told))
    entities = [each for table, key in named.items() if (each := _entity(table, key, asked=True))]
    if not told:
        entities = _by_name(tables) or _by_use(tables)
    if not entities:
        raise GuessError(
            "no table looks like one of people, customers or companies with a key of its own: name one, as in "
            f"--entity {tables[0].name} or --entity {tables[0].name}={next(iter(tables[0].columns))}"
        )
    return tuple(_with_rows(each, entities, tables) for each in entities)


def _told(tables: Sequence[Table], told: Iterable[str]) -> Iterator[tuple[Table, str]]:
    for each in told:
        name, _, key = each.partition("=")
        found = [table for table in tables if table.name == name]
        if not found:
            raise GuessError(f"there is no table `{name}`: there are {', '.join(table.name for table in tables[:20])}")
        if key and (key not in found[0].columns or not found[0].is_key(key)):
            raise GuessError(f"`{key}` of `{name}` is no key: name a column with a different value in every row")
        yield found[0], key


def _by_name(tables: Sequence[Table]) -> list[EntityGuess]:
    """The best table for each of the words that subjects are known by, people before what they belong to."""
    found = []
    for word in (*PEOPLE, *GROUPS):
        about = [table for table in tables if singular(essence(table.name)) == word]
        guesses = (_entity(table, "") for table in sorted(about, key=_roughness))
        found += [each for each in guesses if each][:1]
    return found


def _by_use(tables: Sequence[Table]) -> list[EntityGuess]:
    """The table whose key most others carry."""
    guesses = [each for table in sorted(tables, key=_roughness) if (each := _entity(table, ""))]
    carried = [sum(each.key in other.columns for other in tables if other is not each.table) for each in guesses]
    if not any(carried):
        return []
    most = max(carried)
    why = f"its key is unique, and a column of {most} other table{'' if most == 1 else 's'}"
    return [replace(guesses[carried.index(most)], why=why)]


def _roughness(table: Table) -> tuple[bool, int, str]:
    """Finished tables before those they are made of; then those with more columns."""
    return bool(ROUGH.search(table.name)), -len(table.columns), table.name


def _entity(table: Table, key: str, *, asked: bool = False) -> EntityGuess | None:
    word = singular(essence(table.name))
    name = f"{word}_" if word in TAKEN else word
    keys = (each for each in ([key] if key else _key_names(table, word)) if table.is_key(each))
    found = next(keys, None)
    if found is None:
        if asked:
            raise GuessError(
                f"`{table.name}` has no column with a different value in every row: --entity {table.name}=KEY"
            )
        return None
    since = next((column for column in _times(table) if BEGUN.search(column.lower())), None)
    return EntityGuess(name, table, found, since, "you named it" if asked else "its name, and its key is unique")


def _key_names(table: Table, word: str) -> list[str]:
    """The columns that may be the key, likely ones first: those that dbt tests, then those named like one."""
    usable = [column for column, kind in table.columns.items() if KEYS.match(kind) and column.lower() not in COLUMNS]
    tested = [column for column in usable if {"unique", "not_null"} <= table.place.tested.get(column, frozenset())]
    usual = [f"{word}_id", "id", f"{word}_key", f"{word}_uuid", "uuid", f"{word}_number", f"{word}_no"]
    named = [column for name in usual for column in usable if column.lower() == name]
    ending = [column for column in usable if re.search(r"(_id|_key|_no|id)$", column.lower())]
    return list(dict.fromkeys((*(each for each in named if each in tested), *tested, *named, *ending)))


def _times(table: Table) -> list[str]:
    return [column for column, kind in table.columns.items() if type_of(kind) in ("date", "timestamp")]


def _with_rows(entity: EntityGuess, entities: Sequence[EntityGuess], tables: Sequence[Table]) -> EntityGuess:
    taken = {essence(each.table.name) for each in entities}
    rows: dict[str, RowsGuess] = {}
    for table in sorted(tables, key=_roughness):
        name = essence(table.name)
        subject = _foreign(table, entity)
        if name in taken or name in rows or subject is None:
            continue
        rows[name] = RowsGuess(name, table, subject, _dated(table), _event_name(table))
    eventful = [each for each in rows.values() if each.named and each.at and EVENTFUL.search(each.name)]
    events = eventful[0] if eventful else None
    relations = tuple(each for each in sorted(rows.values(), key=lambda each: each.name) if each is not events)
    links = tuple(_links(entity, entities))
    return replace(entity, events=events, relations=relations, links=links)


def _foreign(table: Table, entity: EntityGuess) -> str | None:
    """The column by which a table's rows belong to an entity's subjects."""
    wanted = {entity.key.lower(), f"{entity.name}_{entity.key}".lower(), f"{entity.name}_id"} - {"id"}
    kind = entity.table.columns[entity.key]
    alike = [column for column, held in table.columns.items() if column.lower() in wanted and held == kind]
    return next((column for column in alike if entity.table.holds_all_of(entity.key, table, column)), None)


def _dated(table: Table) -> str | None:
    times = _times(table)
    stem = singular(essence(table.name))
    likely = [column for column in times if DATED.search(column.lower())]
    own = [column for column in likely if column.lower().startswith((stem[:4], "occurred", "happened"))]
    return next(iter((*own, *likely, *times)), None)


def _event_name(table: Table) -> str | None:
    texts = [column for column, kind in table.columns.items() if type_of(kind) == "text"]
    return next((column for column in texts if NAMED.match(column.lower())), None)


def _links(entity: EntityGuess, entities: Sequence[EntityGuess]) -> Iterator[LinkGuess]:
    for other in entities:
        if other.table is not entity.table and (column := _foreign(entity.table, other)) and column != entity.key:
            yield LinkGuess(other.name, column)
