{%- set settled_before = period_start_day('month', changed_day()) %}
with spells as (
    select * from {{ ref('segment_spells') }}
    where entry_observed
        and entry_reason <> 'definition'
        and (exited_on is null or exited_on >= {{ date_literal(settled_before) }})
),

versions as (
    select * from {{ ref('segment_versions') }}
),

-- who is in a paused segment stays in, whatever becomes of them
pauses as (
    select
        spells.entity,
        spells.segment,
        spells.entered_on,
        min(versions.valid_from) as paused_on
    from (select distinct entity, segment, entered_on from spells) as spells
    inner join versions
        on versions.segment = spells.segment
        and versions.valid_from > spells.entered_on
        and versions.status = 'paused'
    group by spells.entity, spells.segment, spells.entered_on
),

-- the first day on which it is no longer known, or no longer the subject's doing, whether the stay goes on
watched as (
    select
        spells.entity,
        spells.segment,
        spells.entered_on,
        case
            when pauses.paused_on < spells.exited_on or spells.exited_on is null then pauses.paused_on
            else spells.exited_on
        end as ended_on,
        pauses.paused_on is null or pauses.paused_on >= spells.exited_on as is_unpaused,
        spells.exit_reason
    from spells
    left join pauses
        on pauses.entity = spells.entity
        and pauses.segment = spells.segment
        and pauses.entered_on = spells.entered_on
),

lengths as (
    select
        entity,
        segment,
        {{ period_start('month', 'ended_on') }} as ended_in,
        coalesce(is_unpaused and exit_reason in ('data', 'departed'), false) as is_exit,
        entered_on,
        ended_on
    from watched
    where ended_on is null or ended_on >= {{ date_literal(settled_before) }}
)

select
    entity,
    segment,
    ended_in,
    is_exit,
    cast(
        case
            when is_exit then {{ dbt.datediff('entered_on', 'ended_on', 'day') }}
            when ended_on is null then {{ dbt.datediff('entered_on', as_of(), 'day') }}
            else {{ dbt.datediff('entered_on', 'ended_on', 'day') }} - 1
        end as integer
    ) as days,
    count(*) as stays
from lengths
group by 1, 2, 3, 4, 5
