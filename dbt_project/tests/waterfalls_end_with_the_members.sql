-- What is left after the last condition of an active segment's rule are its members.
{{ config(meta={'dagster': {'ref': {'name': 'segment_waterfall'}}}) }}
with waterfall as (
    select * from {{ ref('segment_waterfall') }}
),

last_steps as (
    select
        segment,
        max(step) as step
    from waterfall
    group by segment
),

left_over as (
    select
        waterfall.segment,
        waterfall.passing
    from waterfall
    inner join last_steps
        on last_steps.segment = waterfall.segment
        and last_steps.step = waterfall.step
),

counts as (
    select
        counts.segment,
        counts.members
    from {{ ref('segment_counts_daily') }} as counts
    inner join {{ ref('segments') }} as segments
        on segments.segment = counts.segment
    where counts.as_of_date = {{ as_of() }}
        and segments.status = 'active'
)

select
    coalesce(counts.segment, left_over.segment) as segment,
    counts.members as counted,
    left_over.passing as left_over
from counts
full outer join left_over
    on left_over.segment = counts.segment
where counts.members is null
    or left_over.passing is null
    or counts.members <> left_over.passing
