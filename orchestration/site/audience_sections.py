"""An audience's deliveries and outcomes as sections."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from orchestration.site.reading import Delivery, Enrolled, Figures, Outcome
from orchestration.site.said import NOTHING, count, day, listed, number, points, share
from orchestration.site.section import Chart, Section, Table, dataset

NO_VARIANT = "all"
A_DAY_LATER = "They know a delivery from the next judged day on."
TIME = "%Y-%m-%d %H:%M"


def audience_sections(key: str, figures: Figures) -> tuple[Section, ...]:
    """All that the marts and the ledger say of an audience, without any subject."""
    return (
        _deliveries(figures.deliveries.of(key)),
        _members(figures.enrolled.of(key)),
        _outcomes(figures.outcomes.of(key)),
    )


def _deliveries(found: Sequence[Delivery]) -> Section:
    title = "Deliveries"
    if not found:
        return Section("deliveries", title, "Nothing was delivered yet.")
    inward = list(reversed(found))
    names = [_numbered(each, inward) for each in inward]
    columns = ("number", "day", "added", "removed", "members")
    values = [
        (name, each.as_of.isoformat(), each.added, each.removed, each.members)
        for each, name in zip(inward, names, strict=True)
    ]
    chart = Chart("deliveries", title, _delivered(found), {"deliveries": dataset(columns, values)})
    return Section("deliveries", title, charts=(chart,), tables=(_table(found),), note="Times are in UTC.")


def _numbered(delivery: Delivery, all_: Sequence[Delivery]) -> str:
    several = len({each.destination for each in all_}) > 1
    return f"{delivery.destination} {delivery.number}" if several else str(delivery.number)


def _table(found: Sequence[Delivery]) -> Table:
    head = (
        "As of",
        "Number",
        "Destination",
        "Send",
        "Added",
        "Changed",
        "Removed",
        "Refused",
        "Then there",
        "Status",
        "At",
    )
    rows = tuple(
        (
            each.as_of.isoformat(),
            str(each.number),
            each.destination,
            each.send,
            *map(number, (each.added, each.changed, each.removed, each.refused, each.members)),
            each.status,
            (each.acknowledged_at or each.planned_at).strftime(TIME),
        )
        for each in found
    )
    return Table(
        "The last deliveries, the newest first", head, rows, frozenset({"Destination", "Send", "Status", "At"})
    )


def _delivered(found: Sequence[Delivery]) -> str:
    last = found[0]
    said = f"The last delivery, as of {day(last.as_of)}, added {last.added:,}, changed {last.changed:,} and removed "
    said += f"{last.removed:,}; {count(last.members, 'subject')} are at {last.destination} then"
    return f"{said}. It is not acknowledged yet." if last.status == "planned" else f"{said}."


def _members(found: Sequence[Enrolled]) -> Section:
    title = "Who is there, and who is held back"
    if not found:
        return Section("there", title, f"The marts know of nobody who is there or held out. {A_DAY_LATER}")
    there, held = (sum(each.subjects for each in found if each.held_out is out) for out in (False, True))
    rows = tuple(
        (each.variant or NO_VARIANT, each.destination, "held out" if each.held_out else "there", number(each.subjects))
        for each in found
    )
    table = Table(
        "Subjects by variant",
        ("Variant", "Destination", "State", "Subjects"),
        rows,
        frozenset({"Destination", "State"}),
    )
    said = f"At the destination: {count(there, 'subject')}. Held out, to compare with: {held:,}."
    return Section("there", title, said, tables=(table,))


def _outcomes(found: Sequence[Outcome]) -> Section:
    title = "What came of it"
    if not found:
        return Section("outcomes", title, f"The marts know of nobody who was followed. {A_DAY_LATER}")
    last = [[*group][-1] for _, group in groupby(found, key=lambda each: each.variant)]
    table = _by_variant(last)
    if all(each.rate is None for each in last):
        return Section("outcomes", title, "The audience has no goal, so there is no rate to compare.", tables=(table,))
    columns = ("name", "enrolled", "rate", "low", "high")
    values = [
        (each.variant or NO_VARIANT, each.enrolled, *map(_float, (each.rate, each.rate_low, each.rate_high)))
        for each in last
    ]
    chart = Chart("outcomes", title, _compared(last), {"outcomes": dataset(columns, values)})
    note = "By the last day on which anybody of the variant was observed. Lines are 95 % intervals."
    odd = [each.variant or NO_VARIANT for each in last if each.balanced is False]
    note += f" The sizes of {listed(odd)} do not fit the split: compare with care." if odd else ""
    return Section("outcomes", title, charts=(chart,), tables=(table,), note=note)


def _by_variant(last: Sequence[Outcome]) -> Table:
    head = (
        "Variant",
        "Days",
        "Enrolled",
        "Sent",
        "Opened",
        "Clicked",
        "Reached",
        "Left",
        "Rate",
        "95 % interval",
        "Lift",
        "Its interval",
    )
    rows = tuple(
        (
            each.variant or NO_VARIANT,
            *map(number, (each.days, each.enrolled, each.sent, each.opened, each.clicked, each.reached, each.left)),
            share(each.rate),
            NOTHING if each.rate_low is None else f"{share(each.rate_low)} to {share(each.rate_high)}",
            points(each.lift),
            NOTHING if each.lift_low is None else f"{points(each.lift_low)} to {points(each.lift_high)}",
        )
        for each in last
    )
    return Table("Outcomes by variant", head, rows)


def _compared(last: Sequence[Outcome]) -> str:
    said = [
        f"{each.variant or NO_VARIANT}: {share(each.rate)} of {each.enrolled:,} after {count(each.days, 'day')}"
        for each in last
    ]
    found = f"Reached the goal, by variant: {'; '.join(said)}."
    best = max((each for each in last if each.lift_low is not None), key=lambda each: each.lift or 0, default=None)
    if best is None or best.lift_low is None or best.lift_high is None:
        return found
    clear = best.lift_low > 0 or best.lift_high < 0
    word = "differs from" if clear else "cannot be told apart from"
    return f"{found} {best.variant or NO_VARIANT} {word} those held out, with a lift of {points(best.lift)}."


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
