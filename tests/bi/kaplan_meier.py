"""Run by the Python of `.venv-bi`: what lifelines estimates of stays.

Reads from standard input, by segment, how many days each stay was seen to last and whether it then ended; writes, by
segment, the estimates for each day since entry and the days after which a share of the stays has left.
"""

from __future__ import annotations

import json
import sys
from math import isinf

import pandas as pd
from lifelines import KaplanMeierFitter

COLUMNS = ("survival", "survival_low", "survival_high", "at_risk", "exits")


def estimated(days: list[int], has_ended: list[bool]) -> dict[str, object]:
    """The estimates, in the words of the marts; an infinite quantile, one never reached, is null."""
    every_day = range(max(days) + 1)
    fitted = KaplanMeierFitter(alpha=0.05).fit(days, has_ended, timeline=every_day)
    counted = fitted.event_table
    exits = counted["observed"].reindex(every_day, fill_value=0)
    at_risk = counted["at_risk"].reindex(every_day, method="bfill")
    by_day = pd.concat([fitted.survival_function_, fitted.confidence_interval_, at_risk, exits], axis="columns")
    quantiles = [float(fitted.percentile(share)) for share in (0.75, 0.5, 0.25)]
    return {
        "by_day": by_day.set_axis(COLUMNS, axis="columns").to_dict("records"),
        "median": fitted.median_survival_time_ if not isinf(fitted.median_survival_time_) else None,
        "quantiles": [None if isinf(quantile) else quantile for quantile in quantiles],
    }


if __name__ == "__main__":
    stays = json.load(sys.stdin)
    json.dump({segment: estimated(**lengths) for segment, lengths in stays.items()}, sys.stdout)
