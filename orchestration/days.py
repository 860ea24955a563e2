"""Which days were judged: a small table in the warehouse, so that days follow each other whatever was interrupted."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

from orchestration.warehouse import Warehouse


class DayStatus(StrEnum):
    """A day is planned before a run touches it, judged once recorded, published when the marts show it."""

    PLANNED = "planned"
    JUDGED = "judged"
    PUBLISHED = "published"


def create_days(warehouse: Warehouse) -> None:
    warehouse.execute("create schema if not exists ledger")
    warehouse.execute("create table if not exists ledger.days (as_of_date date not null, status varchar not null)")
    warehouse.execute("create table if not exists ledger.forgotten (before date not null)")


def recorded_days(warehouse: Warehouse) -> dict[date, DayStatus]:
    """Every day that was judged or is about to be, in order."""
    tables = warehouse.rows(
        "select 1 from information_schema.tables where table_schema = 'ledger' and table_name = 'days'"
    )
    if not tables:
        return {}
    rows = warehouse.rows("select as_of_date, status from ledger.days order by as_of_date")
    return {day: DayStatus(str(status)) for day, status in rows if isinstance(day, date)}


def days_to_run(known: dict[date, DayStatus], first: date, last: date) -> list[date]:
    """The days a run of `first` to `last` has to judge, in order.

    A history grows day by day: judging an earlier day again means judging all later ones again, days that were left
    out in between are made up, and days that an interrupted run left unfinished are done first.
    """
    unfinished = [day for day, status in known.items() if status is not DayStatus.PUBLISHED]
    begin = min([first, *unfinished])
    end = max([last, *known])
    if known and begin > max(known):
        begin = max(known) + timedelta(days=1)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]


def plan_days(warehouse: Warehouse, days: list[date]) -> None:
    """Note the days before the first is touched; what was known of them and of later days is void."""
    with warehouse.transaction():
        warehouse.execute("delete from ledger.days where as_of_date >= ?", [days[0]])
        for day in days:
            warehouse.execute("insert into ledger.days values (?, ?)", [day, DayStatus.PLANNED])


def mark(warehouse: Warehouse, days: list[date], status: DayStatus) -> None:
    for day in days:
        warehouse.execute("update ledger.days set status = ? where as_of_date = ?", [status, day])


def forgotten_before(warehouse: Warehouse) -> date | None:
    """The day before which versions of flags that had ended are gone; None while all are there."""
    [(day,)] = warehouse.rows("select max(before) from ledger.forgotten")
    return day if isinstance(day, date) else None


def note_forgotten(warehouse: Warehouse, before: date) -> None:
    warehouse.execute("insert into ledger.forgotten values (?)", [before])
