"""The gate in front of a push: is the desired set fit to be sent?"""

from __future__ import annotations

from orchestration.audiences.audience import CONSENT, HELD_BACK_BY, Audience
from orchestration.audiences.guard import change_of, most_moved
from orchestration.audiences.identifiers import Kind, kind_of
from orchestration.audiences.proposal import Proposal
from orchestration.gates.candidates import MOVED, Candidates, asked, counted, in_memory, sent_as
from orchestration.gates.great import Expectation, Verdict, judge, judge_query
from orchestration.gates.result import Figure, Finding, GateResult

EXAMPLES = 5
# No mail or telephone system takes these, and an invisible one is a slip of the pen in any. They are spelled out since
# engines differ in what they call a space.
UNSEEN = "\x01-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"
NOT_IN_MAIL = f'{UNSEEN}@,;<>"'
MAIL_ADDRESS = rf"\A[^{NOT_IN_MAIL}]+@[^{NOT_IN_MAIL}.]+(?:\.[^{NOT_IN_MAIL}.]+)+\Z"
# E.164 has at most 15 digits; people write them in groups.
TELEPHONE = r"\A\+?(?:[ ()./-]*[0-9]){7,15}\Z"


def audience_gate(proposal: Proposal) -> GateResult:
    """Judge a push.

    Every subject has a key and an identifier; no key and no identifier belongs to two, in the form by which the
    destination tells them apart; an identifier that is an e-mail address or a telephone number by its name looks like
    one; consent is true for all; nobody is held back as well; the set is empty only where the guard allows it, and no
    more subjects are added or removed than it allows. An empty text is no identifier.

    PostgreSQL looks at the rows itself where nothing of them is hashed; otherwise they are looked at in memory.
    Raises GateError.
    """
    audience, desired = proposal.audience, proposal.desired
    title, figures = f"audience_{audience.name}", _figures(proposal)
    needed = (*audience.columns, *((CONSENT,) if audience.consent else ()))
    if missing := [column for column in needed if column not in desired.rows.column_names]:
        absent = tuple(Finding("expect_column_to_exist", column, False, None, 0) for column in missing)
        return GateResult(title, absent, figures)
    candidates = asked(proposal) or in_memory(audience, desired)
    judged = (*_judged(candidates, _expectations(audience)), *_within_guard(proposal))
    return GateResult(title, judged, figures, candidates.judged_in)


def _figures(proposal: Proposal) -> dict[str, Figure]:
    """The push in figures, all of them counts of subjects except for `change`, a share of `before`."""
    delta = proposal.delta
    return {
        "desired": len(proposal.desired.members),
        "held_back": len(proposal.desired.not_to_send),
        "before": delta.before,
        "after": delta.after,
        "added": delta.added,
        "changed": delta.changed,
        "removed": delta.removed,
        "moved": delta.moved,
        "change": change_of(delta),
    }


def _expectations(audience: Audience) -> list[Expectation]:
    smallest = 0 if audience.guard.allow_empty else 1
    identifiers = dict.fromkeys((audience.key, *audience.identify_by))
    present = " or ".join(audience.identify_by)
    consent = [CONSENT] if audience.consent else []
    patterns = [(name, pattern) for name in audience.identify_by if (pattern := _pattern(name))]
    return [
        Expectation("expect_table_row_count_to_be_between", None, {"min_value": smallest}),
        *(Expectation("expect_column_values_to_not_be_null", name) for name in dict.fromkeys((audience.key, present))),
        *(Expectation("expect_column_values_to_be_unique", sent_as(audience, name)) for name in identifiers),
        *(Expectation("expect_column_values_to_match_regex", name, {"regex": each}) for name, each in patterns),
        *(Expectation("expect_column_values_to_be_in_set", name, {"value_set": [True]}) for name in consent),
        Expectation("expect_column_values_to_be_null", HELD_BACK_BY),
    ]


def _pattern(name: str) -> str | None:
    match kind_of(name):
        case Kind.MAIL:
            return MAIL_ADDRESS
        case Kind.PHONE:
            return TELEPHONE
        case _:
            return None


def _judged(candidates: Candidates, expectations: list[Expectation]) -> list[Finding]:
    if candidates.query:
        connector, query, subject = candidates.query
        verdicts = judge_query(connector, query, expectations, subject=subject, examples=EXAMPLES)
    else:
        verdicts = judge(candidates.frame, expectations, examples=EXAMPLES)
    return [_finding(verdict, candidates) for verdict in verdicts]


def _within_guard(proposal: Proposal) -> list[Finding]:
    most = most_moved(proposal.audience.guard, proposal.delta.before)
    if most is None:
        return []
    expectation = Expectation("expect_column_max_to_be_between", MOVED, {"max_value": most})
    [verdict] = judge(counted(proposal.delta), [expectation], examples=0)
    return [Finding(expectation.kind, MOVED, verdict.passed, verdict.observed, 0, (), None, expectation.arguments)]


def _finding(verdict: Verdict, candidates: Candidates) -> Finding:
    expected = verdict.expectation
    kept = None if verdict.rows is None else verdict.rows - verdict.unexpected
    return Finding(
        expectation=expected.kind,
        column=expected.column,
        passed=verdict.passed,
        observed=kept if verdict.observed is None else verdict.observed,
        unexpected=verdict.unexpected,
        examples=candidates.hashes(verdict.examples[:EXAMPLES]),
        rows=verdict.rows,
        arguments={name: _readable(value) for name, value in expected.arguments.items()},
    )


def _readable(value: object) -> object:
    """A pattern with its unseen characters spelled out."""
    if not isinstance(value, str):
        return value
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in value)
