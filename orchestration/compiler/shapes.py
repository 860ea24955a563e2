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


def definitions_before() -> str:
    """The macro call that reads the segments' definitions as they were recorded before the day."""
    return "{{ definitions_before() }}"


def open_from(definitions: Iterable[str]) -> str:
    """The macro call that gives the first instant which any of the measures still has to read."""
    return "{{ open_from(" + _list(definitions) + ") }}"


def entity_models(entity: str, key: str, engine: Engine) -> list[tuple[str, str, str]]:
    """Name, grain and select of each model made of the entity's flags and their history."""
    named = {
        "recorded": (f"Grain: one row per {entity}; flags of segments that are gone are false.", RECORDED),
        "presence": (f"Grain: one row per {entity} and unbroken stay in the base population.", PRESENCE),
        "spells": (f"Grain: one row per segment, {entity} and stay; exited_on is the first day out.", SPELLS),
        "transitions": (f"Grain: one row per as-of date, segment and {entity} that entered or exited.", TRANSITIONS),
        "membership_daily": (f"Grain: one row per recent as-of date, segment and member ({entity}).", MEMBERSHIP),
    }
    return [(f"{entity}_{name}", grain, _fill(body, entity, key, engine)) for name, (grain, body) in named.items()]


def _fill(body: str, entity: str, key: str, engine: Engine) -> str:
    return body.replace("ENTITY", entity).replace("KEY_NAME", key).replace("KEY", engine.spelled(identifier(key)))


RECORDED = """\
select
    *
    {{ retired_flags('ENTITY', 'KEY_NAME') }}
from {{ ref('ENTITY_segments') }}
"""

PRESENCE = """\
with versions as (
    select
        KEY,
        cast(dbt_valid_from as date) as valid_from,
        cast(dbt_valid_to as date) as valid_to
    from {{ ref('ENTITY_history') }}
), marked as (
    select
        *,
        lag(valid_to) over (partition by KEY order by valid_from) as previous_valid_to
    from versions
), numbered as (
    select
        *,
        sum(case when previous_valid_to = valid_from then 0 else 1 end) over (
            partition by KEY order by valid_from rows unbounded preceding
        ) as stay
    from marked
)
select
    KEY,
    min(valid_from) as arrived_on,
    case when count(*) = count(valid_to) then max(valid_to) end as departed_on
from numbered
group by
    KEY,
    stay
"""

SPELLS = """\
with versions as (
    {{ member_versions(ref('ENTITY_history'), 'KEY_NAME') }}
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
)
select
    stays.segment,
    stays.KEY,
    stays.entered_on,
    stays.exited_on,
    case
        when beginnings.segment is not null then 'definition'
        when arrivals.KEY is not null then 'arrived'
        when begun.segment is not null then 'definition'
        else 'data'
    end as entry_reason,
    case
        when stays.exited_on is null then null
        when departures.KEY is not null then 'departed'
        when begun_at_exit.segment is null and ended.segment is not null then 'archived'
        when begun_at_exit.status = 'archived' then 'archived'
        when begun_at_exit.segment is not null then 'definition'
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
"""

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

MEMBERSHIP = """\
with days as (
    {{ each_day(days_before(as_of(), var('membership_days') - 1), as_of()) }}
), spells as (
    select * from {{ ref('ENTITY_spells') }}
)
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
}


def union_models(keys: dict[str, str], engine: Engine) -> list[tuple[str, str, str]]:
    """Name, grain and select of the views over all entities, which have the subject's key as text."""
    found = []
    for name, (grain, columns) in UNIONS.items():
        parts = [_union_part(entity, engine.spelled(identifier(key)), name, columns) for entity, key in keys.items()]
        found.append((f"entity_{name}", grain, "\nunion all\n".join(parts)))
    return found


def _union_part(entity: str, key: str, name: str, columns: tuple[str, ...]) -> str:
    listed = [f"'{entity}' as entity", "{{ key_text('" + key + "') }} as subject_key", *columns]
    return "select\n    " + ",\n    ".join(listed) + _from(f"{entity}_{name}")


SUMMARIES = {
    "waterfall": (
        "Grain: one row per active segment and step of its rule.",
        ("as_of_date", "segment", "step", "condition", "passing_alone", "passing", "lost"),
    ),
    "metrics_daily": (
        "Grain: one row per as-of date, entity, segment and metric.",
        ("as_of_date", "segment", "metric", "known_values", "mean", "median", "sum"),
    ),
}


def summary_unions(entities: Iterable[str]) -> list[tuple[str, str, str]]:
    """Name, grain and select of the views over all entities that tell of no subject by itself."""
    found = []
    for name, (grain, columns) in SUMMARIES.items():
        parts = [_summary_part(entity, name, columns) for entity in entities]
        found.append((f"entity_{name}", grain, "\nunion all\n".join(parts)))
    return found


def _summary_part(entity: str, name: str, columns: tuple[str, ...]) -> str:
    return f"select\n    '{entity}' as entity,\n    " + ",\n    ".join(columns) + _from(f"{entity}_{name}")


def _from(model: str) -> str:
    return "\nfrom {{ ref('" + model + "') }}"
