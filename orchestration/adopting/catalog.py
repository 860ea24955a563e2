"""Guesses as YAML: a first catalog in which everything that is to be confirmed says so, and a first segment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import yaml

from orchestration.adopting.guessing import WORD, EntityGuess, RowsGuess, is_personal, type_of
from orchestration.adopting.tables import Table

FEW = 8
OPENING = """\
# What rules may mention, and where it lies in the warehouse. `muster init` wrote this file and never does so again.
# Lines with `confirm:` are guesses; each says what it rests on. Correct them, take the remark away, `muster check`.
"""
TIMES = ("date", "timestamp")


@dataclass(frozen=True)
class FirstSegment:
    """A segment to begin with: `about` is the table and the date column whose last day it is first judged on."""

    key: str
    folder: str
    text: str
    about: tuple[Table, str] | None

    def day(self, today: date) -> date:
        """The last day with rows that is over, at most yesterday; yesterday where no row says."""
        yesterday = today - timedelta(days=1)
        if self.about is None:
            return yesterday
        last = self.about[0].last(self.about[1], datetime.combine(today, time()))
        return (last.date() if isinstance(last, datetime) else last) if isinstance(last, date) else yesterday


def guesses_to_catalog(entities: Sequence[EntityGuess], timezone: str) -> str:
    """The catalog's text. No value of a personal attribute stands in it."""
    lines = [
        OPENING.rstrip(),
        f"timezone: {timezone} # confirm: days begin and end in this zone",
        "week_starts_on: monday",
    ]
    lines += ["", "entities:"]
    for entity in entities:
        lines += [f"  {entity.name}: # confirm: {entity.why}", *_indented(_entity(entity), 4)]
    return "\n".join(lines) + "\n"


def _entity(entity: EntityGuess) -> Iterator[str]:
    table, since = entity.table, entity.since
    if table.place.description:
        yield f"description: {_said(table.place.description)}"
    yield f"model: {table.name}"
    yield f"key: {entity.key} # confirm: every one of {table.rows()} rows has a different value"
    if since:
        unknown = table.unknown_in(since)
        never = f"; {unknown} of them have none and would never be judged" if unknown else ""
        yield f"since: {_name(since)} # confirm: when one of them begins to exist{never}"
    else:
        yield "# confirm: `since:` names the date column from which on one of them exists; none looked like it"
    hidden = (entity.key,) if type_of(table.columns[entity.key]) != "text" else ()
    yield from _named("attributes", table, hidden)
    if entity.events:
        yield from _events(entity.events)
    if entity.relations or entity.links:
        yield "relations:"
        for relation in entity.relations:
            yield from _indented(_relation(relation, entity), 2)
        for link in entity.links:
            pair = f"{{entity: {link.entity}, through: {table.name}, subject: {entity.key}, related: {link.related}}}"
            yield f"  {link.entity}: {pair} # confirm: `{link.related}` holds keys of {link.entity}"


def _attributes(table: Table, without: Sequence[str | None]) -> Iterator[str]:
    """A line for each column; those of a type that rules know nothing of are named in a remark."""
    for column, kind in table.columns.items():
        if column in without:
            continue
        type_ = type_of(kind)
        if not WORD.match(column):
            yield f"# {_plain(column)}: left out, give the column a name of letters, digits and _"
        elif type_ is None:
            yield f"# {column}: left out, {_plain(kind)} is no type of the catalog; cast it in a model"
        else:
            yield _attribute(table, column, type_)


def _attribute(table: Table, column: str, type_: str) -> str:
    personal = is_personal(column)
    told = {"type": type_} | ({"personal": "true"} if personal else {})
    if description := table.place.columns.get(column):
        told["description"] = _said(description)
    written = ", ".join(f"{name}: {value}" for name, value in told.items())
    value = type_ if len(told) == 1 else f"{{{written}}}"
    return f"{_name(column)}: {value}{_remark(table, column, type_, personal)}"


def _remark(table: Table, column: str, type_: str, personal: bool) -> str:
    if personal:
        return " # confirm: personal, by its name"
    if type_ == "float":
        return " # confirm: sums of doubles are not exact; a decimal would be"
    values = table.few_values(column, FEW) if type_ == "text" else ()
    return f" # confirm: perhaps with values: [{', '.join(map(_said, values))}]" if values else ""


def _events(events: RowsGuess) -> Iterator[str]:
    yield f"events: # confirm: every `{events.subject}` of {events.table.name} is a key"
    yield f"  model: {events.table.name}"
    yield f"  subject: {events.subject}"
    yield f"  name: {events.named}"
    yield f"  at: {_time(events)}"
    yield from _indented(_named("properties", events.table, (events.subject, events.at, events.named)), 2)


def _relation(rows: RowsGuess, entity: EntityGuess) -> Iterator[str]:
    name = f"{rows.name}_rows" if rows.name in entity.table.columns else rows.name
    yield f"{name}: # confirm: every `{rows.subject}` of {rows.table.name} is a key"
    yield f"  model: {rows.table.name}"
    yield f"  subject: {rows.subject}"
    if rows.at:
        yield f"  at: {_time(rows)} # confirm: when a row happened"
    yield from _indented(_named("attributes", rows.table, (rows.subject, rows.at)), 2)


def _time(rows: RowsGuess) -> str:
    assert rows.at is not None
    is_date = type_of(rows.table.columns[rows.at]) == "date"
    return f"{{column: {rows.at}, type: date}}" if is_date else rows.at


def _named(word: str, table: Table, without: Sequence[str | None]) -> Iterator[str]:
    found = list(_attributes(table, without))
    if any(not line.startswith("#") for line in found):
        yield f"{word}:"
        yield from _indented(found, 2)
    else:
        yield from found


def _indented(lines: Iterable[str], by: int) -> Iterator[str]:
    return (" " * by + line for line in lines)


def _name(column: str) -> str:
    """A name as YAML reads it as a text: `on` and `no` are words of YAML 1.1."""
    return column if yaml.safe_load(column) == column else f'"{column}"'


def _said(text: str) -> str:
    """A text inside braces or brackets."""
    return yaml.safe_dump(text, default_style='"', width=100_000, allow_unicode=True).strip()


def _plain(text: str) -> str:
    return " ".join(text.split())


def first_segment(entity: EntityGuess, owner: str = "data") -> FirstSegment:
    """Who did something in the last 30 days of the data: by events, else by the rows that come with dates."""
    dated = [each for each in entity.relations if each.at]
    busiest = max(dated, key=lambda each: (each.table.rows(), each.name), default=None)
    folder = f"{entity.name}s"
    if entity.events and entity.events.at:
        rule, did, about = "performed: any", "did something", (entity.events.table, entity.events.at)
    elif busiest and busiest.at:
        name = f"{busiest.name}_rows" if busiest.name in entity.table.columns else busiest.name
        rule, did, about = f"related: {name}", f"have {name.replace('_', ' ')}", (busiest.table, busiest.at)
    elif entity.since:
        text = _segment(entity, "that are new", f"{_name(entity.since)}: {{in_last: 30 days}}", owner)
        return FirstSegment(f"new_{folder}", folder, text, (entity.table, entity.since))
    else:
        return FirstSegment(f"all_{folder}", folder, _segment(entity, "of all kinds", "everyone: true", owner), None)
    text = _segment(entity, f"who {did} in the last 30 days", f"{rule}\n    in_last: 30 days", owner)
    return FirstSegment(f"active_{folder}", folder, text, about)


def _segment(entity: EntityGuess, what: str, rule: str, owner: str) -> str:
    name = f"{entity.name.capitalize()}s {what}".replace("_", " ")
    return f"name: {name}\nentity: {entity.name}\nowner: {owner} # confirm: who answers for it\nwhere:\n  - {rule}\n"
