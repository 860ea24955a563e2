"""Klaviyo: imports watched to their end, removals by Klaviyo's own ids, and requests as its description wants them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestration.audiences.audience import Send
from orchestration.audiences.destinations.klaviyo import MOST_BYTES, Klaviyo, klaviyo_destination
from orchestration.audiences.errors import DestinationError
from tests.audiences.contracts import arrived, check_if_described, contract, unnoticed
from tests.audiences.fakes.klaviyo import API_KEY
from tests.audiences.fakes.klaviyo import Klaviyo as Fake
from tests.audiences.fakes.serving import serving
from tests.audiences.lines import IDENTIFIED, NOWHERE, QUICK, Line, Remembered, by_mail, member, settings
from tests.audiences.workspace import surroundings

AUDIENCE = replace(IDENTIFIED, destination="klaviyo", into={"list": "L1"})


@pytest.fixture
def fake() -> Iterator[Fake]:
    fake = Fake()
    yield fake
    check_if_described("klaviyo", fake.log)


@pytest.fixture
def line(fake: Fake) -> Iterator[Line]:
    with serving(fake) as endpoint:
        yield Line(klaviyo(endpoint), AUDIENCE)


def klaviyo(endpoint: str, **parts: Any) -> Klaviyo:
    audience = replace(AUDIENCE, destination_settings=settings("klaviyo", endpoint), **parts)
    return replace(klaviyo_destination(audience, surroundings(NOWHERE, THE_KEY=API_KEY)), tempo=QUICK)


def writes(fake: Fake) -> list[tuple[str, str]]:
    return [(request.method, request.path) for request in fake.log if request.method != "GET"]


def test_members_enter_change_and_leave(fake: Fake, line: Line) -> None:
    line.push(by_mail("abc", plan="pro", first_name="X"))
    assert {*fake.members()} == {"a", "b", "c"}
    assert fake.members()["a"] == {
        "external_id": "a",
        "email": "a@example.com",
        "first_name": "X",
        "properties": {"plan": "pro"},
    }
    receipt = line.push([*by_mail("a", plan="free"), *by_mail("cd", plan="pro", first_name="X")])
    assert {*fake.members()} == {"a", "c", "d"}
    assert fake.members()["a"]["properties"] == {"plan": "free"}
    assert receipt.refused == ()
    assert fake.entries == dict.fromkeys([("L1", key) for key in "abcd"], 1)


def test_another_address_of_the_same_person_is_removed_and_added(fake: Fake, line: Line) -> None:
    line.push([member("1", {"external_id": "1", "email": "old@example.com"})])
    line.push([member("1", {"external_id": "1", "email": "New@Example.com"})])
    assert fake.members() == {"1": {"external_id": "1", "email": "new@example.com", "properties": {}}}
    assert fake.entries == {("L1", "1"): 2}


def test_an_address_that_passed_to_somebody_else_takes_nobody_off(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    profile = next(each for each in fake.profiles.values() if each.attributes["external_id"] == "b")
    profile.attributes["external_id"] = "somebody else"
    line.push(by_mail("a"))
    assert {*fake.members()} == {"a", "somebody else"}


def test_whoever_lost_the_external_id_there_is_found_by_mail(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    profile = next(each for each in fake.profiles.values() if each.attributes["external_id"] == "b")
    profile.attributes["external_id"] = None
    line.push(by_mail("a"))
    assert {*fake.members()} == {"a"}


def test_whoever_is_unknown_there_counts_as_removed(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    gone = next(name for name, each in fake.profiles.items() if each.attributes["external_id"] == "b")
    del fake.profiles[gone]
    fake.lists["L1"].discard(gone)
    assert line.push(by_mail("a")).refused == ()
    assert not line.acknowledged["b"].inside


def test_whoever_just_came_is_waited_for_before_removal(fake: Fake, line: Line) -> None:
    fake.lag = 12
    line.push(by_mail("ab"))
    line.push(by_mail("a"))
    assert {*fake.members()} == {"a"}


def test_only_changed_members_are_not_put_back_on_the_list(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab", plan="pro"))
    left = next(name for name, each in fake.profiles.items() if each.attributes["external_id"] == "b")
    fake.lists["L1"].discard(left)
    line.push(by_mail("ab", plan="free"))
    assert {*fake.members()} == {"a"}
    assert fake.profiles[left].attributes["properties"] == {"plan": "free"}
    line.push([*by_mail("ab", plan="free"), *by_mail("c")], Send.FULL)
    assert {*fake.members()} == {"a", "b", "c"}


def test_the_import_s_errors_are_refusals_and_come_again(fake: Fake, line: Line) -> None:
    wrong = member("w", {"external_id": "w", "email": "no address"})
    receipt = line.push([*by_mail("a"), wrong, member("n", {"external_id": None, "email": None})])
    assert {*fake.members()} == {"a"}
    assert [refusal.key for refusal in receipt.refused] == ["n", "w"]
    told = receipt.refused[1].reason
    assert "invalid" in told
    assert "no address" not in told
    right = member("w", {"external_id": "w", "email": "w@example.com"})
    line.push([*by_mail("a"), right])
    assert {*fake.members()} == {"a", "w"}
    assert fake.entries == dict.fromkeys([("L1", "a"), ("L1", "w")], 1)


def test_errors_are_read_to_the_last_page(fake: Fake, line: Line) -> None:
    wrong = [member(f"w{number}", {"external_id": f"w{number}", "email": "nowhere"}) for number in range(250)]
    receipt = line.push([*by_mail("a"), *wrong])
    assert len(receipt.refused) == 250
    assert {*fake.members()} == {"a"}


@pytest.mark.parametrize("pointer", ["", "/data/attributes"])
def test_errors_without_a_place_are_told_by_what_they_quote(
    fake: Fake, line: Line, pointer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.audiences.fakes.klaviyo.POINTER", pointer)
    receipt = line.push([member("w", {"external_id": "w", "email": "nowhere"}), *by_mail("a")])
    assert [refusal.key for refusal in receipt.refused] == ["w"]


def test_an_import_that_was_cancelled_is_begun_anew(fake: Fake, line: Line) -> None:
    fake.cancel = True
    journal = Remembered()
    with pytest.raises(DestinationError, match=r"import was cancelled.*begun anew"):
        line.push(by_mail("ab"), journal=journal)
    line.push(by_mail("ab"), journal=journal)
    assert {*fake.members()} == {"a", "b"}


def test_variants_are_a_property_named_after_the_audience(fake: Fake, line: Line) -> None:
    line.push([member("1", {"email": "1@example.com"}, "a"), member("2", {"email": "2@example.com"}, "b", plan="pro")])
    told = {key: attributes["properties"] for key, attributes in fake.members().items()}
    assert told == {
        "1@example.com": {"muster_winback": "a"},
        "2@example.com": {"muster_winback": "b", "plan": "pro"},
    }


def test_klaviyo_s_own_attributes_go_by_their_names(fake: Fake, line: Line) -> None:
    line.push([member("1", {"external_id": "1"}, last_name="O'Hara", city="Dublin", zip=8, title=None, seats=3)])
    assert fake.members()["1"] == {
        "external_id": "1",
        "last_name": "O'Hara",
        "title": None,
        "location": {"city": "Dublin", "zip": "8"},
        "properties": {"seats": 3},
    }


def test_batches_keep_the_limits_by_count_and_bytes(fake: Fake, line: Line) -> None:
    many = by_mail([f"s{number}" for number in range(10_001)])
    huge = [member(f"h{number}", {"external_id": f"h{number}"}, text="ü" * 40_000) for number in range(70)]
    receipt = line.push([*many, *huge, member("x", {"external_id": "x"}, text="x" * 100_000)])
    assert [refusal.key for refusal in receipt.refused] == ["x"]
    assert len(fake.members()) == 10_001 + 70
    sizes = [len(request.content) for request in fake.log if request.method == "POST"]
    assert len(sizes) == 3
    assert max(sizes) <= MOST_BYTES
    fake.log.clear()
    line.push(huge)
    assert [method for method, _ in writes(fake)] == ["DELETE"] * 11


def test_the_entity_s_key_is_an_external_id(fake: Fake, line: Line) -> None:
    line.push([member("7", {"person_id": 7}), member("8", {"person_id": 8})])
    assert {*fake.members()} == {"7", "8"}
    line.push([member("7", {"person_id": 7})])
    assert {*fake.members()} == {"7"}


def test_answered_calls_are_not_made_again(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    delivery = line.plan(by_mail("bc", plan="pro"))
    journal = Remembered()
    line.destination.deliver(delivery, journal)
    before = writes(fake)
    line.destination.deliver(delivery, journal)
    assert writes(fake) == before


def test_requests_are_as_the_description_wants_them(fake: Fake, line: Line) -> None:
    line.push([*by_mail("abc", plan="pro", city="Dublin"), member("w", {"external_id": "w", "email": "nowhere"})])
    line.push(by_mail("ac", plan="free"))
    judge, calls = contract("klaviyo"), [arrived(request) for request in fake.log]
    judge.check(calls)
    assert {judge.operation_of(call) for call in calls} == {
        "POST /api/profile-bulk-import-jobs",
        "GET /api/profile-bulk-import-jobs/{job_id}",
        "GET /api/profile-bulk-import-jobs/{id}/import-errors",
        "GET /api/profiles",
        "DELETE /api/lists/{id}/relationships/profiles",
    }


LET_PASS = {
    # Optional for Klaviyo: it takes profiles by any identifier, and imports that put nobody on a list.
    "POST /api/profile-bulk-import-jobs": {
        "body data/attributes/profiles/data/0/attributes/email removed",
        "body data/attributes/profiles/data/0/attributes/external_id removed",
        "body data/attributes/profiles/data/0/attributes/location removed",
        "body data/attributes/profiles/data/0/attributes/location/city removed",
        "body data/attributes/profiles/data/0/attributes/properties removed",
        "body data/relationships removed",
        "body data/relationships/lists removed",
        "body data/relationships/lists/data removed",
        "body data/relationships/lists/data emptied",
    },
    "DELETE /api/lists/{id}/relationships/profiles": set(),
    # A search for everybody is a search too, and the filter is any text.
    "GET /api/profiles": {
        "query filter removed",
        "query filter wrong",
        "query fields[profile] removed",
        "query page[size] removed",
    },
    "GET /api/profile-bulk-import-jobs/{job_id}": set(),
    "GET /api/profile-bulk-import-jobs/{id}/import-errors": {"query page[size] removed"},
}
LIMITS = {"data/attributes/profiles/data": 10_000, "data": 1_000}


def test_each_broken_part_of_each_request_is_noticed(fake: Fake, line: Line) -> None:
    judge = contract("klaviyo")
    line.push(by_mail("ab", plan="pro", city="Dublin"))
    line.push(by_mail("a", plan="pro", city="Dublin"))
    # Muster's own header is none of Klaviyo's affair.
    ours = {"header idempotency-key removed", "header idempotency-key wrong"}
    passed = {
        str(judge.operation_of(call)): unnoticed(judge, call, LIMITS) - ours
        for call in {request.method + request.path: arrived(request) for request in fake.log}.values()
    }
    assert passed == LET_PASS


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ({"into": {}}, "names no list"),
        ({"into": {"list": " "}}, "names no list"),
        ({"identify_by": ("passport",)}, "identifies by passport"),
    ],
)
def test_what_klaviyo_cannot_do_is_said_before_anything_is_sent(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(DestinationError, match=problem):
        klaviyo("http://127.0.0.1:9", **parts)


def test_a_wrong_key_names_its_variable_and_not_its_value(fake: Fake) -> None:
    with serving(fake) as endpoint:
        audience = replace(AUDIENCE, destination_settings=settings("klaviyo", endpoint))
        destination = klaviyo_destination(audience, surroundings(NOWHERE, THE_KEY="pk_wrong"))
        with pytest.raises(DestinationError, match="THE_KEY") as caught:
            Line(replace(destination, tempo=QUICK), AUDIENCE).push(by_mail("a"))
    assert "pk_wrong" not in str(caught.value)
    assert "a@example.com" not in str(caught.value)
