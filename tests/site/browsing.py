"""A real browser: Debian's Chromium, driven by Playwright, that asks nobody for anything by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
READY = "performance.getEntriesByType('navigation')[0].loadEventEnd"
SEARCHED = """() => {
    const find = document.getElementById('find');
    const began = performance.now();
    find.value = 'team_3 pro';
    find.dispatchEvent(new Event('input'));
    document.body.getBoundingClientRect();
    return performance.now() - began;
}"""


@contextmanager
def started() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def opening_seconds(index: Path) -> tuple[float, float]:
    """How long an index takes to be there, laid out and ready to be used; and a search in it."""
    with started() as browser:
        page = browser.new_page()
        page.goto(index.as_uri(), wait_until="load")
        page.wait_for_function(f"{READY} > 0")
        return page.evaluate(READY) / 1000, page.evaluate(SEARCHED) / 1000
