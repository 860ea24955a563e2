"""The one place that has Great Expectations judge: rows and expectations in, verdicts out.

Importing it takes seconds, so that happens on first use. The context lives in memory: no files, no bars, no telemetry.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from orchestration.errors import MusterError
from orchestration.warehouse import Connector

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
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
    """`observed` is set for expectations on a whole table or column; `rows` is how many rows were looked at.

    `examples` are some of the rows that broke it: positions in a frame, or values of a query's column `subject`.
    """

    expectation: Expectation
    passed: bool
    observed: int | float | None
    unexpected: int
    rows: int | None
    examples: tuple[Any, ...]


def judge(frame: pd.DataFrame, expectations: Sequence[Expectation], *, examples: int) -> list[Verdict]:
    """Hold a frame, whose index counts from 0, against expectations; at most `examples` rows are named in each."""
    asset = _context().data_sources.add_pandas("muster").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    return _validated(batch, expectations, {"partial_unexpected_count": examples})


def judge_query(
    connector: Connector, query: str, expectations: Sequence[Expectation], *, subject: str, examples: int
) -> list[Verdict]:
    """Hold a query's rows against expectations, inside the warehouse: only figures and examples leave it.

    `subject` is the column that names the rows in examples. Raises GateError.
    """
    from great_expectations.exceptions.exceptions import GreatExpectationsError
    from sqlalchemy.exc import SQLAlchemyError

    named = {"unexpected_index_column_names": [subject], "return_unexpected_index_query": False}
    try:
        source = _source(connector)
        batch = source.add_query_asset("query", query).add_batch_definition_whole_table("whole").get_batch()
        return _validated(batch, expectations, {"partial_unexpected_count": examples, **named}, subject)
    except (GreatExpectationsError, SQLAlchemyError) as error:
        # Their messages quote statements, and the values in them.
        raise GateError(f"the warehouse could not be asked by Great Expectations ({type(error).__name__})") from None


def _source(connector: Connector) -> SQLDatasource:
    from great_expectations.datasource.fluent.interfaces import GxDatasourceWarning

    with warnings.catch_warnings():
        # Its own source for PostgreSQL takes nothing but a URL, which has to hold the password.
        warnings.simplefilter("ignore", GxDatasourceWarning)
        sources: Any = _context().data_sources
        source: SQLDatasource = sources.add_sql(
            "muster", connection_string=connector.url, kwargs={"creator": connector.connect}
        )
        return source


def _validated(
    batch: Batch, expectations: Sequence[Expectation], shape: Mapping[str, object], subject: str = ""
) -> list[Verdict]:
    from great_expectations.core import ExpectationSuite

    suite = ExpectationSuite(name="muster", expectations=[expectation_config(each) for each in expectations])
    judged = batch.validate(suite, result_format=cast("Any", {"result_format": "SUMMARY", **shape}))
    # Great Expectations reports in an order of its own.
    by_name = {_name(each): each for each in judged.results}
    return [_verdict(each, by_name[each.kind, each.column], subject) for each in expectations]


def _context() -> EphemeralDataContext:
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
    return gx.get_context(mode="ephemeral", project_config=config)


def expectation_config(expectation: Expectation) -> ExpectationConfiguration:
    """The expectation as Great Expectations writes it."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    column = {"column": expectation.column} if expectation.column else {}
    return ExpectationConfiguration(type=expectation.kind, kwargs={**column, **expectation.arguments})


def _name(result: ExpectationValidationResult) -> tuple[str, str | None]:
    config = result.expectation_config
    return (config.type, config.kwargs.get("column")) if config else ("", None)


def _verdict(expectation: Expectation, result: ExpectationValidationResult, subject: str) -> Verdict:
    found = result.result
    if not found:
        # The library's own message may quote values, so it stays out.
        raise GateError(f"Great Expectations could not judge {expectation.kind} on {expectation.column}")
    rows = found.get("partial_unexpected_index_list") or ()
    return Verdict(
        expectation=expectation,
        passed=bool(result.success),
        observed=_plain(found.get("observed_value")),
        unexpected=int(found.get("unexpected_count") or 0),
        rows=found.get("element_count"),
        examples=tuple(row[subject] if subject else int(row) for row in rows),
    )


def _plain(figure: Any) -> int | float | None:
    """A figure of pandas' as Python's own."""
    number: int | float | None = figure.item() if hasattr(figure, "item") else figure
    return number
