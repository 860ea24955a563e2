"""The gate in front of a push: is the desired set fit to be sent?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.audiences.audience import CONSENT, Audience
from orchestration.gates.great import Expectation, Verdict, judge
from orchestration.gates.result import Finding, GateResult, key_hash

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 5
MAIL_ADDRESS = r"\A[^@\s,;<>\"]+@[^@\s.,;<>\"]+(?:\.[^@\s.,;<>\"]+)+\Z"


def audience_gate(frame: pd.DataFrame, audience: Audience) -> GateResult:
    """Judge a desired set: one row per subject with its key, its identifiers and, if the audience asks, `consent`.

    Every subject has an identifier, no identifier belongs to two, an identifier named `email` (or ending in `_email`)
    is an address, consent is true for all, and the set is empty only where the guard allows it. An empty text is no
    identifier. Raises GateError.
    """
    needed = (*audience.columns, *((CONSENT,) if audience.consent else ()))
    if missing := [column for column in needed if column not in frame]:
        findings = tuple(Finding("expect_column_to_exist", column, False, None, 0) for column in missing)
        return GateResult(gate=_title(audience), findings=findings)
    prepared = _prepared(frame, audience)
    verdicts = judge(prepared, _expectations(audience), examples=EXAMPLES)
    keys = prepared[audience.key].tolist()
    return GateResult(gate=_title(audience), findings=tuple(_finding(verdict, keys) for verdict in verdicts))


def _title(audience: Audience) -> str:
    return f"audience_{audience.name}"


def _present(audience: Audience) -> str:
    return " or ".join(audience.identify_by)


def _prepared(frame: pd.DataFrame, audience: Audience) -> pd.DataFrame:
    columns = dict.fromkeys((audience.key, *audience.identify_by))
    prepared = frame[[*columns]].astype(object).reset_index(drop=True)
    prepared = prepared.where(prepared.notna() & (prepared != ""), None)
    first = prepared[audience.identify_by[0]]
    for name in audience.identify_by[1:]:
        first = first.where(first.notna(), prepared[name])
    prepared[_present(audience)] = first
    if audience.consent:
        # Unknown is no.
        prepared[CONSENT] = frame[CONSENT].eq(True).fillna(False).astype(bool).to_numpy()
    return prepared


def _expectations(audience: Audience) -> list[Expectation]:
    smallest = 0 if audience.guard.allow_empty else 1
    present = dict.fromkeys((audience.key, _present(audience)))
    unique = dict.fromkeys((audience.key, *audience.identify_by))
    mail = [name for name in audience.identify_by if name == "email" or name.endswith("_email")]
    consent = [CONSENT] if audience.consent else []
    return [
        Expectation("expect_table_row_count_to_be_between", None, {"min_value": smallest}),
        *(Expectation("expect_column_values_to_not_be_null", name) for name in present),
        *(Expectation("expect_column_values_to_be_unique", name) for name in unique),
        *(Expectation("expect_column_values_to_match_regex", name, {"regex": MAIL_ADDRESS}) for name in mail),
        *(Expectation("expect_column_values_to_be_in_set", name, {"value_set": [True]}) for name in consent),
    ]


def _finding(verdict: Verdict, keys: list[object]) -> Finding:
    return Finding(
        expectation=verdict.expectation.kind,
        column=verdict.expectation.column,
        passed=verdict.passed,
        observed=verdict.observed if verdict.observed is not None else len(keys) - verdict.unexpected,
        unexpected=verdict.unexpected,
        examples=tuple(key_hash(keys[row]) for row in verdict.rows[:EXAMPLES]),
    )
