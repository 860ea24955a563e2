-- A subject's stays in a segment neither overlap nor touch, and each lasts at least a day.
{{ config(meta={'dagster': {'ref': {'name': 'segment_spells'}}}) }}
with spells as (
    select * from {{ ref('segment_spells') }}
),

with_next as (
    select
        *,
        lead(entered_on) over (partition by entity, segment, subject_key order by entered_on) as next_entered_on
    from spells
)

select *
from with_next
where exited_on <= entered_on
    or (next_entered_on is not null and (exited_on is null or next_entered_on <= exited_on))
    or (exited_on is null) <> (exit_reason is null)
