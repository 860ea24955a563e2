with versions as (
    select * from {{ ref('segment_versions') }}
),

spells as (
    select * from {{ ref('segment_spells') }}
),

presence as (
    select * from {{ ref('entity_presence') }}
),

reconstructed as (
    select * from {{ reconstructed() }}
),

days as (
    {{ each_day_since(ref('segment_versions'), 'valid_from') }}
),

changed_days as (
    select * from days where as_of_date >= {{ changed_from() }}
),

live_days as (
    select
        changed_days.as_of_date,
        versions.entity,
        versions.segment
    from versions
    inner join changed_days
        on changed_days.as_of_date >= versions.valid_from
        and (versions.valid_to is null or changed_days.as_of_date < versions.valid_to)
    where versions.status <> 'archived'
),

-- who was in on the day before the first of them counts as having come then
membership_changes as (
    select
        entity,
        segment,
        greatest(entered_on, {{ days_before(changed_from(), 1) }}) as as_of_date,
        1 as entries,
        0 as exits
    from spells
    where exited_on is null or exited_on >= {{ changed_from() }}
    union all
    select
        entity,
        segment,
        exited_on as as_of_date,
        0 as entries,
        1 as exits
    from spells
    where exited_on >= {{ changed_from() }}
),

moves as (
    select
        as_of_date,
        entity,
        segment,
        sum(entries) as entries,
        sum(exits) as exits
    from membership_changes
    group by as_of_date, entity, segment
),

all_days as (
    select
        changed_days.as_of_date,
        known.entity,
        known.segment
    from changed_days
    cross join (select distinct entity, segment from versions) as known
    union
    select
        as_of_date,
        entity,
        segment
    from moves
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

base_changes as (
    select
        entity,
        greatest(arrived_on, {{ days_before(changed_from(), 1) }}) as as_of_date,
        1 as change
    from presence
    where departed_on is null or departed_on >= {{ changed_from() }}
    union all
    select entity, departed_on as as_of_date, -1 as change from presence where departed_on >= {{ changed_from() }}
),

bases_by_day as (
    select
        entity,
        as_of_date,
        sum(change) as change
    from base_changes
    group by entity, as_of_date
),

base_days as (
    select
        changed_days.as_of_date,
        known.entity
    from changed_days
    cross join (select distinct entity from versions) as known
    union
    select as_of_date, entity from bases_by_day
),

bases as (
    select
        base_days.as_of_date,
        base_days.entity,
        sum(coalesce(bases_by_day.change, 0)) over (
            partition by base_days.entity
            order by base_days.as_of_date
            rows unbounded preceding
        ) as base
    from base_days
    left join bases_by_day
        on bases_by_day.as_of_date = base_days.as_of_date
        and bases_by_day.entity = base_days.entity
)

select
    live_days.as_of_date,
    live_days.entity,
    live_days.segment,
    cast(counted.members as bigint) as members,
    cast(counted.entries as bigint) as entries,
    cast(counted.exits as bigint) as exits,
    cast(bases.base as bigint) as base,
    {{ share_of('counted.members', 'bases.base') }} as share_of_base,
    {{ basis('reconstructed') }} as basis
from live_days
inner join counted
    on counted.as_of_date = live_days.as_of_date
    and counted.entity = live_days.entity
    and counted.segment = live_days.segment
inner join bases
    on bases.as_of_date = live_days.as_of_date
    and bases.entity = live_days.entity
left join reconstructed
    on reconstructed.as_of_date = live_days.as_of_date
    and reconstructed.segment = live_days.segment
