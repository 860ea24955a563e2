"""Which runs push, and which failures are tried again."""

from __future__ import annotations

import dagster as dg

from orchestration.defs.calendar import Calendar, last_day

PUSH = "muster/push"
PUSHING = {PUSH: "yes"}
BACKFILL = "dagster/backfill"
RETRIES = {"dagster/max_retries": "3"}
# Dagster's own tag: what failed in a step is not run again.
SETTLED = {"dagster/retry_on_asset_or_op_failure": "false"}


def withheld(run: dg.DagsterRun, calendar: Calendar) -> str | None:
    """Why a run pushes nothing, null where it pushes.

    Old days are judged again without telling anybody outside, unless the run has the tag `muster/push: yes`.
    """
    if run.tags.get(PUSH) == PUSHING[PUSH]:
        return None
    remedy = f"with the tag `{PUSH}: yes` it does"
    if BACKFILL in run.tags:
        return f"a back-fill pushes nothing; {remedy}"
    day, newest = last_day(run, calendar).isoformat(), calendar.get_last_partition_key()
    if newest is not None and day < newest:
        return f"a run of {day}, a day before {newest}, pushes nothing; {remedy}"
    return None


def settle(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> None:
    """Let the run's failure stand: trying again would find the same."""
    context.instance.add_run_tags(context.run.run_id, SETTLED)
