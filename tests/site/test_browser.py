"""The site in a real browser, from files: it opens, searches, hides, draws, asks nobody, and bars nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from orchestration.site import Site, read_figures, write_site
from orchestration.warehouse import DuckDB
from tests.site.browsing import CHROMIUM, started
from tests.site.world import HOSTILE, World

GRAVE = ("serious", "critical")
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1200, height=800)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: `make services` installs it")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = World(tmp_path_factory.mktemp("world"))
    made.publish()
    return made


@pytest.fixture(scope="module")
def folder(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("pages") / "site of all"
    write_site(Site(world.compilation, read_figures(world.published)).files(), into, lambda *_: None)
    return into


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with started() as found:
        yield found


@dataclass
class Viewer:
    """Somebody with a browser of their own; `heard` is what the pages complained of or asked the network for."""

    page: Page
    folder: Path
    heard: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.heard.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.folder.as_uri(), "data:,")):
            self.heard.append(f"asked for {url}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.folder.as_uri()}/{path}")
        if "/" in path:
            expect(self.page.locator("html[data-charts=drawn]")).to_have_count(1, timeout=20_000)
        return self.page

    def shown(self) -> list[str]:
        """The segments that the index shows, in its order."""
        rows = self.page.locator("tr[data-key]:visible")
        found: list[str] = rows.evaluate_all("rows => rows.map(row => row.dataset.key)")
        return found


@pytest.fixture
def viewer(browser: Browser, folder: Path) -> Iterator[Viewer]:
    context = browser.new_context(viewport=DESK)
    found = Viewer(context.new_page(), folder)
    yield found
    context.close()
    assert found.heard == []


def test_the_index_searches_in_names_keys_owners_labels_and_rules(viewer: Viewer) -> None:
    page = viewer.open("index.html")
    for words, keys in {
        "pro  PLAN. on": ["pro"],
        "RETENTION": ["quiet"],
        "paying": ["pro"],
        "seen_at days ago": ["pro"],
        "漢字": ["hostile"],
        "alert(1)": ["hostile"],
        "no such thing": [],
    }.items():
        page.fill("#find", words)
        assert viewer.shown() == keys, words
    expect(page.locator("#nothing")).to_be_visible()
    page.keyboard.press("Escape")
    assert len(viewer.shown()) == 12


def test_a_search_can_be_sent_to_somebody(viewer: Viewer) -> None:
    page = viewer.open("index.html")
    page.fill("#find", "quiet")
    address = page.evaluate("location.href")
    page.goto("about:blank")
    page.goto(address)
    assert page.input_value("#find") == "quiet"
    assert viewer.shown() == ["big", "quiet"]


def test_the_table_is_sorted_by_its_buttons(viewer: Viewer) -> None:
    page = viewer.open("index.html")
    page.get_by_role("button", name="Members").click()
    assert viewer.shown()[:3] == ["pro", "long", "quiet"]
    assert page.get_by_role("columnheader", name="Members").get_attribute("aria-sort") == "descending"
    page.get_by_role("button", name="7 days").click()
    page.get_by_role("button", name="7 days").click()
    assert viewer.shown()[0] == "quiet"
    # segments without a change stand last, whichever way
    assert set(viewer.shown()[-5:]) == {"fresh", "gone", "named", "near_named", "of_a_domain"}


def test_hiding_is_kept_by_the_browser_and_can_be_done_by_keyboard(viewer: Viewer) -> None:
    page = viewer.open("index.html")
    assert "do_not_contact" not in viewer.shown() and "pro" in viewer.shown()
    page.get_by_role("button", name="Hide Pro people").focus()
    page.keyboard.press("Enter")
    assert "pro" not in viewer.shown()
    # the focus is on the row that took the hidden one's place
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Hide ")
    page.reload()
    assert "pro" not in viewer.shown()
    page.get_by_label("Show hidden ones").focus()
    page.keyboard.press("Space")
    assert {"pro", "do_not_contact", "winback_exit"} <= set(viewer.shown())
    page.get_by_role("button", name="Show Pro people").click()
    page.get_by_role("button", name="Show Do not contact").click()
    viewer.open("index.html")
    assert {"pro", "do_not_contact"} <= set(viewer.shown()) and "winback_exit" not in viewer.shown()


def test_a_segments_own_page_hides_it_in_the_index(viewer: Viewer) -> None:
    page = viewer.open("segments/quiet.html")
    page.get_by_role("button", name="Hide in the index").click()
    expect(page.get_by_role("button", name="Show in the index")).to_be_visible()
    viewer.open("index.html")
    assert "quiet" not in viewer.shown()


def test_without_a_store_hiding_lasts_as_long_as_the_page(browser: Browser, folder: Path) -> None:
    context = browser.new_context()
    context.add_init_script("Object.defineProperty(window, 'localStorage', {get() { throw new Error('denied') }})")
    viewer = Viewer(context.new_page(), folder)
    page = viewer.open("index.html")
    page.get_by_role("button", name="Hide Pro people").click()
    assert "pro" not in viewer.shown()
    expect(page.locator("#kept")).to_be_visible()
    context.close()
    assert viewer.heard == []


DRAWN = """() => Object.fromEntries([...document.querySelectorAll('[data-chart]')].map(place =>
    [place.dataset.chart, [...place.querySelectorAll('.mark-rect path, .mark-area path, .mark-line path')]
        .filter(path => path.getAttribute('d') && !path.closest('.role-legend')).length]))"""


def test_charts_are_drawn_with_the_marts_numbers(viewer: Viewer, world: World) -> None:
    page = viewer.open("segments/pro.html")
    with DuckDB(world.published.database, read_only=True) as marts:
        days = marts.rows("select members from segment_counts_daily where segment = 'pro' order by as_of_date")
        moves = marts.rows("select entries, exits from segment_counts_daily where segment = 'pro' order by as_of_date")
        cells = marts.rows("select count(*) from segment_retention where segment = 'pro' and cohort_grain = 'week'")
    shown = "(chart, name) => document.querySelector(`[data-chart=${chart}]`).drawn.view.data(name)"
    assert page.evaluate(f"({shown})('members', 'days').map(row => row.members)") == [members for (members,) in days]
    drawn = page.evaluate(f"({shown})('moves', 'moves').map(row => [row.entries, row.exits])")
    assert drawn == [list(row) for row in moves[1:]]
    marks: dict[str, int] = page.evaluate(DRAWN)
    assert set(marks) == {"waterfall", "members", "moves", "weeks", "months", "survival", "overlap", "flows"}
    assert marks["moves"] == 2 * (len(days) - 1)
    assert marks["weeks"] == cells[0][0]
    assert marks["waterfall"] == 2 * 3
    assert marks["overlap"] == 2
    assert all(marks.values())
    # in the dark they are drawn anew, in other colours
    bar = page.locator("[data-chart=moves] .mark-rect path").first
    light = bar.get_attribute("fill")
    page.emulate_media(color_scheme="dark")
    expect(bar).not_to_have_attribute("fill", light or "")


def test_lines_on_the_index_follow_the_members(viewer: Viewer) -> None:
    page = viewer.open("index.html")
    points: list[list[float]] = page.locator("tr[data-key=pro] polyline").evaluate(
        "line => [...line.points].map(point => [point.x, point.y])"
    )
    # 967 members, and seven more each day: from the lower left to the upper right
    assert points[0] == [3, 25] and points[-1] == [109, 3]
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


def test_figures_and_code_can_be_read_and_copied(viewer: Viewer) -> None:
    viewer.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = viewer.open("segments/pro.html")
    page.get_by_text("The figures of “Members, entries and exits” as a table").click()
    expect(page.get_by_role("row", name="2024-03-31 1,240 24.8 % 15 8 observed")).to_be_visible()
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("name: Pro people\nentity: person\n") and "tests:" not in copied


def test_a_hostile_name_is_only_a_name(viewer: Viewer) -> None:
    page = viewer.open("segments/hostile.html")
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title() == f"{HOSTILE} · Segments"


def grave_faults(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe finds serious or critical; the style sheets are at hand, so it need not load them again."""
    found: dict[str, Any] = Axe().run(page, options={"preload": False, "resultTypes": ["violations"], **rules}).response
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


ALL: dict[str, Any] = {}
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"]}


@pytest.mark.parametrize(
    ("scheme", "size", "rules"), [("light", DESK, ALL), ("dark", PHONE, COLOURS)], ids=["light desk", "dark phone"]
)
def test_nobody_is_barred(
    browser: Browser, folder: Path, scheme: Literal["light", "dark"], size: ViewportSize, rules: dict[str, Any]
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=size)
    viewer = Viewer(context.new_page(), folder)
    for path in ("index.html", "segments/pro.html", "audiences/winback.html"):
        page = viewer.open(path)
        # one table of each kind is enough to look at: the others differ in their rows
        page.evaluate("document.querySelectorAll('details:has(pre), #overlap ~ * details').forEach(e => e.open = true)")
        assert grave_faults(page, rules) == [], path
    context.close()
    assert viewer.heard == []


def test_nothing_is_wider_than_a_phone(browser: Browser, folder: Path) -> None:
    context = browser.new_context(viewport=PHONE)
    viewer = Viewer(context.new_page(), folder)
    for path in ("index.html", "audiences.html", "segments/pro.html", "segments/long.html", "audiences/winback.html"):
        page = viewer.open(path)
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    context.close()
    assert viewer.heard == []
