"""What audiences would send before and after a change: their own selects, on the flags of each side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
from sqlglot import exp

from orchestration.audiences.audience import meta_to_audience
from orchestration.audiences.dry_run import DryRun, dry_run
from orchestration.audiences.errors import AudienceError
from orchestration.audiences.proposal import Proposal
from orchestration.comparing.judging import Judged, Side, date_literal, temporary
from orchestration.comparing.movement import member
from orchestration.compiler.audience import audience_exposure, audience_select, rivals_of
from orchestration.compiler.audience_spec import AudienceSpec
from orchestration.compiler.catalog import Entity
from orchestration.compiler.compile import Compilation
from orchestration.compiler.render import put_tables_as_of, to_text
from orchestration.compiler.segment import Rule
from orchestration.gates.result import GateResult
from orchestration.warehouse import Connector, Cost, Transaction, Value, Warehouse, quoted_name


@dataclass(frozen=True)
class Sent:
    """What the next delivery would say: sizes at the destination, and subjects added, changed and removed.

    `stops` are the reasons for which nothing would be sent.
    """

    before: int
    after: int
    added: int
    changed: int
    removed: int
    stops: tuple[str, ...] = ()


def audience_to_segments(compilation: Compilation, spec: AudienceSpec) -> tuple[str, ...]:
    """The keys of all segments that decide who is sent, those of the audiences that come before it too."""
    entity = compilation.catalog.entities[compilation.segments[spec.segment.text].entity]
    found = [spec.segment.text, *(each.text for each in (*spec.exclude_segments, *entity.suppressed_by))]
    found += [spec.exit_key] if spec.exit_when else []
    for rival in rivals_of(compilation, spec):
        found += audience_to_segments(compilation, rival)
    return tuple(dict.fromkeys(found))


def audience_to_rules(compilation: Compilation, spec: AudienceSpec) -> Iterator[Rule]:
    """The rules that have to be judged to tell whom an audience would send."""
    yield from (member(compilation.segments[key]) for key in audience_to_segments(compilation, spec))


@dataclass(frozen=True)
class Beside:
    """A warehouse together with temporary tables of its connection."""

    warehouse: Warehouse
    more: Mapping[str, tuple[str, tuple[str, ...]]]

    @property
    def dialect(self) -> str:
        return self.warehouse.dialect

    @property
    def connector(self) -> Connector | None:
        """None: what SQLAlchemy opens is another connection, which has no such tables."""
        return None

    def batches(self, sql: str, parameters: Sequence[Value] = ()) -> Iterator[pa.RecordBatch]:
        return self.warehouse.batches(sql, parameters)

    def rows(self, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        return self.warehouse.rows(sql, parameters)

    def execute(self, sql: str, parameters: Sequence[Value] = ()) -> None:
        self.warehouse.execute(sql, parameters)

    def tables(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        return {**self.warehouse.tables(), **self.more}

    def cost(self, sql: str) -> Cost:
        return self.warehouse.cost(sql)

    def transaction(self) -> Transaction:
        return self.warehouse.transaction()

    def close(self) -> None:
        """Nothing: whoever opened the warehouse closes it."""


def sent(table: Judged, side: Side, entity: Entity, specs: Iterable[AudienceSpec], day: date) -> dict[str, Sent | str]:
    """What each audience of an entity would send on one side, or why that cannot be told. Raises WarehouseError."""
    return _Sending(table, side, entity, day).sent(list(specs))


class _Sending:
    def __init__(self, table: Judged, side: Side, entity: Entity, day: date) -> None:
        self.table, self.side, self.entity, self.day = table, side, entity, day
        self.compilation, self.places = side.questions.compilation, side.questions.places
        self.made: dict[str, tuple[str, ...]] = {}

    def sent(self, specs: list[AudienceSpec]) -> dict[str, Sent | str]:
        with ExitStack() as stack:
            self._make(stack, "view", self._flags_name, *self._flags())
            ordered = self._in_order(specs)
            self._make(stack, "table", self._spells_name, self._spells(ordered), ())
            for spec in ordered:
                self._make(stack, "table", self._model(spec.key), *self._rows(spec))
            return {spec.key: self._sent(spec) for spec in specs}

    def _make(self, stack: ExitStack, kind: str, name: str, statement: str, columns: tuple[str, ...]) -> None:
        stack.enter_context(temporary(self.table.warehouse, kind, name, statement))
        self.made[name] = columns

    def _in_order(self, specs: list[AudienceSpec]) -> list[AudienceSpec]:
        """Each after those of its group that come before it."""
        rivals = [rival for spec in specs for rival in rivals_of(self.compilation, spec)]
        wanted = {spec.key: spec for spec in (*rivals, *specs)}
        return sorted(wanted.values(), key=lambda spec: spec.priority or 0)

    @property
    def _flags_name(self) -> str:
        return f"muster_{self.side.name}_{self.entity.name}_segments"

    @property
    def _spells_name(self) -> str:
        return f"muster_{self.side.name}_{self.entity.name}_spells"

    def _model(self, audience: str) -> str:
        return f"muster_{self.side.name}_audience_{audience}"

    def _flags(self) -> tuple[str, tuple[str, ...]]:
        """The side's flags under the segments' own names."""
        segments = [each for each in self.compilation.segments.values() if self.side.judges(member(each))]
        named = [f"{self.side.column(member(each))} as {quoted_name(each.key)}" for each in segments]
        columns = ", ".join([f"{self.side.key} as {quoted_name(self.entity.key)}", *named])
        return f"select {columns} from {self.table.table} where {self.side.present}", ()

    def _spells(self, specs: Iterable[AudienceSpec]) -> str:
        """The stays that `exit_when` looks at as they will be once the day is judged by this side."""
        asked = [key for spec in specs if spec.exit_when for key in (spec.segment.text, spec.exit_key)]
        held = self.side.questions.recorded_before(self.day)
        is_kept = self.entity.key in self.places.columns(self._kept)
        recorded = {key: held.key(self.entity.name, key) if is_kept else None for key in dict.fromkeys(asked)}
        before = [self._stays_before(key, former) for key, former in recorded.items() if former]
        now = [self._members(key) for key in recorded]
        return stays_of_the_day(
            quoted_name(self.entity.key), before or [self._nobody()], now or [self._nobody()], self.day
        )

    @property
    def _kept(self) -> str:
        return f"{self.entity.name}_spells"

    def _stays_before(self, segment: str, recorded: str) -> str:
        """The stays that were recorded before the day, those that ended on it or later open again."""
        kept = self.places.locate(self._kept).sql(self.table.warehouse.dialect)
        return (
            f"select {quoted_name(self.entity.key)}, '{segment}' as segment, entered_on, "
            f"case when exited_on < {date_literal(self.day)} then exited_on end as exited_on "
            f"from {kept} where segment = '{recorded}' and entered_on < {date_literal(self.day)}"
        )

    def _members(self, segment: str) -> str:
        is_in = self.side.holds(member(self.compilation.segments[segment]))
        return f"{self._stay(segment)} where {self.side.present} and {is_in}"

    def _nobody(self) -> str:
        return f"{self._stay('')} where false"

    def _stay(self, segment: str) -> str:
        """A stay that begins on the day."""
        return (
            f"select {self.side.key} as {quoted_name(self.entity.key)}, '{segment}' as segment, "
            f"{date_literal(self.day)} as entered_on, cast(null as date) as exited_on from {self.table.table}"
        )

    def _rows(self, spec: AudienceSpec) -> tuple[str, tuple[str, ...]]:
        query = audience_select(self.compilation, spec)
        columns = tuple(query.named_selects)
        recorded = self.side.questions.recorded_before(self.day)
        placed = put_tables_as_of(query, self.compilation.bases, self.day, self._located, recorded)
        return to_text(placed, self.table.warehouse.dialect), columns

    def _located(self, model: str) -> exp.Table:
        name = f"muster_{self.side.name}_{model}"
        return exp.Table(this=exp.to_identifier(name, quoted=True)) if name in self.made else self.places.locate(model)

    def _sent(self, spec: AudienceSpec) -> Sent | str:
        audience = meta_to_audience(audience_exposure(self.compilation, spec))
        beside = Beside(self.table.warehouse, {name: ("temp", columns) for name, columns in self.made.items()})
        try:
            return _told(dry_run(beside, replace(audience, model=self._model(spec.key)), self.day, gate=_not_asked))
        except AudienceError as wrong:
            return str(wrong)


def stays_of_the_day(key: str, before: Sequence[str], now: Sequence[str], day: date) -> str:
    """Stays recorded before a day and the day's members as one: who is not in any more has left, who is new began."""
    same = f"now.segment = earlier.segment and now.{key} = earlier.{key} and earlier.exited_on is null"
    has_left = "earlier.exited_on is null and now.segment is null"
    left = f"case when {has_left} then {date_literal(day)} else earlier.exited_on end"
    return (
        f"with earlier as ({' union all '.join(before)}), now as ({' union all '.join(now)}) "
        f"select earlier.{key}, earlier.segment, earlier.entered_on, {left} as exited_on "
        f"from earlier left join now on {same} "
        f"union all select now.{key}, now.segment, now.entered_on, now.exited_on "
        f"from now left join earlier on {same} where earlier.segment is null"
    )


def _told(rehearsed: DryRun) -> Sent:
    moved = (len(rehearsed.added), len(rehearsed.changed), len(rehearsed.removed))
    return Sent(rehearsed.before, rehearsed.after, *moved, rehearsed.stops)


def _not_asked(proposal: Proposal) -> GateResult:
    """Gates judge data as it is sent; a change of specs is told what its guard says."""
    return GateResult(f"audience_{proposal.audience.name}", ())
