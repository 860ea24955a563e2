"""The one place that talks to Great Expectations: frames and expectations in, verdicts out.

Importing it takes seconds, so that happens on first use. The context lives in memory: no files, no bars, no telemetry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from orchestration.errors import MusterError

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration


class GateError(MusterError):
    """A gate that could not be judged at all."""


@dataclass(frozen=True)
class Expectation:
    """An expectation by Great Expectations' own name, such as `expect_column_values_to_be_unique`."""

    kind: str
    column: str | None = None
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """`observed` is set for expectations on a whole table; `rows` are positions of the first rows that broke it."""

    expectation: Expectation
    passed: bool
    observed: int | None
    unexpected: int
    rows: tuple[int, ...]


def judge(frame: pd.DataFrame, expectations: Sequence[Expectation], *, examples: int) -> list[Verdict]:
    """Hold a frame, whose index counts from 0, against expectations; at most `examples` rows are named in each."""
    from great_expectations.core import ExpectationSuite

    suite = ExpectationSuite(name="muster", expectations=[_config(each) for each in expectations])
    shape = {"result_format": "SUMMARY", "partial_unexpected_count": examples}
    judged = _batch(frame).validate(suite, result_format=cast("Any", shape))
    # Great Expectations reports in an order of its own.
    by_name = {_name(each): each for each in judged.results}
    return [_verdict(each, by_name[each.kind, each.column]) for each in expectations]


def _batch(frame: pd.DataFrame) -> Batch:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    asset = context.data_sources.add_pandas("muster").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})


def _config(expectation: Expectation) -> ExpectationConfiguration:
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    column = {"column": expectation.column} if expectation.column else {}
    return ExpectationConfiguration(type=expectation.kind, kwargs={**column, **expectation.arguments})


def _name(result: ExpectationValidationResult) -> tuple[str, str | None]:
    config = result.expectation_config
    return (config.type, config.kwargs.get("column")) if config else ("", None)


def _verdict(expectation: Expectation, result: ExpectationValidationResult) -> Verdict:
    found = result.result
    if not found:
        # The library's own message may quote values, so it stays out.
        raise GateError(f"Great Expectations could not judge {expectation.kind} on {expectation.column}")
    rows = found.get("partial_unexpected_index_list") or ()
    return Verdict(
        expectation=expectation,
        passed=bool(result.success),
        observed=found.get("observed_value"),
        unexpected=int(found.get("unexpected_count", 0)),
        rows=tuple(int(row) for row in rows),
    )
