-- No more subjects left a segment for another one, or joined it from one, than left or entered it in the period.
{{ config(meta={'dagster': {'ref': {'name': 'segment_flows'}}}) }}
with flows as (
    select * from {{ ref('segment_flows') }}
),

counts as (
    select * from {{ ref('segment_counts_daily') }}
)

select
    flows.from_segment,
    flows.to_segment,
    flows.grain,
    flows.period_start,
    flows.subjects
from flows
left join counts
    on counts.as_of_date between flows.period_start and flows.period_end
    and counts.segment in (flows.from_segment, flows.to_segment)
group by flows.from_segment, flows.to_segment, flows.grain, flows.period_start, flows.subjects
having flows.subjects > sum(case when counts.segment = flows.to_segment then counts.entries else 0 end)
        and flows.to_segment is not null
    or flows.subjects > sum(case when counts.segment = flows.from_segment then counts.exits else 0 end)
        and flows.from_segment is not null
    or flows.subjects <= 0
