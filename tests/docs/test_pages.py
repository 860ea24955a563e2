"""Links lead somewhere, files that are named are there, and pages can be found."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import Page, pages
from tests.project import REPOSITORY

FOLDERS = (
    "orchestration/",
    "dbt_project/",
    "tests/",
    "docs/",
    "profiles/",
    "segment_specs/",
    "requirements/",
    ".github/",
)
PATH = re.compile(r"[\w./-]+\Z")
# written by the reader, or by a run
NOT_THERE = {
    "segment_specs/people/quiet_pros.yml",
    "docs/index.html",
}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_links_lead_somewhere(page: Page) -> None:
    anchors = {each.path: each.anchors for each in pages()}
    lost = []
    for link in page.links:
        if re.match(r"https?://", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.path.parent / target).resolve() if target else page.path
        if not path.exists() or (anchor and anchor not in anchors.get(path, {anchor})):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_files_that_are_named_are_there(page: Page) -> None:
    named = {span for span in page.spans if span.startswith(FOLDERS) and PATH.match(span)}
    named |= set(re.findall(r"\bdocs/\w+\.md", page.words))
    named -= {name for name in named if re.search("[A-Z]{3,}", name)}  # placeholders
    assert [name for name in sorted(named - NOT_THERE) if not (REPOSITORY / name).exists()] == []


def test_every_page_is_in_the_list_of_pages() -> None:
    [index] = [page for page in pages() if page.name == "docs/README.md"]
    listed = {link.partition("#")[0] for link in index.links}
    assert {page.path.name for page in pages() if page.name.startswith("docs/")} - {"README.md"} <= listed


def test_the_readme_is_short() -> None:
    assert len((REPOSITORY / "README.md").read_text("utf-8").splitlines()) <= 150


def test_anchors_are_named_as_on_github() -> None:
    [rules] = [page for page in pages() if page.name == "docs/rules.md"]
    assert {"a-segments-file", "any-of-rows", "or_none", "text-and-true-or-false"} <= rules.anchors
