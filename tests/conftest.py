"""The longest files are begun first; a file's tests stay together, so that they share what they set up."""

from __future__ import annotations

import gc

import pytest
from dbt_common.tests import enable_test_caching


def pytest_configure() -> None:
    """Spare what projects have in common: dbt reads each macro once, and few of its millions of objects are garbage."""
    enable_test_caching()
    gc.set_threshold(50_000, 50, 100)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: collections of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
