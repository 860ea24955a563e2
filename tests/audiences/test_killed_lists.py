"""Killed and troubled at any point and run again, a push to Klaviyo or SendGrid ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.audiences.destinations import klaviyo, sendgrid
from tests.audiences.contracts import Vendor, arrived, contract
from tests.audiences.fakes.fake import Brain, Fake, faked
from tests.audiences.fakes.klaviyo import API_KEY as KLAVIYO_KEY
from tests.audiences.fakes.klaviyo import Klaviyo
from tests.audiences.fakes.sendgrid import API_KEY as SENDGRID_KEY
from tests.audiences.fakes.sendgrid import LIST, SendGrid
from tests.audiences.fakes.troubles import Plan, Trouble
from tests.audiences.killed import KILLS
from tests.audiences.lines import PATIENT, settings
from tests.audiences.reconciled import Day, second_day
from tests.audiences.workspace import WINBACK, People, people_of

FIRST = people_of("abcdg")
SECOND: People = {
    **people_of("a"),
    "b": ("b@example.com", "free"),  # changed
    "c": ("new-c@example.com", "pro"),  # under another address
    **people_of("ef"),  # entered; d and g left
}
REFUSED: People = {**SECOND, "x": ("nobody", "pro")}
TWICE, REFUSING = KILLS // 4, KILLS // 4
BRAINS: dict[str, tuple[Brain, str, str, str]] = {
    "klaviyo": (Klaviyo(), KLAVIYO_KEY, "L1", "plan"),
    "sendgrid": (SendGrid(), SENDGRID_KEY, LIST, "e1_T"),
}


@pytest.fixture(scope="module")
def fake() -> Iterator[Fake]:
    with faked(Klaviyo()) as made:
        yield made


def begun(name: str, fake: Fake, folder: Path, second: People) -> Day:
    brain, key, into, plan = BRAINS[name]
    audience = replace(
        WINBACK,
        destination=name,
        destination_settings=settings(name, fake.address),
        into={"list": into},
        fields={plan: "plan"},
    )
    return second_day(folder, fake, brain, audience, {"THE_KEY": key}, FIRST, second, ordered=True)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """A tempo for fakes, in this process too: here the last run of a killed export ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(klaviyo, "TEMPO", PATIENT)
        patch.setattr(sendgrid, "TEMPO", PATIENT)
        yield


@pytest.fixture(scope="module", params=BRAINS)
def day(request: pytest.FixtureRequest, fake: Fake, tmp_path_factory: pytest.TempPathFactory) -> Day:
    return begun(request.param, fake, tmp_path_factory.mktemp(request.param), SECOND)


def test_an_undisturbed_export_comes_to_statements_and_sockets(day: Day) -> None:
    assert {"socket.send", "socket.recv", "insert into ledger.calls", "update ledger.deliveries set"} <= set(day.points)


def test_killed_at_random_points_a_rerun_ends_like_an_undisturbed_run(day: Day) -> None:
    for last in day.sample(KILLS, seed=1):
        day.killed_at(last)


def test_reruns_may_be_killed_and_the_service_may_fail_as_well(day: Day) -> None:
    for number, last in enumerate(day.sample(TWICE, seed=2)):
        again = max(1, last * (number + 1) // (TWICE + 1))
        day.killed_at(last, again, plan=Plan(share=0.3, seed=number))


@pytest.mark.parametrize("seed", range(3))
def test_a_service_that_fails_at_random_is_told_everything_once(day: Day, seed: int) -> None:
    day.killed_at(plan=Plan(share=0.5, seed=seed))


@pytest.mark.parametrize("name", BRAINS)
def test_troubled_requests_too_are_as_the_description_wants_them(name: Vendor, fake: Fake, tmp_path: Path) -> None:
    judge = contract(name)
    begun(name, fake, tmp_path, SECOND).killed_at(plan=Plan(share=0.5, seed=7))
    brain = fake.tell().brain
    assert isinstance(brain, Klaviyo | SendGrid)
    assert len(brain.log) > 10
    judge.check(map(arrived, brain.log))


@pytest.mark.parametrize("trouble", list(Trouble))
def test_each_trouble_of_each_call_is_overcome(day: Day, trouble: Trouble) -> None:
    day.killed_at(plan=Plan(script=[trouble, None] * 60))


@pytest.mark.parametrize("name", BRAINS)
def test_whoever_is_refused_is_no_member_wherever_it_is_killed(name: str, fake: Fake, tmp_path: Path) -> None:
    day = begun(name, fake, tmp_path, REFUSED)
    for last in day.sample(REFUSING, seed=3):
        # A run again tries again to bring whom the run before could not: its calls are more, its outcome is the same.
        day.killed_at(last, outcome_only=True)
