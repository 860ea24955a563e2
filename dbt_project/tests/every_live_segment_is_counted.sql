-- Each segment that has a spec and is not archived is counted as of the day, on the base population of that day.
{{ config(meta={'dagster': {'ref': {'name': 'segment_counts_daily'}}}) }}
with segments as (
    select * from {{ ref('segments') }}
    where status <> 'archived'
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
    where as_of_date = {{ as_of() }}
),

base as (
    select
        entity,
        count(*) as subjects
    from {{ ref('entity_presence') }}
    where departed_on is null
    group by entity
)

select
    segments.segment,
    counts.base,
    base.subjects
from segments
left join counts
    on counts.segment = segments.segment
left join base
    on base.entity = segments.entity
where counts.segment is null
    or counts.base <> coalesce(base.subjects, 0)
