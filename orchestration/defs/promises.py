"""Promised times between acknowledgements, as checks: looked at after each push, and by a sensor in between."""

import json
from datetime import UTC, datetime

import dagster as dg

from orchestration.audiences.audience import Audience
from orchestration.audiences.freshness import Freshness, freshness_of
from orchestration.dbt import Dbt
from orchestration.defs.audiences import audience_key
from orchestration.defs.models import POOL
from orchestration.pipeline import open_warehouse
from orchestration.warehouse import WarehouseError

IN_TIME = "acknowledged_in_time"
SENSOR = "audiences_in_time"
EVERY = 15 * 60


def promise_check(dbt: Dbt, audience: Audience) -> dg.AssetChecksDefinition:
    """Whether an audience was acknowledged within the time that it promises."""

    @dg.asset_check(
        asset=audience_key(audience),
        name=IN_TIME,
        blocking=False,
        pool=POOL,
        description=f"The destination has acknowledged the audience within {audience.freshness} hours.",
    )
    def in_time() -> dg.AssetCheckResult:
        [found] = _found(dbt, [audience])
        return dg.AssetCheckResult(passed=not found.is_late, metadata=_metadata(found))

    return in_time


def promise_sensor(dbt: Dbt, audiences: list[Audience]) -> dg.SensorDefinition:
    """Tells when a promise is broken, and when it is kept again. It only reads, and waits while a run writes."""

    @dg.sensor(name=SENSOR, minimum_interval_seconds=EVERY, default_status=dg.DefaultSensorStatus.STOPPED)
    def sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            found = _found(dbt, audiences)
        except WarehouseError as wrong:
            return dg.SensorResult(skip_reason=str(wrong))
        told = json.loads(context.cursor or "{}")
        now = {each.audience: [each.is_late, str(each.confirmed_at)] for each in found}
        news = [_event(each) for each in found if told.get(each.audience) != now[each.audience]]
        if news:
            return dg.SensorResult(asset_events=news, cursor=json.dumps(now))
        return dg.SensorResult(skip_reason="; ".join(each.sentence() for each in found))

    return sensor


def _found(dbt: Dbt, audiences: list[Audience]) -> list[Freshness]:
    promises = [(each.name, each.destination, each.freshness) for each in audiences]
    with open_warehouse(dbt.settings, read_only=True) as warehouse:
        return freshness_of(warehouse, promises, datetime.now(UTC))


def _event(found: Freshness) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(["audience", found.audience]),
        check_name=IN_TIME,
        passed=not found.is_late,
        metadata=_metadata(found),
    )


def _metadata(found: Freshness) -> dict[str, dg.MetadataValue]:
    told = {name: value for name, value in found.as_json().items() if value is not None}
    return {"said": dg.MetadataValue.text(found.sentence()), "figures": dg.MetadataValue.json(told)}
