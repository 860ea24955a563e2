"""The commands that pages show, as they are called in the tests, and those that are not, with the reason."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.docs.pages import Block, Page, pages

SHELLS = ("console", "sh", "bash", "shell")
OURS = ("muster", ".venv/bin/muster")
DAY = "2017-12-31"
# what a page writes for a value of the reader's own
PLACEHOLDERS = {
    "SEGMENT": "beta_testers",
    "SUBJECT": "p1",
    "AUDIENCE": "winback",
    "KEY": "p2",
    "KEY…": "p2",
    "D": DAY,
    "FIRST": "2017-12-30",
    "LAST": DAY,
    "REF": "HEAD",
    "DIR": "elsewhere",
}
# exit codes other than 0; the sources of the project still have whom it erased
ENDS_WITH = {"erase --entity person p2": 1}
BY_TEST_BI = "tests/bi runs it, with the packages that `make test-bi` installs"
BY_ADOPTING = "tests/adopting runs it, in a dbt project that is not Muster's"
BY_PULL_REQUESTS = "tests/pull_requests runs it, in a repository with branches"
# named on a page, though they could be called: the words behind them are told apart by the command itself
MENTIONS = (("members", "add"), ("members", "remove"), ("import", "intercom"), ("new",))
NOT_RUN = {
    "make demo": "the demo is run by itself: it loads 700,000 rows and judges 60 days",
    "make test": "it is what runs this",
    "muster demo --data-only": "tests/pipeline/test_two_renderings.py runs it, on the whole of the demo's data",
    "muster comment FILE": "tests/pull_requests/test_comment.py runs it, with a server of comments",
    ".venv/bin/pre-commit install": BY_PULL_REQUESTS,
    "muster init --dry-run": BY_ADOPTING,
    "muster init": BY_ADOPTING,
    "muster init --force": BY_ADOPTING,
    "muster preview active_customers --as-of 2025-03-31": BY_ADOPTING,
    "muster backfill --from 2025-03-30 --to 2025-03-31": BY_ADOPTING,
    "git merge main": BY_PULL_REQUESTS,
    "git add dbt_project/models/segments segment_specs/.schema": BY_PULL_REQUESTS,
    "git commit --no-edit": BY_PULL_REQUESTS,
    "export DBT_PROFILES_DIR=$PWD/profiles/published": BY_TEST_BI,
    "cd dbt_project && ../.venv-bi/bin/dbt parse": BY_TEST_BI,
    "../.venv-bi/bin/mf query --metrics members,share_of_base "
    "--group-by metric_time__month,segment__segment_name": BY_TEST_BI,
    "../.venv-bi/bin/mf query --metrics weekly_retention --group-by cohort__period_number": BY_TEST_BI,
}


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it."""

    page: str
    text: str

    @property
    def words(self) -> list[str]:
        """The words that are called: placeholders filled in, without what a shell would do."""
        return [PLACEHOLDERS.get(word, word) for word in shlex.split(self.text, comments=True)]

    @property
    def is_ours(self) -> bool:
        return self.words[0] in OURS

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands behind `muster`."""
        return tuple(self.words[1:])


def shown() -> list[Shown]:
    """Every command of every page, each once a page, in the order of the pages."""
    return list(dict.fromkeys(Shown(page.name, text) for page in pages() for text in _commands(page)))


def _commands(page: Page) -> Iterator[str]:
    for block in page.blocks:
        if block.language in SHELLS:
            yield from _lines(block)
    for span in page.spans:
        if re.match(r"(\.venv/bin/)?muster( [^/]|$)|make [a-z]", span):
            yield span


def _lines(block: Block) -> Iterator[str]:
    """The commands of a block; where some lines begin with a prompt, the others are what they print."""
    lines = [line.strip() for line in block.text.replace("\\\n", " ").splitlines()]
    prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    for line in prompted or lines:
        text = re.sub(r"\s+# .*$", "", line)
        if text and not text.startswith("#"):
            yield " ".join(text.split())
