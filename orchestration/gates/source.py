"""The gate in front of a run: are the sources fit to be judged?

The warehouse computes one profile row per table; Great Expectations judges the profiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlglot import exp

from orchestration.gates.great import Expectation, Verdict, judge
from orchestration.gates.result import Finding, GateResult, key_hash
from orchestration.warehouse import Warehouse, WarehouseError

EXAMPLES = 5


@dataclass(frozen=True)
class SourceTable:
    """A table to look at before a run. `model` may be qualified by a schema.

    `unique` says that no key may occur twice. `at` is a column of dates or timestamps (UTC where it has no zone); with
    `stale_after`, a number of days, its newest value may be that much older than the as-of day. `may_be_empty` lets a
    table without rows pass.
    """

    model: str
    key: str
    at: str | None = None
    unique: bool = True
    stale_after: int | None = None
    may_be_empty: bool = False


@dataclass(frozen=True)
class Profile:
    """One table in figures. `duplicate_keys` counts rows beyond each key's first, null where keys may repeat."""

    table: SourceTable
    rows: int
    null_keys: int
    duplicate_keys: int | None
    newest: datetime | None


def source_gate(warehouse: Warehouse, tables: Sequence[SourceTable], as_of: date) -> GateResult:
    """Judge the sources of a run of day `as_of`. Reads only; raises GateError."""
    profiles: list[Profile] = []
    missing: list[Finding] = []
    for table in tables:
        try:
            profiles.append(profile_of(warehouse, table))
        except WarehouseError:
            missing.append(Finding("expect_table_to_be_readable", f"{table.model}.{table.key}", False, None, 0))
    judged = _judged(profiles, as_of) if profiles else []
    findings = [_finding(warehouse, profile, as_of, verdict, row) for row, profile, verdict in judged]
    return GateResult(gate="sources", findings=(*missing, *findings))


def profile_of(warehouse: Warehouse, table: SourceTable) -> Profile:
    """A table's profile, in one pass of the warehouse. Raises WarehouseError where it or a column is missing."""
    key = exp.column(table.key, quoted=True)
    distinct = exp.Count(this=exp.Distinct(expressions=[key.copy()]))
    newest = exp.Max(this=exp.cast(exp.column(table.at, quoted=True), "timestamp")) if table.at else exp.null()
    query = exp.select(
        exp.Count(this=exp.Star()),
        exp.Count(this=key),
        distinct if table.unique else exp.null(),
        newest,
    ).from_(_table(table))
    [(rows, known, different, latest)] = warehouse.rows(query.sql(dialect=warehouse.dialect))
    return Profile(
        table=table,
        rows=_whole(rows),
        null_keys=_whole(rows) - _whole(known),
        duplicate_keys=_whole(known) - _whole(different) if table.unique else None,
        newest=latest if isinstance(latest, datetime) else None,
    )


def _table(table: SourceTable) -> exp.Table:
    name, schema, database = [*reversed(table.model.split(".")), None, None][:3]
    return exp.table_(name or "", db=schema, catalog=database, quoted=True)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _days_overdue(profile: Profile, as_of: date) -> int | None:
    if profile.table.stale_after is None or not profile.rows:
        return None
    newest = profile.newest.date() if profile.newest else date.min
    return max(0, (as_of - newest).days - profile.table.stale_after)


def _figures(profile: Profile, as_of: date) -> dict[str, int | None]:
    return {
        "rows": 1 if profile.table.may_be_empty else profile.rows,
        "null_keys": profile.null_keys,
        "duplicate_keys": profile.duplicate_keys,
        "days_overdue": _days_overdue(profile, as_of),
    }


def _judged(profiles: Sequence[Profile], as_of: date) -> list[tuple[int, Profile, Verdict]]:
    import pandas as pd

    frame = pd.DataFrame([_figures(profile, as_of) for profile in profiles]).astype("Int64")
    limits: dict[str, dict[str, object]] = {"rows": {"min_value": 1}}
    expectations = [
        Expectation("expect_column_values_to_be_between", str(name), limits.get(str(name), {"max_value": 0}))
        for name in frame
    ]
    verdicts = judge(frame.astype(object).where(frame.notna(), None), expectations, examples=len(profiles))
    pairs = [(row, profile, verdict) for row, profile in enumerate(profiles) for verdict in verdicts]
    return [
        (row, profile, verdict)
        for row, profile, verdict in pairs
        if _figures(profile, as_of)[str(verdict.expectation.column)] is not None
    ]


def _finding(warehouse: Warehouse, profile: Profile, as_of: date, verdict: Verdict, row: int) -> Finding:
    figure = str(verdict.expectation.column)
    passed = row not in verdict.examples
    observed = profile.rows if figure == "rows" else _figures(profile, as_of)[figure]
    named = {"rows": "", "days_overdue": f".{profile.table.at}"}.get(figure, f".{profile.table.key}")
    repeated = figure == "duplicate_keys" and not passed
    return Finding(
        expectation=f"expect_{figure}_to_be_{'positive' if figure == 'rows' else 'zero'}",
        column=f"{profile.table.model}{named}",
        passed=passed,
        observed=observed,
        unexpected=0 if passed or figure == "rows" else int(observed or 0),
        examples=_repeated_keys(warehouse, profile.table) if repeated else (),
    )


def _repeated_keys(warehouse: Warehouse, table: SourceTable) -> tuple[str, ...]:
    key = exp.column(table.key, quoted=True)
    query = exp.select(key).from_(_table(table)).where(key.is_(exp.null()).not_()).group_by(key)
    query = query.having(exp.Count(this=exp.Star()) > 1).order_by(key).limit(EXAMPLES)
    return tuple(key_hash(found) for (found,) in warehouse.rows(query.sql(dialect=warehouse.dialect)))
