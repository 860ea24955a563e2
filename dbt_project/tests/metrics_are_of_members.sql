-- Of a segment's members, no more than all have a known value.
{{ config(meta={'dagster': {'ref': {'name': 'segment_metrics_daily'}}}) }}
with metrics as (
    select * from {{ ref('segment_metrics_daily') }}
    where as_of_date >= {{ changed_from() }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
)

select
    metrics.as_of_date,
    metrics.segment,
    metrics.metric,
    metrics.known_values,
    counts.members
from metrics
left join counts
    on counts.as_of_date = metrics.as_of_date
    and counts.segment = metrics.segment
where metrics.segment <> 'base population'
    and (counts.members is null or metrics.known_values > counts.members)
