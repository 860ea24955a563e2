-- Nobody who has left is counted as staying, and nobody twice.
{{ config(meta={'dagster': {'ref': {'name': 'segment_retention'}}}) }}
with retention as (
    select * from {{ ref('segment_retention') }}
),

with_period_before as (
    select
        *,
        lag(still_in, 1, cohort_size) over (
            partition by segment, cohort_grain, cohort_start
            order by period_number
        ) as still_in_before
    from retention
)

select *
from with_period_before
where still_in not between 0 and still_in_before
    or active_again not between 0 and cohort_size - still_in
    or period_number < 0
    or period_end > {{ as_of() }}
