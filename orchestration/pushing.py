"""One audience's push, as the command line and Dagster ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from orchestration.audiences.audience import Audience, audiences_of
from orchestration.audiences.destinations import Surroundings, Told, destination_of, tell_nobody
from orchestration.audiences.dry_run import DryRun, dry_run
from orchestration.audiences.errors import AudienceError, DestinationError, EarlierDayError
from orchestration.audiences.export import Gate, Outcome, export
from orchestration.audiences.proposal import propose
from orchestration.audiences.secret import Secret
from orchestration.compiler.problem import nearest
from orchestration.days import DayStatus, recorded_days
from orchestration.dbt import Dbt
from orchestration.errors import UnknownNameError
from orchestration.gates.audience import audience_gate
from orchestration.gates.great import GateError
from orchestration.gates.keeping import keeping_gate
from orchestration.gates.result import GateResult
from orchestration.pipeline import RunError, open_warehouse
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse


@dataclass(frozen=True)
class NotPushed:
    """An audience that could not be delivered, and why."""

    audience: str
    reason: str
    ok: bool = False

    def as_json(self) -> dict[str, object]:
        """As an outcome is told."""
        return {"audience": self.audience, "status": "failed", "reason": self.reason}


def push(settings: Settings, audience: str, progress: Told = tell_nobody) -> Outcome:
    """Deliver an audience as of the last published day.

    Raises UnknownNameError; RunError: days that are not published; AudienceError: what the push itself finds.
    """
    return _push(settings, known_audience(settings, audience), progress)


def _push(settings: Settings, audience: Audience, progress: Told) -> Outcome:
    with open_warehouse(settings) as warehouse:
        day = published_day(warehouse)
        return export(warehouse, audience, day, surroundings(settings, progress), gate=_gate(settings))


def rehearse(settings: Settings, audience: str) -> DryRun:
    """What `push` would do. Writes nothing. Raises what `push` raises before anything is sent."""
    known = known_audience(settings, audience)
    with open_warehouse(settings, read_only=True) as warehouse:
        rehearsed = dry_run(warehouse, known, published_day(warehouse), gate=audience_gate)
    try:
        destination_of(known, surroundings(settings))
    except AudienceError as wrong:
        return replace(rehearsed, stops=(*rehearsed.stops, str(wrong)))
    return rehearsed


def known_audience(settings: Settings, name: str) -> Audience:
    """An audience by its key. Raises UnknownNameError."""
    known = audiences_of(Dbt(settings).document)
    if name not in known:
        raise UnknownNameError(f"there is no audience `{name}`. {nearest(name, known)}")
    return known[name]


def surroundings(settings: Settings, progress: Told = tell_nobody) -> Surroundings:
    """What destinations take from outside."""
    return Surroundings(state=settings.state, secret=partial(_secret, settings), progress=progress)


def _secret(settings: Settings, variable: str) -> Secret:
    found = settings.secret(variable)
    if found is None:
        problem = f"the environment variable {variable}, which segment_specs/destinations.yml names, is not set"
        raise DestinationError(problem, f"set {variable} where Muster runs")
    return found


def published_day(warehouse: Warehouse) -> date:
    """The last day, if every day up to it is published. Raises RunError."""
    days = recorded_days(warehouse)
    unfinished = [day for day, status in days.items() if status is not DayStatus.PUBLISHED]
    if unfinished:
        raise RunError(f"{unfinished[0]} is not finished: run it again with `muster run --as-of {unfinished[0]}`")
    if not days:
        raise RunError("no day was judged yet: `muster run` does it")
    return max(days)


def push_day(settings: Settings, audience: Audience, day: date) -> Outcome:
    """Deliver an audience as of a day, which has to be the last published one.

    Raises EarlierDayError; RunError: the day, or one before it, is not published; AudienceError.
    """
    with open_warehouse(settings) as warehouse:
        published = published_day(warehouse)
        if day > published:
            raise RunError(f"{day} was not judged yet: `muster run --as-of {day}` does it")
        if day < published:
            raise EarlierDayError(f"the audiences stand at {published}, not {day}", f"export {published}")
        return export(warehouse, audience, day, surroundings(settings), gate=_gate(settings))


def push_all(settings: Settings, progress: Callable[[str, int, int], None]) -> list[Outcome | NotPushed]:
    """Deliver every audience as of the last published day; one that cannot be does not keep the others back."""
    audiences = audiences_of(Dbt(settings).document).values()
    return [_tried(settings, audience, partial(progress, audience.name)) for audience in audiences]


def _tried(settings: Settings, audience: Audience, progress: Told) -> Outcome | NotPushed:
    try:
        return _push(settings, audience, progress)
    except (AudienceError, GateError) as wrong:
        return NotPushed(audience.name, str(wrong))


def audience_results(settings: Settings, audience: Audience, day: date) -> GateResult:
    """What the gate in front of an audience finds, were it pushed now. Raises AudienceError, GateError."""
    with open_warehouse(settings) as warehouse:
        return _gate(settings)(propose(warehouse, audience, day))


def _gate(settings: Settings) -> Gate:
    return keeping_gate(settings.state / "gates")
