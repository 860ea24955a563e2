"""Identifiers in the form that their receiver publishes; expected values are the receivers' own examples."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from orchestration.audiences.audience import Audience
from orchestration.audiences.desired import Desired, read_desired
from orchestration.audiences.errors import DestinationError
from orchestration.audiences.identifiers import Convention, Scheme, settings_to_convention
from orchestration.audiences.proposal import propose
from orchestration.audiences.values import Json
from orchestration.gates.audience import audience_gate
from tests.audiences.workspace import DAYS, WINBACK, Project

GOOGLE = Convention(Scheme.GOOGLE, "US")
META = Convention(Scheme.META, "US")

# Google's Data Manager API: "Format user data", and the tests of its published formatter.
GOOGLES = [
    ("email", "cloudy.sanfrancisco+shopping@gmail.com", "cloudysanfrancisco@gmail.com"),
    ("email", "j.e.f..ferson.Loves.hiking@googlemail.com", "jeffersonloveshiking@googlemail.com"),
    ("email", "user.name+NYC@Example.com", "user.name+nyc@example.com"),
    ("email", "  ALEXZ@example.com   ", "alexz@example.com"),
    ("email", "@example.com", None),
    ("email", "quinn", None),
    ("phone", "(800)555-0100", "+18005550100"),
    ("phone", "1 800 555 0100", "+18005550100"),
    ("phone", "+44-113-496-0987", "+441134960987"),
    ("phone", "+abc-DEF", None),
    ("first_name", " Mrs. Alex   ", "alex"),
    ("first_name", " Mralex   ", "mralex"),
    ("last_name", "quinn, jr., dds", "quinn"),
    ("last_name", "Quinn-Alex", "quinn-alex"),
    ("last_name", "Boardds", "boardds"),
    ("last_name", ",Jr.,DDS ", None),
]
GOOGLES_DIGESTS = [
    ("email", "  alexz@EXAMPLE.com   ", "509e933019bb285a134a9334b8bb679dff79d0ce023d529af4bd744d47b4fd8a"),
    ("phone", "1-800-555-0100   ", "fb4f73a6ec5fdb7077d564cdd22c3554b43ce49168550c3b12c547b78c517b30"),
    ("first_name", "  GivenName  ", "128a07bfe2df877c52076e60d7774cf5baaa046c5a6c48daf30ff43ecca2f814"),
    ("last_name", "  FamilyName ", "77762c287e61ce065bee5c15464012c6fbe088398b8057627d5577249430d574"),
]
# Meta's Conversions API: "Customer information parameters".
METAS_DIGESTS = [
    ("email", "John_Smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
    ("phone", "(650)555-1212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
    ("first_name", "Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
    ("first_name", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
    ("first_name", "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
]


@pytest.mark.parametrize(("column", "value", "expected"), GOOGLES)
def test_google_form(column: str, value: str, expected: str | None) -> None:
    assert GOOGLE.normalised(column, value) == expected


@pytest.mark.parametrize(("column", "value", "digest"), GOOGLES_DIGESTS)
def test_google_digest(column: str, value: str, digest: str) -> None:
    assert GOOGLE.sent(column, value) == digest


@pytest.mark.parametrize(("column", "value", "digest"), METAS_DIGESTS)
def test_meta_digest(column: str, value: str, digest: str) -> None:
    assert META.sent(column, value) == digest


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("email", "Jane.Doe+shopping@gmail.com", "jane.doe+shopping@gmail.com"),
        ("phone", "+353 87 123 4567", "353871234567"),
        ("city", "São Paulo!", "sãopaulo"),
        ("state", " CA ", "ca"),
        ("zip_code", "94035-1234", "94035"),
        ("country", "US", "us"),
        ("country", "Ireland", None),
        ("gender", "Female", "f"),
        ("date_of_birth", "1997-02-16", "19970216"),
    ],
)
def test_meta_form(column: str, value: str, expected: str | None) -> None:
    assert META.normalised(column, value) == expected


@pytest.mark.parametrize("column", ["external_id", "plan", "subscription_state", "emails_sent", "phones"])
@pytest.mark.parametrize("convention", [GOOGLE, META])
def test_columns_of_other_names_stay_as_they_are(convention: Convention, column: str) -> None:
    assert convention.sent(column, "A.b@Example.com") == "A.b@Example.com"


@pytest.mark.parametrize(("value", "sent"), [(None, None), (True, True), (["a@b.ie"], None), (1.5, None)])
def test_values_that_are_no_text(value: Json, sent: Json) -> None:
    assert GOOGLE.sent("accepts_email", value) == sent


def test_a_number_without_a_prefix_needs_a_region() -> None:
    assert Convention(Scheme.GOOGLE).normalised("mobile", "087 123 4567") is None
    assert Convention(Scheme.GOOGLE, "IE").normalised("mobile", "087 123 4567") == "+353871234567"
    assert Convention(Scheme.GOOGLE, "IE").normalised("mobile", 871234567) == "+353871234567"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"identifiers": "gogle"}, r"drop: identifiers 'gogle' is unknown; write one of as_they_are, google, meta"),
        ({"identifiers": "meta", "phone_region": "Ireland"}, r"drop: there are no phone numbers of region 'Ireland'; "),
    ],
)
def test_nonsense_is_refused(settings: Mapping[str, Any], problem: str) -> None:
    with pytest.raises(DestinationError, match=problem):
        settings_to_convention("drop", settings)


def sending(scheme: str, **changes: Any) -> Audience:
    settings = {"type": "folder", "path": "drop", "identifiers": scheme, "phone_region": "IE"}
    return replace(WINBACK, consent=None, destination_settings=settings, **changes)


def desired(project: Project, audience: Audience, *people: tuple[str, str | None, str | None]) -> Desired:
    table = "person_id varchar, email varchar, phone varchar, plan varchar, held_back_by varchar"
    with project.open() as warehouse:
        warehouse.execute(f"create or replace table audience_winback ({table})")
        for person in people:
            warehouse.execute("insert into audience_winback values (?, ?, ?, 'pro', null)", [*person])
        return read_desired(warehouse, audience)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_members_hold_what_is_sent_and_a_capital_letter_more_is_no_change(project: Project) -> None:
    audience = sending("google", identify_by=("email", "phone"))
    [before] = desired(project, audience, ("a", "ann@example.com", "087 123 4567")).members
    [after] = desired(project, audience, ("a", " Ann@Example.com", "+353871234567")).members
    assert before == after
    expected = {"email": sha256("ann@example.com"), "phone": sha256("+353871234567")}
    assert json.loads(before.identifiers) == expected


def test_whoever_has_no_usable_identifier_is_held_back(project: Project) -> None:
    audience = sending("meta", identify_by=("email", "phone"))
    people = [("a", "ann@example.com", "12"), ("b", "nobody", "12"), ("c", None, None), ("d", "", "0871234567")]
    found = desired(project, audience, *people)
    assert [member.key for member in found.members] == ["a", "d"]
    assert found.held_back == {"identifier": 2}
    assert json.loads(found.members[0].identifiers) == {"email": sha256("ann@example.com"), "phone": None}
    assert found.frame()["phone"].dropna().tolist() == ["353871234567"]


def test_two_with_one_normalised_identifier_are_seen_by_the_gate(project: Project) -> None:
    audience = sending("google")
    same = [("a", "ann.lee@gmail.com", None), ("b", "AnnLee+news@gmail.com", None)]
    assert not passes(project, audience, *same)
    other = [("a", "ann.lee@gmail.com", None), ("b", "ben@gmail.com", None)]
    assert passes(project, audience, *other)


def passes(project: Project, audience: Audience, *people: tuple[str, str | None, str | None]) -> bool:
    desired(project, audience, *people)
    with project.open() as warehouse:
        return audience_gate(propose(warehouse, audience, DAYS[0])).passed


def test_nothing_is_changed_where_nothing_is_hashed(project: Project) -> None:
    audience = sending("as_they_are")
    found = desired(project, audience, ("a", " Ann@Example.com", None), ("b", None, None))
    assert [json.loads(member.identifiers)["email"] for member in found.members] == [" Ann@Example.com"]
    assert found.held_back == {"identifier": 1}, "whom nobody could tell from others is not sent"


@pytest.mark.parametrize("key", ["email", "phone"])
def test_no_address_or_number_lies_in_clear_in_a_hashed_file(project: Project, key: str) -> None:
    """Neither as an identifier nor as a field nor as the key."""
    audience = sending("google", key=key, identify_by=("email",), fields={"phone": "phone", "plan": "plan"})
    audience = replace(audience, fields={name: name for name in audience.fields if name != key})
    desired(project, audience, ("a", "ann@example.com", "+353871234567"))
    project.export(audience, DAYS[0])
    content = b"".join(project.files().values())
    assert b"ann@" not in content
    assert b"353871234567" not in content
    assert sha256("ann@example.com").encode() in content
    assert sha256("+353871234567").encode() in content or key == "email"
