"""Models whose shape is the same for every entity: what is made of the flags' history."""

from __future__ import annotations

from collections.abc import Iterable

from orchestration.compiler.engines.engine import Engine
from orchestration.compiler.sql import identifier


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def history_before(entity: str, key: str, flags: Iterable[str]) -> str:
    """The macro call that reads an entity's flags as they were recorded before the day."""
    return "{{ history_before('" + entity + "', '" + key + "', " + _list(flags) + ") }}"


# the macro calls that read the segments' definitions before the day, and the moves apart from edits
DEFINITIONS_BEFORE = "{{ definitions_before() }}"
UNEDITED_MOVES = "{{ unedited_moves() }}"


def open_from(definitions: Iterable[str]) -> str:
    """The macro call that gives the first instant which any of the measures still has to read."""
    return "{{ open_from(" + _list(definitions) + ") }}"


def entity_models(entity: str, key: str, served: tuple[str, ...], engine: Engine) -> list[tuple[str, str, str]]:
    """Name, grain and select of each model made of the entity's flags and their history.

    `served` are the segments whose daily membership is not kept, but served from their stays.
    """
    recent = f"Grain: one row per recent as-of date, segment and member ({entity})"
    named = {
        "recorded": (f"Grain: one row per {entity}; flags of segments that are gone are false.", RECORDED),
        "presence": (f"Grain: one row per {entity} and unbroken stay in the base population.", PRESENCE),
        "spells": (f"Grain: one row per segment, {entity} and stay; exited_on is the first day out.", SPELLS),
        "transitions": (f"Grain: one row per as-of date, segment and {entity} that entered or exited.", TRANSITIONS),
        "membership_kept": (f"{recent}, as kept from day to day.", MEMBERSHIP_KEPT),
        "membership_daily": (f"{recent}.", MEMBERSHIP_SERVED if served else MEMBERSHIP),
        "blocks": (f"Grain: one row per segment and block of {entity} keys with a member among them.", BLOCKS),
    }
    return [
        (f"{entity}_{name}", grain, _fill(body, entity, key, served, engine)) for name, (grain, body) in named.items()
    ]


def _fill(body: str, entity: str, key: str, served: tuple[str, ...], engine: Engine) -> str:
    among = "(" + ", ".join(f"'{segment}'" for segment in served) + ")"
    body = body.replace("NOT_SERVED", f" where segment not in {among}" if served else "").replace("SERVED", among)
    return body.replace("ENTITY", entity).replace("KEY_NAME", key).replace("KEY", engine.spelled(identifier(key)))


RECORDED = """\
select
    *
    {{ retired_flags('ENTITY', 'KEY_NAME') }}
from {{ ref('ENTITY_segments') }}
"""

BLOCKS = """\
with blocks as (
    {{ member_blocks(ref('ENTITY_segments'), 'KEY_NAME') }}
)
select * from blocks
"""

# versions of subjects that changed since: the one that held before, and those that followed it
_RECENT = """\
with recent as (
    select
        *,
        cast(dbt_valid_from as date) as valid_from,
        cast(dbt_valid_to as date) as valid_to
    from {{ ref('ENTITY_history') }}
    where
        dbt_valid_from >= {{ changed_from() }}
        or dbt_valid_to >= {{ changed_from() }}
), """

PRESENCE = (
    _RECENT
    + """\
marked as (
    select
        *,
        lag(valid_to) over (partition by KEY order by valid_from) as previous_valid_to
    from recent
), numbered as (
    select
        *,
        sum(case when previous_valid_to = valid_from then 0 else 1 end) over (
            partition by KEY order by valid_from rows unbounded preceding
        ) as stay
    from marked
), stays as (
    select
        KEY,
        min(valid_from) as arrived_on,
        case when count(*) = count(valid_to) then max(valid_to) end as departed_on
    from numbered
    group by
        KEY,
        stay
), lasting as (
    {{ lasting('stays', 'departed_on') }}
)
select
    stays.KEY,
    coalesce(lasting.arrived_on, stays.arrived_on) as arrived_on,
    stays.departed_on
from stays
left join lasting
    on lasting.KEY = stays.KEY and stays.arrived_on < {{ changed_from() }}
where
    stays.arrived_on >= {{ changed_from() }}
    or stays.departed_on is not null
"""
)

SPELLS = (
    _RECENT
    + """\
versions as (
    {{ member_versions('recent', ref('ENTITY_history'), 'KEY_NAME') }}
), marked as (
    select
        *,
        lag(valid_to) over (partition by segment, KEY order by valid_from) as previous_valid_to
    from versions
), numbered as (
    select
        *,
        sum(case when previous_valid_to = valid_from then 0 else 1 end) over (
            partition by segment, KEY order by valid_from rows unbounded preceding
        ) as stay
    from marked
), stays as (
    select
        segment,
        KEY,
        {{ key_text('KEY') }} as subject_key,
        min(valid_from) as entered_on,
        case when count(*) = count(valid_to) then max(valid_to) end as exited_on
    from numbered
    group by
        segment,
        KEY,
        stay
), presence as (
    select * from {{ ref('ENTITY_presence') }}
), definitions as (
    select
        segment,
        cast(dbt_valid_from as date) as valid_from,
        cast(dbt_valid_to as date) as valid_to,
        status
    from {{ ref('segment_definition_history') }}
), live as (
    select * from definitions where status <> 'archived'
), beginnings as (
    select later.segment, later.valid_from as first_day
    from live as later
    left join live as earlier
        on earlier.segment = later.segment and earlier.valid_to = later.valid_from
    where earlier.segment is null
), edited_days as (
    select distinct as_of_date from {{ edits() }} where entity = 'ENTITY' and told_apart
), unedited_moves as (
    select * from {{ unedited_moves() }} where entity = 'ENTITY'
), reasoned as (
    select
        stays.segment,
        stays.KEY,
        stays.entered_on,
        stays.exited_on,
        case
            when beginnings.segment is not null then 'definition'
            when arrivals.KEY is not null and edits_at_entry.as_of_date is null then 'arrived'
            when arrivals.KEY is not null and unedited_arrivals.subject_key is not null then 'arrived'
            when arrivals.KEY is not null then 'definition'
            when begun.segment is not null and unedited_entries.subject_key is null then 'definition'
            else 'data'
        end as entry_reason,
        case
            when stays.exited_on is null then null
            when departures.KEY is not null and edits_at_exit.as_of_date is null then 'departed'
            when departures.KEY is not null and unedited_departures.subject_key is not null then 'departed'
            when begun_at_exit.segment is null and ended.segment is not null then 'archived'
            when begun_at_exit.status = 'archived' then 'archived'
            when departures.KEY is not null then 'definition'
            when begun_at_exit.segment is not null and unedited_exits.subject_key is null then 'definition'
            else 'data'
        end as exit_reason,
        beginnings.segment is null as entry_observed
    from stays
    left join beginnings
        on beginnings.segment = stays.segment and beginnings.first_day = stays.entered_on
    left join presence as arrivals
        on arrivals.KEY = stays.KEY and arrivals.arrived_on = stays.entered_on
    left join presence as departures
        on departures.KEY = stays.KEY and departures.departed_on = stays.exited_on
    left join definitions as begun
        on begun.segment = stays.segment and begun.valid_from = stays.entered_on
    left join definitions as begun_at_exit
        on begun_at_exit.segment = stays.segment and begun_at_exit.valid_from = stays.exited_on
    left join definitions as ended
        on ended.segment = stays.segment and ended.valid_to = stays.exited_on
    left join edited_days as edits_at_entry
        on edits_at_entry.as_of_date = stays.entered_on
    left join edited_days as edits_at_exit
        on edits_at_exit.as_of_date = stays.exited_on
    left join unedited_moves as unedited_entries
        on unedited_entries.segment = stays.segment
        and unedited_entries.as_of_date = stays.entered_on
        and unedited_entries.subject_key = stays.subject_key
    left join unedited_moves as unedited_exits
        on unedited_exits.segment = stays.segment
        and unedited_exits.as_of_date = stays.exited_on
        and unedited_exits.subject_key = stays.subject_key
    left join unedited_moves as unedited_arrivals
        on unedited_arrivals.segment is null
        and unedited_arrivals.as_of_date = stays.entered_on
        and unedited_arrivals.subject_key = stays.subject_key
    left join unedited_moves as unedited_departures
        on unedited_departures.segment is null
        and unedited_departures.as_of_date = stays.exited_on
        and unedited_departures.subject_key = stays.subject_key
), lasting as (
    {{ lasting('reasoned', 'exited_on') }}
)
select
    reasoned.segment,
    reasoned.KEY,
    coalesce(lasting.entered_on, reasoned.entered_on) as entered_on,
    reasoned.exited_on,
    coalesce(lasting.entry_reason, reasoned.entry_reason) as entry_reason,
    reasoned.exit_reason,
    coalesce(lasting.entry_observed, reasoned.entry_observed) as entry_observed
from reasoned
left join lasting
    on lasting.segment = reasoned.segment
    and lasting.KEY = reasoned.KEY
    and reasoned.entered_on < {{ changed_from() }}
where
    reasoned.entered_on >= {{ changed_from() }}
    or reasoned.exited_on is not null
"""
)

TRANSITIONS = """\
with spells as (
    select * from {{ ref('ENTITY_spells') }}
)
select
    entered_on as as_of_date,
    segment,
    KEY,
    'entered' as transition,
    entry_reason as reason
from spells
union all
select
    exited_on as as_of_date,
    segment,
    KEY,
    'exited' as transition,
    exit_reason as reason
from spells
where exited_on is not null
"""

# the days that are missing of a segment lie before or after those that are there
MEMBERSHIP_KEPT = """\
with days as (
    {{ each_day(membership_from(), as_of()) }}
), spells as (
    select * from {{ ref('ENTITY_spells') }}NOT_SERVED
), kept as (
    {{ kept_days() }}
)
select
    days.as_of_date,
    spells.segment,
    spells.KEY
from days
inner join spells
    on spells.entered_on <= days.as_of_date
    and (spells.exited_on is null or spells.exited_on > days.as_of_date)
left join kept
    on kept.segment = spells.segment and days.as_of_date between kept.first_day and kept.last_day
where
    kept.segment is null
"""

MEMBERSHIP = """\
select
    as_of_date,
    segment,
    KEY
from {{ ref('ENTITY_membership_kept') }}
"""

MEMBERSHIP_SERVED = """\
with kept as (
    select * from {{ ref('ENTITY_membership_kept') }}
), days as (
    {{ each_day(membership_from(), as_of()) }}
), spells as (
    select * from {{ ref('ENTITY_spells') }} where segment in SERVED
)
select
    as_of_date,
    segment,
    KEY
from kept
union all
select
    days.as_of_date,
    spells.segment,
    spells.KEY
from days
inner join spells
    on spells.entered_on <= days.as_of_date
    and (spells.exited_on is null or spells.exited_on > days.as_of_date)
"""

UNIONS = {
    "presence": (
        "Grain: one row per entity, subject and unbroken stay in the base population.",
        ("arrived_on", "departed_on"),
    ),
    "spells": (
        "Grain: one row per segment, subject and stay.",
        ("segment", "entered_on", "exited_on", "entry_reason", "exit_reason", "entry_observed"),
    ),
    "transitions": (
        "Grain: one row per as-of date, segment and subject that entered or exited.",
        ("as_of_date", "segment", "transition", "reason"),
    ),
    "membership_daily": ("Grain: one row per recent as-of date, segment and member.", ("as_of_date", "segment")),
    "blocks": ("Grain: one row per entity, segment and block of keys with a member.", ("segment", "block", "bits")),
    "waterfall": (
        "Grain: one row per active segment and step of its rule.",
        ("as_of_date", "segment", "step", "condition", "passing_alone", "passing", "lost"),
    ),
    "metrics_daily": (
        "Grain: one row per as-of date, entity, segment and metric.",
        ("as_of_date", "segment", "metric", "known_values", "mean", "median", "sum"),
    ),
}
WITHOUT_SUBJECTS = ("blocks", "waterfall", "metrics_daily")


def union_models(keys: dict[str, str], engine: Engine) -> list[tuple[str, str, str]]:
    """Name, grain and select of the views over all entities, which have the subject's key as text."""
    found = []
    for name, (grain, columns) in UNIONS.items():
        parts = [_union_part(entity, engine.spelled(identifier(key)), name, columns) for entity, key in keys.items()]
        found.append((f"entity_{name}", grain, "\nunion all\n".join(parts)))
    return found


def _union_part(entity: str, key: str, name: str, columns: tuple[str, ...]) -> str:
    subject = () if name in WITHOUT_SUBJECTS else ("{{ key_text('" + key + "') }} as subject_key",)
    listed = [f"'{entity}' as entity", *subject, *columns]
    return "select\n    " + ",\n    ".join(listed) + "\nfrom {{ ref('" + f"{entity}_{name}" + "') }}"
