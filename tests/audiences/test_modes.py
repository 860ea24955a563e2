"""What each send mode says over several days, and that the receiver ends where the desired set is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.audiences.audience import Send
from orchestration.audiences.delta import Acknowledged, Operation, desired_to_delta
from orchestration.audiences.desired import Desired, Member
from tests.audiences.workspace import DAYS, WINBACK, People, Project, Receiver, desired_of, people_of, sends

LIFE: list[People] = [
    people_of("abc"),
    people_of("abd"),  # c leaves, d enters
    {**people_of("ab"), "c": ("c@example.com", "free")},  # d leaves, c returns with another plan
    {**people_of("c"), "a": ("a@example.com", None), "b": ("new-b@example.com", "pro")},  # plans and an address change
    {"a": ("new-b@example.com", "pro"), "b": ("a@example.com", "pro")},  # two swap their addresses, c leaves
    {
        "a": ("new-b@example.com", "pro", "consent"),
        "c": ("a@example.com", "pro"),
    },  # consent withdrawn, address passed on
]


@pytest.mark.parametrize("send", [Send.CHANGES, Send.FULL])
def test_the_receiver_holds_the_desired_set_after_every_day(project: Project, send: Send) -> None:
    receiver = Receiver()
    for day, people in zip(DAYS, LIFE, strict=False):
        outcome = project.push(sends(send), day, people)
        receiver.receive(project)
        assert receiver.by_key == desired_of(people)
        assert outcome.after == len(receiver.by_key)
    assert len(receiver.seen) == len(LIFE)


def test_changes_says_who_entered_changed_and_left(project: Project) -> None:
    for day, people in zip(DAYS, LIFE, strict=False):
        project.push(sends(Send.CHANGES), day, people)
    assert project.lines(1) == [f"add,{key},{key}@example.com,pro" for key in "abc"]
    assert project.lines(2) == ["remove,c,c@example.com,", "add,d,d@example.com,pro"]
    assert project.lines(3) == ["remove,d,d@example.com,", "add,c,c@example.com,free"]
    assert project.lines(4) == [
        "remove,b,b@example.com,",
        "change,a,a@example.com,",
        "add,b,new-b@example.com,pro",
        "change,c,c@example.com,pro",
    ]


def test_removals_come_before_an_identifier_passes_on(project: Project) -> None:
    for day, people in zip(DAYS, LIFE, strict=False):
        project.push(sends(Send.CHANGES), day, people)
    assert [line.split(",")[0] for line in project.lines(5)] == ["remove"] * 3 + ["add"] * 2
    assert project.lines(6) == ["remove,a,new-b@example.com,", "remove,b,a@example.com,", "add,c,a@example.com,pro"]


def test_full_sends_all_and_its_removals_survive_the_resync(project: Project) -> None:
    project.push(sends(Send.FULL), DAYS[0], people_of("abc"))
    project.push(sends(Send.FULL), DAYS[1], people_of("bcd"))
    assert project.lines(2) == ["remove,a,a@example.com,", *(f"set,{key},{key}@example.com,pro" for key in "bcd")]
    assert project.manifests()[1]["counts"] == {"remove": 1, "set": 3}


def test_entries_once_sends_nobody_twice(project: Project) -> None:
    audience = sends(Send.ENTRIES_ONCE)
    days = [
        people_of("ab"),
        people_of("bc"),
        people_of("abc"),
        people_of("abc", "free"),
        {"a": ("x@example.com", "pro")},
    ]
    outcomes = [project.push(audience, day, people) for day, people in zip(DAYS, days, strict=False)]
    assert [outcome.status for outcome in outcomes] == ["delivered", "delivered", "nothing", "nothing", "nothing"]
    assert project.lines(1) == ["add,a,a@example.com,pro", "add,b,b@example.com,pro"]
    assert project.lines(2) == ["add,c,c@example.com,pro"]


@pytest.mark.parametrize("send", list(Send))
def test_a_withdrawn_consent_is_sent_as_a_removal(project: Project, send: Send) -> None:
    project.push(sends(send), DAYS[0], people_of("ab"))
    outcome = project.push(sends(send), DAYS[1], {**people_of("a"), "b": ("b@example.com", "pro", "consent")})
    assert project.lines(2)[0] == "remove,b,b@example.com,"
    assert outcome.held_back == {"consent": 1}
    again = project.push(sends(Send.ENTRIES_ONCE), DAYS[2], people_of("ab"))
    assert again.status == "nothing"


@pytest.mark.parametrize("send", list(Send))
def test_nothing_new_writes_nothing(project: Project, send: Send) -> None:
    project.push(sends(send), DAYS[0], people_of("ab"))
    before = project.picture()
    for day in (DAYS[0], DAYS[5]):
        outcome = project.push(sends(send), day, people_of("ba"))
        assert (outcome.status, outcome.receipt) == ("nothing", None)
    assert project.picture() == before


@pytest.mark.parametrize("send", list(Send))
def test_the_same_days_give_the_same_bytes(project: Project, send: Send) -> None:
    other = Project(project.folder / "other")
    for day, people in zip(DAYS, LIFE, strict=False):
        project.push(sends(send), day, people)
        other.push(sends(send), day, {key: people[key] for key in reversed([*people])})
    assert project.files() == other.files()
    assert project.picture() == other.picture()


def test_a_state_that_comes_back_on_the_same_day_gets_new_keys(project: Project) -> None:
    receiver = Receiver()
    for people in [people_of("ab"), people_of("a")] * 4:
        project.push(sends(Send.CHANGES, allow_empty=True), DAYS[0], people)
        receiver.receive(project)
        assert receiver.by_key == desired_of(people)
    assert len(set(receiver.seen)) == 8


def test_the_ledger_keeps_who_was_sent_when(project: Project) -> None:
    for day, people in zip(DAYS, [people_of("ab"), people_of("a"), people_of("a", "free")], strict=False):
        project.push(sends(Send.CHANGES), day, people)
    found = project.rows(
        "select subject_key, fields, first_sent_on, last_sent_on, removed_on from ledger.members order by 1"
    )
    assert found == [
        ("a", '{"plan":"free"}', DAYS[0], DAYS[2], None),
        ("b", "{}", DAYS[0], DAYS[0], DAYS[1]),
    ]
    totals = "select number, added, changed, removed, members, status from ledger.deliveries order by 1"
    assert project.rows(totals) == [
        (1, 2, 0, 0, 2, "acknowledged"),
        (2, 0, 0, 1, 1, "acknowledged"),
        (3, 0, 1, 0, 1, "acknowledged"),
    ]


def test_another_identifier_removes_under_the_old_one(project: Project) -> None:
    project.push(WINBACK, DAYS[0], people_of("a"))
    project.desire(people_of("a"))
    project.export(replace(WINBACK, identify_by=("person_id",), fields={"plan": "plan"}), DAYS[1])
    manifest = project.manifests()[1]
    assert manifest["columns"] == ["operation", "person_id", "plan", "email"]
    assert project.lines(2) == ["remove,a,,a@example.com", "add,a,pro,"]


def test_keys_are_in_order_of_their_value(project: Project) -> None:
    project.push(WINBACK, DAYS[0], people_of(["10", "9", "b", "-1", "B"]))
    assert [line.split(",")[1] for line in project.lines(1)] == ["-1", "9", "10", "B", "b"]


def test_cells_hold_any_text_and_every_type(project: Project) -> None:
    odd = '=1+1, "quoted"\r\nand, {{ ref }} — 名前'
    with project.open() as warehouse:
        warehouse.execute(
            "create table audience_winback as select 7 as person_id, 'a@example.com' as email, true as consent, "
            "cast(null as varchar) as held_back_by, ? as odd, cast(12.50 as decimal(9, 2)) as amount, false as flag, "
            "['x', 'y'] as tags, timestamp '2017-12-31 10:00:00' as at, date '2017-12-31' as day, "
            "0.1::double as share, "
            "'NaN'::double as unknown, cast(null as integer) as missing",
            [odd],
        )
    names = ("odd", "amount", "flag", "tags", "at", "day", "share", "unknown", "missing")
    project.export(replace(WINBACK, fields={name: name for name in names}), date(2017, 12, 31))
    [manifest] = project.manifests()
    content = (project.drop / manifest["file"]).read_bytes()
    quoted = odd.replace('"', '""')
    head = "operation,person_id,email,odd,amount,flag,tags,at,day,share,unknown,missing\r\n"
    line = f'add,7,a@example.com,"{quoted}",12.50,false,"[""x"",""y""]",2017-12-31T10:00:00Z,2017-12-31,0.1,,\r\n'
    assert content.decode() == head + line


people_on_a_day = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.integers(0, 7), st.integers(0, 1)), max_size=6
).filter(lambda people: len({mail for mail, _ in people.values()}) == len(people))


@given(st.lists(people_on_a_day, max_size=8), st.sampled_from([Send.CHANGES, Send.FULL]))
@settings(max_examples=300, deadline=None)
def test_any_sequence_of_days_loses_nobody_and_enrols_nobody_twice(
    days: list[dict[str, tuple[int, int]]], send: Send
) -> None:
    state: dict[str, Acknowledged] = {}
    mailing: dict[str, str] = {}
    for people in days:
        members = tuple(
            Member(key, json.dumps({"mail": mail}), str(plan)) for key, (mail, plan) in sorted(people.items())
        )
        delta = desired_to_delta(Desired(members, (), frozenset(), None), state, send)
        for row in delta.rows:
            if row.operation is Operation.REMOVE:
                assert mailing.pop(row.identifiers) == row.key
                state[row.key] = Acknowledged("{}", "{}", inside=False)
                continue
            known = row.key in state and state[row.key].inside
            assert row.operation is Operation.SET or known == (row.operation is Operation.CHANGE)
            assert mailing.get(row.identifiers, row.key) == row.key
            mailing[row.identifiers] = row.key
            state[row.key] = Acknowledged(row.identifiers, row.fields, inside=True)
        inside = {key: (kept.identifiers, kept.fields) for key, kept in state.items() if kept.inside}
        assert inside == {member.key: (member.identifiers, member.fields) for member in members}
        assert mailing == {member.identifiers: member.key for member in members}
        assert delta.after == len(members)


def test_the_first_variant_stays_known(project: Project) -> None:
    audience = replace(WINBACK, split={"a": Decimal(50), "b": Decimal(50)})
    for day, variant in zip(DAYS, ["a", "a", "b", "a"], strict=False):
        project.desire(people_of("x"))
        with project.open() as warehouse:
            warehouse.execute(f"alter table audience_winback add column variant varchar default '{variant}'")
        project.export(audience, day)
    told = "select variant, first_variant, first_sent_on, switched_on from ledger.members"
    assert project.rows(told) == [("a", "a", DAYS[0], DAYS[2])]
