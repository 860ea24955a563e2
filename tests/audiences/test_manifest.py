"""Audiences as the dbt manifest describes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orchestration.audiences.audience import Guard, Send, audiences_of
from orchestration.audiences.errors import DefinitionError

META: dict[str, Any] = {
    "audience": "winback",
    "entity": "person",
    "key": "person_id",
    "segment": "at_risk",
    "model": "audience_winback",
    "destination": "drop",
    "send": "changes",
    "identify_by": ["person_id", "email"],
    "fields": {"first_name": "first_name", "email": "email"},
    "consent": "accepts_marketing",
    "exclude_segments": ["do_not_contact"],
    "guard": {"max_change": 0.2, "allow_empty": False},
    "schedule": "0 7 * * *",
    "timezone": "America/New_York",
    "owner": "growth",
    "description": "Those who went quiet.",
    "destination_settings": {"type": "folder", "path": "drop"},
}


def manifest(**changes: Any) -> dict[str, Any]:
    other = {"name": "dashboard", "meta": {}, "config": {"meta": {"team": "bi"}}}
    return {"exposures": {"exposure.muster.a": {"meta": {"muster": META | changes}}, "exposure.muster.b": other}}


def test_every_audience_of_the_manifest_is_found() -> None:
    [audience] = audiences_of(manifest()).values()
    assert audience.name == "winback"
    assert audience.send is Send.CHANGES
    assert audience.guard == Guard(Decimal("0.2"), allow_empty=False)
    assert audience.columns == ("person_id", "email", "first_name")
    assert audience.field_columns == ("first_name",)


def test_meta_is_found_under_config_as_well() -> None:
    found = audiences_of({"exposures": {"a": {"config": {"meta": {"muster": META}}}}})
    assert [*found] == ["winback"]


def test_a_manifest_without_audiences_has_none() -> None:
    assert audiences_of({"exposures": {}}) == {}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"send": "sometimes"}, "sometimes"),
        ({"identify_by": []}, "identify_by is empty"),
        ({"audience": "../up"}, "a key may hold only"),
        ({"fields": {"operation": "plan"}}, "Muster itself uses the column name operation"),
        ({"fields": {"email": "backup_email"}}, "field email has the name of an identifier"),
        ({"guard": {"max_change": "much"}}, "audience winback"),
    ],
)
def test_nonsense_is_refused_with_its_place(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        audiences_of(manifest(**changes))


def test_a_missing_entry_is_named() -> None:
    meta = {name: value for name, value in META.items() if name != "segment"}
    with pytest.raises(DefinitionError, match="has no 'segment'"):
        audiences_of({"exposures": {"a": {"meta": {"muster": meta}}}})
