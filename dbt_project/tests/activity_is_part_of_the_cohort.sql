-- Who is active in a period is active in it or later, who is active throughout is active in it, and no one is counted twice.
{{ config(meta={'dagster': {'ref': {'name': 'segment_retention'}}}) }}
with retention as (
    select * from {{ ref('segment_retention') }}
    where activity is not null
),

with_period_before as (
    select
        *,
        lag(active_or_later, 1, cohort_size) over cohorts as active_or_later_before,
        lag(case when period_number > 0 then active_throughout end, 1, cohort_size) over cohorts as active_throughout_before
    from retention
    window cohorts as (
        partition by segment, cohort_grain, cohort_start
        order by period_number
    )
)

select *
from with_period_before
where active not between active_throughout and active_or_later
    or active_or_later > active_or_later_before
    or (period_number > 1 and active_throughout > active_throughout_before)
    or active_throughout < 0
