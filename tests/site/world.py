"""A project with every kind of segment that a page has to show, and its made-up marts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path

from orchestration.compiler.compile import Compilation, compile_sources
from orchestration.compiler.files import read_sources
from orchestration.publishing.folder import PublishedFolder
from orchestration.settings import Settings
from tests.site.marts import MadeUp

AS_OF, FIRST = date(2024, 3, 31), date(2024, 2, 21)
HOSTILE = '<script>alert(1)</script> </script> "O\'Neil" & {{ 7 * 7 }} 漢字 🎉'
LONG = "Very long " * 100
SECRET_KEYS = ("k-secret-1", "k-secret-2", "k-secret-3")
SECRET_MAIL = "made.up@example.org"
SECRET_NAME = "madeupname"

CATALOG = """
timezone: Europe/Dublin
entities:
  person:
    model: people
    key: person_id
    suppressed_by: do_not_contact
    attributes:
      email: {type: text, personal: true}
      city: text
      plan: {type: text, values: [free, pro]}
      accepts_marketing: boolean
      seen_at: timestamp
    events: {model: visits, subject: person_id, name: kind, at: visited_at, properties: {minutes: integer}}
  account:
    model: accounts
    key: account_id
    attributes: {plan: text}
"""
AUDIENCE = """
name: Win back
description: Those worth writing to.
owner: crm
segment: pro
destination: drop
send: changes
identify_by: [email]
fields: {plan: plan}
consent: accepts_marketing
exclude_segments: [testers]
split: {holdout: 10, a: 45, b: 45}
salt: winback-1
exit_when: {performed: visit, in_last: 1 day}
goal: {performed: paid, within: 14 days}
guard: {max_change: 20%, allow_empty: false}
schedule: "0 7 * * *"
freshness: 26 hours
"""
SPECS = {
    "catalog.yml": CATALOG,
    "destinations.yml": "drop: {type: folder, path: exports}\n",
    "people/pro.yml": (
        "name: Pro people\nentity: person\nowner: growth\nlabels: [paying]\ndescription: On the pro plan.\n"
        "where:\n  all:\n    - plan: pro\n    - seen_at: {more_than: 3 days ago}\n"
        f"tests:\n  - {{as_of: 2024-03-01, subject: {{plan: pro, email: {SECRET_MAIL}}}, member: false}}\n"
    ),
    "people/quiet.yml": (
        "name: Quiet\nentity: person\nowner: retention\nwhere: [{in_segment: pro}, {not_performed: visit}]\n"
    ),
    "people/testers.yml": "name: Testers\nentity: person\nmembers: static/testers.csv\n",
    "people/do_not_contact.yml": (
        "name: Do not contact\nentity: person\nwhere: {accepts_marketing: false}\nhidden: true\n"
    ),
    "people/fresh.yml": "name: Not judged yet\nentity: person\nwhere: {plan: free}\n",
    "people/resting.yml": "name: Resting\nentity: person\nstatus: paused\nwhere: {plan: free}\n",
    "people/gone.yml": "name: Gone for good\nentity: person\nstatus: archived\nwhere: {plan: free}\n",
    "people/hostile.yml": (
        "name: '" + HOSTILE.replace("'", "''") + "'\n"
        "description: '<b onclick=x>\"bold\"</b>'\nowner: '<i>me</i>'\nlabels: ['\"><img src=x>']\n"
        "entity: person\nwhere: {city: {is: '</script><script>alert(2)</script>'}}\n"
    ),
    "people/named.yml": (
        "name: Somebody\nentity: person\nwhere: [{plan: pro}, {email: {contains: " + SECRET_NAME + "}}]\n"
    ),
    "people/near_named.yml": "name: Near somebody\nentity: person\nwhere: [{in_segment: named}, {plan: pro}]\n",
    "people/of_a_domain.yml": "name: At work\nentity: person\nwhere: {email: {domain: example.com}}\n",
    "people/long.yml": f"name: {LONG}\nentity: person\nowner: {'longowner' * 20}\nwhere: {{plan: free}}\n",
    "accounts/big.yml": "name: Quiet\nentity: account\nwhere: {plan: pro}\n",
    "audiences/winback.yml": AUDIENCE,
    "audiences/unsent.yml": "segment: big\ndestination: drop\nidentify_by: [account_id]\n",
    "static/testers.csv": "person_id\n" + "".join(f"{key}\n" for key in SECRET_KEYS),
}
QUERY = """
with inline__static_testers as (
    select
        member
    from (values
        ('k-secret-1'),
        ('k-secret-2) as keys(member)
)'),
        ('it''s k-secret-3')) as keys(member)
), inline__person_segments as (
    select
        person_id,
        member is not null as testers /* Testers */
    from people
)
select person_id, testers from inline__person_segments
"""
# each segment's members on the as-of day, and how many more there are than on the day before
JUDGED = {"pro": (1_240, 7), "quiet": (310, -3), "testers": (3, 0), "do_not_contact": (55, 1), "resting": (80, 0)}
JUDGED |= {"hostile": (12, 0), "long": (999, 10), "big": (45, 1)}


def _judged() -> str:
    rows = ", ".join(f"('{key}', {members}, {more})" for key, (members, more) in JUDGED.items())
    return f"(values {rows}) as judged(segment, last, more)"


ENTITY = "case when segment = 'big' then 'account' else 'person' end as entity"
COUNTS = f"""
with days as (
    select segment, more, {ENTITY}, cast(day as date) as as_of_date,
        last - more * date_diff('day', day, date '{AS_OF}') as members,
        date_diff('day', date '{FIRST}', day) as number
    from {_judged()}, generate_series(date '{FIRST}', date '{AS_OF}', interval 1 day) as all_days(day)
)
select segment, entity, as_of_date, members,
    case when number = 0 then members else 5 + number % 4 + greatest(more, 0) end as entries,
    case when number = 0 then 0 else 5 + number % 4 + greatest(-more, 0) end as exits,
    5000 as base, members / 5000 as share_of_base,
    case when segment = 'pro' and number < 10 then 'reconstructed' else 'observed' end as basis
from days
union all
select 'gone', 'person', date '2024-02-25', 10, 10, 0, 5000, 0.002, 'observed'
"""
VERSIONS = f"""
select segment, {ENTITY}, 'd' || segment as definition, 'People who are in ' || segment as rule, 'active' as status,
    date '{FIRST}' as valid_from, case when segment = 'pro' then date '2024-03-10' end as valid_to,
    $query${QUERY}$query$ as query
from {_judged()}
union all
select 'pro', 'person', 'edited', 'People whose plan is pro', 'active', date '2024-03-10', null, 'select 1 as pro'
union all
select 'quiet', 'person', 'former', 'People whose email contains {SECRET_NAME}', 'active', date '2024-02-01',
    date '{FIRST}', null
union all
select 'near_named', 'person', 'other', 'People who are in named', 'active', date '{FIRST}', null,
    'select position(''{SECRET_NAME}'' in email) > 0 as near_named'
"""
WATERFALL = f"""
select date '{AS_OF}' as as_of_date, 'person' as entity, 'pro' as segment, * from (values
    (0, 'base population', 5000, 5000, 0), (1, 'plan is pro', 2000, 2000, 3000),
    (2, 'seen_at is more than 3 days ago', 3100, 1240, 760)
) as steps(step, condition, passing_alone, passing, lost)
union all
select date '{AS_OF}', 'person', 'named', * from (values
    (0, 'base population', 5000, 5000, 0), (1, 'email contains {SECRET_NAME}', 20, 20, 4980),
    (2, 'plan is pro', 9, 9, 11)
) as steps(step, condition, passing_alone, passing, lost)
"""
RETENTION = """
select 'person' as entity, 'pro' as segment, grain as cohort_grain, cast(start as date) as cohort_start,
    cast(period as integer) as period_number, cast(start as date) as period_end, 40 + week as cohort_size,
    40 + week - 4 * period as still_in, (40 + week - 4 * period) / (40 + week) as share_still_in, 0 as active_again
from (values
    ('week', interval 7 day, date '2024-02-26'), ('month', interval 1 month, date '2023-12-01')
) as grains(grain, long, begun),
    range(5) as weeks(week), range(5) as periods(period), lateral (select begun + week * long as start)
where week + period < 5
"""
SURVIVAL = """
select 'person' as entity, 'pro' as segment, cast(day as integer) as days_since_entry, 200 - 3 * day as at_risk,
    case when day % 3 = 0 then 0 else 2 end as exits, 1 - day * 0.015 as survival,
    case when day > 0 then 1 - day * 0.02 end as survival_low, 1 - day * 0.01 as survival_high
from range(36) as days(day)
"""
STAYS = """
select 'person' as entity, 'pro' as segment, 200 as observed_stays, 70 as ended, 130 as censored,
    17 as quarter_left_days, 34 as median_stay_days, 35 as longest_days
"""
OVERLAP = f"""
select date '{AS_OF}' as as_of_date, 'person' as entity, 'pro' as segment, other as other_segment, 1240 as members,
    other_members, shared as in_both, 1240 + other_members - shared as in_either, 5000 as base, 1.5 as lift,
    shared / 1240 as share_of_members, shared / (1240 + other_members - shared) as jaccard
from (values ('quiet', 310, 310), ('hostile', 12, 4), ('long', 999, 0)) as others(other, other_members, shared)
"""
FLOWS = """
select 'person' as entity, from_segment, to_segment, grain, cast(start as date) as period_start,
    cast(start as date) + 6 as period_end, subjects, 1 as by_definition
from (values
    ('quiet', 'pro', 'month', '2024-02-01', 21), ('pro', 'quiet', 'month', '2024-02-01', 13),
    (null, 'pro', 'month', '2024-02-01', 8), ('pro', null, 'month', '2024-02-01', 5),
    ('long', 'pro', 'month', '2024-01-01', 77), ('long', 'pro', 'week', '2024-03-18', 99)
) as flows(from_segment, to_segment, grain, start, subjects)
"""
DELIVERIES = """
select 'd' || number as delivery_id, 'winback' as audience, 'drop' as destination, number as delivery_number,
    date '2024-03-20' + number as as_of_date, 'changes' as send, 30 * number as added, 2 as changed, number as removed,
    0 as refused, 100 + 29 * number as members, case when number = 4 then 'planned' else 'acknowledged' end as status,
    timestamp '2024-03-20 07:00:00' as planned_at, timestamp '2024-03-20 07:01:00' as acknowledged_at
from (select cast(number as integer) as number from range(1, 5) as numbers(number))
"""
MEMBERS = """
select 'winback' as audience, 'drop' as destination, 'k-secret-1' || number as subject_key,
    case when number < 10 then 'holdout' when number < 50 then 'a' else 'b' end as variant, number < 10 as is_held_out,
    date '2024-03-21' as first_sent_on, case when number = 99 then date '2024-03-25' end as removed_on
from range(100) as numbers(number)
"""
OUTCOMES = """
select 'winback' as audience, variant, cast(day as integer) as days_since_first_sent, enrolled, true as balanced,
    day + few as reached_goal, 0 as left_audience, 0 as switched, (day + few) / enrolled as goal_rate,
    (day + few) / enrolled - 0.03 as goal_rate_low, (day + few) / enrolled + 0.03 as goal_rate_high,
    lift, lift - 0.02 as lift_low, lift + 0.02 as lift_high
from (values ('holdout', 100, 5, null), ('a', 400, 60, 0.05), ('b', 410, 40, 0.01)) as v(variant, enrolled, few, lift),
    range(8) as days(day)
"""
ROWS: Mapping[str, str] = {
    "segment_counts_daily": COUNTS,
    "segment_versions": VERSIONS,
    "segment_waterfall": WATERFALL,
    "segment_retention": RETENTION,
    "segment_survival": SURVIVAL,
    "segment_stays": STAYS,
    "segment_overlap": OVERLAP,
    "segment_flows": FLOWS,
    "audience_deliveries": DELIVERIES,
    "audience_members": MEMBERS,
    "audience_outcomes": OUTCOMES,
}


class World:
    """The project in a folder, its marts published."""

    def __init__(self, folder: Path, specs: Mapping[str, str] = SPECS) -> None:
        self.settings = Settings(project=folder, duckdb=folder / "warehouse.duckdb")
        for path, text in specs.items():
            file = self.settings.specs / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    @property
    def published(self) -> PublishedFolder:
        return PublishedFolder(self.settings.published)

    @cached_property
    def compilation(self) -> Compilation:
        return compile_sources(read_sources(self.settings.project))

    def publish(self, rows: Mapping[str, str] = ROWS) -> None:
        MadeUp(AS_OF, FIRST, rows).publish(self.published)
