"""How tests are dealt out: those of one file together, so that they share what they set up; the longest files first."""

from __future__ import annotations

import gc

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        part = item.get_closest_marker("part")
        group = f"{item.path.stem}_{item.nodeid}" if part else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What is there by now stays to the end: collections of garbage need not look at it again and again."""
    gc.collect()
    gc.freeze()
