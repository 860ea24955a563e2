"""A segment's figures as sections: each chart with a sentence that says its main figures, and a table of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from orchestration.site.reading import Day, Flow, Neighbour, Step
from orchestration.site.said import NOTHING, count, day, number, share, signed
from orchestration.site.section import Chart, Section, Table, dataset
from orchestration.site.stay_sections import retention_section, survival_section
from orchestration.site.told import WEEK, Told

RECONSTRUCTED = "reconstructed"


def segment_sections(told: Told) -> tuple[Section, ...]:
    """All that the marts say of a segment, in the order of its page."""
    return (
        _waterfall(told),
        _members(told),
        retention_section(told),
        survival_section(told),
        _overlap(told),
        _flows(told),
        _versions(told),
    )


def _waterfall(told: Told) -> Section:
    steps = told.figures.steps.of(told.key)
    title = "Condition by condition"
    if len(steps) < 2:
        text = "There are no figures of the rule's conditions: they are counted for active segments on the last day."
        return Section("conditions", title, text)
    names = [_step(step) for step in steps]
    columns = ("step", "name", "alone", "passing", "lost")
    values = [(step.number, name, step.alone, step.passing, step.lost) for step, name in zip(steps, names, strict=True)]
    rows = tuple((name, number(alone), number(left), number(lost)) for _, name, alone, left, lost in values)
    head = ("Condition", "Pass it alone", "Left so far", "Lost here")
    table = Table("Conditions in the order of the rule", head, rows)
    chart = Chart("waterfall", title, _narrowed(steps, told), {"waterfall": dataset(columns, values)})
    note = "Narrow bars: who is left after a condition and those before it. Wide bars behind: all who pass it alone."
    return Section("conditions", title, charts=(chart,), tables=(table,), note=note)


def _step(step: Step) -> str:
    return "Base population" if step.number == 0 else f"{step.number}. {step.condition}"


def _narrowed(steps: Sequence[Step], told: Told) -> str:
    said = f"Of {steps[0].passing:,} {told.nouns} in the base population {steps[-1].passing:,} pass the whole rule."
    most = max(steps[1:], key=lambda each: each.lost)
    if len(steps) > 2 and most.lost:
        said += f" Condition {most.number} loses the most, {most.lost:,}."
    return said


def _members(told: Told) -> Section:
    days, title = told.days, "Members, entries and exits"
    if not days:
        return Section("members", title, "No day is recorded yet: the next run judges the segment.")
    data = {
        "days": dataset(("day", "members"), [(each.day.isoformat(), each.members) for each in days]),
        RECONSTRUCTED: dataset(("day", "until"), list(_reconstructed(days))),
        "edits": dataset(("day",), [(each.isoformat(),) for each in told.edited if each >= days[0].day]),
    }
    charts = [Chart("members", "Members over time", _grown(told), data)]
    if told.moves:
        moves = [(each.day.isoformat(), each.entries, each.exits) for each in told.moves]
        data = {"moves": dataset(("day", "entries", "exits"), moves)}
        charts.append(Chart("moves", "Entries and exits", _moved(told), data))
    return Section("members", title, charts=tuple(charts), tables=(_by_day(days),), note=_basis(told))


def _by_day(days: Sequence[Day]) -> Table:
    """Every day, the last one first; the basis where days differ in it."""
    bases = {each.basis for each in days}
    head = ("Day", "Members", "Share of base", "Entered", "Left", *(["Basis"] if len(bases) > 1 else []))
    rows = tuple(
        (
            each.day.isoformat(),
            number(each.members),
            share(each.share),
            *((NOTHING, NOTHING) if each.is_first else (number(each.entries), number(each.exits))),
            *([each.basis] if len(bases) > 1 else []),
        )
        for each in reversed(days)
    )
    return Table("By day, the last day first", head, rows, frozenset({"Basis"}))


def _reconstructed(days: Sequence[Day]) -> Iterator[tuple[str, str]]:
    """Stretches of reconstructed days: the first day, and the day after the last."""
    for basis, group in groupby(days, key=lambda each: each.basis):
        if basis == RECONSTRUCTED:
            stretch = list(group)
            yield stretch[0].day.isoformat(), (stretch[-1].day + timedelta(days=1)).isoformat()


def _grown(told: Told) -> str:
    first, last = told.days[0], told.days[-1]
    said = f"{count(last.members, 'member')} as of {day(last.day)}"
    if told.change is not None:
        said += f", {signed(told.change)} in seven days"
    if first is not last:
        lowest, highest = (which(told.days, key=lambda each: each.members) for which in (min, max))
        said += f". Since {day(first.day)}, when there were {first.members:,}, the fewest were {lowest.members:,} "
        said += f"on {day(lowest.day)} and the most {highest.members:,} on {day(highest.day)}"
    return f"{said}. It is not judged any more." if last.day < told.figures.as_of else f"{said}."


def _basis(told: Told) -> str:
    reconstructed = sum(each.basis == RECONSTRUCTED for each in told.days)
    dashes = " A dashed line stands where the definition changed." if told.edited else ""
    if not reconstructed:
        return f"Every day shown is observed: told by what was known on the day.{dashes}"
    said = f"{reconstructed:,} of {count(len(told.days), 'day')} shown "
    said += "are reconstructed (the grey strip): judged later, by some values of that later time."
    return f"{said}{dashes}"


def _moved(told: Told) -> str:
    days = told.moves
    week = days[-WEEK:]
    said = f"In the last {count(len(week), 'judged day')} {_in_and_out(week)}"
    if len(days) > len(week):
        said += f"; since {day(days[0].day)} {_in_and_out(days)}"
    busiest = max(days, key=lambda each: each.entries + each.exits)
    if busiest.entries + busiest.exits:
        said += f". Most moved on {day(busiest.day)}: {busiest.entries:,} in, {busiest.exits:,} out"
    return f"{said}."


def _in_and_out(days: Sequence[Day]) -> str:
    return f"{sum(each.entries for each in days):,} entered and {sum(each.exits for each in days):,} left"


def _overlap(told: Told) -> Section:
    found, title = told.figures.neighbours.of(told.key), "Overlap with other segments"
    if not found:
        return Section("overlap", title, "No other segment has a member in common with this one.")
    columns = ("name", "both", "share", "jaccard")
    values = [(told.name(each.other), each.both, _float(each.share), _float(each.jaccard)) for each in found]
    rows = tuple(
        (told.name(each.other), number(each.others), number(each.both), share(each.share), share(each.jaccard))
        for each in found
    )
    head = ("Segment", "Its members", "In both", "Of this segment", "Of either (Jaccard)")
    table = Table("The most similar segments first", head, rows, links=told.links(each.other for each in found))
    chart = Chart("overlap", title, _alike(told, found), {"overlap": dataset(columns, values)})
    return Section("overlap", title, charts=(chart,), tables=(table,))


def _alike(told: Told, found: Sequence[Neighbour]) -> str:
    first = found[0]
    said = f"Most like it is “{told.name(first.other)}”: {first.both:,} are in both, which is {share(first.share)} "
    return f"{said}of this segment and {share(first.jaccard)} of those in either."


def _flows(told: Told) -> Section:
    found, title = told.figures.flows.of(told.key), "Where members come from and go"
    if not found:
        return Section("flows", title, "Nobody moved in the last week or month that has passed.")
    columns = ("name", "way", "subjects")
    values = [(told.name(each.other), _way(each), each.subjects) for each in found]
    rows = tuple(
        (told.name(each.other), _way(each), number(each.subjects), number(each.by_definition)) for each in found
    )
    head = ("Segment", "Way", "Subjects", "By an edit")
    caption = f"Moves of the {found[0].grain} from {day(found[0].start)} to {day(found[0].end)}"
    table = Table(caption, head, rows, frozenset({"Way"}), told.links(each.other for each in found))
    chart = Chart("flows", title, _came_and_went(told, found), {"flows": dataset(columns, values)})
    note = "Who left two segments and joined one counts in two rows, so rows add up to no number of subjects."
    return Section("flows", title, charts=(chart,), tables=(table,), note=note)


def _way(flow: Flow) -> str:
    return "joined from" if flow.joined else "left to"


def _came_and_went(told: Told, found: Sequence[Flow]) -> str:
    first = found[0]
    said = [f"In the {first.grain} from {day(first.start)} to {day(first.end)}"]
    for joined, words in ((True, "most of those who joined left"), (False, "most of those who left joined")):
        most = next((each for each in found if each.joined is joined), None)
        said += [f"{words} {_named(told, most)} ({most.subjects:,})"] if most else []
    return f"{said[0]} {' and '.join(said[1:])}."


def _named(told: Told, flow: Flow) -> str:
    return "no other segment" if flow.other is None else f"“{told.name(flow.other)}”"


def _versions(told: Told) -> Section:
    title = "Versions of the definition"
    if not told.versions:
        return Section("versions", title, "None is recorded yet.")
    rows = tuple(
        (
            each.valid_from.isoformat(),
            (each.valid_to - timedelta(days=1)).isoformat() if each.valid_to else "now",
            each.status,
            each.rule,
            each.definition[:12] or NOTHING,
        )
        for each in told.versions
    )
    head = ("From", "To", "Status", "Rule", "Definition")
    table = Table("Versions, the last one first", head, rows, frozenset({"To", "Status", "Rule", "Definition"}))
    said = f"{count(len(told.versions), 'version')} since {day(told.versions[-1].valid_from)}."
    return Section("versions", title, said, tables=(table,))


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))
