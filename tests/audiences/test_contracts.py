"""The check of requests against the vendors' descriptions itself: it takes what is right and notices what is not."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.audiences.contracts import Call, contract, contract_or_none, mutations, unnoticed
from tests.shared import shared

INTERCOM = {"Authorization": "Bearer token", "Content-Type": "application/json", "Intercom-Version": "2.14"}
TAGGING = Call("POST", "/tags", INTERCOM, json.dumps({"name": "winback", "users": [{"id": "63a0"}]}).encode())


def test_a_right_request_passes() -> None:
    assert contract("intercom").objections(TAGGING) == []


def test_each_broken_part_is_noticed_but_for_what_the_description_allows() -> None:
    # Without users, the same operation makes a tag and tags nobody: the description allows both.
    assert unnoticed(contract("intercom"), TAGGING) == {"body users removed", "body users emptied"}


def test_every_mutation_is_another_call() -> None:
    broken = list(mutations(TAGGING, {"users": 50}))
    assert len({each.name for each in broken}) == len(broken)
    assert all(each.call != TAGGING for each in broken)
    assert {"body users/0/id misspelt", "body users too long", "header intercom-version wrong"} <= {
        each.name for each in broken
    }


@pytest.mark.parametrize(
    ("header", "value", "objection"),
    [
        ("Intercom-Version", "2.13", "Intercom-Version"),
        ("Authorization", "Basic token", "Bearer"),
        ("Content-Type", "text/plain", "text/plain"),
    ],
)
def test_headers_are_asked_for_by_value(header: str, value: str, objection: str) -> None:
    call = Call(TAGGING.method, TAGGING.target, INTERCOM | {header: value}, TAGGING.body)
    assert objection in " ".join(contract("intercom").objections(call))


def test_unknown_query_parameters_and_properties_are_noticed() -> None:
    judge = contract("intercom")
    assert judge.objections(Call("GET", "/segments?include_counts=true", INTERCOM))
    assert not judge.objections(Call("GET", "/segments?include_count=true", INTERCOM))
    contact = {"role": "user", "custom_attributes": {"anything": 1}}
    assert not judge.objections(Call("POST", "/contacts", INTERCOM, json.dumps(contact).encode()))
    misspelt = {"role": "user", "custom_attribute": {"anything": 1}}
    assert judge.objections(Call("POST", "/contacts", INTERCOM, json.dumps(misspelt).encode()))


def test_httpx_is_stopped_before_a_wrong_request_leaves() -> None:
    judge, left = contract("klaviyo"), list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        left.append(request)
        return httpx.Response(200)

    transport = httpx.MockTransport(answer)
    headers = {"Authorization": "Klaviyo-API-Key key", "revision": "2026-07-15"}
    with httpx.Client(transport=transport, event_hooks={"request": [judge.hook]}, headers=headers) as client:
        client.get("https://a.klaviyo.com/api/lists/L1")
        with pytest.raises(AssertionError, match="revision"):
            client.get("https://a.klaviyo.com/api/lists/L1", headers={"revision": "2024-01-01"})
        with pytest.raises(AssertionError, match="no such path"):
            client.get("https://a.klaviyo.com/api/listings/L1")
    assert len(left) == 1


def test_operations_are_named_by_their_template() -> None:
    call = Call("DELETE", "/v3/marketing/lists/11/contacts?contact_ids=1", {"Authorization": "Bearer key"})
    assert contract("sendgrid").operation_of(call) == "DELETE /v3/marketing/lists/{id}/contacts"
    assert contract("sendgrid").operation_of(Call("DELETE", "/v3/marketing/list", {})) is None


def test_without_the_descriptions_tests_skip_and_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSTER_SHARED", str(tmp_path))
    contract_or_none.cache_clear()
    try:
        assert shared("contracts", "intercom.json") is None
        with pytest.raises(pytest.skip.Exception, match="not on this machine"):
            contract("intercom")
    finally:
        contract_or_none.cache_clear()
