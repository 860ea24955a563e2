"""docs/destinations.md tells of every type of destination, every setting, and the limits that are kept."""

from __future__ import annotations

import re

import pytest

from orchestration.audiences.destinations import intercom, klaviyo, sendgrid
from orchestration.compiler.destination_spec import FILES, TYPES
from tests.shared import REPOSITORY

PAGE = (REPOSITORY / "docs" / "destinations.md").read_text()
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))


def test_each_type_has_its_section() -> None:
    assert {*SECTIONS} - {"What"} == {*TYPES}


@pytest.mark.parametrize("name", TYPES)
def test_each_setting_is_described(name: str) -> None:
    described = {*re.findall(r"`(\w+)`", SECTIONS[name])}
    known = TYPES[name]
    settings = {each.name for each in known.settings} - ({each.name for each in FILES} if name != "folder" else set())
    assert settings <= described
    places = {*re.findall(r"\b(\w+): …", SECTIONS[name])}
    assert {each.name for each in known.into} <= places


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("intercom", [f"up to {intercom.TAGGED_AT_ONCE} contacts a call"]),
        (
            "klaviyo",
            [
                f"{klaviyo.MOST_PROFILES:,} profiles, {klaviyo.MOST_BYTES // 10**6} MB and "
                f"{klaviyo.MOST_PROFILE_BYTES // 1000} KB a profile",
                f"{klaviyo.MOST_REMOVED:,} profiles for a removal",
                "{.calls} calls a second and {.calls} a minute".format(*klaviyo.TEMPO.rates),
            ],
        ),
        (
            "sendgrid",
            [
                f"{sendgrid.MOST_CONTACTS:,} contacts and {sendgrid.MOST_BYTES // 10**6} MB",
                f"{sendgrid.MOST_FOUND} identifiers for a search",
                f"up to {sendgrid.MOST_REMOVED} a call",
                f"{sendgrid.TEMPO.rates[0].calls} calls a second",
            ],
        ),
    ],
)
def test_limits_are_those_that_are_kept(name: str, limits: list[str]) -> None:
    told = " ".join(SECTIONS[name].split())
    assert [limit for limit in limits if limit not in told] == []
