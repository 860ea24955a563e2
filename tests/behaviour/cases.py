"""The cases of this folder as values: a catalog, complete rows, segments, and who is a member on which day.

Each `.yml` file but `catalog.yml` is one theme: a list of cases. A case has a `name`, a `rule` (or `members`), `rows`
by table and `days`: the members as of the end of each. Optional are `entity` (person), `timezone`, `week_starts_on`,
`catalog` (changes of entities; null takes a field away), `segments` the rule refers to, `static` lists and
`judged_from` (the first judged day of all segments, or of each). The segment in question has the key `it`.

Columns that a row does not name are null, but `valid_from` is EARLY. A timestamp without a zone is UTC; a date where
the column is a timestamp stands for the first instant of that local day.
"""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from tests.reference.world import World

FOLDER = Path(__file__).parent
IT = "it"
EARLY = dt.datetime(2000, 1, 1)
FIELDS = frozenset(
    {"name", "entity", "rule", "members", "timezone", "week_starts_on"}
    | {"catalog", "rows", "segments", "static", "judged_from", "days"}
)

Row = dict[str, Any]
Columns = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Case:
    """One case; `columns` has the catalog's type of every column of every table, in order."""

    name: str
    catalog: dict[str, Any]
    tables: dict[str, list[Row]]
    specs: dict[str, dict[str, Any]]
    static: dict[str, list[str]]
    judged_from: dt.date | dict[str, dt.date] | None
    days: dict[dt.date, frozenset[str]]
    columns: Columns

    def world(self, as_of: dt.date) -> World:
        """Return all that decides about membership on a day."""
        first = self.judged_from
        judged_from = dict.fromkeys(self.specs, first) if isinstance(first, dt.date) else first or {}
        return World(self.catalog, self.tables, self.specs, as_of, self.columns, self.static, judged_from)


@cache
def cases() -> tuple[Case, ...]:
    """Return the cases of all files, in the order of their names."""
    return tuple(case for path in themes() for case in cases_of(path.stem, read(path)))


def themes() -> tuple[Path, ...]:
    """Return the files that have cases."""
    return tuple(sorted(path for path in FOLDER.glob("*.yml") if path.name != "catalog.yml"))


def read(path: Path) -> Any:
    """Read YAML by 1.2 rules: `NO` is a text, dates are dates."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def cases_of(theme: str, written: list[dict[str, Any]]) -> Iterator[Case]:
    """Return the cases of one file; two of one name are an error."""
    names = [entry["name"] for entry in written]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{theme}.yml: two cases of one name: {sorted(twice)}")
    for entry in written:
        yield case_of(f"{theme}: {entry['name']}", entry)


def case_of(name: str, entry: dict[str, Any]) -> Case:
    """Return one case, complete and checked."""
    if unknown := set(entry) - FIELDS:
        raise ValueError(f"{name}: unknown fields {sorted(unknown)}")
    made = catalog(entry)
    columns = column_types(made)
    if unknown := set(entry.get("rows", {})) - set(columns):
        raise ValueError(f"{name}: unknown tables {sorted(unknown)}")
    zone = ZoneInfo(made["timezone"])
    written = {table: entry.get("rows", {}).get(table, []) for table in columns}
    return Case(
        name=name,
        catalog=made,
        tables={table: [complete(row, columns[table], zone) for row in written[table]] for table in columns},
        specs=specs(entry),
        static=entry.get("static", {}),
        judged_from=entry.get("judged_from"),
        days={day: frozenset(keys) for day, keys in entry["days"].items()},
        columns=columns,
    )


def catalog(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the shared catalog with a case's changes."""
    made: dict[str, Any] = copy.deepcopy(shared_catalog())
    made.update({word: entry[word] for word in ("timezone", "week_starts_on") if word in entry})
    for entity, changes in entry.get("catalog", {}).items():
        merged = {**made["entities"][entity], **changes}
        made["entities"][entity] = {word: value for word, value in merged.items() if value is not None}
    return made


@cache
def shared_catalog() -> dict[str, Any]:
    """Read the one catalog of all cases."""
    found: dict[str, Any] = read(FOLDER / "catalog.yml")
    return found


def specs(entry: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return all segments, each with the fields that every spec has; the one in question comes first."""
    head = {"owner": "tests", "description": "A case."}
    own = {"members": entry["members"]} if "members" in entry else {"where": entry["rule"]}
    judged = {"name": entry["name"], "entity": entry.get("entity", "person"), **head, **own}
    others = {key: {"name": key, **head, **spec} for key, spec in entry.get("segments", {}).items()}
    return {IT: judged, **others}


def column_types(made: Mapping[str, Any]) -> Columns:
    """Return the catalog's type of every column of the catalog's tables, by table."""
    found: Columns = {}
    for entity in made["entities"].values():
        bounds = shared_bounds() if "history" in entity else {}
        found[entity["model"]] = {entity["key"]: "text", **attributes(entity["attributes"]), **bounds}
        if "events" in entity:
            events = entity["events"]
            head = {events["subject"]: "text", events["name"]: "text", events["at"]: "timestamp"}
            found[events["model"]] = {**head, **attributes(events["properties"])}
        for relation in entity["relations"].values():
            found |= relation_columns(relation)
    return found


def relation_columns(relation: Mapping[str, Any]) -> Columns:
    """Return the columns of a relation's table; its date is a timestamp unless an attribute says otherwise."""
    if "entity" in relation:
        return {relation["through"]: {relation["subject"]: "text", relation["related"]: "text"}}
    date = {relation["at"]: "timestamp"} if "at" in relation else {}
    return {relation["model"]: {relation["subject"]: "text", **date, **attributes(relation["attributes"])}}


def attributes(written: Mapping[str, Any]) -> dict[str, str]:
    """Return the type of each attribute's column."""
    entries = {name: entry if isinstance(entry, dict) else {"type": entry} for name, entry in written.items()}
    return {entry.get("column", name): entry["type"] for name, entry in entries.items()}


def shared_bounds() -> dict[str, str]:
    """Return the columns of a table with history."""
    return {"valid_from": "timestamp", "valid_to": "timestamp"}


def complete(row: Row, columns: Mapping[str, str], zone: ZoneInfo) -> Row:
    """Return a row with every column, each value of its column's type."""
    if unknown := set(row) - set(columns):
        raise ValueError(f"unknown columns {sorted(unknown)}")
    early = {"valid_from": EARLY} if "valid_from" in columns else {}
    full = {**dict.fromkeys(columns), **early, **row}
    return {name: value_of(kind, full[name], zone) for name, kind in columns.items()}


def value_of(kind: str, written: Any, zone: ZoneInfo) -> Any:
    """Return a value as a column of this type has it."""
    match kind, written:
        case _, None:
            return None
        case "number", int() | float() | str():
            return Decimal(str(written))
        case "float", int() | float():
            return float(written)
        case "timestamp", _:
            return instant(written, zone)
        case "integer", int() if not isinstance(written, bool):
            return written
        case ("text", str()) | ("boolean", bool()) | ("date", dt.date()) | ("list", list()):
            return written
    raise ValueError(f"no {kind}: {written!r}")


def instant(written: Any, zone: ZoneInfo) -> dt.datetime:
    """Return an instant as naive UTC; a date is the first instant of its local day."""
    value = dt.datetime.fromisoformat(written) if isinstance(written, str) else written
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time(), zone)
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
