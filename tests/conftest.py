"""The longest files are begun first; a file's tests stay together, so that they share what they set up."""

from __future__ import annotations

import gc

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in long)


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: collections of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
