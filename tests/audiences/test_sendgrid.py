"""SendGrid: upserts watched to their end, removals by looked-up ids, and requests as its description wants them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestration.audiences.audience import Send
from orchestration.audiences.destinations.sendgrid import MOST_BYTES, SendGrid, sendgrid_destination
from orchestration.audiences.destinations.sendgrid_errors import UNNAMED
from orchestration.audiences.errors import DestinationError
from tests.audiences.contracts import arrived, check_if_described, contract, unnoticed
from tests.audiences.fakes.sendgrid import API_KEY, LIST
from tests.audiences.fakes.sendgrid import SendGrid as Fake
from tests.audiences.fakes.serving import Request, serving
from tests.audiences.lines import IDENTIFIED, NOWHERE, QUICK, Line, Remembered, by_mail, member, settings
from tests.audiences.workspace import surroundings

AUDIENCE = replace(
    IDENTIFIED, destination="sendgrid", into={"list": LIST, "variant": "e1_T"}, fields={"first_name": "first_name"}
)


@pytest.fixture
def fake() -> Iterator[Fake]:
    fake = Fake()
    yield fake
    # The file of errors lies on another server, which no description speaks of.
    check_if_described("sendgrid", [request for request in fake.log if request.parts[0] != "errors"])


@pytest.fixture
def line(fake: Fake) -> Iterator[Line]:
    with serving(fake) as endpoint:
        yield Line(sendgrid(endpoint), AUDIENCE)


def sendgrid(endpoint: str | None, region: str = "global", **parts: Any) -> SendGrid:
    told = settings("sendgrid", endpoint or "", region=region)
    audience = replace(AUDIENCE, destination_settings=told, **parts)
    return replace(sendgrid_destination(audience, surroundings(NOWHERE, THE_KEY=API_KEY)), tempo=QUICK)


def requests(fake: Fake, method: str) -> list[Request]:
    return [request for request in fake.log if request.method == method]


def test_members_enter_change_and_leave(fake: Fake, line: Line) -> None:
    line.push(by_mail("abc", first_name="X", e1_T="pro"))
    assert {*fake.members()} == {"a", "b", "c"}
    assert fake.members()["a"] == {
        "external_id": "a",
        "email": "a@example.com",
        "first_name": "X",
        "custom_fields": {"e1_T": "pro"},
    }
    receipt = line.push([*by_mail("a", first_name="Y"), *by_mail("cd", first_name="X", e1_T="pro")])
    assert {*fake.members()} == {"a", "c", "d"}
    assert fake.members()["a"]["first_name"] == "Y"
    assert receipt.refused == ()
    assert fake.entries == dict.fromkeys("abcd", 1)


def test_another_address_of_the_same_person_is_removed_and_added(fake: Fake, line: Line) -> None:
    line.push([member("1", {"email": "Old@example.com"})])
    line.push([member("1", {"email": "new@example.com"})])
    assert fake.members() == {"new@example.com": {"email": "new@example.com"}}


@pytest.mark.parametrize("manner", ["hides", "hurries"])
def test_a_removal_is_done_before_the_same_contact_comes_again(fake: Fake, line: Line, manner: str) -> None:
    line.push([member("1", {"email": "1@example.com"}, "a")])
    fake.slow = 9
    setattr(fake, manner, True)
    line.push([member("1", {"email": "1@example.com"}, "b")])
    fake.state()
    assert fake.members() == {"1@example.com": {"email": "1@example.com", "custom_fields": {"e1_T": "b"}}}
    assert fake.entries == {"1@example.com": 2}


def test_an_address_that_passed_to_somebody_else_takes_nobody_off(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    next(each for each in fake.contacts.values() if each.told["external_id"] == "b").told["external_id"] = "x"
    line.push(by_mail("a"))
    assert {*fake.members()} == {"a", "x"}


def test_whoever_is_unknown_there_counts_as_removed(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    del fake.contacts[next(name for name, each in fake.contacts.items() if each.told["external_id"] == "b")]
    assert line.push(by_mail("a")).refused == ()
    assert not line.acknowledged["b"].inside


def test_whoever_just_came_is_waited_for_before_removal(fake: Fake, line: Line) -> None:
    fake.lag = 12
    line.push(by_mail("ab"))
    line.push(by_mail("a"))
    assert {*fake.members()} == {"a"}


def test_only_changed_members_are_not_put_back_on_the_list(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab", first_name="X"))
    left = next(each for each in fake.contacts.values() if each.told["external_id"] == "b")
    left.lists.clear()
    line.push(by_mail("ab", first_name="Y"))
    assert {*fake.members()} == {"a"}
    assert left.told["first_name"] == "Y"
    line.push([*by_mail("ab", first_name="Y"), *by_mail("c")], Send.FULL)
    assert {*fake.members()} == {"a", "b", "c"}


@pytest.mark.parametrize("named", [True, False], ids=["named in the file of errors", "named nowhere"])
def test_whom_the_job_did_not_take_is_refused_and_comes_again(fake: Fake, line: Line, named: bool) -> None:
    fake.bad, fake.named = frozenset({"b@example.com", "d@example.com"}), named
    receipt = line.push(by_mail("abcd"))
    assert [(refusal.key, refusal.reason) for refusal in receipt.refused] == [("b", UNNAMED), ("d", UNNAMED)]
    assert {*fake.members()} == {"a", "c"}
    fake.bad = frozenset()
    line.push(by_mail("abcd"))
    assert {*fake.members()} == {"a", "b", "c", "d"}
    assert fake.entries == dict.fromkeys("abcd", 1)


@pytest.mark.parametrize(("named", "again"), [(True, {"b"}), (False, {"a", "b", "c"})])
def test_changes_that_the_job_did_not_take_come_again(fake: Fake, line: Line, named: bool, again: set[str]) -> None:
    line.push(by_mail("abc", first_name="X"))
    fake.bad, fake.named = frozenset({"b@example.com"}), named
    receipt = line.push(by_mail("abc", first_name="Y"))
    assert {refusal.key for refusal in receipt.refused} == again


def test_when_the_job_took_nobody_all_are_refused(fake: Fake, line: Line) -> None:
    fake.bad = frozenset({"a@example.com", "b@example.com"})
    assert [refusal.key for refusal in line.push(by_mail("ab")).refused] == ["a", "b"]


def test_a_job_that_failed_as_a_whole_is_begun_anew(fake: Fake, line: Line) -> None:
    fake.fails = True
    journal = Remembered()
    with pytest.raises(DestinationError, match=r"failed as a whole.*begun anew"):
        line.push(by_mail("ab"), journal=journal)
    line.push(by_mail("ab"), journal=journal)
    assert {*fake.members()} == {"a", "b"}


def test_a_job_that_sendgrid_forgot_is_begun_anew(fake: Fake, line: Line) -> None:
    delivery, journal = line.plan(by_mail("ab")), Remembered()
    line.destination.deliver(delivery, journal)
    fake.jobs.clear()
    fake.contacts.clear()
    assert isinstance(line.destination, SendGrid)
    destination = replace(line.destination, tempo=replace(QUICK, job=QUICK.search))
    with pytest.raises(DestinationError, match=r"failed as a whole.*begun anew"):
        destination.deliver(delivery, journal)
    destination.deliver(delivery, journal)
    assert {*fake.members()} == {"a", "b"}


def test_whoever_is_put_back_by_hand_meanwhile_is_taken_off_again(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    delivery, journal = line.plan(by_mail("a")), Remembered()
    line.destination.deliver(delivery, journal)
    back = next(each for each in fake.contacts.values() if each.told["external_id"] == "b")
    back.lists.add(LIST)
    with pytest.raises(DestinationError, match=r"1 contacts .* still on it.*once more"):
        line.destination.deliver(delivery, journal)
    line.destination.deliver(delivery, journal)
    assert {*fake.members()} == {"a"}


def test_who_spoils_a_call_is_refused_and_the_others_are_taken(fake: Fake, line: Line) -> None:
    fake.strict = frozenset({"b@example.com", "c@example.com"})
    long = member("l", {"email": "l@example.com"}, first_name="x" * 51)
    nobody, nowhere = member("n", {"email": " "}), member("o", {"email": "Otto"})
    receipt = line.push([*by_mail("abcd"), long, nobody, nowhere])
    told = {refusal.key: refusal.reason for refusal in receipt.refused}
    assert told.keys() == {"b", "c", "l", "n", "o"}
    assert told["b"] == "SendGrid says: … is not valid, contacts[1].email"
    assert told["l"] == "its first_name is longer than the 50 characters that SendGrid takes"
    assert told["n"] == "it has no identifier"
    assert told["o"] == "its email is not an e-mail address"
    assert {*fake.members()} == {"a", "d"}


def test_an_objection_to_nobody_in_particular_stops_the_delivery(fake: Fake, line: Line) -> None:
    fake.strict, fake.placed = frozenset({"b@example.com"}), False
    with pytest.raises(DestinationError, match=r"could not upsert contacts: HTTP 400") as caught:
        line.push(by_mail("ab"))
    assert "b@example.com" not in str(caught.value)
    with pytest.raises(DestinationError, match="invalid custom field ids"):
        line.push(by_mail("a", e9_T="x"))


def test_an_address_that_cannot_be_searched_hides_no_other(fake: Fake, line: Line) -> None:
    line.push(by_mail("abcd"))
    kept = line.acknowledged["c"]
    line.acknowledged["c"] = replace(kept, identifiers='{"email":"no address"}')
    line.push(by_mail("a"))
    assert {*fake.members()} == {"a", "c"}


def test_custom_fields_have_the_type_that_their_id_names(fake: Fake, line: Line) -> None:
    line.push([member("1", {"external_id": "1"}, e1_T=7, e2_N="9.50", e3_D="2026-01-02", city=None)])
    line.push([member("1", {"external_id": "1"}, e1_T=None, e2_N=None, e3_D=None, city="Cork")])
    line.push([member("1", {"external_id": "1"}, e1_T=True, e2_N=True, e3_D=None, city="Cork")])
    told = [request.json["contacts"][0] for request in requests(fake, "PUT")]
    assert told == [
        {"external_id": "1", "city": "", "custom_fields": {"e1_T": "7", "e2_N": 9.5, "e3_D": "2026-01-02"}},
        {"external_id": "1", "city": "Cork", "custom_fields": {"e1_T": ""}},
        {"external_id": "1", "city": "Cork", "custom_fields": {"e1_T": "true", "e2_N": 1}},
    ]


def test_batches_keep_the_limits_by_count_and_bytes(fake: Fake, line: Line) -> None:
    huge = [member(f"h{number}", {"external_id": f"h{number}"}, e1_T="ü" * 40_000) for number in range(160)]
    line.push(huge)
    assert len(fake.members()) == 160
    sizes = [len(request.content) for request in requests(fake, "PUT")]
    assert len(sizes) == 3
    assert max(sizes) <= MOST_BYTES
    line.push(huge[:5])
    assert [len(request.query["contact_ids"].split(",")) for request in requests(fake, "DELETE")] == [100, 55]
    assert len(fake.members()) == 5


def test_the_entity_s_key_is_an_external_id(fake: Fake, line: Line) -> None:
    line.push([member("7", {"person_id": 7}), member("8", {"person_id": 8})])
    assert {*fake.members()} == {"7", "8"}
    line.push([member("7", {"person_id": 7})])
    assert {*fake.members()} == {"7"}


def test_answered_calls_are_not_made_again(fake: Fake, line: Line) -> None:
    line.push(by_mail("ab"))
    delivery, journal = line.plan(by_mail("bc", first_name="X")), Remembered()
    line.destination.deliver(delivery, journal)
    before = len(requests(fake, "PUT")), len(requests(fake, "DELETE"))
    line.destination.deliver(delivery, journal)
    assert before == (len(requests(fake, "PUT")), len(requests(fake, "DELETE")))


def test_requests_are_as_the_description_wants_them(fake: Fake, line: Line) -> None:
    fake.bad = frozenset({"w@example.com"})
    line.push([*by_mail("abc", first_name="X", e1_T="pro", e2_N=1), *by_mail("w")])
    line.push(by_mail("ac", first_name="Y"))
    judge = contract("sendgrid")
    calls = [arrived(request) for request in fake.log if request.parts[0] != "errors"]
    judge.check(calls)
    assert {judge.operation_of(call) for call in calls} == {
        "PUT /v3/marketing/contacts",
        "GET /v3/marketing/contacts/imports/{id}",
        "POST /v3/marketing/contacts/search/identifiers/{identifier_type}",
        "DELETE /v3/marketing/lists/{id}/contacts",
    }


LET_PASS = {
    # Any of four identifiers will do, an upsert need not put anybody on a list, and custom fields are anybody's.
    "PUT /v3/marketing/contacts": {
        "body contacts/0/custom_fields removed",
        "body contacts/0/email removed",
        "body contacts/0/external_id removed",
        "body contacts/0/first_name removed",
        "body list_ids removed",
        "body list_ids emptied",
    },
    "GET /v3/marketing/contacts/imports/{id}": set(),
    # The hundred that a search may ask for, and that it has to ask for somebody, is said in words only.
    "POST /v3/marketing/contacts/search/identifiers/{identifier_type}": {
        "body identifiers emptied",
        "body identifiers too long",
        "body removed",
    },
    # Ids of contacts are any text.
    "DELETE /v3/marketing/lists/{id}/contacts": {"query contact_ids wrong"},
}
LIMITS = {"contacts": 30_000, "identifiers": 100}


def test_each_broken_part_of_each_request_is_noticed(fake: Fake, line: Line) -> None:
    judge = contract("sendgrid")
    line.push(by_mail("ab", first_name="X", e1_T="pro"))
    line.push(by_mail("a", first_name="X", e1_T="pro"))
    # Muster's own header is none of SendGrid's affair.
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
        ({"identify_by": ("passport",)}, "identifies by passport"),
        ({"fields": {"plan": "plan"}}, r"has a field plan.*`e1_T: plan`"),
        ({"split": {"a": 50, "b": 50}, "into": {"list": LIST}}, "has a split"),
    ],
)
def test_what_sendgrid_cannot_do_is_said_before_anything_is_sent(parts: dict[str, Any], problem: str) -> None:
    with pytest.raises(DestinationError, match=problem):
        sendgrid("http://127.0.0.1:9", **parts)


@pytest.mark.parametrize(("region", "address"), [("global", "api.sendgrid.com"), ("eu", "api.eu.sendgrid.com")])
def test_regions_are_other_addresses(region: str, address: str) -> None:
    assert sendgrid(None, region).endpoint == f"https://{address}"


def test_a_wrong_key_names_its_variable_and_not_its_value(fake: Fake) -> None:
    with serving(fake) as endpoint:
        audience = replace(AUDIENCE, destination_settings=settings("sendgrid", endpoint))
        destination = sendgrid_destination(audience, surroundings(NOWHERE, THE_KEY="SG.wrong"))
        with pytest.raises(DestinationError, match="THE_KEY") as caught:
            Line(replace(destination, tempo=QUICK), AUDIENCE).push(by_mail("a"))
    assert "SG.wrong" not in str(caught.value)
    assert "a@example.com" not in str(caught.value)
