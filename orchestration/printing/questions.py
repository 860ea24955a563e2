"""What `preview` and `explain` say, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestration.compiler.segment import Status
from orchestration.printing import json_, line
from orchestration.questions.deciding import Need, deciding, need_to_words, otherwise, turning
from orchestration.questions.explaining import Finding, finding_to_lines
from orchestration.questions.membership import Membership, Standing, Stay
from orchestration.questions.previewing import Example, Preview
from orchestration.questions.values import shown
from orchestration.warehouse import Value

# --- preview


def preview(found: Preview, members: Sequence[Value] | None, *, as_json: bool) -> None:
    """A segment as of a day; its members too where they are given."""
    if as_json:
        json_(_preview_record(found, members))
        return
    for text in _preview_lines(found):
        line(text)
    for key in members or ():
        line(shown(key))


def _preview_record(found: Preview, members: Sequence[Value] | None) -> dict[str, object]:
    conditions = [{"condition": doubt.said, "subjects": doubt.subjects} for doubt in found.doubts]
    return {
        "segment": found.segment,
        "as_of": found.day,
        "count": found.members,
        **({} if members is None else {"members": members}),
        "entity": found.entity,
        "status": found.status,
        "base": found.base,
        "share": found.members / found.base if found.base else None,
        "decided_by_unknown": {"members": found.unknown_in, "others": found.unknown_out, "conditions": conditions},
        "examples": [
            {"key": each.key, "decided_by": [condition_record(one) for one in each.decided_by]}
            for each in found.examples
        ],
    }


def condition_record(finding: Finding) -> dict[str, object]:
    """A condition with its answer and the values looked at, by name."""
    values = dict(finding.values)
    return {"condition": finding.said, "holds": finding.holds, "unknown": finding.unknown, "values": values}


def _preview_lines(found: Preview) -> Iterator[str]:
    paused = " (paused: as recorded last)" if found.status is Status.PAUSED else ""
    of_base = f"{share(found.members, found.base)} of {found.base}"
    yield f"{found.segment} as of {found.day}: {_members(found.members)}, {of_base}{paused}"
    if found.unknown_in or found.unknown_out:
        yield f"decided by an unknown value: {_members(found.unknown_in)}, {found.unknown_out} others"
        yield from (f"  unknown for {doubt.subjects}: {doubt.said}" for doubt in found.doubts)
    for example in found.examples:
        yield from _example_lines(example)


def _members(count: int) -> str:
    return f"{count} member{'' if count == 1 else 's'}"


def _example_lines(example: Example) -> Iterator[str]:
    yield f"for example {shown(example.key)}"
    for each in example.decided_by:
        said = each.said if each.holds else f"not ({each.said})"
        yield f"  {said}{f' ({each.looked_at})' if each.looked_at else ''}"


def share(part: int, whole: int) -> str:
    """A share in per cent with one decimal, never rounded to nothing or to all."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "under 0.1%"
    return "over 99.9%" if 99.9 < percent < 100 else f"{percent:.1f}%"


# --- explain


def explanation(found: Membership, *, as_json: bool) -> None:
    """Why a subject is in a segment or not."""
    if as_json:
        json_(_explanation_record(found))
        return
    for text in _explanation_lines(found):
        line(text)


def _explanation_record(found: Membership) -> dict[str, object]:
    return {
        "segment": found.segment,
        "entity": found.entity,
        "subject": found.subject,
        "as_of": found.day,
        "status": found.status,
        "member": found.is_member,
        "since": found.stay.entered_on if found.is_member and found.stay else None,
        "standing": found.standing,
        "computed": found.computed,
        "recorded": found.recorded,
        "basis": found.basis,
        "differs_because": found.differs,
        "decided_by_unknown": found.finding is not None and found.finding.unknown,
        "rule": _finding_record(found.finding) if found.finding else None,
        "decided_by": [condition_record(each) for each in deciding(found.finding)] if found.finding else [],
        "otherwise": _need_record(otherwise(found.finding)) if found.finding else None,
        "stays": [_stay_record(stay) for stay in found.stays],
    }


def _finding_record(finding: Finding) -> dict[str, object]:
    record = condition_record(finding)
    return record | {"parts": [_finding_record(part) for part in finding.parts]} if finding.parts else record


def _need_record(need: Need) -> dict[str, object]:
    if need.kind == "condition":
        return {"condition": need.said, "holds": need.holds}
    return {need.kind: [_need_record(part) for part in need.parts]}


def _stay_record(stay: Stay) -> dict[str, object]:
    return {
        "entered_on": stay.entered_on,
        "exited_on": stay.exited_on,
        "entry_reason": stay.entry_reason,
        "exit_reason": stay.exit_reason,
        "entry_observed": stay.entry_observed,
    }


def _explanation_lines(found: Membership) -> Iterator[str]:
    yield _headline(found)
    if found.standing is not Standing.COUNTED:
        yield f"not counted on that day: {found.told}"
    yield from _status_lines(found)
    if found.recorded is not None and found.recorded is not found.computed:
        yield (
            f"recorded for that day: {_in_or_out(found.recorded)}; computed now: {_in_or_out(found.computed)}, because "
            + "; ".join(found.differs)
        )
    if found.finding:
        yield from _rule_lines(found.finding)
    earlier = [stay for stay in found.stays if stay is not found.stay]
    if earlier:
        yield "stays before:"
        yield from (f"  {_entered(stay)}, left {stay.exited_on} ({stay.exit_reason})" for stay in earlier)


def _headline(found: Membership) -> str:
    source = "computed" if found.recorded is None else f"recorded, {found.basis}"
    said = f"{found.subject} is {_in_or_out(found.is_member)} {found.segment} as of {found.day} ({source})"
    if found.stay is None:
        return said
    return f"{said}; {_entered(found.stay)}"


def _in_or_out(member: bool) -> str:
    return "in" if member else "not in"


def _side(member: bool) -> str:
    return "in" if member else "out"


def _entered(stay: Stay) -> str:
    if stay.entry_observed:
        return f"entered {stay.entered_on} ({stay.entry_reason})"
    return f"in it already on {stay.entered_on}, its first judged day"


def _status_lines(found: Membership) -> Iterator[str]:
    if found.status is Status.PAUSED:
        yield "the segment is paused: whoever was in it stays; by its rule it would be so:"
    elif found.status is Status.ARCHIVED:
        yield "the segment is archived, so nobody is in it; by its rule it would be so:"


def _rule_lines(finding: Finding) -> Iterator[str]:
    mark = f"keeps it {_side(finding.holds)}"
    yield ""
    yield from finding_to_lines(finding, {id(each): mark for each in deciding(finding)})
    yield ""
    yield f"it would be {_side(not finding.holds)} if {_needed(finding)}"
    opened = [each for each in leaves(finding) if each.unknown]
    for each in opened:
        yield f"unknown, so taken as {'true' if each.holds else 'false'}: {each.said}"
    if finding.unknown:
        yield "an unknown value decided: were it known, the answer might be another"


def _needed(finding: Finding) -> str:
    one_will_do = turning(finding)
    if len(one_will_do) > 1 and len(one_will_do) == len(deciding(finding)):
        return f"any one of the {len(one_will_do)} conditions that keep it {_side(finding.holds)} were otherwise"
    return need_to_words(otherwise(finding))


def leaves(finding: Finding) -> Iterator[Finding]:
    """The conditions of a tree."""
    if not finding.parts:
        yield finding
    for part in finding.parts:
        yield from leaves(part)
