"""Great Expectations' verdicts as blocking checks: on the sources, and on each audience before it is pushed."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import dagster as dg

from orchestration.audiences.audience import Audience
from orchestration.audiences.errors import AudienceError
from orchestration.dbt import Dbt
from orchestration.defs.calendar import Calendar, last_day
from orchestration.defs.models import POOL
from orchestration.defs.nodes import Part
from orchestration.defs.withholding import settle, withheld
from orchestration.gates.great import GateError
from orchestration.gates.result import Figure, Finding, GateResult
from orchestration.gates.source import SourceTable
from orchestration.pipeline import source_results, source_tables
from orchestration.pushing import audience_results

SOURCE_GATE = "fit_to_judge_by"
AUDIENCE_GATE = "fit_to_send"
NOTHING: Mapping[str, Figure] = MappingProxyType({})


def source_checks(dbt: Dbt, part: Part, calendar: Calendar) -> dg.AssetChecksDefinition:
    """One check for each table that segments are judged by; nothing is judged while one of them fails."""
    tables = _gated(dbt, part)
    told = "Great Expectations: keys are there, and are unique where they must be."
    specs = [dg.AssetCheckSpec(SOURCE_GATE, asset=key, blocking=True, description=told) for key in tables]

    @dg.multi_asset_check(name="source_gate", specs=specs, pool=POOL)
    def source_gate(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        result = source_results(dbt, last_day(context.run, calendar))
        for key, looked_at in tables.items():
            yield _verdict(key, SOURCE_GATE, [each for each in result.findings if _is_about(each, looked_at)])

    return source_gate


def audience_check(dbt: Dbt, audience: Audience, calendar: Calendar) -> dg.AssetChecksDefinition:
    """The check between an audience's table and its push."""
    table = dg.AssetKey(audience.model)

    @dg.asset_check(
        asset=table,
        name=AUDIENCE_GATE,
        blocking=True,
        pool=POOL,
        description="Great Expectations: identifiers are there, unique, well-formed; consent is given; the guard holds",
    )
    def audience_gate(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        if reason := withheld(context.run, calendar):
            return dg.AssetCheckResult(passed=True, metadata={"judged": "no", "reason": reason})
        try:
            result = audience_results(dbt.settings, audience, last_day(context.run, calendar))
        except (AudienceError, GateError) as wrong:
            settle(context)
            raise dg.Failure(str(wrong), allow_retries=False) from None
        if not result.passed:
            settle(context)
        return _told(table, result)

    return audience_gate


def _told(table: dg.AssetKey, result: GateResult) -> dg.AssetCheckResult:
    """A gate's verdict with the figures of the push that it would stop."""
    told: dict[str, dg.MetadataValue | Figure] = {
        **{name: value for name, value in result.figures.items() if value is not None},
        "data docs": dg.MetadataValue.path(result.page),
        "result": dg.MetadataValue.json(result.as_json()),
    }
    return _verdict(table, AUDIENCE_GATE, result.findings, told)


def _gated(dbt: Dbt, part: Part) -> dict[dg.AssetKey, list[SourceTable]]:
    """The tables that the gate on the sources looks at, by the asset that builds them."""
    keys = {dbt.document["nodes"][name]["name"]: spec.key for name, spec in part.assets.items()}
    found: dict[dg.AssetKey, list[SourceTable]] = {}
    for table in source_tables(dbt.document):
        if table.model in keys:
            found.setdefault(keys[table.model], []).append(table)
    return found


def _is_about(finding: Finding, tables: Iterable[SourceTable]) -> bool:
    return any(
        finding.column in (table.model, f"{table.model}.{table.key}", f"{table.model}.{table.at}") for table in tables
    )


def _verdict(
    key: dg.AssetKey, name: str, findings: Iterable[Finding], told: Mapping[str, dg.MetadataValue | Figure] = NOTHING
) -> dg.AssetCheckResult:
    found = list(findings)
    failures = [finding.sentence() for finding in found if not finding.passed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failures,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={"expectations": len(found), "failed": "; ".join(failures) or "none", **told},
    )
