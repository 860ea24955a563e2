"""Intercom: tags by fifties, untagging one by one, fields, and whom it does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from orchestration.audiences.audience import Audience, Send
from orchestration.audiences.destinations import Receipt
from orchestration.audiences.destinations.intercom import Intercom, intercom_destination
from orchestration.audiences.errors import DestinationError
from orchestration.calls import Patience
from tests.audiences.contracts import arrived, contract, unnoticed
from tests.audiences.fakes.intercom import Contact
from tests.audiences.fakes.intercom import Intercom as Fake
from tests.audiences.fakes.serving import Request, Response, serving
from tests.audiences.lines import IDENTIFIED, NOWHERE, Line, Remembered, by_mail, member
from tests.audiences.workspace import surroundings

AUDIENCE = replace(IDENTIFIED, destination="intercom", into={"tag": "Winback"})
QUICK = Patience(attempts=4, total=5.0, first_wait=0.01, longest_wait=0.05, jitter=0.01)


class Recorded(Fake):
    """Intercom, and what it was asked."""

    log: list[Request]

    def answer(self, request: Request) -> Response:
        self.log.append(request)
        return super().answer(request)


def contacts(keys: str) -> list[Contact]:
    return [Contact(f"i-{key}", f"{key}@example.com", key) for key in keys]


@pytest.fixture
def fake() -> Recorded:
    made = Recorded(contacts("abcde"))
    made.log = []
    return made


def intercom(endpoint: str, audience: Audience = AUDIENCE) -> Intercom:
    given = {"type": "intercom", "token": {"env": "THE_TOKEN"}, "endpoint": endpoint}
    audience = replace(audience, destination_settings=given)
    return replace(intercom_destination(audience, surroundings(NOWHERE, THE_TOKEN="tok")), patience=QUICK)


@pytest.fixture
def line(fake: Recorded) -> Iterator[Line]:
    with serving(fake) as endpoint:
        yield Line(intercom(endpoint), AUDIENCE)


def tagged(fake: Fake) -> dict[str, list[str]]:
    names = {number: name for name, number in fake.tags.items()}
    return {each.id: sorted(names[tag] for tag in each.tags) for each in fake.contacts if each.tags}


def calls(fake: Recorded, method: str, part: str) -> list[Any]:
    return [request.json for request in fake.log if request.method == method and part in request.path]


def refusals(receipt: Receipt) -> dict[str, str]:
    return {refusal.key: refusal.reason for refusal in receipt.refused}


def test_members_enter_change_and_leave(fake: Recorded, line: Line) -> None:
    line.push(by_mail("abc", plan="pro"))
    assert tagged(fake) == {"i-a": ["Winback"], "i-b": ["Winback"], "i-c": ["Winback"]}
    fake.log.clear()
    receipt = line.push([*by_mail("a", plan="free"), *by_mail("bd", plan="pro")])
    assert receipt.refused == ()
    assert tagged(fake) == {"i-a": ["Winback"], "i-b": ["Winback"], "i-d": ["Winback"]}
    assert {each.id: each.custom for each in fake.contacts if each.custom}["i-a"] == {"plan": "free"}
    assert calls(fake, "POST", "/tags") == [{"name": "Winback", "users": [{"id": "i-d"}]}]
    assert [each.path for each in fake.log if each.method == "DELETE"] == ["/contacts/i-c/tags/100"]


def test_removals_come_before_tags_and_fields_before_the_tag(fake: Recorded, line: Line) -> None:
    line.push(by_mail("ab", plan="pro"))
    fake.log.clear()
    line.push(by_mail("bc", plan="pro"))
    written = [request.method for request in fake.log if "search" not in request.path and request.method != "GET"]
    assert written == ["DELETE", "PUT", "POST"]


def test_each_variant_has_a_tag_and_a_change_of_variant_moves(fake: Recorded, line: Line) -> None:
    def people(**variants: str) -> list[Any]:
        return [replace(each, variant=variants[each.key]) for each in by_mail(variants)]

    line.push(people(a="red", b="blue"))
    assert tagged(fake) == {"i-a": ["Winback (red)"], "i-b": ["Winback (blue)"]}
    line.push(people(a="blue", b="blue"))
    assert tagged(fake) == {"i-a": ["Winback (blue)"], "i-b": ["Winback (blue)"]}


def test_whom_intercom_does_not_know_is_refused_and_tried_again(fake: Recorded, line: Line) -> None:
    receipt = line.push(by_mail("az"))
    assert refusals(receipt) == {"z": "Intercom knows no contact with its identifiers, or not yet"}
    fake.contacts += contacts("z")
    assert line.push(by_mail("az")).refused == ()
    assert {*tagged(fake)} == {"i-a", "i-z"}


def test_nobody_is_made_up(fake: Recorded, line: Line) -> None:
    line.push(by_mail("az"))
    assert not [request for request in fake.log if request.method == "POST" and request.path == "/contacts"]


def test_contacts_are_found_by_mail_where_the_external_id_finds_nobody(fake: Recorded, line: Line) -> None:
    fake.contacts[0].external_id = None
    line.push([member("1", {"external_id": "1", "email": "A@Example.com"})])
    assert {*tagged(fake)} == {"i-a"}
    line.push([])
    assert tagged(fake) == {}


def test_an_address_that_belongs_to_another_external_id_is_somebody_else(fake: Recorded, line: Line) -> None:
    receipt = line.push([member("1", {"external_id": "1", "email": "a@example.com"})])
    assert [*refusals(receipt)] == ["1"]
    assert tagged(fake) == {}


def test_of_those_who_share_an_address_the_only_user_is_meant(fake: Recorded, line: Line) -> None:
    fake.contacts += [Contact("lead", "a@example.com", None, "lead")]
    mail = replace(AUDIENCE, identify_by=("email",))
    by_address = Line(line.destination, mail)
    by_address.push([member("a", {"email": "a@example.com"})])
    assert {*tagged(fake)} == {"i-a"}
    fake.contacts += [Contact("twin", "b@example.com", "b2")]
    receipt = by_address.push([member("a", {"email": "a@example.com"}), member("b", {"email": "b@example.com"})])
    assert refusals(receipt) == {"b": "Intercom has several contacts with its e-mail address"}
    assert {*tagged(fake)} == {"i-a"}


def test_one_contact_is_not_tagged_for_two_subjects(fake: Recorded, line: Line) -> None:
    fake.contacts[0].external_id = None
    twice = [member("1", {"email": "a@example.com"}), member("2", {"external_id": "i", "email": "a@example.com"})]
    assert refusals(line.push(twice)) == {"2": "Intercom has one contact for it and for another subject"}
    assert {*tagged(fake)} == {"i-a"}


def test_an_identifier_that_changed_is_untagged_under_the_old_and_tagged_under_the_new(
    fake: Recorded, line: Line
) -> None:
    line.push([member("1", {"external_id": "a"})])
    line.push([member("1", {"external_id": "b"})])
    assert {*tagged(fake)} == {"i-b"}


def test_an_identifier_that_passed_to_somebody_else_stays_tagged(fake: Recorded, line: Line) -> None:
    line.push([member("1", {"external_id": "a"})])
    line.push([member("2", {"external_id": "a"})])
    assert {*tagged(fake)} == {"i-a"}


def test_removals_of_the_unknown_and_untagged_are_done(fake: Recorded, line: Line) -> None:
    line.push(by_mail("abc"))
    fake.contacts = [each for each in fake.contacts if each.id != "i-a"]
    next(each for each in fake.contacts if each.id == "i-b").tags.clear()
    assert line.push([]).refused == ()
    assert tagged(fake) == {}


def test_a_tag_that_is_gone_leaves_nothing_to_remove(fake: Recorded, line: Line) -> None:
    line.push(by_mail("a"))
    fake.tags.clear()
    fake.log.clear()
    line.push([])
    assert [request.path for request in fake.log] == ["/tags"]


def test_capitals_of_a_tag_do_not_matter(fake: Recorded, line: Line) -> None:
    fake.tags = {"WINBACK": "7"}
    line.push(by_mail("ab"))
    line.push(by_mail("a"))
    assert tagged(fake) == {"i-a": ["WINBACK"]}


def test_of_fifty_tagged_at_once_only_those_who_are_gone_are_refused(fake: Recorded, line: Line) -> None:
    fake.gone = frozenset({"i-c"})
    receipt = line.push(by_mail("abcd"))
    assert refusals(receipt) == {"c": "Intercom no longer has its contact"}
    assert {*tagged(fake)} == {"i-a", "i-b", "i-d"}


def test_fields_that_are_not_taken_refuse_their_subject_without_saying_them(fake: Recorded, line: Line) -> None:
    receipt = line.push([*by_mail("a", plan="pro"), *by_mail("b", secret_plan="b-private")])
    (reason,) = refusals(receipt).values()
    assert "parameter_invalid, Custom attribute 'secret_plan' does not exist" in reason
    assert "private" not in reason
    assert {*tagged(fake)} == {"i-a"}


def test_standard_attributes_are_told_as_such_and_lists_as_text(fake: Recorded, line: Line) -> None:
    fake.attributes = frozenset({"plan", "labels"})
    line.push(by_mail("a", name="Anna", phone=None, plan="pro", labels=["x", "y"]))
    assert calls(fake, "PUT", "/contacts/i-a") == [
        {"name": "Anna", "phone": None, "custom_attributes": {"plan": "pro", "labels": '["x","y"]'}}
    ]


def test_a_full_delivery_tags_everybody_again_and_a_second_has_no_other_effect(fake: Recorded, line: Line) -> None:
    line.push(by_mail("abc"), Send.FULL)
    before = fake.state()
    delivery = line.plan(by_mail("abcd"), Send.FULL)
    line.destination.deliver(delivery, Remembered())
    line.destination.deliver(delivery, Remembered())
    assert [*tagged(fake)] == ["i-a", "i-b", "i-c", "i-d"]
    assert before != fake.state()


def many(count: int) -> str:
    return "".join(chr(0x4E00 + number) for number in range(count))


def test_searches_and_tags_go_by_fifties_and_pages_are_followed(fake: Recorded, line: Line) -> None:
    keys = many(120)
    fake.contacts, fake.page = contacts(keys), 20
    told = list[tuple[int, int]]()
    assert isinstance(line.destination, Intercom)
    by_pages = Line(replace(line.destination, progress=lambda *done: told.append(done)), AUDIENCE)
    assert by_pages.push(by_mail(keys)).refused == ()
    assert len(tagged(fake)) == 120
    assert sorted(len(call["users"]) for call in calls(fake, "POST", "/tags")) == [20, 50, 50]
    searches = calls(fake, "POST", "/contacts/search")
    assert [len(call["query"]["value"]) for call in searches] == [50] * 6 + [20]
    assert [call["pagination"].get("starting_after") for call in searches] == [None, "20", "40"] * 2 + [None]
    by_pages.push(by_mail(keys[:60]))
    assert len(tagged(fake)) == 60
    assert told[-1] == (60, 60)


def test_untagging_is_taken_up_where_it_stopped(fake: Recorded, line: Line) -> None:
    keys = many(30)
    fake.contacts = contacts(keys)
    line.push(by_mail(keys))
    journal, delivery = Remembered(), line.plan([])
    line.destination.deliver(delivery, journal)
    untagged = [key for key, answer in journal.answers.items() if answer == [None]]
    assert len(untagged) == 30
    for key in untagged[20:]:
        del journal.answers[key]
    fake.log.clear()
    line.destination.deliver(delivery, journal)
    assert [request.method for request in fake.log] == ["DELETE"] * 10


def test_the_journal_holds_nothing_personal(line: Line) -> None:
    journal = Remembered()
    line.push(by_mail("abz", plan="secretive"), journal=journal)
    kept = json.dumps(journal.answers)
    assert "example.com" not in kept
    assert "Anna" not in kept
    assert "secretive" not in kept


def test_a_wrong_token_names_the_variable(fake: Recorded, line: Line) -> None:
    fake.token = "another"
    with pytest.raises(DestinationError, match=r"HTTP 401 \(unauthorized\).*environment variable THE_TOKEN"):
        line.push(by_mail("a"))


def test_identifiers_that_intercom_does_not_have_are_refused_before_any_call(fake: Recorded, line: Line) -> None:
    company = Line(line.destination, replace(AUDIENCE, identify_by=("vat_number",)))
    with pytest.raises(DestinationError, match="by external_id, email or the entity's key, not by vat_number"):
        company.push([member("1", {"vat_number": "7"})])
    assert not fake.log


def test_the_entitys_key_is_the_external_id_there(fake: Recorded, line: Line) -> None:
    by_key = Line(line.destination, replace(AUDIENCE, identify_by=("person_id",)))
    assert by_key.push([member("a", {"person_id": "a"})]).refused == ()
    assert {*tagged(fake)} == {"i-a"}


@pytest.mark.parametrize(("region", "host"), [("us", "api"), ("eu", "api.eu"), ("au", "api.au")])
def test_regions_have_addresses_of_their_own(region: str, host: str) -> None:
    given = {"type": "intercom", "token": {"env": "THE_TOKEN"}, "region": region}
    made = intercom_destination(
        replace(AUDIENCE, destination_settings=given, into={}), surroundings(NOWHERE, THE_TOKEN="t")
    )
    assert made.endpoint == f"https://{host}.intercom.io"
    assert made.tag == "winback"


def everything(fake: Recorded, line: Line) -> None:
    """Make each kind of call."""
    fake.page = 1
    line.push([*by_mail("ab", plan="pro"), member("c", {"email": "c@example.com"}, name="C")])
    line.push([])


def test_every_request_is_one_that_intercom_describes(fake: Recorded, line: Line) -> None:
    everything(fake, line)
    judge = contract("intercom")
    judge.check(map(arrived, fake.log))
    assert {judge.operation_of(arrived(request)) for request in fake.log} == {
        "POST /contacts/search",
        "GET /tags",
        "POST /tags",
        "PUT /contacts/{contact_id}",
        "DELETE /contacts/{contact_id}/tags/{tag_id}",
    }


# All that the description makes optional: it knows searches for everybody, tags on nobody and updates of nothing.
LET_PASS = {
    "POST /contacts/search pagination, query": {
        "body removed",
        "body pagination removed",
        "body pagination/per_page removed",
        "body query/field removed",
        "body query/operator removed",
        "body query/value removed",
        "body query/value emptied",
        "body query/value of a wrong type",
        "body query/value/0 of a wrong type",
    },
    "POST /tags name, users": {"body users removed", "body users emptied"},
    "PUT /contacts/{contact_id} custom_attributes": {"body removed", "body custom_attributes removed"},
    "PUT /contacts/{contact_id} name": {"body removed", "body name removed"},
    "GET /tags ": set(),
    "DELETE /contacts/{contact_id}/tags/{tag_id} ": set(),
}


def test_each_broken_part_of_a_request_is_noticed(fake: Recorded, line: Line) -> None:
    judge = contract("intercom")
    everything(fake, line)
    # Muster's own header is none of Intercom's affair.
    ours = {"header idempotency-key removed", "header idempotency-key wrong"}
    passed = {
        f"{judge.operation_of(call)} {', '.join(call.json()) if call.body else ''}": unnoticed(judge, call) - ours
        for call in map(arrived, fake.log)
    }
    assert passed == LET_PASS
