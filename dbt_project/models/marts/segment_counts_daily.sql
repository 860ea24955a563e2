with versions as (
    select * from {{ ref('segment_versions') }}
),

transitions as (
    select * from {{ ref('segment_transitions') }}
),

presence as (
    select * from {{ ref('entity_presence') }}
),

days as (
    {{ each_day_since(ref('segment_versions'), 'valid_from') }}
),

live_days as (
    select
        days.as_of_date,
        versions.entity,
        versions.segment
    from versions
    inner join days
        on days.as_of_date >= versions.valid_from
        and (versions.valid_to is null or days.as_of_date < versions.valid_to)
    where versions.status <> 'archived'
),

all_days as (
    select
        days.as_of_date,
        known.entity,
        known.segment
    from days
    cross join (select distinct entity, segment from versions) as known
),

moves as (
    select
        as_of_date,
        entity,
        segment,
        count(case when transition = 'entered' then 1 end) as entries,
        count(case when transition = 'exited' then 1 end) as exits
    from transitions
    group by as_of_date, entity, segment
),

counted as (
    select
        all_days.as_of_date,
        all_days.entity,
        all_days.segment,
        coalesce(moves.entries, 0) as entries,
        coalesce(moves.exits, 0) as exits,
        sum(coalesce(moves.entries - moves.exits, 0)) over (
            partition by all_days.entity, all_days.segment
            order by all_days.as_of_date
            rows unbounded preceding
        ) as members
    from all_days
    left join moves
        on moves.as_of_date = all_days.as_of_date
        and moves.entity = all_days.entity
        and moves.segment = all_days.segment
),

base_moves as (
    select entity, arrived_on as as_of_date, 1 as change from presence
    union all
    select entity, departed_on as as_of_date, -1 as change from presence where departed_on is not null
),

base_changes as (
    select
        entity,
        as_of_date,
        sum(change) as change
    from base_moves
    group by entity, as_of_date
),

bases as (
    select
        days.as_of_date,
        known.entity,
        sum(coalesce(base_changes.change, 0)) over (
            partition by known.entity
            order by days.as_of_date
            rows unbounded preceding
        ) as base
    from days
    cross join (select distinct entity from versions) as known
    left join base_changes
        on base_changes.as_of_date = days.as_of_date
        and base_changes.entity = known.entity
)

select
    live_days.as_of_date,
    live_days.entity,
    live_days.segment,
    cast(counted.members as bigint) as members,
    cast(counted.entries as bigint) as entries,
    cast(counted.exits as bigint) as exits,
    cast(bases.base as bigint) as base,
    {{ share_of('counted.members', 'bases.base') }} as share_of_base
from live_days
inner join counted
    on counted.as_of_date = live_days.as_of_date
    and counted.entity = live_days.entity
    and counted.segment = live_days.segment
inner join bases
    on bases.as_of_date = live_days.as_of_date
    and bases.entity = live_days.entity
