"""How tests are dealt out: those of one file together, so that they share what they set up; the longest files first."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        part = item.get_closest_marker("part")
        group = f"{item.path.stem}_{item.nodeid}" if part else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
