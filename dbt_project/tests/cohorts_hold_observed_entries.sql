-- Every observed entry belongs to one cohort of each grain; a subject counts once in each.
{{ config(meta={'dagster': {'ref': {'name': 'segment_retention'}}}) }}
with closed_periods as (
    select * from {{ ref('segment_retention') }}
    {{ where_changed(['period_end']) }}
),

retention as (
    select * from closed_periods
    where period_number = 0
),

spells as (
    select * from {{ ref('segment_spells') }}
    where entry_observed and entry_reason <> 'definition'
)

select
    retention.segment,
    retention.cohort_grain,
    retention.cohort_start,
    retention.cohort_size,
    count(distinct spells.subject_key) as subjects
from retention
left join spells
    on spells.entity = retention.entity
    and spells.segment = retention.segment
    and spells.entered_on between retention.cohort_start and retention.period_end
group by retention.segment, retention.cohort_grain, retention.cohort_start, retention.cohort_size
having retention.cohort_size <> count(distinct spells.subject_key)
