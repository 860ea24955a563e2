"""One asset per audience: its last push."""

from collections.abc import Mapping

import dagster as dg

from orchestration.audiences.audience import Audience
from orchestration.audiences.errors import AudienceError, DestinationError, EarlierDayError
from orchestration.audiences.export import Outcome
from orchestration.dbt import Dbt
from orchestration.defs.calendar import Calendar, days_of
from orchestration.defs.models import POOL
from orchestration.defs.withholding import settle, withheld
from orchestration.gates.great import GateError
from orchestration.pipeline import Progress, RunError
from orchestration.pushing import push_day

Pushed = dg.MaterializeResult[None]


def audience_key(audience: Audience) -> dg.AssetKey:
    return dg.AssetKey(["audience", audience.name])


def audience_asset(dbt: Dbt, audience: Audience, calendar: Calendar, progress: Progress) -> dg.AssetsDefinition:
    """Pushes the last day of the range. A day that is not the last one judged is not pushed, and says so.

    A destination that did not take the delivery may take it later, so such a run may be tried again; after any other
    failure somebody has to look first.
    """

    @dg.asset(
        key=audience_key(audience),
        deps=[dg.AssetKey(audience.model)],
        group_name="audiences",
        description=audience.description,
        metadata={"segment": audience.segment, "destination": audience.destination, "send": audience.send.value},
        kinds={"file"},
        partitions_def=calendar,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )
    def push(context: dg.AssetExecutionContext) -> Pushed:
        _, day = days_of(context)
        if reason := withheld(context.run, calendar):
            return _not_pushed(reason)
        progress(f"audience {audience.name}", 0, 1)
        try:
            outcome = push_day(dbt.settings, audience, day)
        except EarlierDayError as earlier:
            return _not_pushed(str(earlier))
        except DestinationError as outage:
            raise dg.Failure(str(outage)) from None
        except (AudienceError, GateError, RunError) as wrong:
            settle(context)
            raise dg.Failure(str(wrong), allow_retries=False) from None
        if not outcome.ok:
            settle(context)
            raise dg.Failure(f"not pushed: {outcome.reason}", metadata=_metadata(outcome), allow_retries=False)
        return dg.MaterializeResult(metadata=_metadata(outcome))

    return push


def _not_pushed(reason: str) -> Pushed:
    return dg.MaterializeResult(metadata={"status": "not pushed", "reason": reason})


def _metadata(outcome: Outcome) -> Mapping[str, str | int | dg.MetadataValue]:
    return {
        "status": outcome.status,
        "reason": outcome.reason,
        "as of": outcome.as_of.isoformat(),
        "members": outcome.after,
        "file": outcome.receipt.path if outcome.receipt else "none",
        "outcome": dg.MetadataValue.json(outcome.as_json()),
    }
