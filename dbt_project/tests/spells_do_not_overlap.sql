-- A subject's stays in a segment neither overlap nor touch, and each lasts at least a day.
{{ config(meta={'dagster': {'ref': {'name': 'segment_spells'}}}) }}
with spells as (
    select * from {{ ref('segment_spells') }}
),

changed as (
    select distinct entity, segment, subject_key
    from spells
    {{ where_changed(['entered_on', 'exited_on']) }}
),

with_next as (
    select
        spells.*,
        lead(spells.entered_on) over (
            partition by spells.entity, spells.segment, spells.subject_key
            order by spells.entered_on
        ) as next_entered_on
    from spells
    inner join changed
        on changed.entity = spells.entity
        and changed.segment = spells.segment
        and changed.subject_key = spells.subject_key
)

select *
from with_next
where exited_on <= entered_on
    or (next_entered_on is not null and (exited_on is null or next_entered_on <= exited_on))
    or (exited_on is null) <> (exit_reason is null)
